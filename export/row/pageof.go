package row

import "fmt"

// PageOf is Page for an answer that lists the documents asked for, in ascending
// order, with null for one that does not exist and gets no row. Any other
// answer is a *PageError.
func (s *Serializer) PageOf(b *Batch, body []byte, asked []int64) error {
	b.work.mayLack, b.work.lacking = true, b.work.lacking[:0]
	return s.append(b, body, nil, func(first int) error {
		if answers(b.IDs[first:], b.work.lacking, asked) {
			return nil
		}
		return &PageError{Collection: s.layout.Collection, Reason: fmt.Sprintf("it holds %d documents and %d nulls, which are not the %d documents asked for", len(b.IDs)-first, len(b.work.lacking), len(asked))}
	})
}

// answers reports whether ids, with nulls at the positions lacking, are the
// documents asked for.
func answers(ids []int64, lacking []int, asked []int64) bool {
	if len(ids)+len(lacking) != len(asked) {
		return false
	}
	for i, id := range asked {
		switch {
		case len(lacking) > 0 && lacking[0] == i:
			lacking = lacking[1:]
		case len(ids) == 0 || ids[0] != id:
			return false
		default:
			ids = ids[1:]
		}
	}
	return true
}

// elementOrNull writes the row of the document at i, which may be null.
func (s *Serializer) elementOrNull(b *Batch, body []byte, i, position int, plan []int64) (int, error) {
	if w := &b.work; w.mayLack && hasPrefix(body, i, "null") {
		w.lacking = append(w.lacking, position)
		return i + len("null"), nil
	}
	return s.element(b, body, i, position, plan)
}
