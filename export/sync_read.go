package export

import (
	"context"
	"fmt"
	"slices"

	"fauna-export/export/pairs"
	"fauna-export/export/row"
)

// readChanges reads the documents of a chunk of changes and builds their rows:
// removals for those that do not exist.
func (r *reader) readChanges(ctx context.Context, c *collection, ch *chunk, batch *row.Batch, body []byte) ([]byte, error) {
	d := c.changes
	src := r.src.(SyncSource)
	ch.outcome = outcome{}
	live := r.memory.batch()
	defer r.memory.recycle(live)
	body, err := r.readRows(ctx, c, ch, live, body, len(ch.ids), func(buf []byte) ([]byte, error) {
		return src.DocumentsOf(ctx, c.name, ch.at, ch.ids, c.paths, buf)
	}, func(body []byte) error {
		live.From, live.At = 0, ch.at
		return c.rows.PageOf(live, body, ch.ids)
	})
	if fail := failureOf(err); fail != nil && fail.Missing() {
		if aerr := r.checkAccess(ctx, c, ch.at); aerr != nil {
			return body, aerr
		}
	}
	if err != nil {
		return body, err
	}
	if missing := without(ch.ids, live.IDs); len(missing) > 0 {
		if err := r.checkAccess(ctx, c, ch.at); err != nil {
			return body, err
		}
		if !slices.Contains(r.filtered, c.name) {
			alive, err := r.presentOf(ctx, c, missing)
			if err != nil {
				return body, err
			}
			// The index lists it at this time and it exists now, so it cannot
			// be missing.
			for _, id := range alive {
				if d.all[d.change(id)].New == pairs.NoTime {
					continue
				}
				if ch.contradictions++; ch.contradictions > contradictions {
					return body, &Unexplained{Collection: c.name, From: id, Planned: len(ch.ids), Got: len(live.IDs),
						Why: fmt.Sprintf("document %d is listed and exists, but is not sent", id)}
				}
				if err := r.pace.pause(ctx, r.pace.backoff(ch.contradictions), "an answer left a document out"); err != nil {
					return body, err
				}
				return r.readChanges(ctx, c, ch, batch, body)
			}
		}
	}
	batch.Counts.Merge(live.Counts)
	at := 0
	for _, id := range ch.ids {
		n := d.change(id)
		one := d.all[n]
		if at < len(live.IDs) && live.IDs[at] == id {
			d.now[n] = live.Times[at]
			if live.Times[at] == one.Old && !d.remade {
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
	return body, nil
}
