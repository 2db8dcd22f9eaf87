package tui

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/config"

	"fauna-export/tui/text"
)

// doneStep says what was written, how to use it, and how to clean up.
type doneStep struct {
	s     *session
	saved string // path of the config file, "" when not saved
	scroller
}

// savedMsg is the answer of save.
type savedMsg struct {
	path string
	err  error
}

func (savedMsg) to() stepID { return doneID }

func newDoneStep(s *session) *doneStep { return &doneStep{s: s} }

func (c *doneStep) enter() tea.Cmd { return nil }

func (c *doneStep) leave() {}

func (c *doneStep) update(m tea.Msg) tea.Cmd {
	if m, ok := m.(ranMsg); ok && c.s.showRefusal(m) {
		return nil
	} else if ok {
		c.s.panel = nil
		c.s.say(noteGood, "Run on the demo server: the key and the role are gone.")
	}
	if m, ok := m.(savedMsg); ok {
		if m.err != nil {
			c.s.fail(m.err)
			return nil
		}
		c.saved = m.path
		c.s.say(noteGood, "Saved, without the secret: %s in %s", filepath.Base(m.path), homePath(filepath.Dir(m.path)))
	}
	return nil
}

func (c *doneStep) keys() doneKeys {
	k := c.s.keys.done
	m := c.s.runner.progress().manifest
	k.load.SetEnabled(m != nil)
	k.rest.SetEnabled(m != nil && len(m.Failed) > 0)
	return k
}

func (c *doneStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	p := c.s.runner.progress()
	if c.scroller.key(c.s.keys.move, m) {
		return nil, true
	}
	switch k := c.keys(); {
	case pressed(m, k.leave):
		return tea.Quit, true
	case pressed(m, k.back): // the export lies between, and would lead back here
		c.s.goTo = checkID
	case pressed(m, k.load):
		c.showLoading(export.Postgres)
	case pressed(m, k.cleanUp):
		fql := c.s.setup().Cleanup()[0].FQL
		c.s.panel = &panel{
			title: "As an admin: this deletes the role's keys and the role",
			text:  cleanLines(fql), fql: true, copy: fql, file: "fauna-cleanup.fql",
			run: c.s.onDemo(doneID, fql),
		}
	case pressed(m, k.save):
		return c.save(), true
	case pressed(m, k.rest):
		c.s.say(noteInfo, "fauna-export resume %s tries the rest again.", homePath(p.spec.Dir))
	default:
		return nil, false
	}
	return nil, true
}

// showLoading shows how to load the files into a database; the panel turns to
// another one.
func (c *doneStep) showLoading(d export.Database) {
	p := c.s.runner.progress()
	if _, sync := written(p.manifest); sync > 0 {
		c.showMerging(p)
		return
	}
	k := c.s.keys.load
	shown := &panel{
		title: "Load into " + d.Title(),
		turns: []turn{
			{k.postgres, func() { c.showLoading(export.Postgres) }},
			{k.sqlite, func() { c.showLoading(export.SQLite) }},
			{k.duckdb, func() { c.showLoading(export.DuckDB) }},
		},
	}
	if err := d.Loads(p.spec.Format); err != nil {
		shown.text = []string{clean(err.Error())}
	} else {
		text := export.LoadScript(d, p.manifest, p.spec.Dir)
		shown.text, shown.raw = cleanLines(text), true
		shown.copy, shown.file = text, d.ScriptName()
	}
	c.s.panel = shown
}

// showMerging shows how to make files to load of what all syncs wrote.
func (c *doneStep) showMerging(p progress) {
	dir := homePath(p.spec.Dir)
	command := "fauna-export merge " + text.ShellWord(dir)
	c.s.panel = &panel{
		title: "Current rows of all syncs",
		text: []string{
			"Each sync wrote what changed. This makes one file a collection of them, with its current rows, without a server:", "",
			"  " + command, "",
			"The files lie in " + filepath.Join(clean(dir), "merged") + ". Run it again after the next sync.",
		},
		copy: command + "\n",
	}
}

// save writes the answers as a config file for run. A full export must go to a new
// folder each time, so its own is left out; a sync goes on in its folder.
func (c *doneStep) save() tea.Cmd {
	answers := c.s.config()
	answers.Out = ""
	if p := c.s.runner.progress(); p.spec.Mode == export.Incremental {
		answers.Out = p.spec.Dir
	}
	return c.s.jobs.do(func(context.Context) tea.Msg {
		path, err := newPath("fauna-export.yaml")
		if err == nil {
			err = config.Write(path, answers)
		}
		return savedMsg{path, err}
	})
}

