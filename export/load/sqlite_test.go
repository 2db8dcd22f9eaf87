package load

import (
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"fauna-export/export/row"
	"fauna-export/export/store"
)

// What became of a table after a load made it is seen: what is gone is not there
// already, and what somebody else made under its name is not dropped.
func TestSQLite_aTableThatIsGoneOrAnothersIsNamed(t *testing.T) {
	t.Parallel()
	mine := "DROP TABLE customers; CREATE TABLE customers (mine TEXT); INSERT INTO customers VALUES ('thesis')"
	for name, c := range map[string]struct {
		change  string
		replace bool
		says    []string // nil: no error
	}{
		"it is as it was":             {change: "", says: nil},
		"it has a column more":        {change: "ALTER TABLE customers ADD COLUMN note TEXT", replace: true},
		"it was dropped":              {change: "DROP TABLE customers", says: []string{"customers", "gone", "--replace"}},
		"it was dropped, and replace": {change: "DROP TABLE customers", replace: true},
		"it lacks a column":           {change: "ALTER TABLE customers DROP COLUMN vip", says: []string{"customers", "lacks columns", "--replace"}},
		"it is another's, and stays":  {change: mine, says: []string{"customers", "another's", "rename it"}},
		"it is another's":             {change: mine, replace: true, says: []string{"customers", "another's", "rename it"}},
	} {
		file := filepath.Join(t.TempDir(), "a.db")
		f := shop(t, row.Wire)
		f.must("sqlite:" + file)
		db, err := sql.Open("sqlite", file)
		f.check(err)
		if c.change != "" {
			_, err = db.Exec(c.change)
			f.check(err)
		}
		only := func(o *Options) { o.Replace, o.Collections = c.replace, []string{"customers"} }
		_, r, err := f.load("sqlite:"+file, only)
		switch {
		case c.says == nil && (err != nil || len(r.Proofs)+r.Skipped != 1):
			t.Errorf("%s: %+v %v", name, r, err)
		case c.says != nil && err == nil:
			t.Errorf("%s: it is loaded", name)
		case c.says != nil:
			wants(t, err.Error(), c.says...)
		}
		if c.change == mine {
			var text string
			if err := db.QueryRow("SELECT mine FROM customers").Scan(&text); err != nil || text != "thesis" {
				t.Errorf("%s: it holds %q, %v", name, text, err)
			}
		}
		// What is loaded beside it does not need it.
		if _, _, err := f.load("sqlite:"+file, func(o *Options) { o.Collections = []string{"orders"} }); err != nil {
			t.Errorf("%s: the other: %v", name, err)
		}
		f.check(db.Close())
	}
}

func TestSQLite_theFile(t *testing.T) {
	t.Parallel()
	f := shop(t, row.Wire)
	for _, name := range []string{":memory:", t.TempDir()} {
		_, _, err := f.load("sqlite:" + name)
		if bad, ok := errors.AsType[*Error](err); !ok || bad.Kind != KindUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
	file := filepath.Join(t.TempDir(), "a.db")
	l, err := Prepare(t.Context(), Options{From: store.NewFolder(f.dir), Into: "sqlite:" + file})
	f.check(err)
	f.check(l.Close())
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a load that was only planned made the file: %v", err)
	}
	empty := filepath.Join(t.TempDir(), "empty.db")
	f.check(os.WriteFile(empty, nil, 0o600))
	l, err = Prepare(t.Context(), Options{From: store.NewFolder(f.dir), Into: "sqlite:" + empty})
	f.check(err)
	f.check(l.Close())
	if info, err := os.Stat(empty); err != nil || info.Size() != 0 {
		t.Errorf("a load that was only planned wrote into the file: %v, %v", info, err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	f.check(os.Symlink(file+"2", link))
	l, err = Prepare(t.Context(), Options{From: store.NewFolder(f.dir), Into: "sqlite:" + link})
	f.check(err)
	f.check(l.Close())
	if _, err := os.Stat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a load that was only planned made the file where a link leads: %v", err)
	}
	for _, file := range []string{file, link} {
		f.must("sqlite:" + file)
		if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may read it: %v %v", info.Mode(), err)
		}
	}
}

