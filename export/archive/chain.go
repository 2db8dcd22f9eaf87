package archive

import (
	"cmp"
	"context"
	"iter"
	"time"

	"fauna-export/export/pairs"
	"fauna-export/export/row"
)

// Sync is one sync of an incremental run.
type Sync struct {
	Sync        int         `json:"sync"`
	Snapshot    string      `json:"snapshot"`
	Consistency Consistency `json:"consistency"`
	Started     string      `json:"started"`
	Finished    string      `json:"finished"`
	// Fast means that only the end of the index and the events were read.
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

// Last returns a collection's latest file, nil if there is none.
func (m *Manifest) Last(collection string) *Entry {
	if chain := m.Chain(collection); len(chain) > 0 {
		return &chain[len(chain)-1]
	}
	return nil
}

// Latest returns each collection's latest file, in the order in which the
// collections were added. Its Documents are the collection's rows after all
// syncs; after a single sync they equal its Rows.
func (m *Manifest) Latest() []Entry {
	var out []Entry
	at := make(map[string]int) // in out, by name
	for _, e := range m.Collections {
		if e.Sync == 0 {
			e.Documents = e.Rows
		}
		i, later := at[e.Name]
		switch {
		case !later:
			at[e.Name] = len(out)
			out = append(out, e)
		case e.Sync >= out[i].Sync:
			if e.Sync == 0 { // another part
				e.Documents += out[i].Documents
				e.Unlisted += out[i].Unlisted
			}
			out[i] = e
		}
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

// Time returns the time of the last sync, in microseconds since 1970; 0 if there
// was no snapshot.
func (m *Manifest) Time() int64 { return micros(m.Snapshot) }

func micros(text string) int64 {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0
	}
	return t.UnixMicro()
}

// Layout returns the file's layout, as far as reading it back requires: its
// columns by name and type.
func (e *Entry) Layout() row.Layout {
	format := row.Format(e.Format)
	l := row.Layout{Collection: e.Name, Format: format, Compress: row.Compression(e.Compress), Deletion: e.Deletion, NoData: format.Can().Columns}
	for _, name := range e.Columns {
		switch name {
		case "ref", "ts", "ttl":
		case "data":
			l.NoData = false
		case e.Deletion:
		default:
			l.Columns = append(l.Columns, row.Column{Name: name, Path: []any{"data", name}, Type: e.Types[name]})
		}
	}
	return l
}

// Rows selects the rows of a collection's files.
type Rows struct {
	Files []Entry
	Text  row.Text
	// Removals also yields rows that record the removal of a document.
	Removals bool
	// FilesAlone ignores the state of the last sync, which shows what was removed
	// if the files leave that out.
	FilesAlone bool

	lacks []row.Counts // unless nil, receives what the texts of each file leave out
}

// Rows iterates over the selected rows by id, each document in its latest
// version: those that exist after the last of the syncs. If the files leave out
// removals and the state can't be used, the error is a *StateUnfit. Every file is
// compared with the manifest after it was read, so don't trust rows that came
// before an error.
func (a *Archive) Rows(ctx context.Context, q Rows) iter.Seq2[row.Row, error] {
	rows := a.latest(ctx, q)
	if last := q.Files[len(q.Files)-1]; last.HidesRemovals() && !q.Removals && !q.FilesAlone {
		return a.present(last, rows)
	}
	return rows
}

// latest is like Rows, but uses only the files.
func (a *Archive) latest(ctx context.Context, q Rows) iter.Seq2[row.Row, error] {
	return func(yield func(row.Row, error) bool) {
		var sources []iter.Seq2[row.Row, error]
		for i, e := range q.Files {
			f, err := openData(a.Store, e)
			if err != nil {
				yield(row.Row{}, err)
				return
			}
			defer f.close()
			var lacks *row.Counts
			if q.lacks != nil {
				lacks = &q.lacks[i]
			}
			sources = append(sources, f.rows(ctx, q.Text, lacks))
		}
		before := int64(-1)
		byID := func(a, b row.Row) int { return cmp.Compare(a.ID, b.ID) }
		for one, err := range pairs.Merge(byID, sources...) {
			if err == nil && (one.ID == before || one.Removed && !q.Removals) {
				before = one.ID // of equal ids the latest sync's comes first
				continue
			}
			before = one.ID
			if !yield(one, err) || err != nil {
				return
			}
		}
	}
}
