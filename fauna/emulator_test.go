package fauna_test

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/emulator/fault"
)

// server is an embedded server with an admin's client.
type server struct {
	*fault.Server
	t        *testing.T
	endpoint fauna.Endpoint
	admin    *fauna.Client
}

func newServer(t *testing.T, o emulator.Options) *server {
	t.Helper()
	s := &server{Server: fault.New(o), t: t}
	address, stop, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	if s.endpoint, err = fauna.ParseEndpoint(address); err != nil {
		t.Fatal(err)
	}
	s.admin = s.client(s.Secret())
	return s
}

func (s *server) client(secret string) *fauna.Client {
	s.t.Helper()
	c, err := fauna.NewClient(fauna.Options{Endpoint: s.endpoint, Secret: fauna.NewSecret(secret), Timeout: 30 * time.Second})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

// run runs FQL as an admin in the server's shell and returns what it prints.
func (s *server) run(fql string) string {
	s.t.Helper()
	printed, err := s.Shell(s.t.Context(), s.Secret(), fql)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", fql, err, printed)
	}
	return printed
}

// key creates a role with privileges in FQL, and returns a client with its key.
func (s *server) key(role, privileges string) *fauna.Client {
	s.t.Helper()
	s.run(fmt.Sprintf("CreateRole({name: %q, privileges: [%s]})", role, privileges))
	secret, note := fauna.FindSecret(s.run(fmt.Sprintf("CreateKey({role: Role(%q)})", role)))
	if secret.IsZero() || note != "" {
		s.t.Fatalf("no secret in the answer: %s", note)
	}
	c, err := fauna.NewClient(fauna.Options{Endpoint: s.endpoint, Secret: secret, Timeout: 30 * time.Second})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

// fill creates a collection with the ids 1 to n; public is true if the id is even.
func (s *server) fill(collection string, n int) {
	s.t.Helper()
	s.run(fmt.Sprintf("CreateCollection({name: %q})", collection))
	for id := 1; id <= n; id++ {
		s.run(fmt.Sprintf("Create(Ref(Collection(%q), \"%d\"), {data: {public: %v, n: %d}})", collection, id, id%2 == 0, id))
	}
}

func (s *server) now() int64 {
	s.t.Helper()
	now, err := s.admin.Now(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return now
}

const readCollections = "{resource: Collections(), actions: {read: true}}"

func TestServer_reachAndSecret(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	for _, secret := range []string{"", "fnAnobodysKeyXXXXXXXXXXXXXXXXXXXXXXXXXXX"} {
		c := s.client(secret)
		if err := c.Reach(t.Context()); err != nil {
			t.Errorf("Reach: %v", err)
		}
		_, err := c.Collections(t.Context())
		var e *fauna.Error
		if !errors.As(err, &e) || e.Kind != fauna.KindSecretRefused || !e.Refused() || e.Retry() {
			t.Errorf("a bad secret: %v", err)
		}
	}
	if now := time.UnixMicro(s.now()); time.Since(now) > time.Minute || time.Since(now) < -time.Minute {
		t.Errorf("Now is %v", now)
	}
}

// A collection that is created between list and count is no fault: both are read again,
// at one time.
func TestServer_listsCollectionsWhileTheyChange(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("docs", 1)
	wrong := fault.Fault{Name: "wrong count", Edit: func([]byte) ([]byte, int) { return []byte(`{"resource":2}`), http.StatusOK }}
	counts := fault.Contains(`"count":{"collections"`)
	s.Faults().Add(fault.When{Match: counts}, wrong)
	if got, err := s.admin.Collections(t.Context()); err != nil || !slices.Equal(got, []string{"docs"}) {
		t.Errorf("%q, %v", got, err)
	}
	s.Faults().Add(fault.When{Match: counts, Times: 2}, wrong)
	var e *fauna.Error
	if got, err := s.admin.Collections(t.Context()); !errors.As(err, &e) || e.Kind != fauna.KindStrange || got != nil {
		t.Errorf("counted wrongly twice: %q, %v", got, err)
	}
	if n := len(s.Faults().Served()); n != 3 {
		t.Errorf("%d wrong counts", n)
	}
}

func TestServer_listsAllCollections(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	const many = 2100 // more than two pages
	want := make([]string, many)
	for i := range want {
		want[i] = fmt.Sprintf("c%04d-Ü", i)
	}
	for part := range slices.Chunk(want, 300) {
		var calls []string
		for _, name := range part {
			calls = append(calls, fmt.Sprintf("CreateCollection({name: %q})", name))
		}
		s.run("Do(" + strings.Join(calls, ", ") + ")")
	}
	c := s.key("lister", readCollections)
	got, err := c.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d collections, want %d", len(got), many)
	}

	denied := s.key("blind", "")
	var e *fauna.Error
	if _, err := denied.Collections(t.Context()); !errors.As(err, &e) || e.Kind != fauna.KindDenied {
		t.Errorf("without the privilege: %v", err)
	}

	// Check all of them, and some that don't exist, in few queries.
	before := s.Faults().Queries()
	access, err := s.admin.Access(t.Context(), append(slices.Clone(want), "missing", "not possible"))
	if err != nil {
		t.Fatal(err)
	}
	if n := s.Faults().Queries() - before; n > 8 {
		t.Errorf("access to %d collections took %d queries", many, n)
	}
	for i, a := range access[:many] {
		if a.Collection != want[i] || !a.Exists || !a.Readable || a.Filtered || a.HistoryDays != 0 {
			t.Fatalf("access is %+v", a)
		}
	}
	for _, a := range access[many:] {
		if a.Exists || a.Readable {
			t.Errorf("access is %+v", a)
		}
	}
}

func TestServer_access(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("pub", 6)
	s.fill("other", 2)
	s.run(`CreateCollection({name: "empty"})`)
	s.run(`CreateCollection({name: "kept", history_days: 30})`)
	s.run(`CreateCollection({name: "forever", history_days: null})`)
	s.run(`Create(Ref(Collection("empty"), "0"), {data: {}})`)
	all := []string{"pub", "other", "empty", "kept", "forever", "nope", "a b", "_"}

	type row struct{ exists, readable, filtered bool }
	yes, no, part := row{true, true, false}, row{true, false, false}, row{true, true, true}
	absent := row{}
	for _, tt := range []struct {
		name, privileges string
		want             []row // of all
	}{
		{"the role of the set-up", readCollections + `, {resource: Collection("pub"), actions: {read: true}}, {resource: Collection("empty"), actions: {read: true}}`,
			[]row{yes, no, yes, no, no, absent, absent, absent}},
		{"nothing", "", []row{no, no, no, no, no, absent, absent, absent}},
		{"predicate on data", `{resource: Collection("pub"), actions: {read: Query(Lambda("ref", Select(["data", "public"], Get(Var("ref")))))}}`,
			[]row{part, no, no, no, no, absent, absent, absent}},
		{"predicate that is false", `{resource: Collection("pub"), actions: {read: Query(Lambda("ref", false))}}`,
			[]row{no, no, no, no, no, absent, absent, absent}},
		{"predicate that is true", `{resource: Collection("pub"), actions: {read: Query(Lambda("ref", true))}}`,
			[]row{yes, no, no, no, no, absent, absent, absent}},
		{"unrestricted read alone", `{resource: Collection("pub"), actions: {unrestricted_read: true}}`,
			[]row{no, no, no, no, no, absent, absent, absent}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := s.key(strings.ReplaceAll(tt.name, " ", "-"), tt.privileges)
			list, err := c.Access(t.Context(), all)
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range list {
				if got := (row{a.Exists, a.Readable, a.Filtered}); got != tt.want[i] || a.Collection != all[i] {
					t.Errorf("%s: %+v, want %+v", all[i], a, tt.want[i])
				}
				schema := strings.Contains(tt.privileges, readCollections)
				wantDays := fauna.HistoryUnknown
				if schema && a.Exists {
					wantDays = []int{0, 0, 0, 30, fauna.HistoryForever}[i]
				}
				if a.HistoryDays != wantDays {
					t.Errorf("%s: history is %d days, want %d", all[i], a.HistoryDays, wantDays)
				}
				if (a.Readable && a.HistoryDays == fauna.HistoryUnknown) != (a.Minimum > 0) {
					t.Errorf("%s: minimum is %d", all[i], a.Minimum)
				}
				unreadable, missing, _, err := c.Unreadable(t.Context(), all[i:i+1])
				if err != nil || (len(missing) == 0) != a.Exists || (len(unreadable) == 0) != (a.Readable || !a.Exists) {
					t.Errorf("Unreadable(%s) = %v, %v, %v", all[i], unreadable, missing, err)
				}
			}
		})
	}
}

