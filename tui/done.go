package tui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/tui/text"
)

// doneStep says what was written, how to use it, and how to clean up.
type doneStep struct {
	s         *session
	saved     string // path of the config file, "" when not saved
	cursor    rowCursor
	find      finder
	height    int
	verifying bool
	loading   *loading        // nil while nothing is loaded
	again     *archive.Report // of the last time that the files were read again, nil for none
}

// savedMsg is the answer of save.
type savedMsg struct {
	path string
	err  error
}

func (savedMsg) to() stepID { return doneID }

// verifiedMsg is the answer of verify.
type verifiedMsg struct {
	report *archive.Report
	err    error
}

func (verifiedMsg) to() stepID { return doneID }

func newDoneStep(s *session) *doneStep {
	return &doneStep{s: s, cursor: newCursor(), find: newFinder(s.st)}
}

// enter opens the load where the Output step was told of a target.
func (c *doneStep) enter() tea.Cmd {
	if p := c.s.runner.progress(); c.s.target > 0 && p.manifest != nil && p.err == nil {
		c.startLoading(p)
	}
	return nil
}

func (c *doneStep) leave() {
	c.again = nil
	c.stopLoading()
}

func (c *doneStep) stopLoading() {
	if c.loading != nil {
		c.loading.drop()
		c.loading = nil
	}
}

func (c *doneStep) update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case loadMsg, loadPollMsg:
		if c.loading != nil {
			return c.loading.update(m)
		}
		if l, ok := m.(loadMsg); ok && l.planned != nil {
			_ = l.planned.Close() // it was called off
		}
	case ranMsg:
		if !c.s.showRefusal(m) {
			c.s.panel = nil
			c.s.say(noteGood, "Ran on the demo server: the key and the role are gone.")
		}
	case savedMsg:
		if m.err != nil {
			c.s.fail(m.err)
			return nil
		}
		c.saved = m.path
		c.s.say(noteGood, "Saved %s in %s (without the secret)", filepath.Base(m.path), homePath(filepath.Dir(m.path)))
	case verifiedMsg:
		c.verifying = false
		switch {
		case m.err != nil:
			c.s.fail(m.err)
		case m.report.OK():
			c.again = m.report
			c.s.say(noteGood, "Verified: every file was re-read and matches the manifest.")
		default:
			c.again = m.report
			c.s.say(noteBad, "%s", reportText(m.report))
		}
	}
	return nil
}

type doneKeys struct{ leave, load, verify, cleanUp, save key.Binding }

func (c *doneStep) keys() doneKeys {
	m := c.s.runner.progress().manifest
	return doneKeys{
		leave: bind("enter", "quit", "enter", "q"), load: when(m != nil, bind("l", "load into a database", "l")),
		verify: when(m != nil && !c.verifying, bind("v", "verify again", "v")), cleanUp: bind("x", "remove the key", "x"),
		save: bind("s", "save these answers", "s"),
	}
}

func (c *doneStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	p := c.s.runner.progress()
	if c.loading != nil {
		cmd, closed := c.loading.key(m)
		if closed {
			c.loading = nil
		}
		return cmd, true
	}
	switch {
	case c.find.key(m), !c.find.typing && c.cursor.key(m, c.rows(p), c.height):
		return nil, true
	case c.find.typing:
		return nil, false
	}
	switch k := c.keys(); {
	case pressed(m, k.leave):
		return tea.Quit, true
	case pressed(m, k.load):
		c.startLoading(p)
	case pressed(m, k.verify):
		c.verifying = true
		dir := p.spec.Dir
		return c.s.jobs.do(func(ctx context.Context) tea.Msg {
			f, err := storeOf(dir)
			if err != nil {
				return verifiedMsg{nil, err}
			}
			report, err := archive.Verify(ctx, f, func(archive.VerifyStatus) {})
			return verifiedMsg{report, err}
		}), true
	case pressed(m, k.cleanUp):
		queries := c.s.setup().Cleanup()
		each := make([]string, len(queries))
		for i, q := range queries {
			each[i] = q.FQL
		}
		fql := strings.Join(each, "\n\n")
		c.s.panel = &panel{
			title: "Run as admin: deletes the role and its keys",
			text:  text.Lines(fql), fql: true, copy: fql, file: "fauna-cleanup.fql",
			run: c.s.onDemo(doneID, each...), pane: newPane(),
		}
	case pressed(m, k.save):
		return c.save(), true
	default:
		return nil, false
	}
	return nil, true
}

