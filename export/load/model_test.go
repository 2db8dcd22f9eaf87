//go:build unix

package load

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// serverValues returns the values that the serializer is tested with, by group.
func serverValues(t testing.TB) map[string][]string {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "row", "testdata", "values.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	groups := map[string][]string{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct{ Group, Wire string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		groups[c.Group] = append(groups[c.Group], c.Wire)
	}
	return groups
}

// randomData returns the data of documents: most fields hold values of one kind, some
// of any.
func randomData(t testing.TB, r *rand.Rand, documents int) map[int64]string {
	groups := serverValues(t)
	var all []string
	var kinds [][]string
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, groups[name]...)
		kinds = append(kinds, groups[name])
	}
	kinds = append(kinds,
		[]string{`1`, `2`, `-7`, `9223372036854775807`}, []string{`1`, `1.5`, `4.9E-324`, `1.0E300`}, []string{`9007199254740993`, `0.1`, `1.0E-7`},
		[]string{`18446744073709551616`, `-0.5`, `12345.678900`, `1.0E22`}, []string{`true`, `false`}, []string{`""`, `"a"`, `"\\."`, "\"\ue000\uf8fe\uf8ff\"", `"NaN"`, `"\u0000x"`},
		[]string{`{"@ts":"2026-02-28T00:00:00Z"}`, `{"@ts":"0001-01-01T00:00:00.001Z"}`, `{"@ts":"2026-02-28T00:00:00.123456Z"}`, `{"@ts":"+10000-01-01T00:00:00Z"}`},
		[]string{`{"@date":"2026-02-28"}`, `{"@date":"+10000-01-01"}`}, []string{`{"@bytes":""}`, `{"@bytes":"/+8="}`},
		[]string{ref("random", 1), ref("random", 2)}, []string{ref("random", 1), ref("others", 2)}, []string{`[]`, `{}`, `{"b":1e2,"a":[null,-0.0]}`, `["\u0000"]`, `["\ud800"]`})
	data := map[int64]string{}
	for id := range int64(documents) {
		var b strings.Builder
		b.WriteByte('{')
		for k, kind := range kinds {
			if r.IntN(5) == 0 {
				continue // absent
			}
			value := kind[r.IntN(len(kind))]
			if k%2 == 1 && r.IntN(40) == 0 {
				value = all[r.IntN(len(all))]
			}
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `"Field %d":%s`, k, value)
		}
		b.WriteByte('}')
		data[id+1] = b.String()
	}
	return data
}

// expected returns the data of every row of a folder, as in JSONL.
func expected(t testing.TB, f *folder, collection string) map[int64]any {
	t.Helper()
	run, err := archive.Open(store.NewFolder(f.dir))
	if err != nil {
		t.Fatal(err)
	}
	fields := row.NewFields(f.format)
	fields.WholeData = true
	out := map[int64]any{}
	for one, err := range run.Rows(context.Background(), archive.Rows{Files: f.m.Chain(collection), Text: row.RawText}) {
		if err == nil {
			err = fields.Split(one.Text)
		}
		if err != nil {
			t.Fatal(err)
		}
		out[one.ID] = decode(t, fields.Data)
	}
	return out
}

