package export

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"fauna-export/export/archive"
	"fauna-export/export/row"
)

const (
	// AutoParts, as Spec.Parts, lets the engine choose the number of parts.
	AutoParts = -1
	// maxParts is the largest number of parts per collection.
	maxParts = 10_000

	// autoPart is the approximate size of a part, in documents, that the engine
	// aims for.
	autoPart = 4_000_000
)

// part is a range of a collection's ids: it has its own scanner, chunks,
// writer, file and checkpoint. An undivided collection is one part.
type part struct {
	lo, hi int64 // lo inclusive, hi exclusive; hi -1 means no end
	i, of  int   // number, from 0, and number of parts
}

// file returns the name of a part's file: the collection's, with the part's
// number from 0 if there are several.
func (p part) file(base, extension string) string {
	if p.of > 1 {
		base = fmt.Sprintf("%s-%05d-of-%05d", base, p.i, p.of)
	}
	return base + "." + extension
}

// within returns the ids of a page that belong to the part, and where the next
// page starts, -1 for none.
func (p part) within(ids []int64, next int64) ([]int64, int64) {
	if p.hi < 0 {
		return ids, next
	}
	if next >= p.hi {
		next = -1
	}
	if k, _ := slices.BinarySearch(ids, p.hi); k < len(ids) {
		return ids[:k], -1
	}
	return ids, next
}

// collections returns the parts of every collection that the run reads; bounds
// says where the second and later ones begin.
func (r *Run) collections(bounds map[string][]int64) []*collection {
	var all []*collection
	names := archive.FileNames(r.spec.Collections)
	for _, name := range r.spec.Collections {
		l := r.spec.layout(name)
		ser, _ := row.NewSerializer(l) // Spec.Validate has checked the layout
		begins := append([]int64{0}, bounds[name]...)
		for i, lo := range begins {
			p := part{lo: lo, hi: -1, i: i, of: len(begins)}
			if i+1 < len(begins) {
				p.hi = begins[i+1]
			}
			all = append(all, &collection{
				name:     name,
				part:     p,
				file:     p.file(names[name], l.Extension()),
				layout:   l,
				paths:    l.Paths(),
				rows:     ser,
				state:    CollectionWaiting,
				scanFrom: p.lo,
				size:     newSizer(r.spec.PageSize),
				life:     r.spec.Lives[name],

				oneOfMany: len(r.spec.Collections) >= manyCollections,
			})
		}
	}
	return all
}

// divide replaces the collections with their parts if the run has any.
func (r *Run) divide(ctx context.Context) error {
	if r.shared != nil {
		r.setBounds(r.shared.Bounds)
		return nil
	}
	if r.spec.Parts == 1 {
		return nil
	}
	found, _, err := r.findBounds(ctx, 1, func(n, _ int64) int {
		if r.spec.Parts == AutoParts {
			return int(min(1+n/autoPart, maxParts))
		}
		return r.spec.Parts
	})
	if err == nil {
		r.setBounds(found)
	}
	return err
}

// setBounds replaces the run's collections with parts that begin at the given
// ids. They keep the collection's time and life.
func (r *Run) setBounds(bounds map[string][]int64) {
	parts := r.collections(bounds)
	r.mu.Lock()
	defer r.mu.Unlock()
	of := make(map[string]*collection, len(r.all))
	for _, c := range r.all {
		of[c.name] = c
	}
	for _, p := range parts {
		whole := of[p.name]
		p.at, p.life = whole.at, whole.life
		p.segments = []segment{{From: p.part.lo, At: p.at}}
	}
	parts = r.spec.Shard.ofShard(parts)
	r.bounds, r.all = bounds, parts
	r.sortByLifeLocked()
}

// failDivided fails all parts of a collection of which one was not confirmed, and
// removes their files, so that it is read again.
func (r *Run) failDivided() error {
	r.mu.Lock()
	left := slices.Clone(r.mu.left)
	r.mu.Unlock()
	for _, f := range left {
		if _, missing := errors.AsType[*unconfirmed](f); !missing {
			continue
		}
		for _, c := range r.all {
			if c.name != f.Collection || c.entry == nil {
				continue
			}
			if err := r.remove(archive.StateName(c.file), c.file); err != nil {
				return err
			}
			r.mu.Lock()
			c.failWrittenLocked(f.Err)
			r.mu.Unlock()
		}
	}
	return nil
}

// failWrittenLocked fails a collection that was written.
//
// REQUIRES: the scheduler's mu is held.
func (c *collection) failWrittenLocked(err error) {
	c.entry, c.state, c.err = nil, CollectionFailed, err
}
