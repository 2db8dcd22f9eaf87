package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export/load"
	"fauna-export/tui/text"
)

// A loader is a planned load; *load.Load is one.
type loader interface {
	Plan() *load.Plan
	DDL() string
	Do(ctx context.Context) (*load.Result, error)
	Close() error
}

func prepareLoad(ctx context.Context, dir string, o load.Options) (loader, error) {
	from, err := storeOf(dir)
	if err != nil {
		return nil, err
	}
	o.From = from
	l, err := load.Prepare(ctx, o)
	if err != nil {
		return nil, err // not a nil *Load in an interface
	}
	return l, nil
}

// targets are offered in the Output step, each with the initial text of its load field.
var targets = []struct{ name, into, about string }{
	{"files", "", ""}, {"Postgres", "postgres://USER@localhost/DATABASE", aboutLoad},
	{"SQLite", "sqlite:DIR.db", aboutLoad}, {"Parquet", "parquet:DIR-typed", aboutLoad},
}

const aboutLoad = "after the export; format wire keeps the exact types of times, dates, bytes and refs"

func (s *session) targetText(dir string) string {
	return strings.ReplaceAll(targets[s.target].into, "DIR", dir)
}

// A loading loads the files of an export into a database: target, plan, progress, proof.
type loading struct {
	s        *session
	dir      string
	into     field
	password secretField
	asks     bool // ask for the password
	close    func()

	working wait            // progress is redrawn with each turn of the spinner
	ctx     context.Context // for planning and loading; ended by cancel
	cancel  context.CancelFunc
	status  *atomic.Pointer[load.Status]
	planned loader       // nil until planned
	ddl     bool         // show the statements, not the tables
	result  *load.Result // nil until done
	err     error
	pane
}

func newLoading(s *session, dir string, closed func()) *loading {
	c := &loading{s: s, dir: dir, close: closed, into: newField(s.st, "postgres://user@host/db, sqlite:FILE, parquet:DIR or csv:DIR"), pane: newPane()}
	c.password.hint = "password"
	c.into.set(s.targetText(dir))
	return c
}

func (c *loading) drop() {
	c.working.drop()
	if c.cancel != nil {
		c.cancel()
	}
	c.password.wipe()
	if c.planned != nil {
		_ = c.planned.Close() // no work is pending in it
		c.planned = nil
	}
}

// plan connects to the target and reads every row.
func (c *loading) plan() {
	into, dir, prepare := strings.TrimSpace(c.into.value()), c.dir, c.s.prepareLoad
	if c.err = load.ParseTarget(into); c.err != nil {
		return
	}
	var password load.Password
	if c.asks {
		secret := strings.TrimSpace(string(c.password.typed))
		password = func(context.Context, string, string) (string, error) { return secret, nil }
	}
	c.status = &atomic.Pointer[load.Status]{}
	c.ctx, c.cancel = context.WithCancel(c.s.jobs.ctx) // outlives planning, as the plan holds a connection
	ctx, status := c.ctx, c.status
	await(c.s, &c.working, func(context.Context) (loader, error) {
		return prepare(ctx, dir, load.Options{Into: into, Password: password, Progress: func(s load.Status) { status.Store(&s) }})
	}, func(planned loader, err error) {
		if err != nil {
			c.cancel()
			c.err = err
			le, ok := errors.AsType[*load.Error](err)
			c.asks = c.asks || ok && le.Kind == load.KindRefused && strings.HasPrefix(into, "postgres")
			return
		}
		c.planned = planned
		c.password.wipe()
	})
}

func (c *loading) do() {
	planned, ctx := c.planned, c.ctx
	c.err = nil
	await(c.s, &c.working, func(context.Context) (*load.Result, error) { return planned.Do(ctx) }, func(result *load.Result, err error) {
		if c.err = err; err != nil {
			c.drop() // a load is done once: another is prepared for what is missing
			return
		}
		c.result = result
		c.s.event("loaded %s into %s", text.Count(result.Rows(), "row"), result.Target)
	})
}

func (c *loading) busy() bool { return c.working.busy }

func (c *loading) actions() []action {
	if c.busy() {
		return []action{stopping(func() {
			c.cancel()
			c.s.say(noteInfo, "Stopping. What was loaded is complete; run it again to load the rest.")
		})}
	}
	esc := on("", "close", c.close, "esc", "shift+tab")
	switch {
	case c.result != nil:
		return []action{on("enter", "close", c.close), c.scroll(), esc}
	case c.planned != nil:
		ddl := "show DDL"
		if c.ddl {
			ddl = "show tables"
		}
		return []action{on("enter", "load", c.do), on("d", ddl, func() { c.ddl = !c.ddl; c.pane.view.GotoTop() }), c.scroll(), esc}
	}
	return []action{on("enter", "plan it", c.plan), on("tab", "target", func() { c.asks = false }).when(c.asks), esc}
}

func (c *loading) key(m tea.KeyMsg) bool {
	switch {
	case c.planned != nil || c.busy():
		return c.pane.key(m)
	case c.asks:
		c.err, m.Paste = nil, false // as typed: don't look for a Fauna secret in it
		return c.password.key(m)
	}
	c.err = nil
	return c.into.key(m)
}

