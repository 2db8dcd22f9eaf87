package export

import (
	"context"
	"errors"
	"slices"
	"time"

	"fauna-export/export/row"
)

// reader reads the documents of chunks and makes their rows, and finds out why a page
// does not hold what was planned.
type reader struct {
	*requester
	*scheduler
	noSnapshot bool
	filtered   []string // collections of which the role hides documents
}

// fetch reads one chunk and records the outcome. It returns body for reuse.
func (r *reader) fetch(ctx context.Context, c *collection, ch *chunk, body []byte) []byte {
	batch := &row.Batch{} // holds no memory while waiting for the server
	var err error
	for {
		batch.Reset()
		body, err = r.readChunk(ctx, c, ch, batch, body)
		if !tooLarge(err) {
			if _, gaveUp := errors.AsType[*GaveUp](err); gaveUp && !passing(err) && len(ch.ids) == 1 {
				err = &BadDocument{Collection: c.name, ID: ch.ids[0], Err: err}
			}
			break
		}
		if !r.split(c, ch) {
			err = &BadDocument{Collection: c.name, ID: ch.ids[0], Err: err}
			break
		}
	}
	err = r.refine(ctx, c, ch.ids, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	c.fetching--
	ch.batch = batch
	if r.over(ctx, c) {
		r.memory.release(ch)
		return body
	}
	if err != nil {
		r.memory.release(ch)
		r.judgeLocked(c, err)
		return body
	}
	r.memory.settle(ch, int64(cap(batch.Bytes)))
	ch.done = true
	c.reread(ch)
	now := r.clock.Now()
	c.speed.add(now, int64(len(batch.IDs)), ch.outcome.bytes)
	r.speed.add(now, int64(len(batch.IDs)), ch.outcome.bytes)
	r.wake.Broadcast()
	return body
}

// tooLarge reports whether a page with fewer documents might have succeeded.
func tooLarge(err error) bool {
	if err == nil {
		return false
	}
	if _, ok := errors.AsType[*GaveUp](err); ok {
		return false
	}
	fail := failureOf(err)
	return fail != nil && fail.Smaller() && !fail.Expired() && !fail.Refused() && !fail.Missing()
}

// passing reports whether a request failed because of the network or a busy
// server, not because of its documents.
func passing(err error) bool {
	fail := failureOf(err)
	return fail == nil || !fail.Smaller() || fail.Slow()
}

// reread and unread add and subtract a chunk that was read or dropped again.
// The caller holds the run's mu.
func (c *collection) reread(ch *chunk) { c.tell(ch, 1) }
func (c *collection) unread(ch *chunk) { c.tell(ch, -1) }

func (c *collection) tell(ch *chunk, sign int64) {
	o := &ch.outcome
	c.read += sign * int64(len(ch.batch.IDs))
	c.gone += sign * int64(len(o.gone))
	c.appeared += sign * o.appeared
	c.planned -= sign * o.idle
	if sign > 0 {
		c.bytes += o.bytes
		c.pages += o.pages
	}
}

// readChunk reads the documents of a chunk into batch and checks that they are
// the planned ones. Differences that cannot be explained are errors.
func (r *reader) readChunk(ctx context.Context, c *collection, ch *chunk, batch *row.Batch, body []byte) ([]byte, error) {
	if c.changes != nil {
		return r.readChanges(ctx, c, ch, batch, body)
	}
	if ch.unlisted {
		return r.readUnlisted(ctx, c, ch, batch, body)
	}
	ch.outcome = outcome{}
	body, err := r.readPage(ctx, c, ch, batch, body, ch.from, ch.ids, ch.at)
	if err == nil && !(batch.Next >= 0 && (ch.next < 0 || batch.Next < ch.next)) {
		return body, nil
	}
	if err == nil {
		// The page holds everything planned, but there are more documents
		// before the next chunk.
		err = &row.Mismatch{Planned: ch.ids, Got: slices.Clone(batch.IDs), Next: batch.Next}
	}
	mismatch, differs := errors.AsType[*row.Mismatch](err)
	fail := failureOf(err)
	if !differs && (fail == nil || !fail.Missing()) {
		return body, err
	}
	batch.Reset()
	if r.noSnapshot {
		return r.readPresent(ctx, c, ch, batch, body, mismatch)
	}
	return r.explain(ctx, c, ch, batch, body, mismatch, err)
}

// readPage reads one page with exactly the documents ids, from an id on, and
// appends their rows to batch. A page from 0 is the collection's first, so
// nothing precedes it.
func (r *reader) readPage(ctx context.Context, c *collection, ch *chunk, batch *row.Batch, body []byte, from int64, ids []int64, at int64) ([]byte, error) {
	return r.readRows(ctx, c, ch, batch, body, len(ids), func(buf []byte) ([]byte, error) {
		return r.src.Documents(ctx, c.name, at, from, len(ids), c.paths, buf)
	}, func(body []byte) error {
		batch.From, batch.At = from, at
		return c.rows.Page(batch, body, ids)
	})
}

// readRows requests n documents until it gets a page, which rows appends to
// batch, and records what the page cost.
func (r *reader) readRows(ctx context.Context, c *collection, ch *chunk, batch *row.Batch, body []byte, n int,
	ask func(buf []byte) ([]byte, error), rows func(body []byte) error) ([]byte, error) {
	if err := r.pace.spend(ctx, n); err != nil {
		return body, context.Cause(ctx)
	}
	err := r.call(ctx, c, n > 1, func() error {
		start := r.clock.Now()
		got, err := ask(body)
		if err != nil {
			return err
		}
		body = got
		took := r.clock.Now().Sub(start)
		ch.outcome.pages++
		ch.outcome.bytes += int64(len(body))
		// While its rows are built a page takes its memory twice.
		r.memory.making <- struct{}{}
		defer func() { <-r.memory.making }()
		if cap(batch.Bytes) == 0 {
			*batch = *r.memory.batch()
		}
		batch.Bytes = slices.Grow(batch.Bytes, len(body))
		err = rows(body)
		if !brokenAnswer(err) {
			r.observe(c, n, int64(len(body)), took)
		}
		return err
	})
	return body, err
}

// observe adapts the collection's page size and the number of requests in
// flight.
func (s *scheduler) observe(c *collection, n int, bytes int64, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	grew := c.size.observe(n, bytes, took, s.workers)
	switch {
	case s.tuner == nil:
	case grew || s.paused || s.pace.slowed():
		s.tuner.disturbed()
	default:
		s.tuner.page(s.clock.Now(), took, n, bytes)
		s.employ(s.tuner.n)
	}
}
