package row

import (
	"errors"
	"slices"
	"testing"
)

func TestPageOf_holdsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	document := func(id int64) string { return documentOf(id, "") }
	tests := []struct {
		name     string
		elements []string
		asked    []int64
		ids      []int64 // nil if the answer is rejected
	}{
		{"all", []string{document(1), document(2)}, []int64{1, 2}, []int64{1, 2}},
		{"some", []string{"null", document(2), "null"}, []int64{1, 2, 3}, []int64{2}},
		{"none", []string{"null", " null "}, []int64{1, 2}, []int64{}},
		{"nothing", nil, []int64{}, []int64{}},
		{"one left out", []string{document(2)}, []int64{1, 2}, nil},
		{"a null left out", []string{document(1)}, []int64{1, 2}, nil},
		{"a null too many", []string{document(1), "null"}, []int64{1}, nil},
		{"a null elsewhere", []string{document(2), "null"}, []int64{1, 2}, nil},
		{"another", []string{document(1), document(3)}, []int64{1, 2}, nil},
		{"empty", nil, []int64{1}, nil},
	}
	for _, test := range tests {
		var b Batch
		s := serializerOf(t, jsonl)
		if err := s.Page(&b, pageOf(document(0)), nil); err != nil {
			t.Fatal(err)
		}
		err := s.PageOf(&b, pageOf(test.elements...), test.asked)
		if want := append([]int64{0}, test.ids...); !slices.Equal(b.IDs, want) || len(b.Ends) != len(want) {
			t.Errorf("%s: rows of %v, want %v", test.name, b.IDs, want)
		}
		if _, refused := errors.AsType[*PageError](err); refused != (test.ids == nil) || err != nil && !refused {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// A planned page allows no nulls, even after one that did.
	var b Batch
	s := serializerOf(t, jsonl)
	if err := s.PageOf(&b, pageOf("null"), []int64{1}); err != nil {
		t.Error(err)
	}
	if err := s.Page(&b, pageOf("null"), nil); err == nil {
		t.Error("null was taken for a document")
	}
}
