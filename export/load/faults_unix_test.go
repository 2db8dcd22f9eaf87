//go:build unix

package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// TestFaults_nothingIsLostOrBreaksALoad uses values that broke the scripts of the
// program's first edition.
func TestFaults_nothingIsLostOrBreaksALoad(t *testing.T) {
	t.Parallel()
	data := map[int64]string{
		1: `{"when":"2026-02-30T00:00:00Z","text":"a\u0000b","xmin":1,"a\"b":"quoted","empty":""}`,
		2: `{"when":"2026-02-28T00:00:00+02:00","text":"\\.","xmin":2,"a\"b":"x","empty":""}`,
		3: `{"when":"x","text":"` + "\uf8fe\uf8ff" + `","xmin":3,"a\"b":"y","empty":""}`,
	}
	for _, format := range row.Formats() {
		for _, compress := range []row.Compression{row.None, row.Gzip, row.Zstd} {
			if compress != row.None && !format.Can().Compresses {
				continue
			}
			t.Run(string(format)+"/"+string(compress), func(t *testing.T) {
				t.Parallel()
				f := newFolder(t, format)
				f.compress = compress
				if format.Can().Columns {
					f.columns = []row.Column{{Name: "extra", Path: []any{"data"}, Type: row.TypeJSON}}
				}
				names := []string{"-w", "--help", "-dc", "lines", "users", "Users"}
				for _, name := range names {
					f.add(name, data)
				}
				want := expected(t, f, "lines")
				db, file := database(t), filepath.Join(t.TempDir(), "a.db")
				// Creating the table lines exceeds the database's statement timeout.
				admin(t, db, "ALTER DATABASE "+db[strings.LastIndexByte(db, '/')+1:]+" SET statement_timeout = '500ms'",
					`CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
						IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.lines') THEN PERFORM pg_sleep(0.6); END IF; END $$`,
					"CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION slow()")
				for _, into := range []string{db, "sqlite:" + file} {
					l, r, err := f.load(into)
					if err != nil {
						t.Fatal(err)
					}
					if r.Rows() != int64(len(names)*len(data)) {
						t.Errorf("%s: %d rows", into, r.Rows())
					}
					for _, tab := range l.Plan().Tables {
						if into == db {
							compare(t, want, postgresRows(t, db, tab))
							continue
						}
						compare(t, want, sqliteRows(t, file, tab))
					}
				}
			})
		}
	}
}

func TestLoad_thousandsOfCollectionsWithDefaultSettings(t *testing.T) {
	t.Parallel()
	f := newFolder(t, row.JSONL)
	f.add("c0", map[int64]string{1: `{"a":1}`})
	e := f.m.Collections[0]
	content, err := os.ReadFile(filepath.Join(f.dir, e.File))
	f.check(err)
	for i := 1; i < 3000; i++ {
		e.Name, e.File = fmt.Sprintf("c%d", i), fmt.Sprintf("c%d.jsonl", i)
		f.check(os.WriteFile(filepath.Join(f.dir, e.File), content, 0o600))
		f.m.Collections = append(f.m.Collections, e)
	}
	f.manifest()
	db := database(t)
	if r := f.must(db); len(r.Proofs) != 3000 {
		t.Errorf("%d tables", len(r.Proofs))
	}
	if n := texts(t, db, "SELECT count(*) FROM "+loadsTable); n != "3000" {
		t.Errorf("%s loads are kept", n)
	}
	if r := f.must(db); r.Skipped != 3000 {
		t.Errorf("again: %d skipped", r.Skipped)
	}
}

func TestLoad_aDocumentOfThousandsOfFields(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, `,"field %d":"%d"`, i, i)
	}
	f := newFolder(t, row.Wire)
	f.add("wide", map[int64]string{1: "{" + b.String()[1:] + "}", 2: `{"field 2999":"kept","field 1":"x"}`})
	db := database(t)
	l, r, err := f.load(db)
	if err != nil {
		t.Fatal(err)
	}
	tab := l.Plan().Tables[0]
	if len(tab.Columns) != maxColumns || !strings.Contains(strings.Join(r.Notes, "\n"), "2,800 fields past the first 200 stay in data") {
		t.Errorf("%d columns, %q", len(tab.Columns), r.Notes)
	}
	compare(t, expected(t, f, "wide"), postgresRows(t, db, tab))
	wants(t, texts(t, db, `SELECT "field 2999" FROM wide WHERE ref = 2`), "kept") // the most frequent have columns
}

