package export

import (
	"cmp"
	"context"
	"errors"
	"iter"

	"fauna-export/export/archive"
	"fauna-export/export/pairs"
)

// findState checks that the collection is still the same, and that the pairs of
// the last sync exist.
func (r *Run) findState(ctx context.Context, c *collection, m *archive.Manifest) error {
	d := c.changes
	was := d.last.Made
	state, shut, err := (&archive.Archive{Store: r.env.Store, Manifest: m}).OpenState(*d.last)
	_, unfit := errors.AsType[*archive.StateUnfit](err)
	switch {
	case err == nil:
		was = cmp.Or(state.Meta.Made, was)
		shut()
	case !unfit:
		return diskError("read "+archive.PairsName(d.last.File), err)
	}
	made, err := r.madeConfirmed(ctx, c)
	if err != nil {
		return err
	}
	// Deleted and recreated: none of its documents are the old ones.
	d.recreated = made == madeAbsent
	if was != madeUnknown && made != madeUnknown && made != was && !d.recreated {
		return &Changed{Differences: []string{"the database: at the time of the last sync, " + archive.FormatTime(d.at) + ", collection " + c.name + " was not the one exported"}}
	}
	if unfit {
		return r.rebuild(ctx, c, m)
	}
	return nil
}

// madeConfirmed returns the ts of the collection's own settings at the time of the
// last sync. If the server says that it did not exist then, its current settings must
// be later or, if the key may not know them, there must be no documents at that time;
// otherwise it asks again. Documents may be dated before their collection.
func (r *Run) madeConfirmed(ctx context.Context, c *collection) (int64, error) {
	d := c.changes
	for try := 0; ; try++ {
		made, err := r.askMade(ctx, c, []string{c.name}, d.at)
		if err != nil {
			return 0, err
		}
		if made[0] != madeAbsent {
			return made[0], nil
		}
		now, err := r.askMade(ctx, c, []string{c.name}, d.asOf)
		if err != nil {
			return 0, err
		}
		if now[0] > d.at {
			return madeAbsent, nil
		}
		n, err := r.askCount(ctx, c, d.at)
		if fail := failureOf(err); fail != nil && (fail.Expired() || fail.Missing()) {
			n, err = 0, nil
		}
		if err != nil {
			return 0, err
		}
		if n == 0 && now[0] <= 0 {
			return madeAbsent, nil
		}
		if try == contradictions {
			return 0, &contradiction{"the collection did not exist at " + archive.FormatTime(d.at) + ", but was created before"}
		}
		if err := r.pace.pause(ctx, r.pace.backoff(try), errors.New("the server contradicts itself")); err != nil {
			return 0, err
		}
	}
}

// rebuild recreates the pairs of the last sync from the files of all syncs.
func (r *Run) rebuild(ctx context.Context, c *collection, m *archive.Manifest) error {
	d := c.changes
	sorter := pairs.NewSorter(r.env.Store, archive.PairsName(d.last.File))
	for one, err := range (&archive.Archive{Store: r.env.Store, Manifest: m}).Rows(ctx, archive.Rows{Files: m.Chain(c.name), FilesAlone: true}) {
		if err != nil {
			return diskError("read the files of "+c.name, err)
		}
		if err := sorter.Add(pairs.Pair{TS: one.TS, ID: one.ID}); err != nil {
			return diskError("sort the pairs of "+c.name, err)
		}
	}
	name := archive.PairsName(d.last.File)
	meta := pairs.Meta{Endpoint: m.Endpoint, Collection: c.name, Sync: max(1, d.last.Sync), At: d.at, Guess: d.last.HidesRemovals()}
	var err error
	if meta.Made, err = r.madeAt(ctx, c, d.at); err != nil {
		return err
	}
	return diskError("write "+name, pairs.Write(r.env.Store, name, meta, sorter.All()))
}

// madeAt returns the ts of the collection's own settings at a time, 0 if
// unknown.
func (r *Run) madeAt(ctx context.Context, c *collection, at int64) (int64, error) {
	times, err := r.askMade(ctx, c, []string{c.name}, at)
	if err != nil {
		return 0, err
	}
	return max(times[0], madeUnknown), nil
}

// state iterates over the pairs of the last sync; there are none before the first.
func (r *Run) state(d *changes) iter.Seq2[pairs.Pair, error] {
	if d.last == nil {
		return pairs.Slice[pairs.Pair](nil)
	}
	return pairs.Read(r.env.Store, archive.PairsName(d.last.File))
}
