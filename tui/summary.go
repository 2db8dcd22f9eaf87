package tui

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"fauna-export/export"
	"fauna-export/export/archive"

	"fauna-export/tui/text"
)

// written are the files that the last run wrote: of an incremental export those of
// its last sync, whose number is sync; it is 0 for a full one.
func written(m *archive.Manifest) (entries []archive.Entry, sync int) {
	if m.Mode != export.Incremental || len(m.Syncs) == 0 {
		return m.Collections, 0
	}
	sync = m.Syncs[len(m.Syncs)-1].Sync
	for _, e := range m.Latest() {
		if e.Sync == sync {
			entries = append(entries, e)
		}
	}
	return entries, sync
}

// againName and againCommand are what to type next time: a sync goes on in its folder,
// which the saved answers name, and a full export needs a new one.
func againName(sync int) string {
	if sync > 0 {
		return "Next sync"
	}
	return "Do this again"
}

func againCommand(config string, sync int) string {
	text := "fauna-export run --config " + text.ShellWord(config)
	if sync == 0 {
		text += " --out NEWDIR"
	}
	return text
}

// headline is the export in one sentence.
func headline(p progress) string {
	m := p.manifest
	entries, sync := written(m)
	var rows, removed, bytes int64
	for _, e := range entries {
		rows, removed, bytes = rows+e.Rows, removed+e.Removed, bytes+e.Bytes
	}
	text := plural(int64(len(entries)), "collection", "collections") + ", "
	switch {
	case sync > 1:
		text = fmt.Sprintf("Sync %d: ", sync) + text + plural(rows-removed, "document", "documents") + " changed, " + countText(removed) + " removed"
	case sync == 1:
		text = "Sync 1: " + text + plural(rows, "document", "documents")
	default:
		text += plural(rows, "document", "documents")
	}
	text += ", " + bytesText(bytes) + " in " + lastsText(p.status.Elapsed.Round(100*time.Millisecond))
	switch m.Consistency {
	case archive.ConsistencySnapshot:
		text += ", one snapshot"
	case archive.ConsistencyWindow:
		text += ", read at more than one time"
	}
	return text + "."
}

// verified says whether the files were read again and are what the manifest says.
func verified(p progress) (string, bool) {
	switch {
	case p.unread != nil:
		return "Not verified: " + sentence(p.unread), false
	case p.report == nil:
		return "Not verified.", false
	case p.report.OK():
		return "Verified: every file was read again, and is what the manifest says.", true
	}
	text := "The files are NOT what the manifest says:"
	for _, problem := range p.report.Problems {
		text += " " + clean(problem) + "."
	}
	for _, f := range p.report.Files {
		if f.Problem != "" {
			text += " " + clean(f.File) + ": " + clean(f.Problem) + "."
		}
	}
	return text, false
}

// shortfalls are what is missing and what the engine warns of.
func shortfalls(p progress) []string {
	var out []string
	for _, f := range p.manifest.Failed {
		out = append(out, "failed: "+clean(f.Name)+": "+clean(f.Why))
	}
	for _, f := range p.manifest.Skipped {
		out = append(out, "left out: "+clean(f.Name)+": "+clean(f.Why))
	}
	if partial, ok := errors.AsType[*export.Partial](p.err); ok && len(partial.Window) > 0 {
		out = append(out, "read at more than one time: "+clean(strings.Join(partial.Window, ", ")))
	}
	entries, _ := written(p.manifest)
	for _, e := range entries {
		for _, warning := range e.Warnings {
			out = append(out, clean(e.Name)+": "+clean(warning))
		}
	}
	return out
}

// summary is what stays in the scrollback. The server of a demo is gone by then.
func summary(p progress, saved string, demo bool) string {
	var b strings.Builder
	dir := homePath(clean(p.spec.Dir))
	if p.manifest == nil {
		if p.state != runIdle {
			fmt.Fprintf(&b, "The export is not whole: %s\n", sentence(orError(p.err, errors.New("stopped"))))
			if demo {
				fmt.Fprintf(&b, "The demo's server ended with it; fauna-export demo begins anew, in another folder.\n")
			} else {
				fmt.Fprintf(&b, "Continue it: fauna-export resume %s\n", text.ShellWord(dir))
			}
		}
		return b.String()
	}
	fmt.Fprintln(&b, headline(p))
	if m := p.manifest; m.Snapshot != "" {
		fmt.Fprintln(&b, "As of "+clean(m.Snapshot)+".")
	}
	verdict, _ := verified(p)
	fmt.Fprintln(&b, verdict)
	for _, text := range shortfalls(p) {
		fmt.Fprintln(&b, "! "+text)
	}
	fmt.Fprintln(&b)
	entries, sync := written(p.manifest)
	shown := entries[:min(len(entries), 20)]
	for _, e := range shown {
		fmt.Fprintf(&b, "  %s  %s\n", padLeft(plural(e.Rows, "row", "rows"), 16), filepath.Join(dir, clean(e.File)))
	}
	if n := len(entries) - len(shown); n > 0 {
		fmt.Fprintf(&b, "  and %d more files in %s\n", n, dir)
	}
	fmt.Fprintf(&b, "\nVerify again:   fauna-export verify %s\n", text.ShellWord(dir))
	if sync > 0 {
		fmt.Fprintf(&b, "Current rows:   fauna-export merge %s\n", text.ShellWord(dir))
	}
	fmt.Fprintf(&b, "Remove the key: fauna-export fql cleanup\n")
	if saved != "" {
		fmt.Fprintf(&b, "%s%s\n", pad(againName(sync)+":", 16), againCommand(homePath(saved), sync))
	}
	return b.String()
}

func orError(err, otherwise error) error {
	if err == nil {
		return otherwise
	}
	return err
}
