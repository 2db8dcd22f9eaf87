package pairs

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"

	"fauna-export/export/store"
)

// maxSorted is how many pairs are sorted in memory at once, 16 bytes each.
const maxSorted = 1 << 20

// Sorter sorts any number of pairs into the index's order. It holds a bounded
// number in memory and spills the rest to the work folder in sorted runs.
type Sorter struct {
	store store.Store
	name  string // prefix of the runs' names
	most  int
	held  []Pair
	runs  []string
}

// NewSorter returns a Sorter whose runs are named name.run0, name.run1 …
func NewSorter(s store.Store, name string) *Sorter {
	return &Sorter{store: s, name: name, most: maxSorted}
}

// Add adds a pair.
func (s *Sorter) Add(p Pair) error {
	s.held = append(s.held, p)
	if len(s.held) < s.most {
		return nil
	}
	return s.spill()
}

func (s *Sorter) spill() error {
	slices.SortFunc(s.held, Compare)
	name := fmt.Sprintf("%s.run%d", s.name, len(s.runs))
	s.runs = append(s.runs, name)
	if err := Write(s.store, name, Meta{}, Slice(s.held)); err != nil {
		return err
	}
	s.held = s.held[:0]
	return nil
}

// All iterates over all pairs in order and then removes the runs. Call it once.
func (s *Sorter) All() iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		slices.SortFunc(s.held, Compare)
		sources := []iter.Seq2[Pair, error]{Slice(s.held)}
		for _, name := range s.runs {
			sources = append(sources, Read(s.store, name))
		}
		ended := true
		for p, err := range Merge(Compare, sources...) {
			if !yield(p, err) || err != nil {
				ended = false
				break
			}
		}
		var errs []error
		for _, name := range s.runs {
			errs = append(errs, s.store.Remove(name))
		}
		if err := errors.Join(errs...); err != nil && ended {
			yield(Pair{}, err)
		}
	}
}

// Slice iterates over elements in memory.
func Slice[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, p := range all {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// Open opens a pairs file; shut closes it.
func Open(s store.Store, name string) (r *Reader, shut func(), err error) {
	f, _, err := s.Open(name)
	if err != nil {
		return nil, nil, err
	}
	r, err = NewReader(f)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return r, func() { r.Close(); f.Close() }, nil
}

// Read iterates over the pairs of a file.
func Read(s store.Store, name string) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		r, shut, err := Open(s, name)
		if err != nil {
			yield(Pair{}, fmt.Errorf("read the pairs: %w", err))
			return
		}
		defer shut()
		r.All()(yield)
	}
}

// Write writes a pairs file from ordered pairs. The file is durable when Write
// returns.
func Write(s store.Store, name string, meta Meta, all iter.Seq2[Pair, error]) error {
	// Remove a file left by an earlier process first, so that none of it remains
	// after the end of the new one.
	if err := s.Remove(name); err != nil {
		return err
	}
	out, err := s.Append(name, 0)
	if err != nil {
		return err
	}
	if err = Encode(out, meta, all); err == nil {
		err = out.Sync()
	}
	return cmp.Or(err, out.Close())
}
