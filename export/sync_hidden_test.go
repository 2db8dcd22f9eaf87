package export

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// A role with a predicate on the id hides documents that the probe can't detect, and
// files without removals don't show that they are missing: only their state does.
func TestSync_hiddenIsNotRemovedIfRemovalsAreIgnored(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(4)
	ignore := func(spec *Spec) { spec.Deletions = IgnoreDeletions }
	s.sync(ignore)
	s.fql(update(1, "{n: 1}") + "\n" + remove(4))
	all := s.client
	s.client = s.clientOf("hidesone", `Query(Lambda("ref", Not(Equals(Select("id", Var("ref")), "2"))))`)
	_, err := s.trySync(ignore)
	if partial, ok := errors.AsType[*Partial](err); !ok || !partial.Denied() {
		t.Errorf("%v", err)
	}
	s.client = all
	m := s.sync(ignore)
	s.exact(m)
	if e := last(m); e.Documents != 3 || e.Removed != 1 || e.Rows != 1 || e.ExpectedRows != 1 {
		t.Errorf("%+v", e)
	}
}

// Documents of a recreated collection may be dated before it was created, even before
// the last sync.
func TestSync_collectionRecreatedWithBackdatedDocuments(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(3)
	back := s.back(0)
	s.pass(time.Minute)
	s.sync()
	s.fql(`Delete(Collection("docs"))`)
	s.pass(time.Minute)
	s.makeCollection()
	s.fql(strings.ReplaceAll(insert(2, back, "create", "{n: 2}"), "\n", " "))
	s.fql(create(9, "{}"))
	m := s.sync()
	s.exact(m)
	if e := last(m); e.Rows != 4 || e.Removed != 2 {
		t.Errorf("%+v", e)
	}
}
