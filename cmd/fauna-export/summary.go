package main

import (
	"fmt"
	"path/filepath"

	"fauna-export/export"
)

// summarise says what a finished run wrote: a table, what is remarkable, and one
// last line with the totals.
func (a *app) summarise(dir string, m *export.Manifest, r *export.Report, s export.Status) {
	rows := [][]string{{"collection", "rows", "size", "file"}}
	for _, e := range m.Collections {
		rows = append(rows, []string{plain(e.Name), number(e.Rows), sizeText(e.Bytes), plain(filepath.Join(dir, filepath.FromSlash(e.File)))})
	}
	text := table(rows)
	fmt.Fprint(a.err, text)
	for _, e := range m.Collections {
		if e.Gone > 0 {
			a.say("%s: %s left the snapshot while it was read, and is not in the file", quoted(e.Name), count(e.Gone, "document"))
		}
		if e.Appeared > 0 {
			a.say("%s: %s entered the snapshot while it was read, and is in the file", quoted(e.Name), count(e.Appeared, "document"))
		}
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
	verified := "verified"
	if !r.OK() {
		verified = "NOT as written"
	}
	a.say("%s, %s, %s in %s, %s, %s: %s", count(int64(len(m.Collections)), "collection"), count(m.Rows(), "row"),
		sizeText(m.Bytes()), elapsedText(s.Elapsed), consistencyText(m), verified, dir)
}

// consistencyText says as of when the rows are.
func consistencyText(m *export.Manifest) string {
	switch m.Consistency {
	case export.ConsistencySnapshot:
		return "one snapshot of " + m.Snapshot
	case export.ConsistencyWindow:
		return "read at more than one time"
	}
	return "each page at its own time"
}

// sayStopped says what a run that did not finish leaves in its folder, and how to
// go on.
func (a *app) sayStopped(run *export.Run, dir string) {
	found, err := export.Inspect(export.OSEnv(dir))
	if err != nil || found.Spec == nil {
		return
	}
	a.say("stopped after %s; nothing in %s that is not whole has a final name. Go on with: fauna-export resume %s",
		count(run.Status().Rows, "row"), dir, dir)
}
