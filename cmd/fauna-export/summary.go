package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/store"

	"fauna-export/tui/text"
)

// summarise prints what a finished run or the last sync of a folder wrote: a
// table, anything unusual, and a last line with the totals.
func (a *app) summarise(dir string, m *archive.Manifest, r *archive.Report, s export.Status) {
	entries, head := m.Collections, []string{"collection", "rows", "size", "file"}
	totals := fmt.Sprintf("%s, %s, %s", count(int64(len(m.Latest())), "collection"), count(m.Rows(), "row"), sizeText(m.Bytes()))
	if m.Mode == export.Incremental {
		last := m.LastSync()
		entries, head = slices.DeleteFunc(m.Latest(), func(e archive.Entry) bool { return e.Sync != last }), []string{"collection", "rows", "removed", "documents", "file"}
		var rows int64
		for _, e := range entries {
			rows += e.Rows
		}
		totals = fmt.Sprintf("sync %d: %s, %s", last, count(int64(len(entries)), "collection"), count(rows, "row"))
	}
	rows := [][]string{head}
	for _, e := range entries {
		figures := []string{sizeText(e.Bytes)}
		if m.Mode == export.Incremental {
			figures = []string{number(e.Removed), number(e.Documents)}
		}
		rows = append(rows, slices.Concat([]string{plain(e.Name), number(e.Rows)}, figures, []string{plain(store.Join(dir, e.File))}))
	}
	fmt.Fprint(a.err, table(rows))
	for _, e := range entries {
		a.log.note("file", "collection", e.Name, "file", e.File, "rows", e.Rows, "bytes", e.Bytes, "sha256", e.SHA256, "retries", e.Retries)
	}
	a.sayRemarkable(m, entries)
	verified := "verified"
	if !r.OK() {
		verified = "NOT VERIFIED"
	}
	a.say("%s in %s, %s, %s: %s", totals, elapsedText(s.Earlier+s.Elapsed), consistencyText(m), verified, dir)
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

// finished prints the last event of --json about a run that finished earlier, or
// that other processes did, and returns what it lacks.
func (a *app) finished(m *archive.Manifest) error {
	err := completeness(m, nil)
	e := export.Event{Version: 1, Event: "summary", Time: archive.FormatMoment(time.Now()), Phase: export.Done, Rows: m.Rows(), Outcome: "done", Manifest: m}
	if err != nil {
		e.Outcome, e.Error = "partial", err.Error()
	}
	a.event(e)
	return err
}

// completeness returns an *export.Partial for a finished run that lacks collections
// or is not from a single point in time, according to its manifest. If only some
// collections matter, they are named.
func completeness(m *archive.Manifest, names []string) error {
	partial := &export.Partial{}
	if len(names) == 0 {
		partial.Skipped = m.Skipped
		for _, f := range m.Failed {
			partial.Failures = append(partial.Failures, &export.CollectionError{Collection: f.Name, Err: errors.New(f.Why)})
		}
	}
	for _, e := range m.Latest() {
		if m.Consistency == archive.ConsistencyWindow && (len(names) == 0 || slices.Contains(names, e.Name)) {
			partial.Window = append(partial.Window, e.Name)
		}
	}
	if len(partial.Skipped)+len(partial.Failures)+len(partial.Window) == 0 {
		return nil
	}
	return partial
}