func TestLoad_namesThatCollide(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 40)
	fields := []string{"a", "A", "é", "e\u0301", long + "1", long + "2", "ctid", "XMIN", "ref", "TS", "data", "", "ß", "ss", "a.b", `a"b`, "rowid"}
	var b strings.Builder
	for i, name := range fields {
		fmt.Fprintf(&b, ",%s:%d", row.Quote(nil, []byte(name)), i)
	}
	f := newFolder(t, row.Wire)
	collections := []string{"tabl1", "tabl1_pkey", "Tabl1", loadsTable, "sqlite_x", long + "1", long + "2"}
	for _, name := range collections {
		f.add(name, map[int64]string{1: "{" + b.String()[1:] + "}"})
	}
	db, file := database(t), filepath.Join(t.TempDir(), "a.db")
	for _, into := range []string{db, "sqlite:" + file, "csv:" + t.TempDir(), "parquet:" + t.TempDir()} {
		l, _, err := f.load(into)
		if err != nil {
			t.Fatal(err)
		}
		for _, tab := range l.Plan().Tables {
			if len(tab.Columns) != len(fields) {
				t.Errorf("%s: %d columns of %d fields", tab.Name, len(tab.Columns), len(fields))
			}
			switch into {
			case db:
				compare(t, expected(t, f, tab.Collection), postgresRows(t, db, tab))
			case "sqlite:" + file:
				compare(t, expected(t, f, tab.Collection), sqliteRows(t, file, tab))
			}
		}
	}
}

func TestLoad_aColumnWidensInTheThirdSync(t *testing.T) {
	t.Parallel()
	f := newFolder(t, row.Wire)
	f.deletion = "deleted"
	db, file := database(t), filepath.Join(t.TempDir(), "a.db")
	both := func() *Table {
		t.Helper()
		l, _, err := f.load(db)
		if err != nil {
			t.Fatal(err)
		}
		tab := l.Plan().Tables[0]
		compare(t, expected(t, f, "c"), postgresRows(t, db, tab))
		if l, _, err = f.load("sqlite:" + file); err != nil {
			t.Fatal(err)
		}
		compare(t, expected(t, f, "c"), sqliteRows(t, file, l.Plan().Tables[0]))
		return tab
	}
	f.sync(1, "c", map[int64]string{1: `{"small":1,"large":9007199254740993,"at":{"@ts":"2024-01-02T03:04:05.678Z"},"to":` + ref("c", 1) + `,"flag":true}`, 9: `{"small":5}`}, nil)
	both()
	f.sync(2, "c", map[int64]string{2: `{"small":2,"new":"column"}`}, []int64{9})
	both()
	f.sync(3, "c", map[int64]string{3: `{"small":2.5,"large":0.5,"at":{"@ts":"2024-01-02T03:04:05.678901234Z"},"to":` + ref("other", 1) + `,"flag":"no"}`}, nil)
	tab := both()
	var got []string
	for _, c := range tab.Columns {
		got = append(got, c.Field+" "+string(c.Type))
	}
	if want := "small double,large numeric,at text,to jsonb,flag jsonb,new text"; strings.Join(got, ",") != want {
		t.Errorf("%s, want %s", strings.Join(got, ","), want)
	}
	wants(t, texts(t, db, "SELECT large FROM c WHERE ref = 1"), "9007199254740993")
	f.sync(4, "c", map[int64]string{4: `{"small":9007199254740993,"flag":"\u0000"}`}, nil)
	both()
}

func TestLoad_refsThatLeadNowhereAreCountedAndTheKeyIsLeftOut(t *testing.T) {
	t.Parallel()
	f := newFolder(t, row.Wire)
	f.deletion = "deleted"
	f.sync(1, "a", map[int64]string{1: `{}`}, nil)
	f.sync(1, "b", map[int64]string{1: `{"a":` + ref("a", 1) + `,"n":` + ref("nowhere", 1) + `}`, 2: `{"a":` + ref("a", 7) + `}`}, nil)
	db, file := database(t), "sqlite:"+filepath.Join(t.TempDir(), "a.db")
	for _, into := range []string{db, file} {
		r := f.must(into)
		wants(t, strings.Join(r.Left, "\n"), "b.a: no foreign key, since 1 ref points to missing documents of a", "b.n: no foreign key, since nowhere is not loaded")
	}
	f.sync(2, "a", map[int64]string{7: `{}`}, nil)
	for _, into := range []string{db, file} {
		if r := f.must(into); len(r.Keys) != 1 {
			t.Errorf("%+v", r)
		}
	}
	f.sync(3, "a", nil, []int64{1}) // the parent is removed first
	f.sync(3, "b", nil, []int64{1})
	for _, into := range []string{db, file} {
		if r := f.must(into); len(r.Keys) != 1 {
			t.Errorf("%+v", r)
		}
	}
}

