package tui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/config"
	"fauna-export/export/load"
	"fauna-export/tui/text"
)

// doneStep shows what was written, how to use it, and how to clean up.
type doneStep struct {
	s         *session
	saved     string // path of the saved config file, or ""
	list      list
	verifying wait
}

func newDoneStep(s *session) *doneStep { return &doneStep{s: s, list: newList(s.st)} }

// enter opens the load if a target was chosen in the Output step.
func (c *doneStep) enter() {
	if c.s.target > 0 && c.s.runner.progress().err == nil {
		c.load()
	}
}

// load opens the load, which for an incremental export takes all syncs.
func (c *doneStep) load() {
	c.s.instead = newLoading(c.s, c.s.runner.progress().spec.Dir, c.leave)
}

func (c *doneStep) leave() {
	if x, open := c.s.instead.(*loading); open {
		x.drop()
		c.s.instead = nil
	}
}

func (c *doneStep) actions() []action {
	p := c.s.runner.progress()
	find := c.list.actions(c.rows(p) > c.list.h)
	if c.list.typing {
		return find
	}
	return append([]action{
		on("enter", "quit", c.s.leaveProgram, "enter", "q"),
		on("l", "load into a database", c.load),
		on("v", "verify again", c.verify).when(!c.verifying.busy),
		on("x", "remove the key", c.cleanUp),
		on("s", "save these answers", c.save),
	}, find...)
}

func (c *doneStep) key(m tea.KeyMsg) bool {
	return c.list.key(m, c.rows(c.s.runner.progress()))
}

func (c *doneStep) verify() {
	dir := c.s.runner.progress().spec.Dir
	await(c.s, &c.verifying, func(ctx context.Context) (*archive.Report, error) {
		f, err := storeOf(dir)
		if err != nil {
			return nil, err
		}
		return archive.Verify(ctx, f, func(archive.VerifyStatus) {})
	}, orFail(c.s, func(r *archive.Report) {
		c.s.runner.verified(r)
		if verdict, good := verified(c.s.runner.progress()); good {
			c.s.say(noteGood, "%s", verdict)
		}
	}))
}

func (c *doneStep) cleanUp() {
	each := texts(c.s.setup().Cleanup())
	c.s.panel = c.s.fqlPanel("Run as admin: deletes the role and its keys", strings.Join(each, "\n\n"), "fauna-cleanup.fql")
	c.s.panel.run = c.s.onDemo(func() { c.s.say(noteGood, "Ran on the demo server: the key and the role are gone.") }, each...)
}

func (c *doneStep) save() { await(c.s, new(wait), c.saving(), orFail(c.s, c.kept)) }

// saving returns a function that writes the answers for the next run to a new file in
// the current folder. A full export needs a new folder each time, so its own is left
// out; a sync continues in its folder.
func (c *doneStep) saving() func(context.Context) (string, error) {
	answers := c.s.config()
	answers.Out = ""
	if p := c.s.runner.progress(); p.spec.Mode == export.Incremental {
		answers.Out = p.spec.Dir
	}
	return func(context.Context) (string, error) {
		path, err := newPath("fauna-export.yaml")
		if err == nil {
			err = config.Write(path, answers)
		}
		return path, err
	}
}

func (c *doneStep) kept(path string) {
	c.saved = path
	c.s.say(noteGood, "Saved %s in %s (without the secret)", filepath.Base(path), homePath(filepath.Dir(path)))
}

func (c *doneStep) title() (string, string) {
	p := c.s.runner.progress()
	switch _, good := verified(p); {
	case p.err != nil:
		return "Finished, but incomplete", ""
	case !good:
		return "Finished, but not verified", ""
	}
	return "Done", ""
}

func (c *doneStep) body(w, h int) []string {
	st := c.s.st
	p := c.s.runner.progress()
	verdict, good := verified(p)
	kind := noteGood
	if !good || p.err != nil {
		kind = noteBad
	}
	var trouble []string
	if !good {
		trouble = marked(st, noteBad, verdict, w)
	}
	for _, s := range shortfalls(p) {
		trouble = append(trouble, marked(st, noteWarn, s, w)...)
	}
	about := [][]string{marked(st, kind, headline(p), w), faintly(st, facts(p), w), trouble}
	if kind == noteBad {
		about[1], about[2] = about[2], about[1]
	}
	lines := slices.Concat(about...)
	if room := max(2, h-5); len(lines) > room {
		lines = append(lines[:room-1], st.faint.of("  … the full list is printed when you quit"))
	}
	footer := []string{""}
	if c.list.narrowed() {
		footer = append(footer, "  "+c.list.filter(w-2))
	}
	if c.verifying.busy {
		footer = append(footer, c.s.spinner+" verifying …")
	}
	if c.saved != "" {
		_, sync := written(p.manifest)
		footer = append(footer, "  "+againName(sync)+":  "+st.accent.of(text.Fit(againCommand(filepath.Base(c.saved), sync), w-14)))
	}
	return append(append(lines, c.files(p, w, max(2, h-len(lines)-len(footer)))...), footer...)
}

