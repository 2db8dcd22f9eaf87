package export

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// holdsRows reports whether a state's file has rows.
func holdsRows(st *state) bool { return st.Rows > 0 }

// The key is the same, and what was read has left the snapshot since.
func TestResume_goesOnAfterDocumentsHaveExpired(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	const ttl = `Map(Paginate(Documents(Collection("users")), {size: 3000}), Lambda("r", Update(Var("r"), {ttl: TimeAdd(Now(), 5, "minutes")})))`
	s.shell(t, ttl)
	s.pass(time.Second)
	client := s.client(t, s.keyOf(t, s.Secret(), "plain", usersReadable+", "+ordersReadable))
	dir, kept := stoppedLater(t, client, Spec{}, 6, holdsRows)
	if kept.Mark.TS != 0 {
		t.Errorf("it keeps %+v, which expires", kept.Mark)
	}
	s.pass(6 * time.Minute)
	if err := resumed(t, client, dir); err != nil {
		t.Error(err)
	}
	if n := len(idsOf(t, dir, "orders.jsonl")); n != 150 {
		t.Errorf("%d orders", n)
	}
}

// A predicate applies to the current data of a document, also in a snapshot.
func TestResume_goesOnAfterTheRoleHidesWhatWasRead(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	client := s.client(t, s.keyOf(t, s.Secret(), "visible", ordersReadable+
		`, {resource: Collection("users"), actions: {read: Query(Lambda("ref", Not(Select(["data", "hide"], Get(Var("ref")), false))))}}`))
	dir, kept := stoppedLater(t, client, Spec{Filtered: []string{"users"}}, 6, holdsRows)
	if kept.Mark.TS == 0 {
		t.Fatal("it keeps no document")
	}
	s.shell(t, fmt.Sprintf(`Update(Ref(Collection("users"), "%d"), {data: {hide: true}})`, kept.Mark.ID))
	s.pass(time.Second)
	if err := resumed(t, client, dir); err != nil {
		t.Error(err)
	}
}

// What only an index lists is in no page of the collection.
func TestResume_goesOnAfterADocumentThatOnlyAnIndexHas(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	var torn []int
	for i := range 100 { // the first page
		torn = append(torn, 100+3*i)
	}
	spec := tear(t, s, torn...)
	client := s.client(t, s.keyOf(t, s.Secret(), "plain", usersReadable+", "+ordersReadable+
		`, {resource: Index("users-ts"), actions: {read: true, unrestricted_read: true}}`))
	dir, kept := stoppedLater(t, client, spec, 1, holdsRows)
	if kept.Mark.TS != 0 {
		t.Errorf("it keeps %+v", kept.Mark)
	}
	if err := resumed(t, client, dir); err != nil {
		t.Error(err)
	}
	if ids := idsOf(t, dir, "users.jsonl"); len(ids) != 2000 || !strings.Contains(string(mustRead(t, dir, "users.jsonl")), `"n":9`) {
		t.Errorf("%d users", len(ids))
	}
}