func TestLoad_errorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	f := shop(t, row.Wire)
	db := database(t)
	admin(t, db, "CREATE ROLE guest"+db[strings.LastIndexByte(db, '/')+5:]+" LOGIN PASSWORD '"+testPassword+"'", "REVOKE CREATE ON SCHEMA public FROM PUBLIC", "CREATE SCHEMA taken", "CREATE VIEW taken.orders AS SELECT 1")
	guest := strings.Replace(db, "tester", "guest"+db[strings.LastIndexByte(db, '/')+5:], 1)
	ask := func(o *Options) {
		o.Password = func(context.Context, string, string) (string, error) { return "wrong", nil }
	}
	for name, c := range map[string]struct {
		into string
		kind Kind
		says []string
	}{
		"a password in the address":  {"postgres://tester:hidden@127.0.0.1/x", KindUsage, []string{"PGPASSWORD", "~/.pgpass"}},
		"nobody answers":             {"postgres://tester@127.0.0.1:1/x", KindUnreachable, []string{"connection refused", "check the host"}},
		"no such database":           {address("nosuch"), KindUsage, []string{"nosuch", "createdb nosuch"}},
		"no such user":               {strings.Replace(db, "tester", "nobody", 1), KindRefused, []string{"PGPASSWORD"}},
		"no rights":                  {guest, KindRefused, []string{"GRANT USAGE, CREATE ON SCHEMA"}},
		"a table of somebody else":   {db + "?schema=taken", KindUsage, []string{"orders", "not created by a load"}},
		"a load into S3":             {"parquet:s3://bucket/x", KindUsage, []string{"can't write to a URL"}},
		"a load into another URL":    {"sqlite:gs://bucket/x", KindUsage, []string{"can't write to a URL"}},
		"no target":                  {"mysql://x", KindUsage, []string{"sqlite:FILE"}},
		"a folder without a path":    {"parquet:", KindUsage, []string{"parquet:PATH"}},
		"a folder that is not there": {"sqlite:" + filepath.Join(t.TempDir(), "no", "such", "a.db"), KindUsage, []string{"check the path"}},
	} {
		o := Options{From: store.NewFolder(f.dir), Into: c.into}
		ask(&o)
		l, err := Prepare(t.Context(), o)
		if err == nil {
			f.check(l.Close())
		}
		bad, ok := errors.AsType[*Error](err)
		if !ok || bad.Kind != c.kind {
			t.Errorf("%s: %v", name, err)
			continue
		}
		wants(t, err.Error(), c.says...)
		if strings.ContainsAny(err.Error(), "\n\t") {
			t.Errorf("%s: the error is not one line: %v", name, err)
		}
		for _, secret := range []string{"hidden", testPassword, "wrong"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error holds a password: %v", name, err)
			}
		}
	}
}

func TestLoad_aFullDiskIsNamedAndTheNextLoadGoesOn(t *testing.T) {
	t.Parallel()
	f := shop(t, row.Wire)
	file := filepath.Join(t.TempDir(), "a.db")
	l, err := Prepare(t.Context(), Options{From: store.NewFolder(f.dir), Into: "sqlite:" + file})
	f.check(err)
	if _, err := l.target.(*sqlite).conn.ExecContext(t.Context(), "PRAGMA max_page_count = 6"); err != nil {
		t.Fatal(err)
	}
	_, err = l.Do(t.Context())
	l.Close()
	if err == nil {
		t.Fatal("no error")
	}
	wants(t, err.Error(), "disk is full", "load again")
	if r := f.must("sqlite:" + file); r.Rows()+int64(r.Skipped)*2 != 4 {
		t.Errorf("%+v", r)
	}
}

