package load

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// shop returns a folder with two collections and refs between them.
func shop(t testing.TB, format row.Format) *folder {
	f := newFolder(t, format)
	f.add("customers", map[int64]string{
		1: `{"name":"Ada","born":{"@date":"1815-12-10"},"joined":{"@ts":"2024-01-02T03:04:05.678Z"},"key":{"@bytes":"AP8+"},"vip":true,"tags":["a","b"]}`,
		2: `{"name":"","born":{"@date":"1912-06-23"},"vip":false}`,
	})
	f.add("orders", map[int64]string{
		10: `{"customer":` + ref("customers", 1) + `,"total":12.5,"items":3}`,
		11: `{"customer":` + ref("customers", 2) + `,"total":7,"items":9007199254740993}`,
	})
	return f
}

func TestLoad_wireTypesAreTheDatabases(t *testing.T) {
	t.Parallel()
	db := database(t)
	f := shop(t, row.Wire)
	r := f.must(db)
	if len(r.Proofs) != 2 || r.Rows() != 4 || len(r.Keys) != 1 {
		t.Fatalf("%+v", r)
	}
	wants(t, texts(t, db, `SELECT ref, ts, ttl, name, born, joined AT TIME ZONE 'UTC', key, vip, tags, data FROM customers ORDER BY ref`),
		`1|1700000000000001|∅|Ada|1815-12-10|2024-01-02 03:04:05.678|\x00ff3e|t|["a", "b"]|∅`, `2|1700000000000002|∅||1912-06-23|∅|∅|f|∅|∅`)
	wants(t, texts(t, db, `SELECT c.name, o.total, o.items FROM orders o JOIN customers c ON c.ref = o.customer ORDER BY o.ref`), "Ada|12.5|3\n|7|9007199254740993")
	wants(t, texts(t, db, `SELECT conname FROM pg_constraint WHERE contype = 'f'`), "customer_fkey")
	again := f.must(db)
	if again.Skipped != 2 || len(again.Proofs) != 0 || len(again.Keys) != 1 {
		t.Errorf("again: %+v", again)
	}
}

func TestLoad_everyTargetFromEveryFormat(t *testing.T) {
	t.Parallel()
	for _, format := range row.Formats() {
		for _, kind := range []string{"postgres", "sqlite", "parquet", "csv"} {
			t.Run(string(format)+"/"+kind, func(t *testing.T) {
				t.Parallel()
				into := kind + ":" + filepath.Join(t.TempDir(), "target")
				if kind == "postgres" {
					into = database(t)
				}
				r := shop(t, format).must(into)
				if r.Rows() != 4 {
					t.Errorf("%+v", r)
				}
			})
		}
	}
}

func TestLoad_ofAnExportThatIsNotFinishedSaysHowToFinishIt(t *testing.T) {
	t.Parallel()
	s := store.NewFolder(t.TempDir())
	if err := archive.WriteRun(s, archive.RunState{Times: []int64{1}, Started: "2026-01-02T03:04:05Z"}); err != nil {
		t.Fatal(err)
	}
	_, err := Prepare(t.Context(), Options{From: s, Into: "csv:" + t.TempDir()})
	if bad, ok := errors.AsType[*Error](err); !ok || bad.Kind != KindUsage {
		t.Fatalf("%v", err)
	}
	wants(t, err.Error(), "not finished", "fauna-export resume "+s.Name())
}

// If the manifest lacks a part, nothing is loaded.
func TestLoad_aPartThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	f := newFolder(t, row.JSONL)
	f.add("users", map[int64]string{1: `{"a":1}`})
	f.m.Version, f.m.Collections[0].Part, f.m.Collections[0].Parts = archive.Version, 1, 3
	f.manifest()
	dir := t.TempDir()
	if _, _, err := f.load("csv:" + dir); err == nil || !strings.Contains(err.Error(), "found part 1 of 3 where part 0 was expected") {
		t.Errorf("%v", err)
	}
	if made, err := os.ReadDir(dir); err != nil || len(made) > 0 {
		t.Errorf("%v, %v", made, err)
	}
}

// unwritable is a store that this user may only read.
type unwritable struct {
	store.Store
	err error
}

func (s unwritable) Lock() (func() error, error) { return nil, s.err }

