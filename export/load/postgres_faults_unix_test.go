//go:build unix

package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"fauna-export/export/row"
	"fauna-export/export/store"
)

func TestLoad_aViewIsNamedAndNothingChanges(t *testing.T) {
	t.Parallel()
	f := newFolder(t, row.Wire)
	f.deletion = "deleted"
	f.sync(1, "c", map[int64]string{1: `{"n":1}`}, nil)
	db := database(t)
	f.must(db)
	admin(t, db, "CREATE VIEW mine AS SELECT n FROM c")
	f.sync(2, "c", map[int64]string{2: `{"n":1.5}`}, nil)
	_, _, err := f.load(db)
	if err == nil {
		t.Fatal("no error")
	}
	wants(t, err.Error(), "c.n", "mine", "double precision", "drop the view")
	if n := texts(t, db, "SELECT count(*) FROM c"); n != "1" {
		t.Errorf("%s rows", n)
	}
	admin(t, db, "DROP VIEW mine")
	f.must(db)
}

// listen returns a listener on this machine that is closed when the test ends.
func listen(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// cutter returns a database address whose connections close after that many bytes.
func cutter(t *testing.T, after int64) string {
	l := listen(t)
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", cluster.port))
			if err != nil {
				in.Close()
				return
			}
			go func() { io.Copy(in, out); in.Close() }()
			go func() {
				io.CopyN(out, in, after)
				in.Close()
				out.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func TestLoad_aConnectionThatIsCutLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	f := newFolder(t, row.Wire)
	data := map[int64]string{}
	for id := range int64(3000) {
		data[id] = fmt.Sprintf(`{"text":"%s","n":%d}`, strings.Repeat("x", 100), id)
	}
	f.add("first", map[int64]string{1: `{}`})
	f.add("second", data)
	db := database(t)
	u, err := url.Parse(db)
	f.check(err)
	u.Host = cutter(t, 150_000)
	_, r, err := f.load(u.String())
	if bad, ok := errors.AsType[*Error](err); !ok || bad.Kind != KindUnreachable {
		t.Fatalf("%v", err)
	}
	wants(t, err.Error(), "second", "load again")
	if len(r.Proofs) != 1 {
		t.Errorf("%+v", r)
	}
	if n := texts(t, db, "SELECT count(*) FROM pg_class WHERE relname = 'second'"); n != "0" {
		t.Error("the table is there")
	}
	if r := f.must(db); r.Skipped != 1 || r.Rows() != 3000 {
		t.Errorf("%+v", r)
	}
}

// A server that accepts a connection and says nothing is given up.
func TestLoad_doesNotWaitForAServerThatIsMute(t *testing.T) {
	t.Parallel()
	f := newFolder(t, row.Wire)
	f.add("c", map[int64]string{1: `{}`})
	mute := "postgres://tester@" + listen(t).Addr().String() + "/x?sslmode=disable"
	_, _, err := f.load(mute + "&connect_timeout=1")
	if bad, ok := errors.AsType[*Error](err); !ok || bad.Kind != KindUnreachable {
		t.Errorf("%v", err)
	}
	p, err := newPostgres(mute, nil)
	f.check(err)
	if wait := p.config.ConnectTimeout; wait <= 0 || wait > time.Minute {
		t.Errorf("it waits for %v", wait)
	}
}

func TestLoad_intoASchemaByAUserWhoMayNotMakeOne(t *testing.T) {
	t.Parallel()
	f := shop(t, row.Wire)
	db := database(t)
	owner := "owner" + db[strings.LastIndexByte(db, '/')+5:]
	admin(t, db, "CREATE ROLE "+owner+" LOGIN PASSWORD '"+testPassword+"'", "CREATE SCHEMA theirs AUTHORIZATION "+owner)
	f.must(strings.Replace(db, "tester", owner, 1) + "?schema=theirs")
}

// What a database sets for its sessions changes nothing of a load.
func TestLoad_intoADatabaseWithSettingsOfItsOwn(t *testing.T) {
	t.Parallel()
	db := database(t)
	for _, set := range []string{"client_encoding = 'LATIN1'", "search_path = 'nowhere'", "standard_conforming_strings = off", "bytea_output = 'escape'",
		"\"DateStyle\" = 'German, DMY'", "\"TimeZone\" = 'Asia/Kathmandu'", "default_transaction_isolation = 'serializable'", "extra_float_digits = -3"} {
		admin(t, db, "ALTER DATABASE "+db[strings.LastIndexByte(db, '/')+1:]+" SET "+set)
	}
	f := newFolder(t, row.Wire)
	f.add("Größe@東京", map[int64]string{1: `{"größe":"東京","x":0.1,"d":{"@date":"2024-02-29"},"t":{"@ts":"2024-01-02T03:04:05Z"},"b":{"@bytes":"AP8+"}}`})
	f.must(db)
	if r := f.must(db + "?client_encoding=LATIN1&options=-c%20work_mem%3D1MB"); r.Skipped != 1 {
		t.Errorf("again: %+v", r)
	}
}

func TestLoad_refusesSessionsThatMayOnlyRead(t *testing.T) {
	t.Parallel()
	db := database(t)
	f := newFolder(t, row.Wire)
	f.add("c", map[int64]string{1: `{}`})
	admin(t, db, "ALTER DATABASE "+db[strings.LastIndexByte(db, '/')+1:]+" SET default_transaction_read_only = on")
	_, err := Prepare(t.Context(), Options{From: store.NewFolder(f.dir), Into: db})
	if bad, ok := errors.AsType[*Error](err); !ok || bad.Kind != KindUsage {
		t.Fatalf("%v", err)
	}
	wants(t, err.Error(), "tester", "default_transaction_read_only")
	f.must(db + "?options=-c%20default_transaction_read_only%3Doff")
}

// A sync is loaded into a table that has something of somebody else's.
func TestLoad_aSyncIntoATableThatOthersChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change []string
		says   []string // nil: no error
	}{
		"a column with a default":     {[]string{"ALTER TABLE c ADD COLUMN note text NOT NULL DEFAULT 'x'"}, nil},
		"a column that counts":        {[]string{"ALTER TABLE c ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY"}, nil},
		"a column that is calculated": {[]string{"ALTER TABLE c ADD COLUMN twice double precision GENERATED ALWAYS AS (a * 2) STORED"}, nil},
		"a rule that drops rows":      {[]string{"CREATE RULE r AS ON INSERT TO c DO INSTEAD NOTHING"}, []string{"differ"}},
		"a row less":                  {[]string{"DELETE FROM c WHERE ref = 1"}, []string{"would be 1, and the export has 2", "--replace"}},
		"another owner":               {[]string{"ALTER TABLE c OWNER TO tester"}, []string{"permission denied", "load as the owner of its tables"}},
		"another owner of the record": {[]string{"ALTER TABLE fauna_export_tables OWNER TO tester"}, []string{"permission denied", "load as the owner of its tables"}},
		"no temporary tables":         {[]string{"REVOKE TEMPORARY ON DATABASE %s FROM PUBLIC"}, []string{"may not create temporary tables", "GRANT TEMPORARY ON DATABASE"}},
	} {
		db := database(t)
		base := db[strings.LastIndexByte(db, '/')+1:]
		owner := "changed" + base
		admin(t, db, "CREATE ROLE "+owner+" LOGIN PASSWORD '"+testPassword+"'", "GRANT CREATE ON SCHEMA public TO "+owner)
		into := strings.Replace(db, "tester", owner, 1)
		f := newFolder(t, row.Wire)
		f.deletion = "deleted"
		f.sync(1, "c", map[int64]string{1: `{"a":1}`, 2: `{"a":2}`}, nil)
		f.must(into)
		for _, sql := range c.change {
			admin(t, db, strings.ReplaceAll(sql, "%s", base))
		}
		f.sync(2, "c", map[int64]string{3: `{"a":3}`}, []int64{2})
		_, _, err := f.load(into)
		switch {
		case c.says == nil && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says == nil:
			wants(t, texts(t, db, "SELECT ref, a FROM c ORDER BY ref"), "1|1\n3|3")
		case err == nil:
			t.Errorf("%s: it is loaded", name)
		default:
			wants(t, err.Error(), c.says...)
		}
	}
}

func TestLoad_twoAtOnce(t *testing.T) {
	t.Parallel()
	db := database(t)
	twoAtOnce(t, db)
	wants(t, texts(t, db, "SELECT ref, a FROM c ORDER BY ref"), "1|1\n2|2")
}

func TestLoad_asksForThePasswordWhereNoneIsSet(t *testing.T) {
	t.Parallel()
	db := database(t)
	asked := 0
	p, err := newPostgres(db, func(_ context.Context, user, host string) (string, error) {
		asked++
		if user != "tester" || host != "127.0.0.1" {
			t.Errorf("asked for %s on %s", user, host)
		}
		return testPassword, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.config.Password = "" // PGPASSWORD is set for all tests
	if err := p.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.close()
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}