// startLoading opens the load; of an incremental export of many syncs too, which load
// takes one after the other.
func (c *doneStep) startLoading(p progress) {
	c.loading = newLoading(c.s, p.spec.Dir)
}

// save writes the answers as a config file for run. A full export must go to a new
// folder each time, so its own is left out; a sync continues in its folder.
func (c *doneStep) save() tea.Cmd {
	answers := c.s.config()
	answers.Out = ""
	if p := c.s.runner.progress(); p.spec.Mode == export.Incremental {
		answers.Out = p.spec.Dir
	}
	return c.s.jobs.do(func(context.Context) tea.Msg {
		path, err := newPath("fauna-export.yaml")
		if err == nil {
			err = writeConfig(path, answers)
		}
		return savedMsg{path, err}
	})
}

func (c *doneStep) title() (string, string) {
	if c.loading != nil {
		return c.loading.title()
	}
	p := c.s.runner.progress()
	switch _, good := verified(p); {
	case p.manifest == nil:
		return "Nothing was exported.", ""
	case p.err != nil:
		return "Finished, but not everything", ""
	case !good:
		return "Finished, but not verified", ""
	}
	return "Done", ""
}

func (c *doneStep) body(w, h int) []string {
	if c.loading != nil {
		return c.loading.body(w, h)
	}
	st := c.s.st
	p := c.s.runner.progress()
	if p.manifest == nil {
		return nil
	}
	verdict, good := verified(p)
	kind := noteGood
	if !good || p.err != nil {
		kind = noteBad
	}
	lines := marked(st, kind, headline(p), w)
	for _, l := range text.Wrap(facts(p), w-2) {
		lines = append(lines, "  "+st.faint.of(l))
	}
	if !good {
		lines = append(lines, marked(st, noteBad, verdict, w)...)
	}
	for _, s := range shortfalls(p) {
		lines = append(lines, marked(st, noteWarn, s, w)...)
	}
	lines = lines[:min(len(lines), max(1, h-5))]
	foot := []string{""}
	if c.find.active() {
		foot = append(foot, "  "+c.find.line(w-2))
	}
	if c.verifying {
		foot = append(foot, c.s.spinner+" verifying …")
	}
	if c.saved != "" {
		_, sync := written(p.manifest)
		foot = append(foot, "  "+againName(sync)+":  "+st.accent.of(text.Fit(againCommand(filepath.Base(c.saved), sync), w-18)))
	}
	return append(append(lines, c.files(p, w, max(2, h-len(lines)-len(foot)))...), foot...)
}

// rows is how many files are listed.
func (c *doneStep) rows(p progress) int {
	if p.manifest == nil {
		return 0
	}
	return len(c.listed(p)) + 1
}

// listed are the files that the filter lets through.
func (c *doneStep) listed(p progress) []archive.Entry {
	all, _ := written(p.manifest)
	return slices.DeleteFunc(slices.Clone(all), func(e archive.Entry) bool { return !c.find.matches(e.File) })
}

func (c *doneStep) files(p progress, w, h int) []string {
	st := c.s.st
	all := c.listed(p)
	n := len(all) + 1
	c.height = max(1, h-1)
	if n > c.height {
		c.height = max(1, h-2)
	}
	from, to := c.cursor.window(n, c.height)
	lines := []string{"  " + st.bold.of(text.Fit(homePath(text.Clean(p.spec.Dir))+string(filepath.Separator), w-2))}
	wide := 13
	for _, e := range all[from:min(to, len(all))] {
		wide = max(wide, text.Width(text.Clean(e.File)))
	}
	wide = min(wide, max(20, w-46))
	for i := from; i < to; i++ {
		bar := "    "
		if n > c.height && i == c.cursor.at {
			bar = "  " + st.strong.of("▌ ")
		}
		if i == len(all) {
			lines = append(lines, bar+archive.ManifestName)
			continue
		}
		e := all[i]
		line := bar + text.Pad(text.Clean(e.File), wide) + text.PadLeft(text.Count(e.Rows, "row"), 17) + text.PadLeft(text.Size(e.Bytes), 9)
		if len(e.SHA256) > 8 && text.Width(line)+14 <= w {
			line += st.faint.of("  sha256 " + text.Clean(e.SHA256[:4]) + "…")
		}
		lines = append(lines, text.Fit(line, w))
	}
	if n > c.height {
		lines = append(lines, st.faint.of("    "+partText(from, to-from, n)))
	}
	return lines
}