func (c *doneStep) title() (string, string) {
	p := c.s.runner.progress()
	switch {
	case p.manifest == nil:
		return "Nothing was exported.", ""
	case p.err != nil:
		return "Finished, but not all of it.", clean(c.s.endpoint.Host())
	}
	if _, good := verified(p); !good {
		return "Finished, but not verified.", clean(c.s.endpoint.Host())
	}
	return "Done.", clean(c.s.endpoint.Host())
}

func (c *doneStep) body(w, h int) []string {
	st := c.s.st
	p := c.s.runner.progress()
	if p.manifest == nil {
		return nil
	}
	var lines []string
	verdict, good := verified(p)
	mark, said := st.good.of("✓ "), headline(p)
	if good && p.err == nil {
		said = strings.TrimSuffix(said, ".") + ", verified."
	}
	if !good || p.err != nil {
		mark = st.bad.of("✗ ")
	}
	for i, l := range wrap(said, w-4) {
		lines = append(lines, lead(i, mark)+l)
	}
	if p.manifest.Snapshot != "" && h > 12 {
		lines = append(lines, "  "+st.faint.of("as of "+clean(p.manifest.Snapshot)))
	}
	if !good {
		for i, l := range wrap(verdict, w-4) {
			lines = append(lines, lead(i, mark)+l)
		}
	}
	for _, text := range shortfalls(p) {
		for i, l := range wrap(text, w-4) {
			lines = append(lines, lead(i, st.warn.of("! "))+l)
		}
	}
	lines = lines[:min(len(lines), max(1, h-5))]
	foot := c.foot(p, w)
	if h < 14 && c.saved == "" {
		foot = []string{"", "  l loads them, x removes the key, s saves your answers"}
		if _, sync := written(p.manifest); sync > 0 {
			foot[1] = "  l makes current rows, x removes the key, s saves your answers"
		}
	}
	if len(lines)+len(foot)+3 > h {
		foot = nil
	}
	room := max(1, h-len(lines)-1-len(foot))
	lines = append(lines, "")
	lines = append(lines, c.files(p, w, room)...)
	return append(lines, foot...)
}

func (c *doneStep) files(p progress, w, h int) []string {
	st := c.s.st
	all, _ := written(p.manifest)
	n := len(all) + 1
	h--
	room := max(1, h)
	if n > h {
		room = max(1, h-1)
	}
	from, to := c.window(n, room)
	lines := []string{"  " + st.bold.of(fit(homePath(clean(p.spec.Dir))+string(filepath.Separator), w-2))}
	wide := 0
	for i := from; i < to; i++ {
		if i < len(all) {
			wide = max(wide, width(clean(all[i].File)))
		}
	}
	wide = min(max(wide, 13), max(20, w-44))
	for i := from; i < to; i++ {
		if i == len(all) {
			lines = append(lines, "    "+archive.ManifestName)
			continue
		}
		e := all[i]
		line := "    " + pad(clean(e.File), wide) + padLeft(plural(e.Rows, "row", "rows"), 17) + padLeft(bytesText(e.Bytes), 9)
		if len(e.SHA256) > 8 && width(line)+14 <= w {
			line += st.faint.of("  sha256 " + e.SHA256[:4] + "…")
		}
		lines = append(lines, fit(line, w))
	}
	if n > room {
		lines = append(lines, st.faint.of("  "+moreText(from, to-from, n, "files")))
	}
	return lines
}

func (c *doneStep) foot(p progress, w int) []string {
	again := "s saves your answers"
	_, sync := written(p.manifest)
	if c.saved != "" {
		again = againCommand(filepath.Base(c.saved), sync)
	}
	name, load := "Load them", "l shows the commands for Postgres, SQLite and DuckDB"
	if sync > 0 {
		name, load = "Current rows", "l shows how to make them of all syncs"
	}
	lines := []string{
		"",
		"  " + pad(name, 16) + load,
		"  " + pad("Verify again", 16) + "fauna-export verify " + text.ShellWord(homePath(p.spec.Dir)),
		"  " + pad("Remove the key", 16) + "x shows the FQL",
		"  " + pad(againName(sync), 16) + again,
	}
	for i := range lines {
		lines[i] = fit(lines[i], w)
	}
	return lines
}

func (c *doneStep) hints() []key.Binding {
	k := c.keys()
	scroll := c.s.keys.move.shown("scroll")
	scroll.SetEnabled(c.total > c.shown)
	return []key.Binding{k.leave, k.load, k.cleanUp, k.save, scroll}
}

func (c *doneStep) typing() bool { return false }

func (c *doneStep) help() string {
	return "The files lie in the folder under their final names; manifest.json says what each holds, with its SHA-256, and SHA256SUMS can be given to sha256sum -c." +
		"\n\nl shows commands that load every file. x shows the FQL that deletes the role's keys and the role. s writes your answers, never the secret, to fauna-export.yaml for fauna-export run."
}