// A link leads to what is among the files of a run as well as its name does.
func TestCheckPlace_looksWhereLinksLead(t *testing.T) {
	t.Parallel()
	f, other := shop(t, row.Wire), shop(t, row.Wire)
	for _, dir := range []string{f.dir, other.dir} {
		there := filepath.Join(dir, "there.db")
		f.check(os.WriteFile(there, nil, 0o600))
		for _, to := range []string{there, filepath.Join(dir, "missing.db")} {
			links := t.TempDir()
			f.check(os.Symlink(to, filepath.Join(links, "first.db")))
			f.check(os.Symlink("first.db", filepath.Join(links, "second.db")))
			for _, link := range []string{"first.db", "second.db"} {
				err := CheckPlace("sqlite:"+filepath.Join(links, link), f.dir)
				if bad, ok := errors.AsType[*Error](err); !ok || bad.Kind != KindUsage {
					t.Errorf("%s to %s: %v", link, to, err)
				}
			}
		}
	}
	dir := t.TempDir()
	for _, to := range []string{"link", "missing/../link"} { // in a circle, and to nothing
		link := filepath.Join(dir, "link")
		f.check(os.Symlink(to, link))
		f.check(CheckPlace("sqlite:"+filepath.Join(link, "a.db"), f.dir))
		f.check(os.Remove(link))
	}
}

// A virtual table whose module this program lacks is none of a load's.
func TestSQLite_besideATableOfAnotherModule(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.db")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	defer db.Close()
	f := shop(t, row.Wire)
	f.must("sqlite:" + file)
	for _, sql := range []string{"CREATE VIRTUAL TABLE v USING fts5(a)", "PRAGMA writable_schema = on", "UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE v USING elsewhere(a)' WHERE name = 'v'"} {
		_, err := db.Exec(sql)
		f.check(err)
	}
	if r := f.must("sqlite:" + file); r.Skipped != 2 {
		t.Errorf("%+v", r)
	}
}

// What is not of a load stays where a sync recreates a table.
func TestSQLite_aRecreatedTableLosesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change string
		data   string
		says   []string // nil: no error
	}{
		"a column, and no new type":    {"ALTER TABLE c ADD COLUMN note TEXT DEFAULT 'mine'", `{"a":2}`, nil},
		"a column":                     {"ALTER TABLE c ADD COLUMN note TEXT DEFAULT 'mine'", `{"a":"x"}`, []string{"column note", "lose"}},
		"a calculated column":          {"ALTER TABLE c ADD COLUMN twice INTEGER AS (a * 2)", `{"a":"x"}`, []string{"column twice", "lose"}},
		"an index":                     {"CREATE INDEX mine ON c (a)", `{"a":"x"}`, nil},
		"a table of the name it takes": {"CREATE TABLE Fauna_export_rebuilt (mine TEXT); CREATE VIEW fauna_export_rebuilt_ AS SELECT 1", `{"a":"x"}`, nil},
	} {
		file := filepath.Join(t.TempDir(), "a.db")
		f := newFolder(t, row.Wire)
		f.deletion = "deleted"
		f.sync(1, "c", map[int64]string{1: `{"a":1}`}, nil)
		f.must("sqlite:" + file)
		db, err := sql.Open("sqlite", file)
		f.check(err)
		_, err = db.Exec(c.change)
		f.check(err)
		count := func() (n int) {
			t.Helper()
			f.check(db.QueryRow("SELECT (SELECT count(*) FROM sqlite_schema) + (SELECT count(*) FROM pragma_table_xinfo('c'))").Scan(&n))
			return n
		}
		before := count()
		f.sync(2, "c", map[int64]string{2: c.data}, nil)
		_, _, err = f.load("sqlite:" + file)
		switch {
		case c.says == nil && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != nil && err == nil:
			t.Errorf("%s: it is loaded", name)
		case c.says != nil:
			wants(t, err.Error(), c.says...)
		}
		if after := count(); after != before {
			t.Errorf("%s: %d tables, indexes and columns are %d", name, before, after)
		}
		f.check(db.Close())
	}
}

// A plan that no load wrote is an error, not a crash.
func TestSQLite_aPlanThatNoLoadWrote(t *testing.T) {
	t.Parallel()
	for _, plan := range []string{`null`, `{}`, `{"collection":"orders","name":"orders","columns":[null]}`, `{"collection":"customers","name":"orders"}`, `{"collection":"orders"}`, `[`} {
		file := filepath.Join(t.TempDir(), "a.db")
		f := shop(t, row.Wire)
		f.must("sqlite:" + file)
		db, err := sql.Open("sqlite", file)
		f.check(err)
		_, err = db.Exec("UPDATE "+tablesTable+" SET plan = $1 WHERE collection = 'orders'", plan)
		f.check(errors.Join(err, db.Close()))
		for _, replace := range []bool{false, true} {
			_, _, err := f.load("sqlite:"+file, func(o *Options) { o.Replace = replace })
			if err == nil {
				t.Fatalf("%s: it is loaded", plan)
			}
			if json.Valid([]byte(plan)) {
				wants(t, err.Error(), "not written by a load")
			}
		}
	}
}