func TestAccess_Life(t *testing.T) {
	t.Parallel()
	const now = int64(1_800_000_000_000_000)
	for _, tt := range []struct {
		days    int
		minimum int64
		want    time.Duration
	}{
		{0, now - 900e6, 15 * time.Minute},
		{1, now - 900e6, 24*time.Hour + 15*time.Minute},
		{30, 0, 30*24*time.Hour + 15*time.Minute},
		{fauna.HistoryForever, now - 900e6, math.MaxInt64},
		{math.MaxInt32, 0, math.MaxInt64},
		{fauna.HistoryUnknown, now - 3600e6, time.Hour},
		{fauna.HistoryUnknown, 0, 15 * time.Minute},
		{fauna.HistoryUnknown, now + 1, 15 * time.Minute},
	} {
		if got := (fauna.Access{HistoryDays: tt.days, Minimum: tt.minimum}).Life(now); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

func TestServer_idsInPages(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.run(`CreateCollection({name: "docs"})`)
	want := []int64{0, 1, 7, 10, 99, 100, 4096, 481383656859894272, math.MaxInt64 - 1}
	for _, id := range want {
		s.run(fmt.Sprintf(`Create(Ref(Collection("docs"), "%d"), {data: {}})`, id))
	}
	at := s.now()
	s.run(`Create(Ref(Collection("docs"), "50"), {data: {}})`)
	for _, size := range []int{1, 2, 4, 9, 100} {
		var got []int64
		pages := 0
		for from := int64(0); from >= 0; pages++ {
			ids, next, err := s.admin.IDs(t.Context(), fauna.PageRequest{Collection: "docs", At: at, From: from, Size: size})
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, ids...)
			from = next
		}
		if !slices.Equal(got, want) || pages != (len(want)+size-1)/size {
			t.Errorf("in pages of %d: %v in %d pages", size, got, pages)
		}
	}
	for at, want := range map[int64]int64{at: 9, 0: 10} {
		if n, err := s.admin.Count(t.Context(), "docs", at); err != nil || n != want {
			t.Errorf("Count at %d = %d, %v, want %d", at, n, err, want)
		}
	}
	ids, _, err := s.admin.IDs(t.Context(), fauna.PageRequest{Collection: "docs", At: at, From: 11, Size: 2}) // from an id that doesn't exist
	if err != nil || !slices.Equal(ids, []int64{99, 100}) {
		t.Errorf("%v, %v", ids, err)
	}
	var e *fauna.Error
	if _, _, err := s.admin.IDs(t.Context(), fauna.PageRequest{Collection: "nope", At: at, Size: 2}); !errors.As(err, &e) || !e.Missing() {
		t.Errorf("ids of a missing collection: %v", err)
	}
	if _, _, err := s.admin.IDs(t.Context(), fauna.PageRequest{Collection: "docs", At: 1, Size: 2}); !errors.As(err, &e) || !e.Expired() || e.Minimum == 0 {
		t.Errorf("ids at an expired time: %v", err)
	}
}

func TestServer_documents(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.run(`CreateCollection({name: "docs"})`)
	s.run(`Create(Ref(Collection("docs"), "1"), {data: {a: "x", list: [{id: 5}], parent: Ref(Collection("docs"), "2")}})`)
	s.run(`Create(Ref(Collection("docs"), "2"), {data: {a: "y"}})`)
	at := s.now()
	s.run(`Update(Ref(Collection("docs"), "2"), {data: {a: "later"}})`)

	body, err := s.admin.Documents(t.Context(), fauna.PageRequest{Collection: "docs", At: at, Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`{"resource":{"data":[{"ref":{"@ref":{"id":"1","collection":`, `"data":{"a":"x","list":[{"id":5}],"parent":{"@ref":`, `"data":{"a":"y"}}`} {
		if !strings.Contains(string(body), part) {
			t.Errorf("%s is not in %s", part, body)
		}
	}
	body, err = s.admin.Documents(t.Context(), fauna.PageRequest{Collection: "docs", At: at, From: 1, Size: 1, Paths: [][]any{{"ref", "id"}, {"data", "parent", "id"}, {"data", "list", 0, "id"}, {"ttl"}}, Buf: body})
	if err != nil || !strings.Contains(string(body), `"data":[["1","2",5,null]]`) || !strings.Contains(string(body), `"after":[{"@ref":{"id":"2"`) {
		t.Errorf("%s, %v", body, err)
	}
}

func TestServer_presence(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("pub", 6)
	c := s.key("even", `{resource: Collection("pub"), actions: {read: Query(Lambda("ref", Select(["data", "public"], Get(Var("ref")))))}}`)
	s.run(`Delete(Ref(Collection("pub"), "2"))`)

	alive, gone, hidden, err := s.admin.Presence(t.Context(), "pub", []int64{1, 2, 3, 4, 77})
	if err != nil || !slices.Equal(alive, []int64{1, 3, 4}) || !slices.Equal(gone, []int64{2, 77}) || len(hidden) != 0 {
		t.Errorf("admin: %v, %v, %v, %v", alive, gone, hidden, err)
	}
	alive, gone, hidden, err = c.Presence(t.Context(), "pub", []int64{1, 3, 4, 6})
	if err != nil || !slices.Equal(alive, []int64{4, 6}) || len(gone) != 0 || !slices.Equal(hidden, []int64{1, 3}) {
		t.Errorf("role: %v, %v, %v, %v", alive, gone, hidden, err)
	}
	if alive, gone, hidden, err := s.admin.Presence(t.Context(), "pub", nil); err != nil || len(alive)+len(gone)+len(hidden) != 0 {
		t.Errorf("of none: %v", err)
	}
	many := make([]int64, 2500)
	for i := range many {
		many[i] = int64(i)
	}
	alive, gone, _, err = s.admin.Presence(t.Context(), "pub", many)
	if err != nil || !slices.Equal(alive, []int64{1, 3, 4, 5, 6}) || len(gone) != 2495 {
		t.Errorf("of many: %v alive, %d gone, %v", alive, len(gone), err)
	}
	var e *fauna.Error
	if _, _, _, err := s.admin.Presence(t.Context(), "nope", []int64{1}); !errors.As(err, &e) || !e.Missing() {
		t.Errorf("in a missing collection: %v", err)
	}
}

func TestServer_timesOfCollections(t *testing.T) {
	t.Parallel()
	clock := &testClock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	s := newServer(t, emulator.Options{Clock: clock.Now})
	s.run(`CreateCollection({name: "old"})`)
	clock.Advance(time.Hour)
	before := s.now()
	clock.Advance(time.Second)
	s.run(`CreateCollection({name: "new"})`)
	s.run(`CreateCollection({name: "again"})`)
	clock.Advance(time.Second)
	between := s.now()
	s.run(`Delete(Collection("again"))`)
	clock.Advance(time.Second)
	s.run(`CreateCollection({name: "again"})`)
	clock.Advance(time.Second)

	names := []string{"old", "new", "again", "nope"}
	for at, want := range map[int64][]string{before: {"new", "again", "nope"}, between: {"again", "nope"}, s.now(): {"nope"}} {
		times, err := s.admin.CollectionTimes(t.Context(), names, at)
		if err != nil || len(times) != len(names) {
			t.Fatal(times, err)
		}
		for i, name := range names {
			if absent := times[i] == fauna.CollectionAbsent; absent != slices.Contains(want, name) || !absent && (times[i] <= 0 || times[i] > at) {
				t.Errorf("%s at %v was made at %d", name, time.UnixMicro(at).UTC(), times[i])
			}
		}
	}
	c := s.key("blind", `{resource: Collection("old"), actions: {read: true}}`)
	if got, err := c.CollectionTimes(t.Context(), []string{"old", "new"}, before); err != nil || !slices.Equal(got, []int64{fauna.CollectionUnknown, fauna.CollectionUnknown}) {
		t.Errorf("a key that may not know: %v, %v", got, err)
	}
	minimum, err := c.MinimumTime(t.Context(), "old")
	if want := clock.Now().Add(-15 * time.Minute).UnixMicro(); err != nil || math.Abs(float64(minimum-want)) > 10e6 {
		t.Errorf("minimum is %v, %v", time.UnixMicro(minimum).UTC(), err)
	}
	var e *fauna.Error
	if _, err := c.MinimumTime(t.Context(), "nope"); !errors.As(err, &e) || !e.Missing() {
		t.Errorf("minimum of a missing collection: %v", err)
	}
}

// If counting a collection takes too long, it is counted page by page.
func TestServer_countsInPagesWhereAllAtOnceTakeTooLong(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	const n = 170_000 // three pages
	err := s.Load("many", func(yield func(emulator.Document) bool) {
		for id := range int64(n) {
			if !yield(emulator.Document{ID: 3 * id, Data: []byte(`{}`)}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Faults().Add(fault.When{Match: fault.Contains(`"count":{"documents"`), Times: -1}, fault.Status(503))
	for _, at := range []int64{0, s.now()} {
		if got, err := s.admin.Count(t.Context(), "many", at); err != nil || got != n {
			t.Errorf("at %d: %d, %v", at, got, err)
		}
	}
	if len(s.Faults().Served()) != 2 {
		t.Errorf("%d counts of all were refused", len(s.Faults().Served()))
	}
	s.fill("few", 3)
	if got, err := s.admin.Count(t.Context(), "few", 0); err != nil || got != 3 {
		t.Errorf("few: %d, %v", got, err)
	}
	for _, c := range []struct {
		from    int64
		size    int
		n, next int64
	}{{0, 1000, 1000, 3000}, {1, 1000, 1000, 3003}, {3000, 80_000, 80_000, 243_000}, {3*n - 6, 2, 2, -1}, {3*n - 5, 5, 1, -1}, {3 * n, 5, 0, -1}} {
		if got, next, err := s.admin.CountPage(t.Context(), fauna.PageRequest{Collection: "many", At: s.now(), From: c.from, Size: c.size}); err != nil || got != c.n || next != c.next {
			t.Errorf("%d from %d: %d and then %d, %v", c.size, c.from, got, next, err)
		}
	}
}
