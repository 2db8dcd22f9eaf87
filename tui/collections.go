package tui

import (
	"context"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna"
)

// collectionsStep asks for names: before a secret exists they are typed or
// pasted, since nothing can list them; afterwards the list is the server's.
type collectionsStep struct {
	s      *session
	field  field
	inList bool // the focus: the list, or the field

	typed fauna.Names     // what is in the field
	bad   []fauna.BadName // pasted or typed, and no possible name
	cut   string          // why a pasted list was not whole, "" when it was

	list      list
	filter    field
	filtering bool
	rows      []int // choices that pass the filter
	height    int   // of the list, as last drawn
}

func newCollectionsStep(s *session) *collectionsStep {
	c := &collectionsStep{s: s}
	c.field.hint = "type names, or paste what the shell printed"
	return c
}

func (c *collectionsStep) enter() tea.Cmd {
	c.reconcile()
	c.inList = c.s.known != nil
	c.refilter()
	return nil
}

// reconcile puts the server's collections on the list, those that were not
// named unchosen, behind those that were.
func (c *collectionsStep) reconcile() {
	have := make(map[string]bool, len(c.s.choices))
	for _, x := range c.s.choices {
		have[x.name] = true
	}
	for _, name := range c.s.known {
		if !have[name] {
			c.s.choices = append(c.s.choices, choice{name: name})
		}
	}
}

func (c *collectionsStep) leave() {
	c.filtering = false
}

// listedMsg is what the demo's shell printed for the query on the screen.
type listedMsg struct {
	text string
	err  error
}

func (listedMsg) to() stepID { return collectionsID }

// ask runs the query on the demo server, in place of the Fauna shell.
func (c *collectionsStep) ask() tea.Cmd {
	shell := c.s.cfg.Shell
	return c.s.jobs.do(func(ctx context.Context) tea.Msg {
		text, err := shell(ctx, fauna.CollectionsFQL())
		return listedMsg{text, err}
	})
}

func (c *collectionsStep) update(m tea.Msg) tea.Cmd {
	l, ok := m.(listedMsg)
	switch {
	case !ok:
	case l.err != nil:
		c.s.fail(l.err)
	default:
		c.paste(l.text)
	}
	return nil
}

func (c *collectionsStep) refilter() {
	want := strings.ToLower(c.filter.value())
	c.rows = c.rows[:0]
	for i, x := range c.s.choices {
		if want == "" || strings.Contains(strings.ToLower(x.name), want) {
			c.rows = append(c.rows, i)
		}
	}
	c.list.clamp(len(c.rows) + len(c.bad))
}

func (c *collectionsStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	switch {
	case m.Type == tea.KeyCtrlY:
		return c.s.copy(fauna.CollectionsFQL()), true
	case m.Type == tea.KeyCtrlR && c.s.cfg.Shell != nil:
		return c.ask(), true
	}
	switch {
	case c.filtering:
		return nil, c.filterKey(m)
	case c.inList && m.Paste:
		c.paste(string(m.Runes))
		return nil, true
	case c.inList:
		return c.listKey(m)
	}
	return c.fieldKey(m)
}

func (c *collectionsStep) fieldKey(m tea.KeyMsg) (tea.Cmd, bool) {
	if m.Paste && c.isList(string(m.Runes)) {
		c.paste(c.field.value() + "\n" + string(m.Runes))
		c.field.set("")
		c.typed = fauna.Names{}
		return nil, true
	}
	switch m.Type {
	case tea.KeyEnter:
		c.submit()
		return nil, true
	case tea.KeyTab, tea.KeyDown:
		c.commit()
		c.inList = len(c.rows)+len(c.bad) > 0
		return nil, true
	}
	if !c.field.key(m) {
		return nil, false
	}
	c.typed = fauna.ParseNames(c.field.value())
	return nil, true
}

// isList reports whether a pasted text is more than a piece of a name.
func (c *collectionsStep) isList(text string) bool {
	return strings.ContainsAny(strings.TrimSpace(text), "\r\n,;\"'(){}[]")
}

// paste takes names out of any text that a shell printed.
func (c *collectionsStep) paste(text string) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	c.take(fauna.ParseNames(text))
}

// take puts names on the list and says what was found.
func (c *collectionsStep) take(n fauna.Names) {
	fresh := 0
	for _, name := range n.Names {
		if c.s.add(name) {
			fresh++
		}
	}
	for _, b := range n.Bad {
		if !c.hasBad(b.Name) {
			c.bad = append(c.bad, b)
		}
	}
	c.cut = ""
	if n.Cut {
		c.cut = n.CutWhy
	}
	c.refilter()
	if len(n.Names)+len(n.Bad) == 0 {
		c.s.say(noteBad, "No names in this text.")
		return
	}
	text := plural(int64(fresh), "name", "names") + " added"
	if old := len(n.Names) - fresh; old > 0 {
		text += fmt.Sprintf(", %d there already", old)
	}
	kind := noteGood
	if len(n.Bad) > 0 {
		text += fmt.Sprintf(", %d not possible", len(n.Bad))
		kind = noteWarn
	}
	c.s.say(kind, "%s", text)
}

func (c *collectionsStep) listed(name string) bool {
	for _, x := range c.s.choices {
		if x.name == name {
			return true
		}
	}
	return false
}

