package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/fauna/emulator/fault"
)

func TestServer_aRunOverHTTPHoldsEveryDocument(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	client := s.client(t, s.restricted(t))
	for _, form := range formats() {
		dir := exportDir(t)
		m, err := serverRun(t, client, dir, form)
		if err != nil {
			t.Fatal(err)
		}
		if m.Rows() != 2150 || m.Consistency != archive.ConsistencySnapshot {
			t.Errorf("%s: %d rows", form.formName(), m.Rows())
		}
		rep, err := archive.Verify(context.Background(), store.NewFolder(dir), nil)
		if err != nil || !rep.OK() {
			t.Errorf("%s: %+v %v", form.formName(), rep, err)
		}
	}
	s.pass(16 * time.Minute)
}

// TestServer_everyFaultAlone triggers each fault of the server in the middle of a
// run: the result is the same bytes, or a named error with nothing wrong under a
// final name.
func TestServer_everyFaultAlone(t *testing.T) {
	t.Parallel()
	pages := fault.Fetches("users")
	ids := fault.Lists("users")
	for _, c := range []struct {
		name  string
		when  fault.When
		fault func(*testServer, *testing.T) fault.Fault
		is    func(error) bool // nil: the files must be the same
		rows  int              // of users, if not 2 000
		// A fault looked for in each page needs one worker.
		workers int
	}{
		{name: "429", when: fault.When{Match: pages, From: 3, Times: 5}, fault: answer(fault.Status(429))},
		{name: "503", when: fault.When{Match: pages, From: 3, Times: 5}, fault: answer(fault.Status(503))},
		{name: "409", when: fault.When{Match: pages, From: 3, Times: 2}, fault: answer(fault.Status(409))},
		{name: "500", when: fault.When{Match: pages, From: 3, Times: 2}, fault: answer(fault.Status(500))},
		{name: "502", when: fault.When{Match: pages, From: 3, Times: 3}, fault: answer(fault.Status(502))},
		{name: "408", when: fault.When{Match: pages, From: 3, Times: 3}, fault: answer(fault.Status(408))},
		{name: "500 of another shape", when: fault.When{Match: pages, From: 3, Times: 2}, fault: answer(fault.InternalError(1))},
		{name: "429 on ids", when: fault.When{Match: ids, Times: 2}, fault: answer(fault.Status(429))},
		{name: "401 midway", when: fault.When{Match: pages, From: 5, Times: -1}, fault: func(s *testServer, t *testing.T) fault.Fault {
			return fault.Do("delete the keys", func() {
				s.shell(t, `Map(Paginate(Keys()), Lambda("k", If(Equals(Select(["role"], Get(Var("k")), null), Role("connect-readonly")), Delete(Var("k")), null)))`)
			})
		}, is: isError[*fauna.Error]},
		{name: "413", when: fault.When{Match: pages, From: 5}, fault: answer(fault.Status(413)), is: isError[*Partial]},
		{name: "slow page", when: fault.When{Match: pages, From: 3, Times: 1}, fault: answer(fault.Wait(time.Second))},
		{name: "page over the time out", when: fault.When{Match: pages, From: 3, Times: 1}, fault: answer(fault.Wait(3 * time.Second))},
		{name: "connection cut before", when: fault.When{Match: pages, From: 3, Times: 4}, fault: answer(fault.CutAt(fault.CutBefore, 0))},
		{name: "connection cut within", when: fault.When{Match: pages, From: 3, Times: 4}, fault: answer(fault.CutAt(fault.CutWithin, 3000))},
		{name: "connection cut after", when: fault.When{Match: pages, From: 3, Times: 4}, fault: answer(fault.CutAt(fault.CutAfter, 0))},
		{name: "body too short", when: fault.When{Match: pages, From: 3, Times: 3}, fault: answer(fault.CutAt(fault.CutShort, 3000))},
		{name: "ids cut", when: fault.When{Match: ids, Times: 2}, fault: answer(fault.CutAt(fault.CutWithin, 300))},
		{name: "document left out once", workers: 1, when: fault.When{Match: pages, Times: 1}, fault: answer(fault.Missing("1000"))},
		{name: "document left out always", when: fault.When{Match: pages, Times: -1}, fault: answer(fault.Missing("1000")), is: isError[*Unexplained]},
		{name: "document doubled once", workers: 1, when: fault.When{Match: pages, Times: 1}, fault: answer(fault.Doubled("1000"))},
		{name: "document doubled always", when: fault.When{Match: pages, Times: -1}, fault: answer(fault.Doubled("1000")), is: isError[*Unexplained]},
		{name: "out of order once", when: fault.When{Match: pages, From: 2, Times: 1}, fault: answer(fault.OutOfOrder())},
		{name: "out of order always", when: fault.When{Match: pages, From: 2, Times: -1}, fault: answer(fault.OutOfOrder()), is: isError[*Unexplained]},
		{name: "a damaged document", when: fault.When{Match: pages, Times: -1}, fault: answer(fault.Fault{Name: "damaged document", Edit: func(body []byte) ([]byte, int) {
			if spoilt := bytes.Replace(body, []byte(`"document 1000"`), []byte(`documentation`), 1); !bytes.Equal(spoilt, body) {
				return spoilt, 200
			}
			return nil, 0
		}}), is: isError[*row.DocumentError]},
		{name: "a document that breaks its page", when: fault.When{Match: pages, Times: -1}, fault: answer(fault.BreakPage("1000")), is: isError[*BadDocument]},
		{name: "a privilege taken away", when: fault.When{Match: pages, From: 14}, fault: func(s *testServer, t *testing.T) fault.Fault {
			return fault.Do("take the privilege", func() {
				s.shell(t, `Update(Role("connect-readonly"), {privileges: [{resource: Collections(), actions: {read: true}}, {resource: Collection("orders"), actions: {read: true}}]})`)
			})
		}, is: isError[*PrivilegeLost]},
		{name: "documents hidden", when: fault.When{Match: pages, From: 14}, fault: func(s *testServer, t *testing.T) fault.Fault {
			return fault.Do("hide documents", func() {
				s.shell(t, `Update(Role("connect-readonly"), {privileges: [{resource: Collections(), actions: {read: true}}, {resource: Collection("orders"), actions: {read: true}},
					{resource: Collection("users"), actions: {read: Query(Lambda("ref", Not(Equals(Select("id", Var("ref")), "6097"))))}}]})`)
			})
		}, is: isError[*Hidden]},
		{name: "the collection deleted", when: fault.When{Match: pages, From: 14}, fault: func(s *testServer, t *testing.T) fault.Fault {
			return fault.Do("delete", func() { s.shell(t, `Delete(Collection("users"))`) })
		}, is: isError[*Recreated]},
		{name: "the collection made again", when: fault.When{Match: pages, From: 14}, fault: func(s *testServer, t *testing.T) fault.Fault {
			return fault.Do("make again", func() {
				s.shell(t, `Delete(Collection("users"))`)
				s.shell(t, `CreateCollection({name: "users"})`)
				s.shell(t, `Create(Ref(Collection("users"), "100"), {data: {a: 1}})`)
			})
		}, is: func(err error) bool { return isError[*Recreated](err) || isError[*PrivilegeLost](err) }},
		{name: "history rewritten", workers: 1, when: fault.When{Match: pages, From: 14}, fault: func(s *testServer, t *testing.T) fault.Fault {
			return fault.Do("rewrite", func() {
				// In one transaction, so that no page is read in between.
				s.shell(t, `Do(
					Insert(Ref(Collection("users"), "6098"), TimeSubtract(Now(), 1, "minute"), "create", {data: {late: true}}),
					Insert(Ref(Collection("users"), "6094"), TimeSubtract(Now(), 1, "minute"), "delete", {}),
					Insert(Ref(Collection("users"), "6091"), TimeSubtract(Now(), 1, "minute"), "delete", {}))`)
			})
		}, rows: 1999},
		{name: "the snapshot expires", when: fault.When{Match: pages, From: 8}, fault: func(s *testServer, t *testing.T) fault.Fault {
			return fault.Do("snapshot expired", func() { s.Expire("users", "orders") })
		}, is: isError[*Partial], rows: 2000},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startServer(t)
			client := s.client(t, s.restricted(t))
			want := serverFiles(t, client, Spec{})
			s.Faults().Add(c.when, c.fault(s, t))
			dir := exportDir(t)
			m, err := serverRun(t, client, dir, Spec{Workers: c.workers})
			// The query that met the fault may have been cancelled with the run.
			if c.is == nil && len(s.Faults().Served()) == 0 {
				t.Fatal("the fault was not met")
			}
			if c.is == nil && err != nil || c.is != nil && !c.is(err) {
				t.Fatalf("error %v", err)
			}
			if c.rows == 0 {
				if found := wholeFiles(t, dir, want); err == nil && found != 2 {
					t.Errorf("%d files", found)
				}
				return
			}
			if got := len(idsOf(t, dir, "users.jsonl")); got != c.rows || m.Collections[0].Rows != int64(c.rows) {
				t.Errorf("%d rows, want %d: %+v", got, c.rows, m.Collections[0])
			}
			if rep, err := archive.Verify(context.Background(), store.NewFolder(dir), nil); err != nil || !rep.OK() {
				t.Errorf("verify: %+v %v", rep, err)
			}
		})
	}
}

