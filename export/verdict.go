package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"fauna-export/export/row"
)

const (
	// rounds is how often a chunk that differs from its plan is read again with
	// a corrected plan.
	rounds = 6
	// contradictions is how many unexplained differences are tolerated, so that
	// one bad answer does not stop a collection.
	contradictions = 3
)

// explain finds out why a page differs from its plan. Rewritten history, an
// expired document, a revoked privilege and a recreated collection all look
// alike, so it checks whether the collection was recreated, whether it may be
// read, which ids exist now at the same time, and what became of the missing
// ones. Afterwards batch holds the chunk's rows, and ch.outcome how they differ
// from the plan.
func (p *reading) explain(ctx context.Context, differs *row.Mismatch, cause error) error {
	ch := p.ch
	first := ch.ids
	plan := first
	unexplained := 0
	for range rounds {
		if err := p.checkAccess(ctx, p.c, ch.at); err != nil {
			return err
		}
		there, err := p.idsThere(ctx)
		if err != nil {
			return err
		}
		missing := without(first, there)
		alive, err := p.presentOf(ctx, p.c, missing)
		if err != nil {
			return err
		}
		wanted := merged(there, alive)
		if slices.Equal(wanted, plan) && len(alive) == 0 {
			// No document left or appeared, so the server contradicts itself.
			if unexplained++; unexplained > contradictions {
				break
			}
		}
		plan = wanted
		p.batch.Reset()
		err = p.parts(ctx, there, alive)
		if err == nil && !(p.more() && len(there) > 0 && len(alive) == 0) {
			ch.outcome.gone = without(missing, alive)
			ch.outcome.appeared = int64(len(without(there, first)))
			ch.outcome.window = alive
			return nil
		}
		if err != nil {
			cause = err
			if m, ok := errors.AsType[*row.Mismatch](err); ok {
				differs = m
			} else if fail := failureOf(err); fail == nil || !fail.Missing() {
				return err
			}
		}
	}
	un := &Unexplained{From: first[0], Planned: len(plan)}
	if differs != nil {
		un.Planned, un.Got = len(differs.Planned), len(differs.Got)
		if un.Planned == un.Got {
			un.Why = differs.Error()
		}
	} else {
		un.Why = cause.Error()
	}
	return un
}

// idsThere requests the ids in the chunk's range.
func (p *reading) idsThere(ctx context.Context) ([]int64, error) {
	about := len(p.ch.ids)
	t := task{c: p.c, at: p.ch.at, from: p.ch.from, size: min(max(about+about/4+16, minIDs), laterIDs)}
	return collected(p.ids(ctx, t, p.ch.next))
}

// parts reads the documents at the chunk's time, and between them those that
// exist only now, in the order of their ids.
func (p *reading) parts(ctx context.Context, there, alive []int64) error {
	p.batch.Next = -1
	for _, id := range alive {
		n, _ := slices.BinarySearch(there, id)
		if err := p.idsAt(ctx, p.ch.at, there[:n]); err != nil {
			return err
		}
		if err := p.idsAt(ctx, 0, []int64{id}); err != nil {
			return err
		}
		there = there[n:]
	}
	return p.idsAt(ctx, p.ch.at, there)
}

// idsAt reads documents at a time, in two halves if their page is too large.
func (p *reading) idsAt(ctx context.Context, at int64, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	err := p.page(ctx, at, ids[0], len(ids), ids)
	if n := len(ids) / 2; tooLarge(err) && n > 0 {
		if err = p.idsAt(ctx, at, ids[:n]); err == nil {
			err = p.idsAt(ctx, at, ids[n:])
		}
	}
	return err
}