func (c *collectionsStep) hasBad(name string) bool {
	for _, b := range c.bad {
		if b.Name == name {
			return true
		}
	}
	return false
}

// commit moves what is typed to the list.
func (c *collectionsStep) commit() {
	if strings.TrimSpace(c.field.value()) == "" {
		return
	}
	c.take(fauna.ParseNames(c.field.value()))
	c.field.set("")
	c.typed = fauna.Names{}
}

// submit goes on when there is something to export. A text that is more than
// names (lines of a paste on a terminal that sends them as typed) stays here.
func (c *collectionsStep) submit() {
	text := c.field.value()
	bad := len(c.typed.Bad) > 0
	c.commit()
	switch {
	case bad:
	case strings.ContainsAny(text, "(){}[]"):
	case len(c.s.chosen()) == 0:
		c.s.say(noteBad, "Name at least one collection.")
	default:
		c.s.goTo = outputID
	}
}

func (c *collectionsStep) listKey(m tea.KeyMsg) (tea.Cmd, bool) {
	n := len(c.rows) + len(c.bad)
	if c.list.key(m, n, c.height) {
		return nil, true
	}
	switch m.String() {
	case "enter":
		c.submit()
	case "tab", "shift+tab", "i":
		c.inList = false
	case "esc":
		if c.filter.value() == "" {
			return nil, false
		}
		c.filter.set("")
		c.refilter()
	case " ", "x":
		if c.list.cursor < len(c.rows) {
			x := &c.s.choices[c.rows[c.list.cursor]]
			x.chosen = !x.chosen
		}
	case "a", "n":
		for _, i := range c.rows {
			c.s.choices[i].chosen = m.String() == "a"
		}
	case "/":
		c.filtering = true
	case "d", "delete", "backspace":
		c.drop()
	case "u":
		c.showUpdate()
	default:
		return nil, false
	}
	return nil, true
}

// drop takes a row off the list, but not a collection that the server has.
func (c *collectionsStep) drop() {
	i := c.list.cursor
	switch {
	case i >= len(c.rows)+len(c.bad):
		return
	case i >= len(c.rows):
		i -= len(c.rows)
		c.bad = append(c.bad[:i], c.bad[i+1:]...)
	default:
		at := c.rows[i]
		if c.s.access[c.s.choices[at].name].Exists {
			c.s.choices[at].chosen = false
			return
		}
		c.s.choices = append(c.s.choices[:at], c.s.choices[at+1:]...)
	}
	c.refilter()
}

// showUpdate shows the FQL that gives an existing role what is chosen now.
func (c *collectionsStep) showUpdate() {
	if p := updatePanel(c.s); p != nil {
		c.s.panel = p
	}
}

// updatePanel is the FQL that changes the role to what is chosen now, nil when
// nothing is that exists.
func updatePanel(s *session) *panel {
	if s.server == nil || len(s.setup().Collections) == 0 {
		s.say(noteInfo, "No collection is chosen that exists there.")
		return nil
	}
	fql := s.setup().RoleUpdateFQL()
	return &panel{
		title: "Run this in the Fauna shell: the role then reads these",
		text:  cleanLines(fql), fql: true, copy: fql, file: "fauna-role.fql",
	}
}

func (c *collectionsStep) filterKey(m tea.KeyMsg) bool {
	switch m.Type {
	case tea.KeyEnter, tea.KeyDown, tea.KeyTab:
		c.filtering = false
	case tea.KeyEsc:
		c.filtering = false
		c.filter.set("")
	default:
		c.filter.key(m)
	}
	c.refilter()
	return true
}

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

func (c *collectionsStep) badRow(b fauna.BadName, w int, here bool) string {
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
	query := cleanLines(fauna.CollectionsFQL())
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
		text += fmt.Sprintf(" · %d not in the role: u shows the FQL that adds them", hidden)
	}
	return text
}

func (c *collectionsStep) hints() []hint {
	if c.filtering {
		return []hint{{"enter", "to the list"}}
	}
	hs := []hint{{"enter", "next"}}
	if !c.inList {
		if len(c.rows)+len(c.bad)+len(c.typed.Names) > 0 {
			hs = append(hs, hint{"tab", "to the list"})
		}
		if c.s.cfg.Shell != nil {
			hs = append(hs, hint{"ctrl+r", "run the query on the demo server"})
		}
		return append(hs, hint{"ctrl+y", "copy the query"})
	}
	hs = append(hs, hint{"space", "choose"}, hint{"a", "all"}, hint{"n", "none"}, hint{"/", "filter"}, hint{"tab", "type names"}, hint{"d", "drop"})
	if c.s.server != nil {
		hs = append(hs, hint{"u", "update of the role"})
	}
	return hs
}

func (c *collectionsStep) typing() bool { return !c.inList || c.filtering }

func (c *collectionsStep) help() string {
	return "Name the collections to export: type them with spaces or commas between, or paste anything that the Fauna shell printed: arrays, Collection(\"x\"), @ref objects, one a line. Names are picked out." +
		"\n\nNothing can list collections before a secret exists. The query on the screen lists them in the Fauna shell; ctrl+y copies it." +
		"\n\nOnce the secret is accepted, this list is the server's, and what the key may not read is marked."
}
