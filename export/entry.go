package export

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"fauna-export/export/archive"
	"fauna-export/export/row"
)

// entry returns the file's entry for the manifest.
func (w *writer) entry(st *state) *archive.Entry {
	t := st.Tally
	e := &archive.Entry{
		Name: w.c.name, File: w.c.file, Part: w.c.part.i, Parts: w.c.part.of, Format: string(w.c.layout.Format), Compress: string(w.c.layout.Compress),
		Rows: st.Rows, ExpectedRows: t.Expected, Gone: t.Gone, Appeared: t.Appeared, Changed: t.Changed,
		Bytes: st.Offset, SHA256: hex.EncodeToString(w.hash.Sum(nil)),
		Columns: w.c.layout.Names(), Deletion: w.c.layout.Deletion, Made: w.r.made[w.c.name], Warnings: t.Counts.Warnings(),
		Pages: st.Pages, Retries: st.Retries, Seconds: float64(int64(st.Seconds*1000)) / 1000,
	}
	if e.Parts == 1 {
		e.Parts = 0
	}
	if row.Format(e.Format).Can().Streams {
		e.WidestRow = t.Widest
	}
	if e.Columns == nil {
		e.Columns = []string{}
	}
	for _, c := range w.c.layout.Columns {
		if e.Types == nil {
			e.Types, e.Paths = make(map[string]row.Type), make(map[string]string)
		}
		e.Types[c.Name], e.Paths[c.Name] = cmp.Or(c.Type, row.TypeJSON), row.FormatPath(c.Path)
	}
	for _, id := range t.GoneIDs {
		e.GoneIDs = append(e.GoneIDs, strconv.FormatInt(id, 10))
	}
	if st.Rows > 0 {
		e.FirstID, e.LastID = strconv.FormatInt(st.First, 10), strconv.FormatInt(st.Put, 10)
	}
	if len(st.Segments) > 1 {
		for _, s := range st.Segments {
			e.Snapshots = append(e.Snapshots, archive.Segment{FromID: strconv.FormatInt(s.From, 10), Time: archive.FormatTime(s.At)})
		}
	}
	if t.Gone > 0 {
		e.Warnings = append(e.Warnings, documents(t.Gone)+" left the snapshot before being read: not in the file")
	}
	if t.Appeared > 0 {
		e.Warnings = append(e.Warnings, documents(t.Appeared)+" entered the snapshot after it was planned: in the file")
	}
	e.Warnings = append(e.Warnings, w.notes...)
	if n := len(w.c.unlisted); n > 0 {
		e.Unlisted = int64(n)
		e.Warnings = append(e.Warnings, fmt.Sprintf("%s (the first is %d) missing from the server's list of the collection: read because the index %q contains them",
			documents(int64(n)), w.c.unlisted[0], w.r.spec.Indexes[w.c.name]))
	}
	if t.Window > 0 {
		e.Warnings = append(e.Warnings, fmt.Sprintf("%d documents left the snapshot but still exist, and were read in their current version", t.Window))
	}
	if slices.Contains(w.r.spec.Filtered, w.c.name) {
		e.Filtered = true
		e.Warnings = append(e.Warnings, "the key's role filters documents with a predicate on their current data, so some may be hidden")
	}
	return e
}

// documents formats a number of documents for a message.
func documents(n int64) string {
	if n == 1 {
		return "1 document"
	}
	return strconv.FormatInt(n, 10) + " documents"
}
