package tui

import (
	"fmt"

	"github.com/charmbracelet/bubbles/key"

	"fauna-export/fauna/fql"
)

func (c *collectionsStep) title() (string, string) {
	return "Which collections?", clean(c.s.endpoint.Host())
}

func (c *collectionsStep) body(w, h int) []string {
	st := c.s.st
	lines := []string{c.field.view(st, w, !c.inList && !c.filtering)}
	switch {
	case c.filtering:
		lines = append(lines, pad("  filter", 9)+c.filter.view(st, w-9, true))
	case c.filter.value() != "":
		lines = append(lines, "  filter: "+clean(c.filter.value())+st.faint.of("   / changes it, esc clears it"))
	default:
		lines = append(lines, "")
	}
	foot := c.foot(w, h)
	room := h - len(lines) - len(foot)
	rows := c.view(w, room)
	lines = append(lines, rows...)
	for range room - len(rows) {
		lines = append(lines, "")
	}
	return append(lines, foot...)
}

// view draws the list: what is typed comes first while it is typed.
func (c *collectionsStep) view(w, h int) []string {
	st := c.s.st
	var lines []string
	for _, name := range c.typed.Names {
		if len(lines) >= max(1, h/2) {
			break
		}
		text := "  " + st.accent.of("[+]") + " " + clean(name)
		if c.listed(name) {
			text += st.faint.of("   on the list already")
		}
		lines = append(lines, text)
	}
	for _, b := range c.typed.Bad {
		lines = append(lines, c.badRow(b, w, false))
	}
	n := len(c.rows) + len(c.bad)
	room := h - len(lines)
	c.height = max(1, room)
	if n == 0 {
		return lines
	}
	more := n > room
	if more {
		c.height = max(1, room-1)
	}
	from, to := c.list.window(n, c.height)
	wide := c.nameWidth(from, to, w)
	for i := from; i < to; i++ {
		here := c.inList && !c.filtering && i == c.list.cursor
		if i >= len(c.rows) {
			lines = append(lines, c.badRow(c.bad[i-len(c.rows)], w, here))
			continue
		}
		lines = append(lines, c.row(c.s.choices[c.rows[i]], wide, w, here))
	}
	if more {
		lines = append(lines, st.faint.of("  "+moreText(from, to-from, n, "names")))
	}
	return lines
}

func (c *collectionsStep) nameWidth(from, to, w int) int {
	wide := 0
	for i := from; i < min(to, len(c.rows)); i++ {
		wide = max(wide, width(clean(c.s.choices[c.rows[i]].name)))
	}
	return min(wide, max(10, w-34))
}

func (c *collectionsStep) row(x choice, wide, w int, here bool) string {
	st := c.s.st
	mark := "  "
	if here {
		mark = st.strong.of("> ")
	}
	text, kind := c.s.standingText(x.name), c.s.standing(x.name)
	box := "[ ]"
	if x.chosen {
		box = st.accent.of("[x]")
		if kind == noteBad {
			box = st.bad.of("[!]")
		}
	}
	name := pad(clean(x.name), wide)
	if here {
		name = st.bold.of(name)
	}
	_, p := noteLook(st, kind)
	if n, ok := c.s.counts[x.name]; ok && text == "" {
		text, p = plural(n, "document", "documents"), st.faint
	}
	if kind == noteBad && !x.chosen {
		p = st.faint
	}
	return fit(mark+box+" "+name+"   "+p.of(text), w)
}

func (c *collectionsStep) badRow(b fql.BadName, w int, here bool) string {
	mark := "  "
	if here {
		mark = c.s.st.strong.of("> ")
	}
	return fit(mark+"[ ] "+clean(b.Name)+"   "+c.s.st.bad.of("✗ not a possible name: "+clean(b.Why)), w)
}

// foot is the query that lists the names, what was cut, and the counts.
func (c *collectionsStep) foot(w, h int) []string {
	st := c.s.st
	var lines []string
	if c.cut != "" {
		for i, l := range wrap(clean(c.cut), w-4) {
			lines = append(lines, lead(i, st.warn.of("! "))+l)
		}
	}
	query := cleanLines(fql.CollectionsFQL(fql.V4))
	rows := len(c.s.choices) + len(c.bad) + len(c.typed.Names) + len(c.typed.Bad)
	switch {
	case c.s.known != nil:
	case rows+len(query)+len(lines)+6 <= h:
		lines = append(lines, "", "  Don't know the names? Run this in the Fauna shell, paste what it prints:")
		for _, l := range query {
			lines = append(lines, "    "+highlight(st, l))
		}
	case !c.inList:
		lines = append(lines, "", "  "+st.faint.of(fit("More names? ctrl+y copies the query that lists them.", w-2)))
	}
	return append(lines, "", "  "+c.counts())
}

func (c *collectionsStep) counts() string {
	chosen := len(c.s.chosen())
	for _, name := range c.typed.Names {
		if !c.listed(name) {
			chosen++
		}
	}
	text := fmt.Sprintf("%s chosen", countText(int64(chosen)))
	if len(c.s.choices) > chosen {
		text += " of " + countText(int64(len(c.s.choices)))
	}
	if n := len(c.bad) + len(c.typed.Bad); n > 0 {
		text += fmt.Sprintf(" · %d impossible", n)
	}
	missing, hidden := 0, 0
	for _, x := range c.s.choices {
		switch {
		case !x.chosen || c.s.standing(x.name) != noteBad:
		case c.s.access[x.name].Exists:
			hidden++
		default:
			missing++
		}
	}
	if missing > 0 {
		text += fmt.Sprintf(" · %d not there", missing)
	}
	if hidden > 0 {
		text += fmt.Sprintf(" · %d not in the role: u the FQL", hidden)
	}
	return text
}

func (c *collectionsStep) hints() []key.Binding {
	k := c.keys()
	switch {
	case c.filtering:
		return []key.Binding{c.s.keys.filter.done}
	case c.inList && c.s.server != nil:
		return []key.Binding{k.next, k.choose, k.all, k.none, k.filter, k.toField, k.drop, k.update}
	case c.inList:
		return []key.Binding{k.next, k.choose, k.all, k.none, k.filter, k.toField, k.drop}
	case len(c.rows)+len(c.bad)+len(c.typed.Names) > 0:
		return []key.Binding{k.next, k.toList, k.run, k.copy}
	}
	return []key.Binding{k.next, k.run, k.copy}
}

func (c *collectionsStep) typing() bool { return !c.inList || c.filtering }

func (c *collectionsStep) help() string {
	return "Name the collections to export: type them with spaces or commas between, or paste anything that the Fauna shell printed: arrays, Collection(\"x\"), @ref objects, one a line. Names are picked out." +
		"\n\nNothing can list collections before a secret exists. The query on the screen lists them in the Fauna shell; ctrl+y copies it." +
		"\n\nOnce the secret is accepted, this list is the server's, and what the key may not read is marked."
}