func (c *doneStep) side(w, _ int) []string {
	p := c.s.runner.progress()
	if p.manifest == nil {
		return nil
	}
	dir := text.ShellWord(homePath(p.spec.Dir))
	return titled(c.s.st, "What to do with it", []string{
		"The files have their final names; manifest.json says what each one holds, with its SHA-256.", "",
		c.s.st.bold.of("l") + " loads them into Postgres, SQLite, or typed Parquet and CSV files, and proves it.", "",
		"Verify any copy, any time:", "fauna-export verify " + dir, "",
		"The key still works. " + c.s.st.bold.of("x") + " shows the FQL that deletes it and its role.",
	}, w)
}

func (c *doneStep) hints() []key.Binding {
	if c.loading != nil {
		return c.loading.hints()
	}
	if c.find.typing {
		return []key.Binding{c.find.keep()}
	}
	k := c.keys()
	return []key.Binding{k.leave, k.load, k.verify, k.cleanUp, k.save, c.find.hint(true), c.cursor.shown(c.rows(c.s.runner.progress()) > c.height)}
}

func (c *doneStep) esc() string {
	if c.loading != nil {
		return c.loading.esc()
	}
	if c.find.active() {
		return "clear filter"
	}
	return "back"
}

func (c *doneStep) typing() bool {
	return c.find.typing || c.loading != nil && c.loading.stage == loadTarget
}

func (c *doneStep) busy() bool { return c.verifying || c.loading != nil && c.loading.busy() }

func (c *doneStep) help() string {
	return "The files are in the folder under their final names; manifest.json says what each holds, with its SHA-256, and SHA256SUMS can be given to sha256sum -c." +
		"\n\nl loads them into Postgres, SQLite, or typed Parquet or CSV files: it shows the tables first, and proves that every row arrived. v reads them again and compares. x shows the FQL that deletes the role and its keys. s writes your answers, never the secret, to fauna-export.yaml for fauna-export run."
}

func (c *doneStep) ask(ctx context.Context, a *asker) error {
	a.tell("Export finished. Summary:")
	save, err := a.yes(ctx, "Save your answers (never the secret) to fauna-export.yaml?", false)
	if err != nil && !errors.Is(err, ErrLeft) && !errors.Is(err, errBack) {
		return err
	}
	if !save {
		return nil
	}
	m, ok := c.save()().(savedMsg)
	if !ok {
		return nil
	}
	if m.err != nil {
		a.tell("Error: %s", c.s.sentence(m.err))
		return nil
	}
	c.saved = m.path
	a.tell("Saved to %s.", homePath(m.path))
	return nil
}

// facts are the snapshot, the retries and the warnings of an export, in a line.
func facts(p progress) string {
	m := p.manifest
	var parts []string
	switch m.Consistency {
	case archive.ConsistencySnapshot:
		parts = append(parts, "One snapshot, "+readableTime(m.Snapshot))
	case archive.ConsistencyWindow:
		parts = append(parts, "Read at more than one time")
	default:
		parts = append(parts, "No snapshot")
	}
	parts = append(parts, text.Count(int64(p.retries()), "retry"), text.Count(int64(len(shortfalls(p))), "warning"))
	return strings.Join(parts, " · ")
}

// readableTime is a time of a manifest, for reading.
func readableTime(iso string) string {
	s := strings.Replace(text.Clean(iso), "T", " ", 1)
	if i := strings.IndexByte(s, '.'); i > 0 {
		s = s[:i]
	}
	return strings.TrimSuffix(s, "Z") + " UTC"
}

// reportText says what is wrong with files that were read again.
func reportText(r *archive.Report) string {
	said := "The files do NOT match the manifest:"
	for _, problem := range r.Problems {
		said += " " + text.Clean(problem) + "."
	}
	for _, f := range r.Files {
		if f.Problem != "" {
			said += fmt.Sprintf(" %s: %s.", text.Clean(f.File), text.Clean(f.Problem))
		}
	}
	return said
}