func TestLoad_foldersThatAreNotWhole(t *testing.T) {
	t.Parallel()
	db := database(t)
	f := shop(t, row.Wire)
	path := filepath.Join(f.dir, f.m.Collections[1].File)
	content, err := os.ReadFile(path)
	f.check(err)
	f.check(os.WriteFile(path, []byte(strings.Replace(string(content), "12.5", "13.5", 1)), 0o600))
	_, _, err = f.load(db)
	if err == nil {
		t.Fatal("a file that was changed is loaded")
	}
	wants(t, err.Error(), "orders", "sha256", "verify")
	f.check(os.WriteFile(path, content[:len(content)/2], 0o600))
	if _, _, err = f.load(db); err == nil {
		t.Error("a file that was cut is loaded")
	}
	f.check(os.Remove(path))
	if _, _, err = f.load(db); err == nil {
		t.Error("a file that is missing is loaded")
	}
	f.check(os.WriteFile(path, content, 0o600))
	if n := texts(t, db, "SELECT count(*) FROM pg_class WHERE relname IN ('customers', 'orders', '"+loadsTable+"')"); n != "0" {
		t.Errorf("%s tables are there", n)
	}
	f.m.Failed = []archive.Skipped{{Name: "carts", Why: "the privilege went"}}
	f.manifest()
	_, _, err = f.load(db)
	if bad, ok := errors.AsType[*Error](err); !ok || bad.Kind != KindPartial {
		t.Fatalf("%v", err)
	}
	wants(t, err.Error(), "carts", "the privilege went", "--collection")
	if _, _, err := f.load(db, func(o *Options) { o.Collections = []string{"customers"} }); err != nil {
		t.Error(err)
	}
	if _, _, err := f.load(db, func(o *Options) { o.Collections = []string{"nosuch"} }); err == nil {
		t.Error("a collection that is not there is loaded")
	}
}

func TestLoad_anotherExportNeedsReplace(t *testing.T) {
	t.Parallel()
	db, file := database(t), "sqlite:"+filepath.Join(t.TempDir(), "a.db")
	f, g := shop(t, row.Wire), shop(t, row.JSONL)
	for _, into := range []string{db, file, "csv:" + t.TempDir(), "parquet:" + t.TempDir()} {
		f.must(into)
		_, _, err := g.load(into)
		if err == nil {
			t.Fatal("rows of another export are mixed in")
		}
		wants(t, err.Error(), "another export", "--replace")
		if r := g.must(into, func(o *Options) { o.Replace = true }); r.Rows() != 4 {
			t.Errorf("%+v", r)
		}
	}
}

func TestLoad_isStoppedMidwayAndGoesOn(t *testing.T) {
	t.Parallel()
	f := shop(t, row.Wire)
	db := database(t)
	ctx, cancel := context.WithCancel(t.Context())
	var stopped atomic.Bool
	l, err := Prepare(ctx, Options{From: store.NewFolder(f.dir), Into: db, Progress: func(s Status) {
		if s.Phase == Loading && s.Tables == 1 {
			stopped.Store(true)
			cancel()
		}
	}})
	f.check(err)
	if _, err := l.Do(ctx); !errors.Is(err, context.Canceled) || !stopped.Load() {
		t.Errorf("%v", err)
	}
	l.Close()
	if r := f.must(db); r.Skipped != 1 || r.Rows() != 2 || len(r.Keys) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestLoad_aCollectionInParts(t *testing.T) {
	t.Parallel()
	f := newFolder(t, row.Wire)
	f.add("c", map[int64]string{1: `{"n":1}`, 2: `{"n":2}`})
	g := newFolder(t, row.Wire)
	g.add("c", map[int64]string{7: `{"n":1.5}`})
	content, err := os.ReadFile(filepath.Join(g.dir, g.m.Collections[0].File))
	f.check(err)
	e := g.m.Collections[0]
	e.File, e.Part, e.Parts = "c-00001-of-00002.wire", 1, 2
	f.m.Collections[0].Parts = 2
	f.write(e, content)
	db := database(t)
	if r := f.must(db); r.Rows() != 3 {
		t.Errorf("%+v", r)
	}
	wants(t, texts(t, db, "SELECT ref, n FROM c ORDER BY ref"), "1|1\n2|2\n7|1.5")
	if r := f.must(db); r.Skipped != 1 {
		t.Errorf("%+v", r)
	}
}
