package tui

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"fauna-export/export"
	"fauna-export/export/row"
	"fauna-export/fauna"
	"fauna-export/tui/text"
)

func (c *checkStep) title() (string, string) {
	question := "Ready to export?"
	if c.s.place.begun {
		question = "Ready to resume the export?"
	}
	if !c.known() {
		return question, ""
	}
	aside := text.Count(int64(len(c.names)), "collection")
	rows, bytes := c.tally.totals()
	aside += " · " + text.Count(rows, "document")
	if !c.tally.done() {
		return question, aside + " so far"
	}
	return question, aside + " · about " + text.Size(int64(bytes))
}

func (c *checkStep) body(w, h int) []string {
	st := c.s.st
	switch {
	case c.asking.err != nil:
		lines := append(marked(st, noteBad, c.s.sentence(c.asking.err), w), "", "  r checks again.")
		if c.refused() {
			lines[len(lines)-1] = "  x changes the secret, r checks again."
		}
		if c.s.runner.progress().state == runIdle {
			lines[len(lines)-1] += " Nothing has been exported yet."
		}
		return lines
	case c.asking.busy:
		return []string{c.s.spinner + " asking the server …"}
	}
	footer := c.footer(w, max(2, h/2))
	if c.list.narrowed() {
		footer = append([]string{"  " + c.list.filter(w-2)}, footer...)
	}
	n, rows := len(c.listed()), h-1-len(footer)
	if n > rows {
		rows-- // leaves room to say which part is shown
	}
	from, to, part := c.list.window(n, rows)
	lines := c.table(w, from, to)
	if part != "" {
		lines = append(lines, st.faint.of("  "+part))
	}
	return append(lines, footer...)
}

// table draws the rows [from, to).
func (c *checkStep) table(w, from, to int) []string {
	st, last := c.s.st, 5
	rows := [][]string{{"", "collection", "documents", "est. size", "snapshot kept", ""}}
	room := 2 + 12 + 10 + 15
	if w < 70 {
		rows[0][4], room = "kept", 2+12+10+9
	}
	if c.s.mode == export.Incremental {
		rows[0][last] = "index"
	}
	name, status := 10, len(rows[0][last])
	for _, x := range c.listed()[from:to] {
		cells := c.row(x)
		name, status = max(name, text.Width(cells[1])), max(status, text.Width(cells[last]))
		rows = append(rows, cells)
	}
	if w < 70 && c.s.mode == export.Incremental { // the index matters more than the time
		for i, cells := range rows {
			rows[i] = slices.Delete(cells, 4, 5)
		}
		last, room = 4, 2+12+10
	}
	name = min(name, max(10, w-room-min(status, 30)-2))
	for _, figures := range []int{2, 3} {
		widest := slices.MaxFunc(rows, func(a, b []string) int { return text.Width(a[figures]) - text.Width(b[figures]) })[figures]
		for _, cells := range rows {
			cells[figures] = text.PadLeft(cells[figures], text.Width(widest))
		}
	}
	for i, cells := range rows {
		bar := " "
		cells[1] = text.Fit(cells[1], name)
		switch {
		case i == 0:
			bar, cells = "", mapped(cells, func(x string) string { return st.faint.on + x + st.faint.off })
			cells[0] += "   "
		case from+i-1 == c.list.at && len(c.names) > 1:
			bar, cells[1] = st.strong.of("▌"), st.bold.of(cells[1])
		}
		rows[i] = append([]string{bar + cells[0] + cells[1]}, cells[2:]...)
	}
	lines := strings.Split(strings.TrimRight(text.Table(rows), "\n"), "\n")
	return mapped(lines, func(l string) string { return text.Fit(l, w) })
}

// row returns the cells of a row: mark, name, documents, size, snapshot lifetime, status.
func (c *checkStep) row(name string) []string {
	st := c.s.st
	kind := c.s.status(name)
	x, counted := c.tally.found[name]
	cells := []string{st.good.of("✓ "), text.Clean(name), "…", "", text.Span(c.s.access[name].Life(c.found.at)), ""}
	switch {
	case kind == noteBad:
		return []string{st.bad.of("✗ "), cells[1], "", "", "", st.bad.of(c.s.statusText(name))}
	case x.err != nil:
		cells[0], cells[2], cells[5] = st.bad.of("✗ "), "", st.bad.of(c.s.sentence(x.err))
		return cells
	case kind == noteWarn:
		cells[0], cells[5] = st.warn.of("! "), st.warn.of(c.s.statusText(name))
	}
	if counted {
		cells[2], cells[3] = text.Number(x.rows), text.Size(int64(x.average*float64(x.rows)))
		if x.rows == 0 {
			cells[3] = "empty"
		}
	}
	if check, ok := c.found.indexes[name]; ok {
		state, kind := indexStatus(check)
		glyph, p := noteLook(st, kind)
		if kind != noteGood {
			cells[0] = p.of(glyph)
		}
		cells[5] = p.of(glyph + state)
	}
	return cells
}

