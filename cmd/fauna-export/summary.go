package main

import (
	"fmt"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/store"

	"fauna-export/tui/text"
)

// summarise prints what a finished run wrote: a table, anything unusual, and a
// last line with the totals.
func (a *app) summarise(dir string, m *archive.Manifest, r *archive.Report, s export.Status) {
	if m.Mode == export.Incremental {
		a.summariseSync(dir, m, r, s)
		return
	}
	rows := [][]string{{"collection", "rows", "size", "file"}}
	for _, e := range m.Collections {
		rows = append(rows, []string{plain(e.Name), number(e.Rows), sizeText(e.Bytes), plain(store.Join(dir, e.File))})
	}
	fmt.Fprint(a.err, table(rows))
	a.logFiles(m.Collections)
	a.sayRemarkable(m, m.Collections)
	a.say("%s, %s, %s in %s, %s, %s: %s", count(int64(len(m.Latest())), "collection"), count(m.Rows(), "row"),
		sizeText(m.Bytes()), elapsedText(s.Elapsed), consistencyText(m), verifiedText(r), dir)
}

// logFiles logs what the table on the screen shows, and the hashes.
func (a *app) logFiles(entries []archive.Entry) {
	for _, e := range entries {
		a.log.fact("file", "collection", e.Name, "file", e.File, "rows", e.Rows, "bytes", e.Bytes, "sha256", e.SHA256, "retries", e.Retries)
	}
}

// verifiedText describes the result of verifying the files.
func verifiedText(r *archive.Report) string {
	if r.OK() {
		return "verified"
	}
	return "NOT VERIFIED"
}

// sayRemarkable prints warnings about files, and what is missing.
func (a *app) sayRemarkable(m *archive.Manifest, entries []archive.Entry) {
	for _, e := range entries {
		for _, w := range e.Warnings {
			a.say("warning: %s: %s", quoted(e.Name), w)
		}
	}
	for _, skipped := range m.Skipped {
		a.say("left out: %s: %s", quoted(skipped.Name), skipped.Why)
	}
	for _, failed := range m.Failed {
		a.say("failed: %s: %s", quoted(failed.Name), failed.Why)
	}
}

// summariseSync prints what the last sync of a folder wrote.
func (a *app) summariseSync(dir string, m *archive.Manifest, r *archive.Report, s export.Status) {
	entries := m.Latest()
	last := m.Syncs[len(m.Syncs)-1]
	rows := [][]string{{"collection", "rows", "removed", "documents", "file"}}
	var written int64
	var of []archive.Entry
	for _, e := range entries {
		if e.Sync != last.Sync {
			continue
		}
		of = append(of, e)
		written += e.Rows
		rows = append(rows, []string{plain(e.Name), number(e.Rows), number(e.Removed), number(e.Documents), plain(store.Join(dir, e.File))})
	}
	fmt.Fprint(a.err, table(rows))
	a.logFiles(of)
	a.sayRemarkable(m, of)
	a.say("sync %d: %s, %s in %s, %s, %s: %s", last.Sync, count(int64(len(of)), "collection"), count(written, "row"),
		elapsedText(s.Elapsed), consistencyText(m), verifiedText(r), dir)
}

// consistencyText describes the point in time of the rows.
func consistencyText(m *archive.Manifest) string {
	switch m.Consistency {
	case archive.ConsistencySnapshot:
		return "snapshot of " + m.Snapshot
	case archive.ConsistencyWindow:
		return "NOT a single point in time"
	}
	return "each page at its own time"
}

// sayStopped prints what an unfinished run leaves in its folder, and how to
// resume it.
func (a *app) sayStopped(run *export.Run, s store.Store) {
	dir := s.Name()
	found, err := archive.Inspect(s)
	if err != nil || found.Run == nil {
		return
	}
	a.say("stopped after %s; every file in %s that has its final name is complete. To continue: fauna-export resume %s",
		count(run.Status().Rows, "row"), dir, text.ShellWord(dir))
}
