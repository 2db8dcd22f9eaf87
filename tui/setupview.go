package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/fauna"
)

func (c *setupStep) update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case cardCopiedMsg:
		c.markCopied(m)
	case shellMsg:
		c.answered(m)
	case appliedMsg:
		if m.gen != c.gen {
			return nil
		}
		c.applying = false
		if m.err != nil {
			c.s.fail(m.err)
			return nil
		}
		c.dropAdmin()
		c.s.found = m.secret
		made := c.makes()
		c.s.say(noteGood, "%s are made; the admin's secret is forgotten.", strings.ToUpper(made[:1])+made[1:])
		c.s.goTo = secretID
	}
	return nil
}

// answered shows what the demo's shell printed, once: its secret is held for the
// next step and not shown again.
func (c *setupStep) answered(m shellMsg) {
	c.running = false
	if m.err != nil && m.text == "" {
		c.s.fail(m.err)
		return
	}
	p := &panel{
		title: "The demo server answers, as Fauna's shell prints it",
		text:  cleanLines(m.text), fql: true,
	}
	if m.err != nil {
		p.title = "The demo server refuses, as Fauna's shell prints it"
		if strings.Contains(m.text, "already exists") {
			c.s.say(noteInfo, "It exists already: u changes the text to an update.")
		}
		c.s.panel = p
		return
	}
	if m.gen == c.gen && m.card < len(c.cards) {
		c.cards[m.card].ran = true
	}
	p.done = "next card"
	p.close = func() tea.Cmd { c.turn(1); return nil }
	if strings.Contains(m.text, "secret") {
		if secret, _ := fauna.FindSecret(m.text); !secret.IsZero() {
			c.s.found = secret
			p.title = "The demo server answers. The secret is shown only once."
			p.done = "take the secret to the next step"
			p.close = func() tea.Cmd { c.s.goTo = secretID; return nil }
		}
	}
	c.s.panel = p
}

func (c *setupStep) body(w, h int) []string {
	st := c.s.st
	if c.admin != nil {
		return c.adminBody(w)
	}
	if len(c.cards) == 0 {
		return nil
	}
	above, below := min(c.at, 1), min(len(c.cards)-1-c.at, 1)
	if h > 16 {
		above, below = min(c.at, 2), min(len(c.cards)-1-c.at, 2)
	}
	var lines []string
	for i := c.at - above; i < c.at; i++ {
		lines = append(lines, c.folded(i, w))
	}
	x := c.cards[c.at]
	whys := 0
	if h >= 13 {
		whys = 2
	}
	room := h - above - below - 2 - whys
	from, to := c.window(len(x.lines), max(1, room))
	inner := w - 4
	state := ""
	switch {
	case c.running:
		state = "running …"
	case x.ran && x.copied:
		state = "ran ✓ copied ✓"
	case x.ran:
		state = "ran ✓"
	case x.copied:
		state = "copied ✓"
	}
	side := st.accent.of("│")
	lines = append(lines, edge(st, "┌", "┐", st.bold.of(c.heading(c.at)), st.good.of(state), w))
	for _, l := range x.lines[from:to] {
		lines = append(lines, side+" "+padStyled(highlight(st, fit(l, inner)), inner)+" "+side)
	}
	foot := ""
	if len(x.lines) > c.shown {
		foot = moreText(c.top, c.shown, len(x.lines), "lines") + ", ↑ ↓"
	}
	lines = append(lines, edge(st, "└", "┘", "", st.faint.of(fit(foot, w-6)), w))
	for _, l := range c.why(w - 4)[:whys] {
		lines = append(lines, "  "+st.faint.of(l))
	}
	for i := c.at + 1; i <= c.at+below; i++ {
		lines = append(lines, c.folded(i, w))
	}
	return lines
}

// why is the reason for the open card, and for a role those for the privileges
// that are in sight: two lines, so that nothing jumps.
func (c *setupStep) why(w int) []string {
	x := c.cards[c.at]
	var lines []string
	if len(x.reasons) == 0 {
		lines = wrap(clean(x.Why), w)
	} else {
		for _, reason := range x.reasons[c.top : c.top+c.shown] {
			if reason != "" {
				lines = append(lines, fit(reason, w))
			}
		}
	}
	return append(lines, "", "")[:2]
}

func (c *setupStep) heading(i int) string {
	return countText(int64(i+1)) + " of " + countText(int64(len(c.cards))) + " · " + clean(c.cards[i].Title)
}

// folded is a card that is not open: its name, state and first line.
func (c *setupStep) folded(i, w int) string {
	st := c.s.st
	x := c.cards[i]
	state := ""
	if x.ran {
		state = st.good.of("  ran ✓")
	} else if x.copied {
		state = st.good.of("  copied ✓")
	}
	name := 18
	for j := range c.cards {
		name = max(name, width(c.heading(j)))
	}
	text := "  " + pad(c.heading(i), min(name, w/3)) + "  " + highlight(st, strings.Join(strings.Fields(clean(strings.Join(x.lines[:min(6, len(x.lines))], " "))), " "))
	return pad(text, w-width(state)-1) + state
}

// edge is the upper or lower side of a box, with a text on the left and one on
// the right.
func edge(st styles, left, right, text, aside string, w int) string {
	if text != "" {
		text = " " + text + " "
	}
	if aside != "" {
		aside = " " + aside + " "
	}
	n := max(0, w-4-width(text)-width(aside))
	return fit(st.accent.of(left+"─")+text+st.accent.of(strings.Repeat("─", n))+aside+st.accent.of("─"+right), w)
}

// padStyled is pad for a text that is known to fit.
func padStyled(s string, w int) string {
	return s + strings.Repeat(" ", max(0, w-width(s)))
}

// makes is what an admin's secret makes.
func (c *setupStep) makes() string {
	if c.s.mode == export.Incremental {
		return "the indexes, the role and the key"
	}
	return "the role and the key"
}

func (c *setupStep) adminBody(w int) []string {
	st := c.s.st
	lines := indent(2, wrap("An admin's secret makes "+c.makes()+" for you, once, over this connection. It is not kept.", min(w-4, 76)))
	lines = append(lines, "", c.admin.view(st, w, !c.applying))
	if n := len(c.admin.text); n > 0 {
		lines = append(lines, "", "  "+st.faint.of(plural(int64(n), "character", "characters")))
	}
	if c.applying {
		lines = append(lines, "", "  making "+c.makes()+" …")
	}
	return lines
}
