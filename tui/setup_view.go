package tui

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"fauna-export/export"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

func (c *setupStep) title() (string, string) {
	switch {
	case c.s.method == accessAdmin && !c.creates() && !c.running.busy:
		return "This was created with the admin's secret.", ""
	case c.s.method == accessAdmin:
		return "This will be created with the admin's secret.", ""
	}
	return "Run these in the Fauna shell, in this order. Nothing changes until you do.", ""
}

func (c *setupStep) body(w, h int) []string {
	var head []string
	switch d := c.done(); {
	case c.running.busy && c.s.method == accessAdmin:
		head = []string{c.s.spinner + " creating " + c.makes() + " …", ""}
	case d != "":
		head = append(marked(c.s.st, noteGood, d+" Enter continues.", w), "")
	}
	list := c.list(w)
	if w >= 72 {
		return append(head, text.Beside(list, 23, c.box(w-23, h-len(head)))...)
	}
	if len(head) == 0 || h > 18 { // enough room for both
		head = append(head, list...)
	}
	return append(head, c.box(w, h-len(head))...)
}

func (c *setupStep) list(w int) []string {
	st := c.s.st
	maxRows, cells := 8, 22
	if w < 72 {
		maxRows, cells = 3, w
	}
	from := max(0, min(c.at-maxRows/2, len(c.cards)-maxRows))
	var lines []string
	for i := from; i < min(len(c.cards), from+maxRows); i++ {
		x := c.cards[i]
		state := ""
		switch {
		case x.ran:
			state = st.good.of("ran ✓")
		case x.copied:
			state = st.good.of("copied ✓")
		}
		name := text.Fit(fmt.Sprintf("%d %s", i+1, text.Clean(x.Title)), cells-text.Width(state)-3)
		lines = append(lines, text.Sides(st.name(i == c.at, name), state, cells))
	}
	if n := len(c.cards); n > maxRows {
		lines = append(lines, st.faint.of("  "+text.Count(int64(n), "query")))
	}
	if w >= 72 {
		lines = append(lines, "")
	}
	mode := "no"
	if c.s.mode == export.Incremental {
		mode = "yes"
	}
	mode = "  Incremental  " + st.accent.of(mode)
	if c.turns() {
		mode += st.faint.of("  i")
	}
	return append(lines, mode)
}

// box draws the current query and, if there is no second pane, the reason below it.
func (c *setupStep) box(w, h int) []string {
	x := c.cards[c.at]
	var why []string // shown in the second pane if there is one
	if !c.s.wide && h >= 10 {
		why = faintly(c.s.st, text.Clean(x.Why), w)
	}
	query := text.Lines(x.FQL)
	shown := c.lines(query, w-4, min(len(query), max(3, h-2-len(why))))
	shown = mapped(shown, func(l string) string { return highlight(c.s.st, strings.TrimRight(l, " ")) })
	state := "FQL " + string(fql.V4)
	if c.s.shellDialect() == fql.V10 && x.Dialect != fql.V4 {
		state = "FQL " + string(fql.V10)
	}
	if c.running.busy && c.s.method == accessFQL {
		state = c.s.spinner + " running"
	}
	title := text.Clean(x.Title)
	if first, _, ok := strings.Cut(x.FQL, "("); ok && len(first) < 20 {
		title = first
	}
	return append(box(c.s.st, title, state, c.part(), shown, w), why...)
}

func (c *setupStep) side(w, h int) []string {
	x := c.cards[c.at]
	out := titled(c.s.st, "Why", []string{text.Clean(x.Why), ""}, w)
	if x.Title == roleTitle {
		for _, p := range c.s.setup().Privileges() {
			if len(out) >= h-2 {
				out = append(out, c.s.st.faint.of("and so on for each collection"))
				break
			}
			out = append(out, c.s.st.accent.of(text.Fit(text.Clean(p.Resource), w)))
			out = append(out, faintly(c.s.st, text.Clean(p.Why), w)...)
		}
	}
	return out
}

// whys returns the reasons for a role's privileges, each kind once.
func whys(s fql.Setup) []string {
	var out []string
	seen := map[string]bool{}
	for _, p := range s.Privileges() {
		if !seen[p.Why] {
			seen[p.Why] = true
			out = append(out, text.Clean(p.Resource)+" "+p.Why)
		}
	}
	return out
}

func (c *setupStep) ask(ctx context.Context, a *asker) error {
	s, setup := c.s, c.s.setup()
	if s.method == accessAdmin {
		return c.askApply(ctx, a)
	}
	if s.cfg.Shell == nil {
		other := "show FQL v10, for newer Fauna shells"
		if s.dialect == fql.V10 {
			other = "show FQL v4"
		}
		i, err := a.choose(ctx, "Does the role "+setup.RoleName()+" already exist?", []string{"no: show the FQL that creates it", "yes: show the FQL that updates it", other}, 0)
		if err != nil {
			return err
		}
		if i == 2 {
			c.turnDialect()
			if s.note.kind == noteBad {
				a.printLines("Error: %s", s.note.text)
			}
			return errAgain
		}
		c.existing = i == 1
	}
	c.build()
	for n, x := range c.cards {
		a.printLines("\n%d. %s: %s\n\n%s", n+1, x.Title, x.Why, x.FQL)
	}
	if s.cfg.Shell == nil {
		_, err := a.line(ctx, "\nRun them in the Fauna shell in this order, then press enter: ")
		return err
	}
	yes, err := a.yes(ctx, "\nRun them on the demo server now?", true)
	if err != nil || !yes {
		return err
	}
	for _, q := range setup.All() {
		printed, err := s.cfg.Shell(ctx, q.FQL)
		if err != nil && strings.Contains(printed, "already exists") && q.FQL == setup.RoleFQL() {
			printed, err = s.cfg.Shell(ctx, setup.RoleUpdateFQL())
		}
		a.printLines("\n%s", printed)
		if err != nil {
			return fmt.Errorf("run the set-up on the demo server: %w", err)
		}
		if found, _ := fauna.FindSecret(printed); strings.Contains(printed, "secret") && !found.IsZero() {
			s.found = found
		}
	}
	return nil
}

// askApply creates role and key with the admin's secret, after confirmation.
func (c *setupStep) askApply(ctx context.Context, a *asker) error {
	s := c.s
	if !s.admin {
		return nil // created already
	}
	a.printLines("This creates the %s %s, which may only read: %s.", c.makes(), s.setup().RoleName(), strings.Join(s.chosen(), ", "))
	if err := a.agree(ctx, "Create them now?", true, errBack); err != nil {
		return err
	}
	made, err := s.server.Apply(ctx, s.setup())
	if err != nil {
		return cmp.Or(s.reportError(ctx, a, err), errBack)
	}
	s.made = s.mode
	a.printLines("Created; the admin's secret is discarded.")
	return s.askOpen(ctx, a, made, false)
}
