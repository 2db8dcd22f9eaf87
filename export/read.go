package export

import (
	"context"
	"errors"
	"slices"
	"time"

	"fauna-export/export/row"
)

// reader reads the documents of chunks, builds their rows, and finds out why a page
// differs from its plan.
type reader struct {
	*requester
	noSnapshot bool
	filtered   []string // collections in which the role hides documents
}

// fetch reads one chunk and records the outcome. It returns body for reuse.
func (r *reader) fetch(ctx context.Context, c *collection, ch *chunk, body []byte) []byte {
	p := &reading{reader: r, c: c, ch: ch, batch: &row.Batch{}, body: body} // rows get memory only when the answer is there
	var err error
	for {
		p.batch.Reset()
		err = p.read(ctx)
		if !tooLarge(err) {
			if _, gaveUp := errors.AsType[*GaveUp](err); gaveUp && !passing(err) && len(ch.ids) == 1 {
				err = &BadDocument{ID: ch.ids[0], Err: err}
			}
			break
		}
		if !r.split(c, ch) {
			err = &BadDocument{ID: ch.ids[0], Err: err}
			break
		}
	}
	err = r.refine(ctx, c, ch.ids, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	c.fetching--
	ch.batch = p.batch
	if r.overLocked(ctx, c) {
		r.memory.release(ch)
		return p.body
	}
	if err != nil {
		r.memory.release(ch)
		r.judgeLocked(c, err)
		return p.body
	}
	r.memory.settle(ch, int64(cap(p.batch.Bytes)))
	ch.done = true
	c.countOutcome(ch, 1)
	now := r.clock.Now()
	c.speed.add(now, int64(len(p.batch.IDs)), ch.outcome.bytes)
	r.mu.speed.add(now, int64(len(p.batch.IDs)), ch.outcome.bytes)
	r.wake.Broadcast()
	return p.body
}

// tooLarge reports whether a page with fewer documents might have succeeded.
func tooLarge(err error) bool {
	_, gaveUp := errors.AsType[*GaveUp](err)
	fail := failureOf(err)
	return !gaveUp && fail != nil && fail.Smaller() && !fail.Expired() && !fail.Refused() && !fail.Missing()
}

// passing reports whether a request failed because of the network or a busy
// server, not because of its documents.
func passing(err error) bool {
	fail := failureOf(err)
	return fail == nil || !fail.Smaller() || fail.Slow()
}

// reading is one chunk being read.
type reading struct {
	*reader
	c     *collection
	ch    *chunk
	batch *row.Batch // its rows
	body  []byte     // memory for answers, reused
}

// read reads the documents of the chunk and checks that they are the planned
// ones. Differences that cannot be explained are errors.
func (p *reading) read(ctx context.Context) error {
	p.ch.outcome = outcome{}
	if p.c.changes != nil {
		return p.changes(ctx)
	}
	if p.ch.unlisted {
		return p.unlisted(ctx)
	}
	err := p.page(ctx, p.ch.at, p.ch.from, len(p.ch.ids), p.ch.ids)
	if err == nil && !p.more() {
		return nil
	}
	if err == nil {
		// The page holds everything planned, but there are more documents
		// before the next chunk.
		err = &row.Mismatch{Planned: p.ch.ids, Got: slices.Clone(p.batch.IDs), Next: p.batch.Next}
	}
	mismatch, differs := errors.AsType[*row.Mismatch](err)
	fail := failureOf(err)
	if !differs && (fail == nil || !fail.Missing()) {
		return err
	}
	p.batch.Reset()
	if p.noSnapshot {
		return p.present(ctx, mismatch)
	}
	return p.explain(ctx, mismatch, err)
}

// more reports whether the last page's cursor points to documents before the next
// chunk.
func (p *reading) more() bool {
	return p.batch.Next >= 0 && (p.ch.next < 0 || p.batch.Next < p.ch.next)
}

// page reads one page of that many documents, starting at an id, checks that they
// are the wanted ones unless wanted is nil, and appends their rows. A page from 0 is
// the collection's first, so nothing precedes it. An at of 0 is the present.
func (p *reading) page(ctx context.Context, at, from int64, n int, wanted []int64) error {
	return p.rows(ctx, n, func(buf []byte) ([]byte, error) {
		return p.src.Documents(ctx, PageRequest{Collection: p.c.name, At: at, From: from, Size: n, Paths: p.c.paths, Buf: buf})
	}, func() error {
		p.batch.From, p.batch.At = from, at
		return p.c.rows.Page(p.batch, p.body, wanted)
	})
}

// pageOf reads the documents of the chunk by their refs; those that do not
// exist get no row.
func (p *reading) pageOf(ctx context.Context) error {
	src := p.src.(SyncSource)
	return p.rows(ctx, len(p.ch.ids), func(buf []byte) ([]byte, error) {
		return src.DocumentsOf(ctx, PageRequest{Collection: p.c.name, At: p.ch.at, Paths: p.c.paths, Buf: buf}, p.ch.ids)
	}, func() error {
		p.batch.From, p.batch.At = 0, p.ch.at
		return p.c.rows.PageOf(p.batch, p.body, p.ch.ids)
	})
}

// rows requests n documents until it gets a page, appends it to the batch with
// add, and records what the page cost.
func (p *reading) rows(ctx context.Context, n int, ask func(buf []byte) ([]byte, error), add func() error) error {
	if err := p.pace.spend(ctx, n); err != nil {
		return context.Cause(ctx)
	}
	return p.call(ctx, p.c, n > 1, func() error {
		start := p.clock.Now()
		got, err := ask(p.body)
		if err != nil {
			return err
		}
		p.body = got
		took := p.clock.Now().Sub(start)
		p.ch.outcome.pages++
		p.ch.outcome.bytes += int64(len(got))
		// While its rows are built, a page takes twice its memory.
		p.memory.making <- struct{}{}
		defer func() { <-p.memory.making }()
		if cap(p.batch.Bytes) == 0 {
			*p.batch = *p.memory.batch()
		}
		p.batch.Bytes = slices.Grow(p.batch.Bytes, len(got))
		err = add()
		if !brokenAnswer(err) {
			p.observe(p.c, n, int64(len(got)), took)
		}
		return err
	})
}

// observe adapts the collection's page size and the number of requests in
// flight.
func (s *scheduler) observe(c *collection, n int, bytes int64, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.size.seen && n >= firstPage && s.pace.far(took) {
		s.mu.distant = true
		if s.mu.tuner != nil && s.mu.tuner.n == nearTuned {
			s.mu.tuner = newTuner(farTuned)
			s.employLocked(s.mu.tuner.n)
		}
	}
	age := s.clock.Now().Sub(c.begun)
	if s.mu.tuner != nil && s.mu.tuner.step == tunerStart {
		age = 0
	}
	grew := c.size.observe(n, bytes, took, s.mu.Workers, age)
	flying, reduced := s.pace.load()
	switch {
	case s.mu.tuner == nil:
	case s.mu.Paused || reduced:
		s.mu.tuner.disturbed()
	case grew && s.mu.tuner.step != tunerStart:
		s.mu.tuner.disturbed()
	default:
		s.mu.tuner.page(s.clock.Now(), took, flying, n, bytes)
		s.employLocked(s.mu.tuner.n)
	}
}