func answer(f fault.Fault) func(*testServer, *testing.T) fault.Fault {
	return func(*testServer, *testing.T) fault.Fault { return f }
}

// TestServer_mixedFaults runs with several random faults, from a seed, and
// interrupts some of the runs.
func TestServer_mixedFaults(t *testing.T) {
	t.Parallel()
	seed := testSeed(t)
	s := startServer(t)
	client := s.client(t, s.restricted(t))
	for i := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, i))
		spec := formats()[random.IntN(10)]
		want := serverFiles(t, client, spec)
		faults := []fault.Fault{
			fault.Status(429), fault.Status(503), fault.Status(409), fault.Status(500), fault.Status(502), fault.Status(408),
			fault.CutAt(fault.CutBefore, 0), fault.CutAt(fault.CutWithin, 1500), fault.CutAt(fault.CutAfter, 0),
			fault.CutAt(fault.CutShort, 700), fault.Wait(20 * time.Millisecond),
		}
		random.Shuffle(len(faults), func(a, b int) { faults[a], faults[b] = faults[b], faults[a] })
		for n, f := range faults[:4] {
			s.Faults().Add(fault.When{Chance: 0.06, Seed: seed + uint64(n)}, f)
		}
		dir := exportDir(t)
		spec.Collections, spec.PageSize, spec.RetryFor = []string{"users", "orders"}, 100, patient
		env := swiftEnv(dir, seed+i)
		env.Clock = newSwiftClock(100)
		run, err := NewRun(spec, client, env)
		if err != nil {
			t.Fatal(err)
		}
		for try := 0; ; try++ {
			ctx, cancel := context.WithCancel(context.Background())
			if try < 3 && random.IntN(2) == 0 {
				n := 3 + random.IntN(40)
				s.Faults().Add(fault.When{From: n}, fault.Do("interrupt", cancel))
			}
			_, err = run.Do(ctx)
			interrupted := ctx.Err() != nil
			cancel()
			wholeFiles(t, dir, want)
			if !interrupted || err == nil {
				break
			}
			if run, err = OpenRun(client, env); isError[*archive.NotARun](err) {
				run, err = NewRun(spec, client, env)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		s.Faults().Clear()
		if err != nil {
			t.Errorf("mix %d: %v", i, err)
		} else if found := wholeFiles(t, dir, want); found != 2 {
			t.Errorf("mix %d: %d files", i, found)
		}
	}
}

