package archive

import (
	"context"
	"errors"
	"iter"
	"math"
	"time"

	"fauna-export/export/row"
	"fauna-export/export/store"
)

// Sync is one sync of an incremental run.
type Sync struct {
	Sync        int         `json:"sync"`
	Snapshot    string      `json:"snapshot"`
	Consistency Consistency `json:"consistency"`
	Started     string      `json:"started"`
	Finished    string      `json:"finished"`
	// Fast: only the end of the index and the events were read.
	Fast bool `json:"fast,omitempty"`
}

// AllSyncs returns the syncs so far; a full run counts as the first.
func (m *Manifest) AllSyncs() []Sync {
	if len(m.Syncs) > 0 {
		return m.Syncs
	}
	return []Sync{{Sync: 1, Snapshot: m.Snapshot, Consistency: m.Consistency, Started: m.Started, Finished: m.Finished}}
}

// LastSync returns the number of the last sync.
func (m *Manifest) LastSync() int {
	syncs := m.AllSyncs()
	return syncs[len(syncs)-1].Sync
}

// Chain returns a collection's files, those of earlier syncs first.
func (m *Manifest) Chain(collection string) []Entry {
	var out []Entry
	for _, e := range m.Collections {
		if e.Name == collection {
			out = append(out, e)
		}
	}
	return out
}

// Last returns a collection's latest file, nil for none.
func (m *Manifest) Last(collection string) *Entry {
	var last *Entry
	for i := range m.Collections {
		if e := &m.Collections[i]; e.Name == collection && (last == nil || e.Sync >= last.Sync) {
			last = e
		}
	}
	return last
}

// Latest returns each collection's latest file, in the order in which the
// collections were added. Its Documents are the collection's rows after all
// syncs; for a single sync they are its Rows.
func (m *Manifest) Latest() []Entry {
	var out []Entry
	seen := make(map[string]bool)
	for _, e := range m.Collections {
		if seen[e.Name] {
			continue
		}
		seen[e.Name] = true
		last := *m.Last(e.Name)
		if last.Sync == 0 {
			last.Documents = 0
			for _, part := range m.Chain(e.Name) {
				last.Documents += part.Rows
			}
		}
		out = append(out, last)
	}
	return out
}

// SnapshotOf returns the time that a file's sync was read at, in microseconds
// since 1970: the first if there were several, 0 if unknown.
func (m *Manifest) SnapshotOf(e Entry) int64 {
	for _, s := range m.AllSyncs() {
		if s.Sync == max(1, e.Sync) {
			return micros(s.Snapshot)
		}
	}
	return 0
}

// Time returns the time of the last sync, in microseconds since 1970; 0 without
// one.
func (m *Manifest) Time() int64 { return micros(m.Snapshot) }

func micros(text string) int64 {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0
	}
	return t.UnixMicro()
}

// Layout returns the file's layout, as far as reading it back needs it.
func (e *Entry) Layout() row.Layout {
	l := row.Layout{Collection: e.Name, Format: row.Format(e.Format), Compress: row.Compression(e.Compress), Deletion: e.Deletion}
	l.NoData, l.Columns = columnsOf(*e)
	return l
}

// chainFiles are the files of one collection, read in parallel.
type chainFiles struct {
	sources  []*chainSource
	texts    texts
	removals bool // include removals
}

type chainSource struct {
	data  *DataFile
	head  row.Row
	more  bool
	next  func() (row.Row, error, bool)
	stop  func()
	lacks row.Counts // what the texts of its rows leave out, after reading
}

// openChain opens the files of a collection.
func openChain(s store.Store, entries []Entry) (*chainFiles, error) {
	c := &chainFiles{}
	for _, e := range entries {
		f, err := openData(s, e)
		if err != nil {
			c.close()
			return nil, err
		}
		c.sources = append(c.sources, &chainSource{data: f})
	}
	return c, nil
}

func (c *chainFiles) close() {
	for _, s := range c.sources {
		if s.stop != nil {
			s.stop()
		}
		s.data.Close()
	}
}

// Raw iterates over the rows of a collection's files by id, each in its latest
// version and as row.ReadRaw returns it: those of the documents that exist
// after the last of the syncs, and with removals also those of removed ones. If
// the files leave out removals only the state of the last sync can tell what
// was removed; without it the error is a *StateUnfit. Every file is compared
// with the manifest after it was read.
func (a *Archive) Raw(ctx context.Context, files []Entry, removals bool) iter.Seq2[row.Row, error] {
	return func(yield func(row.Row, error) bool) {
		c, err := openChain(a.Store, files)
		if err != nil {
			yield(row.Row{}, err)
			return
		}
		defer c.close()
		c.texts, c.removals = rawTexts, removals
		give := func(one row.Row) error {
			if !yield(one, nil) {
				return errEnough
			}
			return nil
		}
		last := files[len(files)-1]
		switch {
		case len(files) == 1 && (removals || last.Deletion == "" && last.Sync < 2):
			for one, bad := range c.sources[0].data.rows(ctx, rawTexts, nil) { // nothing to merge
				if err = bad; err == nil {
					err = give(one)
				}
				if err != nil {
					break
				}
			}
		case removals:
			err = c.each(ctx, give)
		default:
			err = c.current(ctx, a, give)
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(row.Row{}, err)
		}
	}
}

// texts selects the text that rows are read with.
type texts byte

const (
	noTexts texts = iota
	jsonTexts
	rawTexts // as row.ReadRaw returns them
)

// errEnough stops reading a file when no more is needed.
var errEnough = errors.New("no more rows needed")

func (s *chainSource) advance() error {
	one, err, more := s.next()
	s.head, s.more = one, more
	return err
}

// each yields the rows of all documents that exist after the last sync, by id.
func (c *chainFiles) each(ctx context.Context, give func(row.Row) error) error {
	for _, s := range c.sources {
		s.next, s.stop = iter.Pull2(s.data.rows(ctx, c.texts, &s.lacks))
		if err := s.advance(); err != nil {
			return err
		}
	}
	for {
		id, found := int64(math.MaxInt64), false
		for _, s := range c.sources {
			if s.more && (!found || s.head.ID < id) {
				id, found = s.head.ID, true
			}
		}
		if !found {
			return nil
		}
		// The latest sync with the document decides.
		told := false
		for i := len(c.sources) - 1; i >= 0; i-- {
			s := c.sources[i]
			if !s.more || s.head.ID != id {
				continue
			}
			if !told && (c.removals || !s.head.Removed) {
				if err := give(s.head); err != nil {
					return err
				}
			}
			told = true
			if err := s.advance(); err != nil {
				return err
			}
		}
	}
}

// current is like each, but if removals were left out of the files it uses the
// state of the last sync to drop removed documents.
func (c *chainFiles) current(ctx context.Context, a *Archive, give func(row.Row) error) error {
	if last := c.sources[len(c.sources)-1].data.Entry; last.HidesRemovals() {
		return eachPresent(ctx, a.Store, a.Manifest, last, c, give)
	}
	return c.each(ctx, give)
}
