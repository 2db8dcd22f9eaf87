package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
)

// loadedCollections returns collections with every kind of value, without rows,
// and with names that cause trouble in file systems, databases or with each other.
func loadedCollections() []string {
	names := slices.DeleteFunc(emulator.SampleCollections(), func(name string) bool {
		return name == "orders" || name == "customers" || name == "reviews" // large, and like the others
	})
	return append(names, "Products", "sqlite_like", strings.Repeat("länger", 12)+"1", strings.Repeat("länger", 12)+"2")
}

// loadedColumns returns one additional column of each type.
func loadedColumns() map[string][]row.Column {
	columns := map[string][]row.Column{}
	for _, text := range []string{
		"products:price:float=data.price", "products:stock:int=data.stock", "products:name:string=data.name", "products:origin=data.origin",
		"Products:yes:bool=data.yes", "Products:at:time=data.at", "Products:Day:date=data.day", "Products:DATA_:string=data.s", "Products:off:time=data.off", "every_kind_of_value:s:string=data.s",
	} {
		name, c, err := row.ParseColumn(text)
		if err != nil {
			panic(err) // the texts above are valid
		}
		columns[name] = append(columns[name], c)
	}
	return columns
}

// exportFor exports the sample data and returns the run's folder, with a load
// script for the database, and the manifest.
func exportFor(t *testing.T, client *fauna.Client, d Database, f row.Format, c row.Compression) (string, *archive.Manifest) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "it's here")
	s := Spec{Collections: loadedCollections(), Format: f, Compress: c, Columns: loadedColumns(), Dir: dir, DDL: d, Tool: "a test"}
	run, err := NewRun(s, client, OSEnv(dir))
	if err != nil {
		t.Fatal(err)
	}
	m, err := run.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report, err := archive.Verify(t.Context(), store.NewFolder(dir), nil)
	if err != nil || !report.OK() {
		t.Fatalf("verify: %v, %+v", err, report)
	}
	return dir, m
}