func (c *doneStep) rows(p progress) int { return len(c.listed(p)) + 1 }

func (c *doneStep) listed(p progress) []archive.Entry {
	all, _ := written(p.manifest)
	return slices.DeleteFunc(slices.Clone(all), func(e archive.Entry) bool { return !c.list.matches(e.File) })
}

func (c *doneStep) files(p progress, w, h int) []string {
	st := c.s.st
	all := c.listed(p)
	n, room := len(all)+1, h-1
	if n > room {
		room-- // leaves room to say which part is shown
	}
	from, to, part := c.list.window(n, room)
	lines := []string{"  " + st.bold.of(text.Fit(homePath(text.Clean(p.spec.Dir))+string(filepath.Separator), w-2))}
	wide := 13
	for _, e := range all[from:min(to, len(all))] {
		wide = max(wide, text.Width(text.Clean(e.File)))
	}
	wide = min(wide, max(20, w-46))
	for i := from; i < to; i++ {
		bar := "  " + st.mark(part != "" && i == c.list.at)
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
	if part != "" {
		lines = append(lines, st.faint.of("    "+part))
	}
	return lines
}

func (c *doneStep) side(w, _ int) []string {
	dir := text.ShellWord(homePath(c.s.runner.progress().spec.Dir))
	return titled(c.s.st, "What to do with it", []string{
		"The files have their final names; manifest.json says what each one holds, with its SHA-256.", "",
		c.s.st.bold.of("l") + " loads them into Postgres, SQLite, or typed Parquet and CSV files, and verifies every row.", "",
		"Verify any copy, any time:", "fauna-export verify " + dir, "",
		"The key still works. " + c.s.st.bold.of("x") + " shows the FQL that deletes it and its role.",
	}, w)
}

func (c *doneStep) busy() bool { return c.verifying.busy }

func (c *doneStep) logValues() []any { return nil }

func (c *doneStep) ask(ctx context.Context, a *asker) error {
	a.printLines("Export finished. Summary:")
	a.printLines("%s\n%s", headline(c.s.runner.progress()), facts(c.s.runner.progress()))
	err := c.askLoad(ctx, a)
	if err == nil {
		err = c.askSave(ctx, a)
	}
	if errors.Is(err, ErrLeft) || errors.Is(err, errBack) { // the export itself is finished
		return nil
	}
	return err
}

func (c *doneStep) askLoad(ctx context.Context, a *asker) error {
	s, dir := c.s, c.s.runner.progress().spec.Dir
	into, err := a.text(ctx, "Load the files into postgres://USER@HOST/DATABASE, sqlite:FILE, parquet:DIR or csv:DIR (n: no)", s.targetText(dir), func(into string) error {
		if into == "" || into == "n" || into == "no" {
			return nil
		}
		return load.ParseTarget(into)
	})
	if err != nil || load.ParseTarget(into) != nil {
		return err
	}
	var now atomic.Pointer[load.Status]
	far := func() string {
		x := now.Load()
		if x == nil { // connecting may ask for a password
			return ""
		}
		return fmt.Sprintf("%s: %s of %s rows.", x.Phase, text.Number(x.Rows), text.Number(x.Total))
	}
	var planned loader
	a.during(func() {
		planned, err = s.prepareLoad(ctx, dir, load.Options{
			Into: into, Progress: func(x load.Status) { now.Store(&x) },
			Password: func(ctx context.Context, user, host string) (string, error) {
				return a.secret(ctx, "Password of "+text.Clean(user)+" on "+text.Clean(host)+" (not shown): ")
			},
		})
	}, far)
	if err == nil {
		defer planned.Close()
		for _, t := range planned.Plan().Tables {
			columns := mapped(t.Columns, func(x *load.Column) string { return x.Name + " " + string(x.Type) })
			a.printLines("%s: %s, %s: %s", t.Name, t.Action, text.Count(t.Rows, "row"), strings.Join(columns, ", "))
			for _, n := range t.Notes {
				a.printLines("Warning: %s", n)
			}
		}
		yes, asked := a.yes(ctx, "Load them now?", true)
		if asked != nil || !yes {
			return asked
		}
		var result *load.Result
		a.during(func() { result, err = planned.Do(ctx) }, far)
		if err == nil {
			a.printLines("%s in %s: all rows were read back and match.", text.Count(result.Rows(), "row"), result.Target)
			for _, n := range slices.Concat(result.Left, result.Notes) {
				a.printLines("Warning: %s", n)
			}
			return nil
		}
	}
	if err := s.reportError(ctx, a, err); err != nil {
		return err
	}
	return c.askLoad(ctx, a)
}

func (c *doneStep) askSave(ctx context.Context, a *asker) error {
	save, err := a.yes(ctx, "Save your answers (never the secret) to fauna-export.yaml?", false)
	if err != nil || !save {
		return err
	}
	path, err := c.saving()(ctx)
	if err != nil {
		a.printLines("Error: %s", c.s.sentence(err))
		return nil
	}
	c.saved = path
	a.printLines("Saved to %s.", homePath(path))
	return nil
}