// TestServer_goneByTTL lets documents expire between plan and page.
func TestServer_goneByTTL(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	client := s.client(t, fauna.Secret{})
	for _, id := range []int64{1000, 6097} {
		s.shell(t, fmt.Sprintf(`Update(Ref(Collection("users"), "%d"), {ttl: TimeAdd(Now(), 1, "minute")})`, id))
	}
	s.Faults().Add(fault.When{Match: fault.Fetches("users"), From: 1}, fault.Do("a minute passes", func() { s.pass(2 * time.Minute) }))
	dir := exportDir(t)
	m, err := serverRun(t, client, dir, Spec{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if e := m.Collections[0]; e.Gone != 2 || !slices.Equal(e.GoneIDs, []string{"1000", "6097"}) || e.Rows != 1998 {
		t.Errorf("%+v", e)
	}
	if bytes.Contains(mustRead(t, dir, "users.jsonl"), []byte(`"ref":"1000"`)) {
		t.Error("a document that is gone has a row")
	}
}

func TestServer_secretIsInNoFileAndNoError(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	secret := s.restricted(t)
	client := s.client(t, secret)
	dir := exportDir(t)
	s.Faults().Add(fault.When{Match: fault.Fetches("users"), From: 5, Times: -1}, fault.Do("delete the keys", func() {
		s.shell(t, `Map(Paginate(Keys()), Lambda("k", If(Equals(Select(["role"], Get(Var("k")), null), Role("connect-readonly")), Delete(Var("k")), null)))`)
	}))
	_, err := serverRun(t, client, dir, Spec{Endpoint: s.endpoint})
	if err == nil {
		t.Fatal("no error")
	}
	if e, ok := errors.AsType[*fauna.Error](err); !ok || e.Kind != fauna.KindSecretRefused {
		t.Errorf("error %v", err)
	}
	plain := "x" // the secret's text is known only to Scrub
	if secret.Scrub(err.Error()+plain) != err.Error()+plain {
		t.Error("the error holds the secret")
	}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && (secret.Scrub(string(data)) != string(data) || strings.Contains(string(data), "fnA")) {
			t.Errorf("%s holds the secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