// decode decodes JSON, keeping numbers as text.
func decode(t testing.TB, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// same compares JSON values: numbers by value, and doubles as doubles.
func same(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		if !ok {
			return false
		}
		if string(canonicalNumber(nil, []byte(a))) == string(canonicalNumber(nil, []byte(b))) {
			return true
		}
		x, _ := strconv.ParseFloat(string(a), 64)
		y, _ := strconv.ParseFloat(string(b), 64)
		return x == y && max(parseDecimal([]byte(a)).digits, parseDecimal([]byte(b)).digits) <= 17 && strings.ContainsAny(string(a), ".eE")
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			if _, there := b[k]; !there || !same(a[k], b[k]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

// again rebuilds a row's data from its columns.
func again(t testing.TB, tab *Table, values []any) any {
	t.Helper()
	out := map[string]any{}
	for i, c := range tab.Columns {
		v := values[3+i]
		if v == nil {
			continue
		}
		text := fmt.Sprint(v)
		quoted := func(s string) any { return decode(t, row.Quote(nil, []byte(s))) }
		switch c.Type {
		case Bool:
			out[c.Field] = text == "true" || text == "1"
		case Int:
			out[c.Field] = json.Number(text)
		case Double:
			out[c.Field] = json.Number(strconv.FormatFloat(v.(float64), 'g', -1, 64))
		case Numeric:
			out[c.Field] = json.Number(text)
		case Ref:
			out[c.Field] = map[string]any{"id": text, "collection": c.Collection, "type": "document"}
		case Bytes:
			out[c.Field] = base64.URLEncoding.EncodeToString(v.([]byte))
		case JSON, JSONB:
			out[c.Field] = decode(t, []byte(text))
		case Raw:
			out[c.Field] = decode(t, v.([]byte))
		default:
			out[c.Field] = quoted(text)
		}
	}
	if rest := values[len(values)-1]; rest != nil {
		text, isBytes := rest.([]byte)
		if !isBytes {
			text = []byte(rest.(string))
		}
		more, ok := decode(t, text).(map[string]any)
		if !ok {
			return decode(t, text)
		}
		for k, v := range more {
			out[k] = v
		}
	}
	return out
}

// postgresRows reads a table with SQL, with JSON, numbers, times and dates as text.
func postgresRows(t testing.TB, address string, tab *Table) map[int64]any {
	t.Helper()
	conn := connection(t, address)
	var list []string
	for _, c := range tab.all() {
		name := identifier(c.Name)
		switch c.Type {
		case JSON, JSONB, Numeric:
			name += "::text"
		case Time:
			name = using(name, Change{Column: &Column{Type: Text}, From: Time})
		case Date:
			name = using(name, Change{Column: &Column{Type: Text}, From: Date})
		}
		list = append(list, name)
	}
	rows, err := conn.Query(t.Context(), "SELECT "+strings.Join(list, ", ")+" FROM "+identifier(tab.Name))
	if err != nil {
		t.Fatal(err)
	}
	out := map[int64]any{}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) ([]any, error) { return r.Values() })
	if err != nil {
		t.Fatal(err)
	}
	for _, values := range all {
		out[values[0].(int64)] = again(t, tab, values)
	}
	return out
}

func sqliteRows(t testing.TB, file string, tab *Table) map[int64]any {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT " + columnList(tab, "t.") + " FROM " + identifier(tab.Name) + " t")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[int64]any{}
	for rows.Next() {
		values := make([]any, len(tab.all()))
		scan := make([]any, len(values))
		for i := range values {
			scan[i] = &values[i]
		}
		if err := rows.Scan(scan...); err != nil {
			t.Fatal(err)
		}
		out[values[0].(int64)] = again(t, tab, values)
	}
	return out
}

func compare(t testing.TB, want, got map[int64]any) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
	wrong := 0
	for id, w := range want {
		if g := got[id]; !same(w, g) {
			x, _ := w.(map[string]any)
			y, _ := g.(map[string]any)
			for k := range x {
				if v, there := y[k]; !there || !same(x[k], v) {
					t.Errorf("document %d, %s: sent %#v, got %#v (there: %t)", id, k, x[k], v, there)
				}
			}
			if wrong++; wrong > 5 {
				return
			}
		}
	}
}

// TestModel_whatIsReadBackEqualsTheRows loads random documents of all kinds and
// compares the database with the rows: by value, since jsonb does not keep the
// text of numbers, the order of keys, or the sign of zero.
func TestModel_whatIsReadBackEqualsTheRows(t *testing.T) {
	t.Parallel()
	for _, format := range []row.Format{row.Wire, row.JSONL} {
		for _, mode := range []Columns{ColumnsAuto, ColumnsJSON} {
			for _, documents := range []int{3, 60, 1200} {
				t.Run(fmt.Sprintf("%s/%s/%d", format, mode, documents), func(t *testing.T) {
					t.Parallel()
					f := newFolder(t, format)
					f.add("random", randomData(t, rand.New(rand.NewPCG(1, uint64(documents))), documents))
					want := expected(t, f, "random")
					file := filepath.Join(t.TempDir(), "model.db")
					l, _, err := f.load("sqlite:"+file, func(o *Options) { o.Columns = mode })
					if err != nil {
						t.Fatal(err)
					}
					compare(t, want, sqliteRows(t, file, l.Plan().Tables[0]))
					f.must("parquet:"+t.TempDir(), func(o *Options) { o.Columns = mode })
					f.must("csv:"+t.TempDir(), func(o *Options) { o.Columns = mode })
					db := database(t)
					if l, _, err = f.load(db, func(o *Options) { o.Columns = mode }); err != nil {
						t.Fatal(err)
					}
					compare(t, want, postgresRows(t, db, l.Plan().Tables[0]))
				})
			}
		}
	}
}

// TestModel_increments syncs random changes and compares after each load.
func TestModel_increments(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 7))
			f := newFolder(t, row.Wire)
			f.deletion = "deleted"
			db, file := database(t), filepath.Join(t.TempDir(), "model.db")
			present := randomData(t, r, 40)
			f.sync(1, "random", present, nil)
			for sync := 2; sync < 8; sync++ {
				l, _, err := f.load(db)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, expected(t, f, "random"), postgresRows(t, db, l.Plan().Tables[0]))
				if sync != 4 { // SQLite gets two syncs at once
					if l, _, err = f.load("sqlite:" + file); err != nil {
						t.Fatal(err)
					}
					compare(t, expected(t, f, "random"), sqliteRows(t, file, l.Plan().Tables[0]))
				}
				changed, gone := map[int64]string{}, []int64(nil)
				for id, data := range randomData(t, r, 60) {
					switch {
					case r.IntN(4) == 0:
						changed[id] = data
						present[id] = data
					case r.IntN(8) == 0 && present[id] != "":
						gone = append(gone, id)
						delete(present, id)
					}
				}
				f.sync(sync, "random", changed, gone)
			}
		})
	}
}
