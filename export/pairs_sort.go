package export

import (
	"container/heap"
	"errors"
	"fmt"
	"io"
	"slices"
)

// mostSorted is how many pairs are sorted in memory at once, 16 bytes each.
const mostSorted = 1 << 20

// pairSorter puts any number of pairs into the index's order. It holds a bounded
// number of them and spills the rest, in sorted runs, into the work folder.
type pairSorter struct {
	store Store
	name  string // begins the names of the runs
	most  int
	held  []pair
	runs  []string
}

func newPairSorter(s Store, name string, most int) *pairSorter {
	return &pairSorter{store: s, name: name, most: most}
}

func (s *pairSorter) add(p pair) error {
	s.held = append(s.held, p)
	if len(s.held) < s.most {
		return nil
	}
	return s.spill()
}

func (s *pairSorter) spill() error {
	slices.SortFunc(s.held, comparePairs)
	name := fmt.Sprintf("%s.run%d", s.name, len(s.runs))
	s.runs = append(s.runs, name)
	if err := writePairs(s.store, name, pairsMeta{}, drained(slicePairs(s.held))); err != nil {
		return err
	}
	s.held = s.held[:0]
	return nil
}

// each gives all pairs in order and removes the runs.
func (s *pairSorter) each(yield func(pair) error) (err error) {
	slices.SortFunc(s.held, comparePairs)
	if len(s.runs) == 0 {
		for _, p := range s.held {
			if err := yield(p); err != nil {
				return err
			}
		}
		return nil
	}
	defer func() {
		for _, name := range s.runs {
			err = errors.Join(err, s.store.Remove(name))
		}
	}()
	var h pairHeap
	defer func() {
		for _, r := range h {
			r.close()
		}
	}()
	sources := []func() (pair, bool, error){slicePairs(s.held)}
	closers := []func(){func() {}}
	for _, name := range s.runs {
		r, shut, err := openPairs(s.store, name)
		if err != nil {
			return err
		}
		sources, closers = append(sources, r.next), append(closers, shut)
	}
	for i, next := range sources {
		run := &pairRun{next: next, close: closers[i]}
		if more, err := run.advance(); err != nil {
			return err
		} else if more {
			h = append(h, run)
		} else {
			run.close()
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		if err := yield(h[0].head); err != nil {
			return err
		}
		more, err := h[0].advance()
		if err != nil {
			return err
		}
		if more {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h).(*pairRun).close()
		}
	}
	return nil
}

// pairRun is one sorted run, with its first pair in head.
type pairRun struct {
	head  pair
	next  func() (pair, bool, error)
	close func()
}

func (r *pairRun) advance() (more bool, err error) {
	r.head, more, err = r.next()
	return more, err
}

type pairHeap []*pairRun

func (h pairHeap) Len() int           { return len(h) }
func (h pairHeap) Less(i, j int) bool { return comparePairs(h[i].head, h[j].head) < 0 }
func (h pairHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *pairHeap) Push(x any)        { *h = append(*h, x.(*pairRun)) }
func (h *pairHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// slicePairs walks pairs in memory.
func slicePairs(all []pair) func() (pair, bool, error) {
	return func() (pair, bool, error) {
		if len(all) == 0 {
			return pair{}, false, nil
		}
		p := all[0]
		all = all[1:]
		return p, true, nil
	}
}

// Opener is a Store whose files can be read a part at a time. A Store needs it
// for incremental syncs.
type Opener interface {
	// Open opens a file to be read; size is its length.
	Open(name string) (file OpenedFile, size int64, err error)
}

// OpenedFile is a file being read.
type OpenedFile interface {
	io.Reader
	io.ReaderAt
	io.Closer
}

// openFile opens a file of a store.
func openFile(s Store, name string) (OpenedFile, int64, error) {
	o, ok := s.(Opener)
	if !ok {
		return nil, 0, fmt.Errorf("open %s: the store cannot be read from", name)
	}
	return o.Open(name)
}

// openPairs opens a file of pairs; shut closes it.
func openPairs(s Store, name string) (r *pairReader, shut func(), err error) {
	f, _, err := openFile(s, name)
	if err != nil {
		return nil, nil, err
	}
	r, err = newPairReader(f)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return r, func() { r.close(); f.Close() }, nil
}

// writePairs makes a file of the pairs that fill adds in order, durable when it
// returns.
func writePairs(s Store, name string, meta pairsMeta, fill func(add func(pair) error) error) (err error) {
	// A file that an earlier process left must not show behind this one's end.
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
	w, err := newPairWriter(out, meta)
	if err != nil {
		return err
	}
	if err := fill(w.add); err != nil {
		return err
	}
	if err := w.close(); err != nil {
		return err
	}
	return out.Sync()
}

// drained adds all pairs of a stream.
func drained(next func() (pair, bool, error)) func(add func(pair) error) error {
	return func(add func(pair) error) error {
		for {
			p, more, err := next()
			if err != nil || !more {
				return err
			}
			if err := add(p); err != nil {
				return err
			}
		}
	}
}