// sampleClient starts a server with the sample data and a few more collections.
func sampleClient(t *testing.T) *fauna.Client {
	t.Helper()
	s := emulator.New(emulator.Options{})
	if err := s.LoadSample(); err != nil {
		t.Fatal(err)
	}
	address, stop, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	for _, name := range loadedCollections()[len(loadedCollections())-4:] {
		text := fmt.Sprintf(`CreateCollection({ name: %q })
Create(Ref(Collection(%q), "9223372036854775807"), { data: { yes: true, at: Time("2020-01-02T03:04:05.123456789Z"), day: Date("2020-01-02"), off: "2020-01-02T03:04:05+02:00", s: "a\\u0000 \\\\u0000 \\u0000b" } })
Create(Ref(Collection(%q), "7"), { data: { yes: false, at: Time("+12345-01-02T03:04:05Z"), day: Date("+12345-01-02"), s: "" }, ttl: Time("2999-01-01T00:00:00Z") })`,
			name, name, name)
		if out, err := s.Shell(t.Context(), s.Secret(), text); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	endpoint, err := fauna.ParseEndpoint(address)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fauna.NewClient(fauna.Options{Endpoint: endpoint, Secret: fauna.NewSecret(s.Secret())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// loader loads a run's folder with its script and returns the answers to queries
// with one column.
type loader func(t *testing.T, dir, script string, queries []string) [][]string

// question is a query on a loaded database and the check of its answer.
type question struct {
	sql   string
	check func(rows []string)
}

// testLoading exports in every format and compression that the database can load,
// loads the files, and compares the tables with the sample.
func testLoading(t *testing.T, d Database, load loader) {
	t.Helper()
	client := sampleClient(t)
	plain := map[string][]string{} // lines of each collection's JSONL file
	dir, m := exportFor(t, client, "", row.JSONL, row.None)
	for _, e := range m.Collections {
		data, err := os.ReadFile(filepath.Join(dir, e.File))
		if err != nil {
			t.Fatal(err)
		}
		plain[e.Name] = strings.SplitAfter(string(data), "\n")
		plain[e.Name] = plain[e.Name][:len(plain[e.Name])-1]
	}
	for _, one := range []struct {
		f row.Format
		c row.Compression
	}{{row.JSONL, row.None}, {row.JSONL, row.Gzip}, {row.JSONL, row.Zstd}, {row.Parquet, row.None}} {
		t.Run(fmt.Sprintf("%s-%s", one.f, one.c), func(t *testing.T) {
			dir, m := exportFor(t, client, d, one.f, one.c)
			tables, times := tableNames(m)
			questions := typedQuestions(t, one.f, tables, times, plain["products"])
			for _, e := range m.Collections {
				questions = append(questions, tableQuestion(t, tables[e.Name], one.f, plain[e.Name]))
			}
			var queries []string
			for _, q := range questions {
				queries = append(queries, q.sql)
			}
			for i, rows := range load(t, dir, d.ScriptName(), queries) {
				questions[i].check(rows)
			}
		})
	}
}

// tableNames returns the tables and views of the collections.
func tableNames(m *archive.Manifest) (tables, times map[string]string) {
	tables, times = map[string]string{}, map[string]string{}
	taken := map[string]bool{}
	for _, e := range m.Collections {
		tables[e.Name] = sqlName(e.Name, taken)
	}
	for _, e := range m.Collections {
		times[e.Name] = sqlName(tables[e.Name]+"_with_times", taken)
	}
	return tables, times
}

// tableQuestion selects a whole table and compares it with the lines of the
// collection's JSONL file.
func tableQuestion(t *testing.T, table string, f row.Format, lines []string) question {
	sql := `SELECT '["' || CAST(ref AS text) || '",' || CAST(ts AS text) || ',' || CAST(data AS text) || ']' FROM ` + identifier(table) + ` ORDER BY ref`
	return question{sql, func(got []string) {
		if len(got) != len(lines) {
			t.Errorf("%s: %d rows of %d: %.300q", table, len(got), len(lines), got)
			return
		}
		for i, line := range lines {
			var want struct {
				Ref, TS, Data any
			}
			decodeNumbers(t, line, &want)
			var is []any
			decodeNumbers(t, got[i], &is)
			if !reflect.DeepEqual(plainNumbers([]any{want.Ref, want.TS, want.Data}), plainNumbers(is)) {
				t.Errorf("%s has\n%s\nnot\n%s", table, got[i], line)
			}
		}
	}}
}

func decodeNumbers(t *testing.T, text string, to any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(to); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// plainNumbers replaces doubles, which databases format differently, by their
// values; integers stay digits.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			return v
		}
		value, err := strconv.ParseFloat(v.String(), 64)
		return fmt.Sprint(value, err)
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}

// typedQuestions check ids and times as numbers and times, and the additional
// columns by type.
func typedQuestions(t *testing.T, f row.Format, tables, times map[string]string, lines []string) []question {
	var list []question
	want := func(sql string, rows ...string) {
		list = append(list, question{sql, func(got []string) {
			if !slices.Equal(got, rows) {
				t.Errorf("%s\ngives %q, not %q", sql, got, rows)
			}
		}})
	}
	products, twice := identifier(tables["products"]), identifier(tables["Products"])
	want("SELECT CAST(max(ref) AS text) FROM "+twice, "9223372036854775807")
	var first struct {
		Ref string
		TS  int64
	}
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || first.Ref != "1" {
		t.Fatalf("%s: %v", lines[0], err)
	}
	want("SELECT substr(replace(CAST(ts_time AS text), 'T', ' '), 1, 23) FROM "+identifier(times["products"])+" WHERE ref = 1", time.UnixMicro(first.TS).UTC().Format("2006-01-02 15:04:05.000"))
	want(`SELECT CAST(off_time AS text) FROM `+identifier(times["Products"])+" WHERE ref > 7", "2020-01-02 01:04:05")
	want(`SELECT CAST(count(*) AS text) FROM `+twice+` WHERE "DATA_" = ''`, "1") // not null
	want("SELECT CAST(stock + 1 AS text) || name FROM "+products+" WHERE ref = 1", "393Assam, 50 g")
	want("SELECT CAST(count(*) AS text) FROM "+products+" WHERE price BETWEEN 6.8999 AND 6.9001 AND ref = 1", "1")
	want("SELECT CAST(count(*) AS text) FROM "+twice+" WHERE yes", "1")
	at := "2020-01-02T03:04:05.123456789Z"
	if f == row.Parquet {
		at = "2020-01-02T03:04:05.123456Z" // precision of Parquet
	}
	want(`SELECT "at" FROM `+twice+" WHERE ref > 7", at)
	want(`SELECT "Day" FROM `+twice+" WHERE ref > 7", "2020-01-02")
	want("SELECT ttl FROM "+twice+" WHERE ref = 7", map[bool]string{true: "2999-01-01T00:00:00.000000Z", false: "2999-01-01T00:00:00Z"}[f == row.Parquet])
	if f != row.Parquet {
		want(`SELECT "at" FROM `+twice+" WHERE ref = 7", "+12345-01-02T03:04:05Z")
		want("SELECT CAST(count(*) AS text) FROM "+twice+` WHERE "Day" = '+12345-01-02'`, "1")
	}
	return list
}

func TestLoadScript_isForDuckDBOverParquetAndJSONL(t *testing.T) {
	t.Parallel()
	for _, f := range row.Formats() {
		s := Spec{Collections: []string{"c"}, Format: f, DDL: DuckDB}
		if err := s.Validate(); (err == nil) != (f == row.JSONL || f == row.Parquet) {
			t.Errorf("%s: %v", f, err)
		}
	}
	if err := (Spec{Collections: []string{"c"}, Mode: Incremental, DDL: DuckDB}).Validate(); err == nil {
		t.Error("a script for a sync is taken, which it would not load")
	}
	for _, name := range []string{"postgres", "sqlite"} {
		if _, err := ParseDatabase(name); err == nil || !strings.Contains(err.Error(), "fauna-export load") {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := &archive.Manifest{Tool: "x\n\u2028DROP TABLE t;", Collections: []archive.Entry{{Name: "c", File: "c.csv", Format: "csv"}}}
	text := LoadScript(DuckDB, m)
	if strings.Contains(text, "CREATE") || !strings.Contains(text, "-- c.csv: ") || strings.Contains(text, "\nDROP") {
		t.Errorf("the script for what cannot be read:\n%s", text)
	}
}

func TestLoadScript_asksForNoMoreMemoryThanTheWidestRow(t *testing.T) {
	t.Parallel()
	for widest, want := range map[int64]string{137: "maximum_object_size = 1048576,", 9 << 20: "maximum_object_size = 9437185,"} {
		m := &archive.Manifest{Collections: []archive.Entry{{Name: "c", File: "c.jsonl", Format: "jsonl", Columns: []string{"ref"}, WidestRow: widest}}}
		if text := LoadScript(DuckDB, m); !strings.Contains(text, want) {
			t.Errorf("%d bytes:\n%s", widest, text)
		}
	}
}

func TestSQLName_noTwoNamesFallTogether(t *testing.T) {
	t.Parallel()
	taken := map[string]bool{}
	seen := map[string]bool{}
	long := strings.Repeat("ü", 40)
	for _, name := range []string{"users", "Users", "USERS_", "users_", long, long + "1", strings.ToUpper(long)} {
		got := sqlName(name, taken)
		if seen[strings.ToLower(got)] || len(got) > maxSQLName+2 {
			t.Errorf("%s becomes %s", name, got)
		}
		seen[strings.ToLower(got)] = true
	}
}
