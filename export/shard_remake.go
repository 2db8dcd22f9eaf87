package export

import (
	"slices"
	"strconv"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// remake prepares a finished shard for resuming if a data file is gone, so that
// only that file is read again.
func (r *Run) remake(m *archive.Manifest) error {
	lost, err := lostFiles(r.env.Store, m)
	if err != nil || len(lost) == 0 {
		return err
	}
	if m.Consistency != archive.ConsistencySnapshot { // what was read when is not known any more
		return &store.Error{Store: r.env.Store.Name(), Problem: "the finished shard lost its file " + lost[0] + ": put it back, or start the run again in a new folder"}
	}
	release, err := r.env.Store.Lock()
	if err != nil {
		return diskError("lock the shard", err)
	}
	defer release()
	r.mu.times, r.made, r.began = []int64{r.shared.Time}, r.shared.Made, m.Started
	r.setBounds(r.shared.Bounds)
	for _, c := range r.all {
		i := slices.IndexFunc(m.Collections, func(e archive.Entry) bool { return e.File == c.file })
		if i < 0 || slices.Contains(lost, c.file) {
			if err := r.remove(archive.StateName(c.file), archive.PartName(c.file)); err != nil {
				return err
			}
			continue
		}
		e := m.Collections[i]
		st := &state{
			Finished: true, Entry: &e, Next: c.part.lo, Put: idOf(e.LastID), First: idOf(e.FirstID), Offset: e.Bytes, Rows: e.Rows,
			Segments: []segment{{From: c.part.lo, At: r.shared.Time}},
			Tally:    settled{Expected: e.ExpectedRows, Gone: e.Gone, Appeared: e.Appeared, Changed: e.Changed, Widest: e.WidestRow},
		}
		if err := archive.WriteState(r.env.Store, archive.StateName(c.file), st); err != nil {
			return diskError("write "+archive.StateName(c.file), err)
		}
	}
	r.mu.Started = r.env.Clock.Now()
	return r.saveRun() // last: it makes the shard unfinished
}

// lostFiles returns the files of a manifest that are not in the store.
func lostFiles(s store.Store, m *archive.Manifest) (lost []string, err error) {
	entries, err := s.List()
	if err != nil {
		return nil, diskError("list the files", err)
	}
	for _, e := range m.Collections {
		if !slices.ContainsFunc(entries, func(there store.Entry) bool { return there.Name == e.File }) {
			lost = append(lost, e.File)
		}
	}
	return lost, nil
}

// idOf returns an id of a manifest, -1 for none.
func idOf(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return id
}
