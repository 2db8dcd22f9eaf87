package export

import (
	"errors"
	"strings"
	"testing"
)

// A collection that fits on one page is counted too, unless there are very many.
func TestLies_noPageHasADocumentOfASmallCollection(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	if err := s.Load("few", serverDocs(9)); err != nil {
		t.Fatal(err)
	}
	l, client := startLiar(t, s)
	l.lie(nil, func(q, a string) string {
		switch {
		case asksIDs(q, "few"):
			return strings.Replace(a, `"103",`, ``, 1)
		case asksDocuments(q, "few"):
			i, end := strings.Index(a, `{"ref":{"@ref":{"id":"103"`), strings.Index(a, `{"ref":{"@ref":{"id":"106"`)
			if i > 0 && end > i {
				return a[:i] + a[end:]
			}
		}
		return a
	})
	spec := Spec{Collections: []string{"few", "orders"}}
	r, err := NewRun(spec, client, swiftEnv(exportDir(t), 5))
	must(t, err)
	m, err := r.Do(t.Context())
	partial, failed := errors.AsType[*Partial](err)
	if !l.told() || !failed || len(partial.Failures) != 1 || partial.Failures[0].Collection != "few" || len(m.Collections) != 1 {
		t.Errorf("%v", err)
	}
}