func TestLoad_fromWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	f := shop(t, row.Wire)
	for name, c := range map[string]struct {
		err  error
		ends bool
	}{
		"a folder on a read-only disk":         {&store.Error{Store: f.dir, Problem: "the disk is read-only", ReadOnly: true}, false},
		"a bucket with rights to read":         {&store.Refused{Store: "s3://a/b", Doing: "write the lock", Why: "AccessDenied"}, false},
		"a bucket whose credentials ran out":   {&store.Refused{Store: "s3://a/b", Expired: true}, true},
		"a folder in which another one writes": {&store.Error{Store: f.dir, Locked: true}, true},
	} {
		from := func(o *Options) { o.From = unwritable{o.From, c.err} }
		_, r, err := f.load("csv:"+t.TempDir(), from)
		if c.ends != (err != nil) || err == nil && r.Rows() != 4 {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
}

// Typed files of two kinds in one folder are each brought up to date.
func TestFiles_twoKindsInOneFolder(t *testing.T) {
	t.Parallel()
	f := newFolder(t, row.Wire)
	f.deletion = "deleted"
	dir := t.TempDir()
	for sync := range 2 {
		f.sync(sync+1, "c", map[int64]string{int64(sync): `{"a":1}`}, nil)
		for _, into := range []string{"csv:" + dir, "parquet:" + dir} {
			if r := f.must(into); len(r.Proofs) != 1 || r.Proofs[0].Rows != int64(sync+1) {
				t.Errorf("%s, sync %d: %+v", into, sync+1, r)
			}
			if r := f.must(into); r.Skipped != 1 {
				t.Errorf("%s, sync %d again: %+v", into, sync+1, r)
			}
		}
	}
}

func TestParseTarget_refusesAddressesOfAnotherForm(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"postgres:host=localhost password=hush":                      "write it like postgres://",
		"postgres:":                                                  "write it like postgres://",
		"postgres:/localhost/shop":                                   "write it like postgres://",
		"postgres://a@%2Fvar%2Frun%2Fpostgresql/b":                   "a socket as postgres:///database?host=/",
		"postgres://a@localhost/b#c?password=hush":                   "it contains a #",
		"postgres://a@localhost/b?PassWord=hush":                     "contains a password",
		"postgres://a@localhost/b?sslpassword=x":                     "contains a password",
		"postgres://a:@localhost/b":                                  "contains a password",
		"postgres://a@localhost/b?schema=1%00":                       "no schema can have",
		"postgres://a@localhost/b?schema=pg_temp":                    "is Postgres's own",
		"postgres://a@localhost/b?schema=1%ff":                       "no schema can have",
		"postgres://a@localhost/b?schema=" + strings.Repeat("é", 32): "no schema can have",
		"postgres://a@localhost/b?schema=%zz":                        "as in a URL",
		"postgres://a@localhost/b?schema=x&schema":                   "schema twice",
	} {
		refuses(t, text, says)
	}
}

// refuses checks for an error of usage that says something, and not the password hush.
func refuses(t *testing.T, target string, says ...string) {
	t.Helper()
	err := ParseTarget(target)
	if bad, ok := errors.AsType[*Error](err); !ok || bad.Kind != KindUsage || strings.Contains(err.Error(), "hush") {
		t.Errorf("%s: %v", target, err)
		return
	}
	wants(t, err.Error(), says...)
}

func TestParseTarget_takesEmptySettings(t *testing.T) {
	t.Parallel()
	for _, settings := range []string{"?", "?&", "?schema=a&", "?&schema=a&&connect_timeout=3&"} {
		if err := ParseTarget("postgres://a@localhost/b" + settings); err != nil {
			t.Errorf("%s: %v", settings, err)
		}
	}
}

// A load plans with what the target has, and another may change that meanwhile.
func TestLoad_isRefusedWhereAnotherWasFaster(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"csv", "parquet", "sqlite"} {
		into := scheme + ":" + filepath.Join(t.TempDir(), "target")
		f, other := shop(t, row.Wire), shop(t, row.Wire)
		slow, err := Prepare(t.Context(), Options{From: store.NewFolder(f.dir), Into: into})
		f.check(err)
		defer slow.Close()
		between, err := Prepare(t.Context(), Options{From: store.NewFolder(other.dir), Into: into})
		f.check(err)
		_, err = between.Do(t.Context())
		f.check(err)
		_, err = slow.Do(t.Context())
		if err == nil || scheme == "sqlite" {
			f.check(between.Close())
		} else {
			wants(t, err.Error(), "another load is writing into it", "load again")
			if bad, ok := errors.AsType[*Error](err); !ok || bad.Kind != KindUsage {
				t.Errorf("%s: %v", scheme, err)
			}
			f.check(between.Close())
			_, err = slow.Do(t.Context())
		}
		if err == nil {
			t.Fatalf("%s: no error", scheme)
		}
		wants(t, err.Error(), "another load into it was faster", "load again")
		f.check(slow.Close())
		if r := f.must(into); r.Skipped != 2 {
			t.Errorf("%s: %+v", scheme, r)
		}
		if left, err := filepath.Glob(filepath.Join(strings.TrimPrefix(into, scheme+":"), ".*.lock")); err != nil || len(left) > 0 {
			t.Errorf("%v, %v", left, err)
		}
	}
}

// Of two loads that planned the same only one does it, and the other says why not.
func twoAtOnce(t *testing.T, into string) {
	t.Helper()
	f := newFolder(t, row.Wire)
	f.deletion = "deleted"
	for sync, data := range []map[int64]string{{1: `{"a":1}`}, {2: `{"a":2}`}} {
		f.sync(sync+1, "c", data, nil)
		first, err := Prepare(t.Context(), Options{From: unwritable{store.NewFolder(f.dir), &store.Error{ReadOnly: true}}, Into: into})
		f.check(err)
		defer first.Close()
		f.must(into)
		if _, err = first.Do(t.Context()); err == nil {
			t.Fatal("it is loaded twice")
		}
		wants(t, err.Error(), "another load into it was faster", "load again")
		f.check(first.Close())
	}
	if r := f.must(into); r.Skipped != 1 {
		t.Errorf("%s: %+v", into, r)
	}
}

func TestLoad_twoAtOnceIntoFiles(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"csv", "parquet", "sqlite"} {
		twoAtOnce(t, scheme+":"+filepath.Join(t.TempDir(), "target"))
	}
}

func TestNamer_findsAFreeNameWhateverIsTaken(t *testing.T) {
	t.Parallel()
	for _, d := range []*dialect{postgresDialect, sqliteDialect} {
		var taken []string
		for range 100 { // each time the name that it would have given
			n := newNamer(d, func(string) bool { return false }, append(taken, "a")...)
			name := n.name("A")
			if len(name) > d.longestName || slices.Contains(taken, name) {
				t.Fatalf("%q after %q", name, taken)
			}
			taken = append(taken, name)
		}
	}
}