// footer describes problems in at most maxLines lines, or else explains the numbers.
func (c *checkStep) footer(w, maxLines int) []string {
	lines := append([]string{""}, c.trouble(w, maxLines)...)
	if len(lines) > 1 {
		return lines
	}
	if c.s.place.begun {
		resumes := fmt.Sprintf("Resumes the unfinished export in %s, with its original options.", text.Clean(c.s.dirText))
		return append(lines, text.Indent(2, text.Wrap(resumes, w-2))...)
	}
	rows, bytes := c.tally.totals()
	var parts []string
	if took, rate := c.tally.forecast(rows, c.s.maxRate); rate > 0 {
		parts = append(parts, c.pace(took, rate))
		if life := c.life(); took > life/4*3 {
			parts = append(parts, fmt.Sprintf("The snapshot stays readable for only %s.", text.Span(life)))
			if len(c.s.shortHistory()) > 0 {
				parts = append(parts, "Press h to keep it longer.")
			}
		} else if life < math.MaxInt64 {
			parts = append(parts, fmt.Sprintf("The snapshot stays readable for %s.", text.Span(life)))
		}
	}
	about := slices.Concat(text.Wrap(strings.Join(parts, " "), w-2), text.Wrap(c.into(), w-2))
	lines = append(lines, mapped(about, func(l string) string { return "  " + l })...)
	if free := c.s.place.free; free > 0 && int64(bytes) > free {
		lines = append(lines, marked(c.s.st, noteWarn, "The disk may be too small: about "+text.Size(int64(bytes))+" is needed.", w)...)
	}
	return lines
}

func (c *checkStep) pace(took time.Duration, rate float64) string {
	perSecond, span := text.Number(int64(rate)), "about "+text.Span(took.Round(time.Second))
	if took < time.Second {
		span = "less than a second"
	}
	switch limited := c.s.maxRate > 0 && rate >= float64(c.s.maxRate); {
	case took >= time.Second && c.tally.opening() > took/2:
		return fmt.Sprintf("It takes %s: a few requests for each of %s.", span, text.Count(int64(len(c.names)), "collection"))
	case limited && c.s.cfg.Demo:
		return fmt.Sprintf("Demo throttled to %s documents/s, so %s.", perSecond, span)
	case limited:
		return fmt.Sprintf("Limited to %s documents/s, so %s.", perSecond, span)
	case took < time.Second: // too short for a meaningful rate
		return "At the measured rate it takes " + span + "."
	}
	return fmt.Sprintf("Measured: about %s documents/s, so %s.", perSecond, span)
}

func (c *checkStep) into() string {
	s, dir := c.s, text.Clean(c.s.dirText)
	if c.found.next != "" {
		return fmt.Sprintf("Already exported to %s. Enter exports again to %s.", dir, text.Clean(homePath(c.found.next)))
	}
	if about := s.place.about(); about != "" {
		dir += " (" + about + ")"
	}
	format := s.format.Title()
	if s.press != "" && s.press != row.None {
		format += ", " + string(s.press)
	}
	return fmt.Sprintf("Into %s: %s, %s.", dir, format, s.mode)
}

// trouble describes what prevents the export, and what can be done.
func (c *checkStep) trouble(w, maxLines int) []string {
	x := c.obstacles()
	var lines, parts []string
	if len(x.unready) > 0 && !c.s.wide {
		more := c.problem(x.unready, w)
		lines = more[:min(len(more), max(1, maxLines-2))]
	}
	if x.wrong > 0 {
		parts = append(parts, text.Count(int64(x.wrong), "collection")+" can't be read")
	}
	if len(x.unready) > 0 {
		parts = append(parts, text.Count(int64(len(x.unready)), "index")+" not ready")
	}
	if x.blocked() {
		do := "x skip, r check again"
		if x.fixable() {
			do = "u show fix, " + do
		}
		lines = append(lines, marked(c.s.st, noteBad, strings.Join(parts, ", ")+": "+do, w)...)
	} else if len(x.unready) > 0 {
		lines = append(lines, c.s.spinner+" "+text.Fit("still building; rechecked every few seconds", w-2))
	}
	return lines
}

