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

// AllSyncs are the syncs so far; a full run counts as the first.
func (m *Manifest) AllSyncs() []Sync {
	if len(m.Syncs) > 0 {
		return m.Syncs
	}
	return []Sync{{Sync: 1, Snapshot: m.Snapshot, Consistency: m.Consistency, Started: m.Started, Finished: m.Finished}}
}

// LastSync is the number of the last sync.
func (m *Manifest) LastSync() int {
	syncs := m.AllSyncs()
	return syncs[len(syncs)-1].Sync
}

// Chain are a collection's files, those of earlier syncs first.
func (m *Manifest) Chain(collection string) []Entry {
	var out []Entry
	for _, e := range m.Collections {
		if e.Name == collection {
			out = append(out, e)
		}
	}
	return out
}

// Last is a collection's file of the last sync that has one, nil for none.
func (m *Manifest) Last(collection string) *Entry {
	var last *Entry
	for i := range m.Collections {
		if e := &m.Collections[i]; e.Name == collection && (last == nil || e.Sync >= last.Sync) {
			last = e
		}
	}
	return last
}

// Latest is the file of each collection's last sync, in the order in which the
// collections came in. Its Documents are the collection's rows after all syncs;
// for a run of one sync they are its Rows.
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

// SnapshotOf is the time that a file's sync was read at, in microseconds since
// 1970: the first of them where there was more than one; 0 when it is not known.
func (m *Manifest) SnapshotOf(e Entry) int64 {
	for _, s := range m.AllSyncs() {
		if s.Sync == max(1, e.Sync) {
			return micros(s.Snapshot)
		}
	}
	return 0
}

// Time is the time of the last sync, in microseconds since 1970; 0 without one.
func (m *Manifest) Time() int64 { return micros(m.Snapshot) }

func micros(text string) int64 {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0
	}
	return t.UnixMicro()
}

// Layout is that of the file, as far as reading it back needs.
func (e *Entry) Layout() row.Layout {
	l := row.Layout{Collection: e.Name, Format: row.Format(e.Format), Compress: row.Compression(e.Compress), Deletion: e.Deletion}
	l.NoData, l.Columns = columnsOf(*e)
	return l
}

// chainFiles are the files of one collection, being read side by side.
type chainFiles struct {
	sources  []*chainSource
	texts    texts
	removals bool // what was removed is wanted too
}

type chainSource struct {
	data  *DataFile
	head  row.Row
	more  bool
	next  func() (row.Row, error, bool)
	stop  func()
	lacks row.Counts // what the texts of its rows leave out, once it is read
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

// Raw walks the rows of files of a collection by id, each as row.ReadRaw gives it and
// in its latest version: those of the documents that are there after the last of
// the syncs, and with removals also of those that went. Where the files hide
// removals only the state of the last sync knows what went; without it that is a
// *StateUnfit. Every file is compared with the manifest once it is read.
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

// texts is which text rows are read with.
type texts byte

const (
	noTexts texts = iota
	jsonTexts
	rawTexts // as row.ReadRaw gives them
)

// errEnough ends the reading of a file of which no more is wanted.
var errEnough = errors.New("no more rows are wanted")

func (s *chainSource) advance() error {
	one, err, more := s.next()
	s.head, s.more = one, more
	return err
}

// each gives the rows of all documents that are there after the last sync, by id.
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
		// The latest sync that has the document decides what became of it.
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

// current is each, but where removals were left out of the files: then the state
// of the last sync shows which documents are gone.
func (c *chainFiles) current(ctx context.Context, a *Archive, give func(row.Row) error) error {
	if last := c.sources[len(c.sources)-1].data.Entry; last.HidesRemovals() {
		return eachPresent(ctx, a.Store, a.Manifest, last, c, give)
	}
	return c.each(ctx, give)
}