// present reads the current documents in the chunk's range, for a run without
// a snapshot, and counts ids that left or entered since they were planned.
func (p *reading) present(ctx context.Context, differs *row.Mismatch) error {
	c, ch, batch := p.c, p.ch, p.batch
	if err := p.checkAccess(ctx, c, 0); err != nil {
		return err
	}
	if differs != nil {
		if _, err := p.presentOf(ctx, c, without(ch.ids, differs.Got)); err != nil {
			return err
		}
	}
	batch.Next = -1
	for from, vanished := ch.from, 0; ; {
		size := len(ch.ids)
		err := p.page(ctx, 0, from, size, nil)
		if fail := failureOf(err); fail != nil && fail.Missing() && vanished < rounds {
			// A document disappeared between the server's two reads of it.
			vanished++
			continue
		}
		if err != nil {
			return err
		}
		if n := len(batch.IDs); n > 0 && ch.next >= 0 && batch.IDs[n-1] >= ch.next {
			k, _ := slices.BinarySearch(batch.IDs, ch.next)
			cutRows(batch, k)
			break
		}
		if !p.more() {
			break
		}
		if batch.Next <= from {
			return &Unexplained{From: from, Planned: size, Got: len(batch.IDs),
				Why: fmt.Sprintf("the page continues at %d", batch.Next)}
		}
		from = batch.Next
	}
	gone := without(ch.ids, batch.IDs)
	appeared := without(batch.IDs, ch.ids)
	ch.outcome.gone, ch.outcome.appeared = gone, int64(len(appeared))
	ch.outcome.changed = int64(len(gone) + len(appeared))
	return nil
}

// cutRows keeps the first n rows of a batch.
func cutRows(b *row.Batch, n int) {
	end := 0
	if n > 0 {
		end = b.Ends[n-1]
	}
	b.Bytes, b.Ends, b.IDs, b.Times = b.Bytes[:end], b.Ends[:n], b.IDs[:n], b.Times[:n]
}

// without returns the ids in all that are not in some, which ascend.
func without(all, some []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(all), func(id int64) bool {
		_, is := slices.BinarySearch(some, id)
		return is
	})
}

// merged returns the ids of both slices, ascending.
func merged(a, b []int64) []int64 {
	if len(b) == 0 {
		return a
	}
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

// secretRefused is the error of a secret that the server rejects, which stops
// the run.
type secretRefused struct{ err error }

func (e *secretRefused) Error() string { return e.err.Error() }
func (e *secretRefused) Unwrap() error { return e.err }

// refine finds the cause of a failure: the collection no longer exists, the secret or
// the privilege on the collection is gone, or the role hides documents.
func (q *requester) refine(ctx context.Context, c *collection, ids []int64, err error) error {
	if fail := failureOf(err); fail != nil && fail.Missing() {
		err = cmp.Or(q.checkAccess(ctx, c, c.at), err)
	}
	if fail := failureOf(err); fail == nil || !fail.Refused() {
		return err
	}
	lost := q.checkReadable(ctx, c, c.at)
	if fail := failureOf(lost); fail != nil && fail.Refused() {
		return &secretRefused{lost}
	}
	if lost == nil {
		_, lost = q.presentOf(ctx, c, ids)
	}
	return cmp.Or(lost, err)
}

// stopsRun reports whether an error concerns the server and not one collection.
func stopsRun(err error) bool {
	_, gaveUp := errors.AsType[*GaveUp](err)
	_, refused := errors.AsType[*secretRefused](err)
	return refused || gaveUp && passing(err)
}

// judgeLocked handles an error: it takes a new time, stops the collection, or stops
// the run.
//
// REQUIRES: s.mu is held.
func (s *scheduler) judgeLocked(c *collection, err error) {
	if _, bad := errors.AsType[*BadDocument](err); bad {
		s.failLocked(c, err)
		return
	}
	fail := failureOf(err)
	_, gaveUp := errors.AsType[*GaveUp](err)
	switch {
	case stopsRun(err):
		s.haltLocked(err)
	case !gaveUp && fail != nil && fail.Expired():
		s.expireLocked(c)
	default:
		s.failLocked(c, err)
	}
}