// problem describes what is wrong with the index of the row under the cursor, or with
// the first that isn't ready.
func (c *checkStep) problem(unready []fauna.IndexCheck, w int) []string {
	x := unready[0]
	if names := c.listed(); c.list.at < len(names) {
		if here, ok := c.found.indexes[names[c.list.at]]; ok && !here.Ready() {
			x = here
		}
	}
	_, kind := indexStatus(x)
	return marked(c.s.st, kind, indexProblem(x), w)
}

func (c *checkStep) side(w, h int) []string {
	st := c.s.st
	if !c.known() {
		return titled(st, "Check", nil, w)
	}
	x := c.obstacles()
	if !x.blocked() && len(x.unready) == 0 {
		return titled(st, "What an export does", []string{
			"All documents are read from a single point in time: the snapshot. Fauna keeps old versions for 15 minutes plus the collection's history_days.", "",
			"Each collection becomes one file. When all are written they are verified against the manifest.", "",
			"Sizes are estimated from the first documents. An interrupted export resumes and produces identical files.",
		}, w)
	}
	problem := text.Wrap("If a key can't read a collection, Fauna reports it as empty, so each one is tested. The export doesn't start until every chosen collection can be read.", w)
	if len(x.unready) > 0 {
		problem = c.problem(x.unready, w)
	}
	out := append(titled(st, "The problem", nil, w), problem...)
	if x.fixable() {
		out = append(out, "", st.bold.of("Its fix (u copies or runs it)"), "")
		out = append(out, mapped(text.Lines(fixesText(c.s.fixes(x.unready, x.denied > 0))), func(l string) string { return highlight(st, text.Fit(l, w)) })...)
	}
	return out[:min(len(out), h)]
}

func (c *checkStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	c.names = s.chosen()
	found, err := checkServer(ctx, s.server, c.names, s.indexPattern())
	if err != nil {
		return s.askAgain(ctx, a, err)
	}
	c.found = found
	s.learn(found.listing)
	t := &c.tally
	t.reset(s.readable(), found.at)
	for _, name := range c.names {
		if s.status(name) == noteBad {
			a.printLines("%s: NOT readable: %s", name, s.statusText(name))
			continue
		}
		x := count(ctx, s.server, name, found.at, true, s.now)
		if x.err != nil {
			return s.askAgain(ctx, a, x.err)
		}
		t.add(name, x)
		line := fmt.Sprintf("%s: readable, %s", name, text.Count(x.rows, "document"))
		if life := s.access[name].Life(found.at); life < math.MaxInt64 {
			line += ", snapshot kept " + text.Span(life)
		}
		a.printLines("%s%s", line, prefixed(", warning: ", s.statusText(name), ""))
	}
	rows, bytes := t.totals()
	a.printLines("%s, about %s.", text.Count(rows, "document"), text.Size(int64(bytes)))
	if took, rate := t.forecast(rows, s.maxRate); rate > 0 {
		a.printLines("%s", c.pace(took, rate))
		if took > c.life()/4*3 {
			a.printLines("Warning: a snapshot stays readable for only %s.%s", text.Span(c.life()), prefixed(" To keep it longer, run as admin:\n", s.historyFQL(), ""))
		}
	}
	x := c.obstacles()
	if x.wrong > 0 {
		return c.askFix(ctx, a, x.wrong)
	}
	for _, index := range x.unready {
		a.printLines("Error: %s.", indexProblem(index))
	}
	if queries := s.fixes(x.unready, false); len(queries) > 0 {
		a.printLines("Run in the Fauna shell:\n\n%s\n", fixesText(queries))
	}
	if len(x.unready) > 0 {
		return cmp.Or(a.agree(ctx, "Check again?", true, errBack), errAgain)
	}
	return a.agree(ctx, "Start the export?", true, errBack)
}

func (c *checkStep) askFix(ctx context.Context, a *asker, wrong int) error {
	i, err := a.choose(ctx, text.Count(int64(wrong), "collection")+" can't be read.", []string{
		"show the FQL that adds them to the role, and check again", "skip them", "choose other collections",
	}, 0)
	switch {
	case err != nil:
		return err
	case i == 0:
		a.printLines("\n%s\n", c.s.setup().RoleUpdateFQL())
		_, err := a.line(ctx, "Run it in the Fauna shell, then press enter: ")
		return cmp.Or(err, errAgain)
	case i == 1:
		c.skip()
		if len(c.s.chosen()) > 0 {
			return errAgain
		}
	}
	return &errStep{collectionsID}
}

func (s *session) askAgain(ctx context.Context, a *asker, err error) error {
	if err := s.reportError(ctx, a, err); err != nil {
		return err
	}
	return cmp.Or(a.agree(ctx, "Try again?", true, errBack), errAgain)
}
