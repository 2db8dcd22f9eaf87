package tui

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/tui/text"
)

// written returns the files of the last run: for an incremental export, the last sync.
func written(m *archive.Manifest) (entries []archive.Entry, sync int) {
	if m.Mode != export.Incremental || len(m.Syncs) == 0 {
		return m.Collections, 0
	}
	sync = m.LastSync()
	return slices.DeleteFunc(slices.Clone(m.Latest()), func(e archive.Entry) bool { return e.Sync != sync }), sync
}

// againName and againCommand return the title and the command of the next run: a sync
// continues in its folder, a full export needs a new one.
func againName(sync int) string {
	if sync > 0 {
		return "Next sync"
	}
	return "Run again"
}

func againCommand(config string, sync int) string {
	command := "fauna-export run --config " + text.ShellWord(config)
	if sync == 0 {
		command += " --out NEWDIR"
	}
	return command
}

func headline(p progress) string {
	m := p.manifest
	entries, sync := written(m)
	var rows, removed, bytes int64
	for _, e := range entries {
		rows, removed, bytes = rows+e.Rows, removed+e.Removed, bytes+e.Bytes
	}
	line := "Exported"
	if _, good := verified(p); good {
		line += " and verified"
	}
	if sync > 0 {
		line += fmt.Sprintf(" sync %d", sync)
	}
	line += ": " + text.Count(int64(len(entries)), "collection") + ", "
	if sync > 1 {
		line += text.Count(rows-removed, "document") + " changed, " + text.Number(removed) + " removed"
	} else {
		line += text.Count(rows, "document")
	}
	return line + ", " + text.Size(bytes) + " in " + text.Span(p.elapsed().Round(100*time.Millisecond))
}

// verified describes the result of re-reading the files, and whether they match.
func verified(p progress) (string, bool) {
	switch {
	case p.unread != nil:
		return "Not verified: " + text.Sentence(p.unread), false
	case p.report == nil:
		return "Not verified.", false
	case p.report.OK():
		return "Verified: every file was re-read and matches the manifest.", true
	}
	return reportText(p.report), false
}

// shortfalls lists what is missing and the engine's warnings.
func shortfalls(p progress) []string {
	var out []string
	for _, f := range p.manifest.Failed {
		out = append(out, "failed: "+text.Clean(f.Name)+": "+text.Clean(f.Why))
	}
	for _, f := range p.manifest.Skipped {
		out = append(out, "left out: "+text.Clean(f.Name)+": "+text.Clean(f.Why))
	}
	if partial, ok := errors.AsType[*export.Partial](p.err); ok && len(partial.Window) > 0 {
		out = append(out, "not from a single point in time: "+text.Clean(strings.Join(partial.Window, ", ")))
	}
	entries, _ := written(p.manifest)
	for _, e := range entries {
		for _, warning := range e.Warnings {
			out = append(out, text.Clean(e.Name)+": "+text.Clean(warning))
		}
	}
	return out
}

// summary returns what remains in the scrollback. The demo server is gone by then.
func (s *session) summary(p progress, saved string) string {
	var b strings.Builder
	dir := homePath(text.Clean(p.spec.Dir))
	word := text.ShellWord(homePath(p.spec.Dir))
	if p.manifest == nil {
		if p.state != runIdle {
			fmt.Fprintf(&b, "Export incomplete: %s\n", s.sentence(cmp.Or(p.err, errors.New("stopped"))))
			if s.cfg.Demo {
				fmt.Fprintf(&b, "The demo's server is gone; fauna-export demo starts over, in another folder.\n")
			} else {
				fmt.Fprintf(&b, "Files so far are in %s. Resume it: fauna-export resume %s\n", dir, word)
			}
		}
		return b.String()
	}
	fmt.Fprintln(&b, headline(p))
	fmt.Fprintln(&b, s.drawn(facts(p))) // the only line with glyphs; paths and commands stay as they are
	verdict, _ := verified(p)
	fmt.Fprintln(&b, verdict)
	for _, shortfall := range shortfalls(p) {
		fmt.Fprintln(&b, "! "+shortfall)
	}
	fmt.Fprintln(&b)
	entries, sync := written(p.manifest)
	shown := entries[:min(len(entries), 20)]
	for _, e := range shown {
		fmt.Fprintf(&b, "  %s  %s\n", text.PadLeft(text.Count(e.Rows, "row"), 16), filepath.Join(dir, text.Clean(e.File)))
	}
	if n := len(entries) - len(shown); n > 0 {
		fmt.Fprintf(&b, "  and %d more files in %s\n", n, dir)
	}
	fmt.Fprintf(&b, "\nVerify again:   fauna-export verify %s\n", word)
	if sync > 0 {
		fmt.Fprintf(&b, "Merge syncs:    fauna-export merge %s\n", word)
	}
	fmt.Fprintf(&b, "Load it:        fauna-export load %s --into TARGET\n", word)
	fmt.Fprintf(&b, "Remove the key: fauna-export fql cleanup\n")
	if saved != "" {
		fmt.Fprintf(&b, "%s%s\n", text.Pad(againName(sync)+":", 16), againCommand(homePath(saved), sync))
	}
	return b.String()
}

// facts lists an export's snapshot, retries and warnings in one line.
func facts(p progress) string {
	m := p.manifest
	var parts []string
	switch m.Consistency {
	case archive.ConsistencySnapshot:
		parts = append(parts, "One snapshot, "+readableTime(m.Snapshot))
	case archive.ConsistencyWindow:
		parts = append(parts, "Not from a single point in time")
	default:
		parts = append(parts, "No snapshot")
	}
	parts = append(parts, text.Count(int64(p.retries()), "retry"), text.Count(int64(len(shortfalls(p))), "warning"))
	return strings.Join(parts, " · ")
}

func readableTime(iso string) string {
	s := strings.Replace(text.Clean(iso), "T", " ", 1)
	if i := strings.IndexByte(s, '.'); i > 0 {
		s = s[:i]
	}
	return strings.TrimSuffix(s, "Z") + " UTC"
}

func reportText(r *archive.Report) string {
	line := "The files do NOT match the manifest:"
	for _, problem := range r.Wrong() {
		line += " " + text.Clean(problem) + "."
	}
	return line
}
