package tui

import (
	"context"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna/fql"
)

// collectionsStep asks for names: before a secret exists they are typed or
// pasted, since nothing can list them; afterwards the list is the server's.
type collectionsStep struct {
	s      *session
	field  field
	inList bool // the focus: the list, or the field

	typed fql.Names     // what is in the field
	bad   []fql.BadName // pasted or typed, and no possible name
	cut   string        // why a pasted list was not whole, "" when it was

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
		text, err := shell(ctx, fql.CollectionsFQL(fql.V4))
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

func (c *collectionsStep) keys() collectionsKeys {
	k := c.s.keys.collections
	k.run.SetEnabled(c.s.cfg.Shell != nil)
	k.unfilter.SetEnabled(c.filter.value() != "")
	return k
}

func (c *collectionsStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	switch k := c.keys(); {
	case pressed(m, k.copy):
		return c.s.copy(fql.CollectionsFQL(fql.V4)), true
	case pressed(m, k.run):
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
		c.typed = fql.Names{}
		return nil, true
	}
	switch k := c.keys(); {
	case pressed(m, k.next):
		c.submit()
		return nil, true
	case pressed(m, k.toList):
		c.commit()
		c.inList = len(c.rows)+len(c.bad) > 0
		return nil, true
	}
	if !c.field.key(m) {
		return nil, false
	}
	c.typed = fql.ParseNames(c.field.value())
	return nil, true
}

// isList reports whether a pasted text is more than a piece of a name.
func (c *collectionsStep) isList(text string) bool {
	return strings.ContainsAny(strings.TrimSpace(text), "\r\n,;\"'(){}[]")
}

// paste takes names out of any text that a shell printed.
func (c *collectionsStep) paste(text string) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	c.take(fql.ParseNames(text))
}

// take puts names on the list and says what was found.
func (c *collectionsStep) take(n fql.Names) {
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
	c.take(fql.ParseNames(c.field.value()))
	c.field.set("")
	c.typed = fql.Names{}
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
	if c.list.key(c.s.keys.move, m, n, c.height) {
		return nil, true
	}
	switch k := c.keys(); {
	case pressed(m, k.next):
		c.submit()
	case pressed(m, k.toField):
		c.inList = false
	case pressed(m, k.unfilter):
		c.filter.set("")
		c.refilter()
	case pressed(m, k.choose):
		if c.list.cursor < len(c.rows) {
			x := &c.s.choices[c.rows[c.list.cursor]]
			x.chosen = !x.chosen
		}
	case pressed(m, k.all, k.none):
		for _, i := range c.rows {
			c.s.choices[i].chosen = pressed(m, k.all)
		}
	case pressed(m, k.filter):
		c.filtering = true
	case pressed(m, k.drop):
		c.drop()
	case pressed(m, k.update):
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
	return s.mendingPanel(s.mending(nil, true))
}

func (c *collectionsStep) filterKey(m tea.KeyMsg) bool {
	switch k := c.s.keys.filter; {
	case pressed(m, k.done):
		c.filtering = false
	case pressed(m, k.drop):
		c.filtering = false
		c.filter.set("")
	default:
		c.filter.key(m)
	}
	c.refilter()
	return true
}