func (c *loading) title() (string, string) {
	switch {
	case c.result != nil:
		return "Loaded and verified", c.part()
	case c.busy() && c.planned != nil:
		return "Loading", ""
	case c.busy():
		return "Reading every row, for exact types", ""
	case c.planned != nil:
		return "Ready to load?", text.Count(int64(len(c.planned.Plan().Tables)), "table") + " · " + text.Count(c.planned.Plan().Rows(), "row") + prefixed(" · ", c.part(), "")
	}
	return "Load into a database", ""
}

func (c *loading) body(w, h int) []string {
	st := c.s.st
	var wrong []string
	if c.err != nil {
		wrong = append(marked(st, noteBad, c.s.sentence(c.err), w), "")
	}
	switch {
	case c.result != nil:
		return c.lines(c.proofLines(w), w, h)
	case !c.busy() && c.planned == nil:
		lines := append(marked(st, noteGood, headline(c.s.runner.progress()), w), "", st.mark(true)+c.into.view(w-2, !c.asks))
		if c.asks {
			lines = append(lines, "", st.mark(true)+c.password.view(st, w-2, true))
		}
		lines = append(append(lines, ""), wrong...)
		about := []string{"postgres://USER@HOST/DATABASE[?schema=NAME]", "sqlite:FILE", "parquet:DIR    typed files for DuckDB and data lakes", "csv:DIR        typed files", ""}
		about = append(about, text.Wrap("Or later: fauna-export load "+text.ShellWord(homePath(c.dir))+" --into TARGET", w-2)...)
		return append(lines, mapped(about, func(l string) string { return "  " + st.faint.of(text.Fit(l, w-2)) })...)
	case c.busy():
		s := c.status.Load()
		if s == nil {
			return []string{c.s.spinner + " connecting …"}
		}
		label := fmt.Sprintf(" %3d %%  %s of %s rows", text.Percent(s.Rows, s.Total), text.Short(s.Rows), text.Short(s.Total))
		return []string{
			st.progress(float64(s.Rows)/float64(max(1, s.Total)), max(8, w-text.Width(label)-1), false) + label, "",
			fmt.Sprintf("%s %s: %d of %s  %s", c.s.spinner, s.Phase, s.Tables, text.Count(int64(s.AllTables), "table"), text.Clean(s.Collection)),
		}
	}
	return append(wrong, c.lines(c.planLines(w), w, h-len(wrong))...)
}

// planLines lists the tables with their columns, or the statements that create them.
func (c *loading) planLines(w int) []string {
	st := c.s.st
	if c.ddl {
		return mapped(text.Lines(c.planned.DDL()), func(l string) string { return text.Fit(l, w) })
	}
	var lines []string
	for _, t := range c.planned.Plan().Tables {
		about := string(t.Action) + " " + text.Count(t.Rows, "row")
		if t.Action == load.Skip {
			about = "already loaded"
		}
		lines = append(lines, text.Sides(st.bold.of(text.Fit(text.Clean(t.Name), w-24)), st.faint.of(about), w))
		var columns []string
		for _, x := range t.Columns {
			one := text.Clean(x.Name) + " " + st.accent.of(string(x.Type))
			if x.Collection != "" {
				one += " → " + text.Clean(x.Collection)
			}
			columns = append(columns, one)
		}
		lines = append(lines, text.Indent(2, text.Wrap(strings.Join(columns, ", "), w-2))...)
		for _, n := range t.Notes {
			lines = append(lines, marked(st, noteWarn, text.Clean(n), w)...)
		}
	}
	return lines
}

func (c *loading) proofLines(w int) []string {
	st := c.s.st
	r := c.result
	lines := marked(st, noteGood, fmt.Sprintf("%s in %s: all rows were read back and match.", text.Count(r.Rows(), "row"), text.Clean(r.Target)), w)
	if r.Skipped > 0 {
		lines = append(lines, "  "+text.Count(int64(r.Skipped), "collection")+" already loaded")
	}
	lines = append(lines, "")
	name := 10
	for _, p := range r.Proofs {
		name = max(name, min(w/2, text.Width(text.Clean(p.Table))))
	}
	for _, p := range r.Proofs {
		lines = append(lines, text.Fit(fmt.Sprintf("  %s  %s  %s  %s", text.Pad(text.Clean(p.Table), name), text.PadLeft(text.Count(p.Rows, "row"), 16),
			text.PadLeft(text.Span(time.Duration(p.Seconds*float64(time.Second))), 7), st.faint.of("hash "+text.Fit(text.Clean(p.Hash), 9))), w))
	}
	for _, k := range r.Keys {
		lines = append(lines, "  "+st.accent.of("key")+" "+text.Fit(text.Clean(k), w-6))
	}
	for _, n := range slices.Concat(r.Left, r.Notes) {
		lines = append(lines, marked(st, noteWarn, text.Clean(n), w)...)
	}
	return lines
}
