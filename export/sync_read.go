package export

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"fauna-export/export/pairs"
)

// changes reads the documents of a chunk of changes and builds their rows:
// removals for those that do not exist.
func (p *reading) changes(ctx context.Context) error {
	c, ch, batch := p.c, p.ch, p.batch
	d := c.changes
	live := p.memory.batch()
	defer p.memory.recycle(live)
	of := *p
	of.batch = live
	err := of.pageOf(ctx)
	p.body = of.body
	missing := without(ch.ids, live.IDs)
	if err == nil && len(missing) > 0 {
		err = p.checkAccess(ctx, c, ch.at)
	}
	if err != nil {
		return err
	}
	if !slices.Contains(p.filtered, c.name) {
		alive, err := p.presentOf(ctx, c, missing)
		if err != nil {
			return err
		}
		// The index lists it at this time and it exists now, so it can't be
		// missing.
		for _, id := range alive {
			if d.all[d.change(id)].New == pairs.NoTime {
				continue
			}
			if ch.contradictions++; ch.contradictions > contradictions {
				return &Unexplained{From: id, Planned: len(ch.ids), Got: len(live.IDs),
					Why: fmt.Sprintf("document %d is listed and exists, but was missing from the answer", id)}
			}
			if err := p.pace.pause(ctx, p.pace.backoff(ch.contradictions), errors.New("an answer left a document out")); err != nil {
				return err
			}
			return p.read(ctx)
		}
	}
	batch.Counts.Merge(live.Counts)
	at := 0
	for _, id := range ch.ids {
		n := d.change(id)
		one := d.all[n]
		if at < len(live.IDs) && live.IDs[at] == id {
			d.now[n] = live.Times[at]
			if live.Times[at] == one.Old && !d.recreated {
				ch.outcome.idle++ // its row exists already
			} else {
				batch.Take(live, at)
			}
			at++
			continue
		}
		d.now[n] = pairs.NoTime
		switch {
		case one.Old == pairs.NoTime:
			ch.outcome.gone = append(ch.outcome.gone, id)
		case c.layout.Deletion == "":
			ch.outcome.idle++
		default:
			when, known := d.times[id]
			if !known {
				when = ch.at
			}
			c.rows.Removal(batch, id, when, when)
		}
	}
	return nil
}
