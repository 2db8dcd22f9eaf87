package pairs

import (
	"container/heap"
	"errors"
	"fmt"
	"iter"
	"slices"

	"fauna-export/export/store"
)

// mostSorted is how many pairs are sorted in memory at once, 16 bytes each.
const mostSorted = 1 << 20

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
	return &Sorter{store: s, name: name, most: mostSorted}
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
		err := s.each(func(p Pair) bool { return yield(p, nil) })
		if err != nil {
			yield(Pair{}, err)
		}
	}
}

// each is All with the error returned; a yield that returns false stops it
// without error.
func (s *Sorter) each(yield func(Pair) bool) (err error) {
	slices.SortFunc(s.held, Compare)
	if len(s.runs) == 0 {
		for _, p := range s.held {
			if !yield(p) {
				return nil
			}
		}
		return nil
	}
	stopped := false
	defer func() {
		for _, name := range s.runs {
			err = errors.Join(err, s.store.Remove(name))
		}
		if stopped {
			err = nil // the caller has stopped
		}
	}()
	sources := []iter.Seq2[Pair, error]{Slice(s.held)}
	for _, name := range s.runs {
		r, shut, err := Open(s.store, name)
		if err != nil {
			return err
		}
		defer shut()
		sources = append(sources, r.All())
	}
	var h runs
	for _, source := range sources {
		next, stop := iter.Pull2(source)
		defer stop()
		one := &run{next: next}
		if more, err := one.advance(); err != nil {
			return err
		} else if more {
			h = append(h, one)
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		if !yield(h[0].head) {
			stopped = true
			return nil
		}
		more, err := h[0].advance()
		if err != nil {
			return err
		}
		if more {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	return nil
}

// run is one sorted run, with its first pair in head.
type run struct {
	head Pair
	next func() (Pair, error, bool)
}

func (r *run) advance() (more bool, err error) {
	r.head, err, more = r.next()
	return more, err
}

// runs is a heap of runs by their first pairs.
type runs []*run

func (h runs) Len() int           { return len(h) }
func (h runs) Less(i, j int) bool { return Compare(h[i].head, h[j].head) < 0 }
func (h runs) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runs) Push(x any)        { *h = append(*h, x.(*run)) }
func (h *runs) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// Slice iterates over pairs in memory.
func Slice(all []Pair) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		for _, p := range all {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// Open opens a file of pairs; shut closes it.
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

// Write writes a file of pairs, given in order. The file is durable when Write
// returns.
func Write(s store.Store, name string, meta Meta, all iter.Seq2[Pair, error]) (err error) {
	// Remove a file left by an earlier process, so that none of it remains
	// after the end of the new one.
	if err := s.Remove(name); err != nil {
		return err
	}
	out, err := s.Append(name, 0)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	w, err := NewWriter(out, meta)
	if err != nil {
		return err
	}
	for p, err := range all {
		if err != nil {
			return err
		}
		if err := w.Add(p); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Sync()
}
