package tui

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fauna-export/export"
	"fauna-export/export/row"
)

// loadable is an export of one collection with names and values that a careless
// command would break on, written to a new folder.
func loadable(t *testing.T, format row.Format, press row.Compression) (*export.Manifest, export.Spec) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "it's an export")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	columns := map[string][]row.Column{`odd "name"`: {
		{Name: "city", Path: []any{"data", "address", "city"}, Type: row.TypeString},
		{Name: "age", Path: []any{"data", "age"}, Type: row.TypeInt},
	}}
	if format == row.Wire {
		columns = nil
	}
	l := row.Layout{Collection: `odd "name"`, Format: format, Compress: press, Columns: columns[`odd "name"`]}
	doc := func(id, name, city, age string) string {
		d := `{"ref":{"@ref":{"id":"` + id + `","collection":{"@ref":{"id":"odd \"name\"","collection":{"@ref":{"id":"collections"}}}}}},"ts":1795342079040000,"data":{"name":` + name + `}}`
		if l.Paths() == nil {
			return d
		}
		return "[" + d + "," + city + "," + age + "]"
	}
	body := `{"resource":{"data":[` + doc("1", `"quote \" tab \t back\\slash, comma 'single' \\. é"`, `"Oslo"`, "42") + "," + doc("2", `"two"`, "null", "null") + `]}}`
	s, err := row.NewSerializer(l)
	if err != nil {
		t.Fatal(err)
	}
	var batch row.Batch
	if err := s.Page(&batch, []byte(body), nil); err != nil {
		t.Fatal(err)
	}
	f, err := row.NewFile(l)
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Begin()
	if err != nil {
		t.Fatal(err)
	}
	out = append([]byte{}, out...)
	emit := func(p row.Piece) error { out = append(out, p.Bytes...); return nil }
	if err := f.Append(&batch, emit); err != nil {
		t.Fatal(err)
	}
	if err := f.Finish(emit); err != nil {
		t.Fatal(err)
	}
	name := "odd." + l.Extension()
	if err := os.WriteFile(filepath.Join(dir, name), out, 0o600); err != nil {
		t.Fatal(err)
	}
	m := &export.Manifest{Collections: []export.ManifestEntry{{Name: l.Collection, File: name, Format: string(format), Compress: string(press), Rows: 2}}}
	return m, export.Spec{Dir: dir, Columns: columns}
}

func TestLoading_sqliteRunsTheCommandsAsTheyAreShown(t *testing.T) {
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("sqlite3 is not installed")
	}
	for _, c := range []struct {
		format row.Format
		press  row.Compression
	}{{row.JSONL, row.None}, {row.JSONL, row.Gzip}, {row.CSV, row.None}, {row.CSV, row.Gzip}, {row.Wire, row.None}} {
		t.Run(string(c.format)+"/"+string(c.press), func(t *testing.T) {
			m, spec := loadable(t, c.format, c.press)
			script := loading("sqlite", m, spec)
			query := `SELECT ref, ts, data ->> '$.name', coalesce(ttl, 'null'), coalesce(city, 'null'), coalesce(age, 'null') FROM "odd ""name""" ORDER BY ref;`
			want := `1|1795342079040000|quote " tab 	 back\slash, comma 'single' \. é|null|Oslo|42` + "\n2|1795342079040000|two|null|null|null\n"
			if c.format == row.Wire {
				query = `SELECT document ->> '$.ref.@ref.id', document ->> '$.data.name' FROM "odd ""name""" ORDER BY 1;`
				want = `1|quote " tab 	 back\slash, comma 'single' \. é` + "\n2|two\n"
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, "-batch", filepath.Join(t.TempDir(), "fauna.db"))
			cmd.Stdin = strings.NewReader(script + "\n.mode list\n.separator | \"\\n\"\n" + query + "\n")
			out, err := cmd.CombinedOutput()
			if err != nil || string(out) != want {
				t.Errorf("%v\n got %q\nwant %q\n%s", err, out, want, script)
			}
		})
	}
}

func TestLoading_everyDatabaseAndFormatIsTold(t *testing.T) {
	for database := range databaseNames {
		for _, f := range formats {
			m, spec := loadable(t, f, row.None)
			text := loading(database, m, spec)
			if !strings.Contains(text, "odd") {
				t.Errorf("%s, %s: %s", database, f, text)
			}
			if f == row.Parquet && database != "duckdb" && strings.Contains(text, "CREATE") {
				t.Errorf("%s reads no Parquet, but is told to: %s", database, text)
			}
		}
	}
}
