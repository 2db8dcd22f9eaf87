package load

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fauna-export/export/row"
)

// TestReadme_typesOfLoad loads a collection with each kind of value into every target,
// and compares the column types with the table in the README.
func TestReadme_typesOfLoad(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- types: held by TestReadme_typesOfLoad -->\n")
	section, _, found := strings.Cut(rest, "<!-- end of types -->")
	if !found {
		t.Fatal("the README has no such table")
	}
	values := map[string][2]string{
		"boolean": {`true`, `false`}, "integer": {`1`, `2`}, "double, or both": {`1.5`, `2`}, "integer over 2^53 beside doubles": {`9007199254740993`, `1.5`},
		"string": {`"a"`, `"b"`}, "time (wire)": {`{"@ts":"2024-01-02T03:04:05Z"}`, `{"@ts":"2024-01-02T03:04:05.678Z"}`}, "date (wire)": {`{"@date":"2024-01-02"}`, `{"@date":"0001-01-01"}`},
		"bytes (wire)": {`{"@bytes":"AP8="}`, `{"@bytes":""}`}, "ref to one collection": {ref("kinds", 1), ref("kinds", 2)},
		"object, array, several kinds": {`{"a":1}`, `"text"`}, "the same, if jsonb rejects it": {`{"a":"\u0000"}`, `["\u0000"]`},
	}
	lines := strings.Split(strings.TrimSpace(section), "\n")[2:]
	if len(lines) != len(values) {
		t.Fatalf("%d lines for %d kinds", len(lines), len(values))
	}
	var first, second []string
	var want [][]string
	for _, line := range lines {
		fields := strings.Split(strings.Trim(line, "| "), " | ")
		pair, known := values[fields[0]]
		if !known || len(fields) != 4 {
			t.Fatalf("no value for %q", line)
		}
		name := string(row.Quote(nil, []byte(fields[0])))
		first, second = append(first, name+":"+pair[0]), append(second, name+":"+pair[1])
		want = append(want, fields)
	}
	f := newFolder(t, row.Wire)
	f.add("kinds", map[int64]string{1: "{" + strings.Join(first, ",") + "}", 2: "{" + strings.Join(second, ",") + "}"})
	for i, d := range []*dialect{postgresDialect, sqliteDialect, parquetDialect} {
		into := []string{"", "sqlite:" + filepath.Join(t.TempDir(), "a.db"), "parquet:" + t.TempDir()}[i]
		if i == 0 {
			if cluster.why != "" {
				continue
			}
			into = database(t)
		}
		l, _, err := f.load(into)
		if err != nil {
			t.Fatal(err)
		}
		for k, c := range l.Plan().Tables[0].Columns {
			if got := d.types[c.Type]; got != want[k][i+1] {
				t.Errorf("%s: %s becomes %s, the README says %s", d.title, c.Field, got, want[k][i+1])
			}
		}
	}
}
