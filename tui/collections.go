package tui

import (
	"context"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textarea"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

// collectionsStep asks which collections: before a secret is known they are typed or
// pasted, since nothing can list them; afterwards the server's are picked from.
type collectionsStep struct {
	s     *session
	area  textarea.Model
	typed fql.Names // what is in the area

	picker picker
	tally  tally
	stale  bool // counts have come that the picker has not
	unread bool // the key's rights are being asked for again
	gen    int
}

func newCollectionsStep(s *session) *collectionsStep {
	c := &collectionsStep{s: s, area: newArea(s.st, "type names, or paste what the shell printed"), picker: newPicker(s.st, 24)}
	c.tally = tally{s: s, step: collectionsID}
	if names := s.chosen(); len(names) > 0 {
		c.area.SetValue(strings.Join(names, ", "))
		c.typed = parseNames(c.area.Value())
	}
	return c
}

// parseNames reads names as people type them: in a line with commas a space that no
// name can hold separates too.
func parseNames(typed string) fql.Names {
	n := fql.ParseNames(typed)
	have := make(map[string]bool, len(n.Names))
	for _, name := range n.Names {
		have[name] = true
	}
	bad := n.Bad[:0]
	for _, b := range n.Bad {
		words, good := strings.Fields(b.Name), true
		for _, word := range words {
			good = good && fql.CheckName(word) == nil
		}
		if len(words) < 2 || !good {
			bad = append(bad, b)
			continue
		}
		for _, word := range words {
			if !have[word] {
				have[word] = true
				n.Names = append(n.Names, word)
			}
		}
	}
	n.Bad = bad
	return n
}

// picks reports whether there is a list to pick from.
func (c *collectionsStep) picks() bool { return c.s.known != nil }

func (c *collectionsStep) enter() tea.Cmd {
	if !c.picks() {
		if c.s.server != nil && len(c.s.choices) > 0 && c.area.Value() == "" {
			c.area.SetValue(strings.Join(c.s.chosen(), ", "))
		}
		c.typed = parseNames(c.area.Value())
		return nil
	}
	c.show()
	if len(c.tally.found) > 0 && c.tally.done() && c.s.counts != nil {
		return nil
	}
	var names []string
	for _, x := range c.s.choices {
		if c.s.access[x.name].Readable {
			names = append(names, x.name)
		}
	}
	return c.tally.start(names, 0)
}

func (c *collectionsStep) leave() {
	c.picker.find.typing = false
	if !c.picks() {
		c.take()
	}
}

// take makes the choice of what is typed.
func (c *collectionsStep) take() {
	c.s.choices = c.s.choices[:0]
	for _, name := range c.typed.Names {
		if !looksLikeSecret(name) {
			c.s.choices = append(c.s.choices, choice{name, true})
		}
	}
}

// show gives the picker the choices as they are now.
func (c *collectionsStep) show() {
	c.stale = false
	rows := make([]pick, 0, len(c.s.choices))
	for i, x := range c.s.choices {
		r := pick{name: text.Clean(x.name), chosen: x.chosen, kind: c.s.standing(x.name), about: c.s.standingText(x.name), id: i}
		if n, ok := c.s.counts[x.name]; ok && r.about == "" {
			r.about = text.Number(n)
		}
		if r.kind == noteBad && !c.s.access[x.name].Exists {
			if near := c.s.nearest(x.name); near != "" {
				r.about = "→ " + text.Clean(near) + "?"
			}
		}
		rows = append(rows, r)
	}
	c.picker.set(rows)
}

// listedMsg is what the demo's shell printed for the query on the screen.
type listedMsg struct {
	text string
	err  error
}

func (listedMsg) to() stepID { return collectionsID }

// rightsMsg is what the key may read now.
type rightsMsg struct {
	gen    int
	known  []string
	access []fauna.Access
	err    error
}

func (rightsMsg) to() stepID { return collectionsID }

// run runs the query on the demo server, in place of the Fauna shell.
func (c *collectionsStep) run() tea.Cmd {
	shell := c.s.cfg.Shell
	return c.s.jobs.do(func(ctx context.Context) tea.Msg {
		printed, err := shell(ctx, fql.CollectionsFQL(fql.V4))
		return listedMsg{printed, err}
	})
}

// again asks for the key's rights again.
func (c *collectionsStep) again() tea.Cmd {
	c.gen++
	c.unread = true
	gen, srv, names := c.gen, c.s.server, c.s.chosen()
	return c.s.jobs.do(func(ctx context.Context) tea.Msg {
		known, access, err := probe(ctx, srv, names)
		return rightsMsg{gen, known, access, err}
	})
}

func (c *collectionsStep) update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case listedMsg:
		if m.err != nil {
			c.s.fail(m.err)
			return nil
		}
		c.area.SetValue(m.text)
		c.parse()
		c.s.say(noteGood, "%s found.", text.Count(int64(len(c.typed.Names)), "name"))
	case countedMsg:
		c.stale = true // drawn anew with the next frame, not with each of a thousand
		return c.tally.update(m)
	case rightsMsg:
		if m.gen != c.gen {
			return nil
		}
		c.unread = false
		if m.err != nil {
			c.s.fail(m.err)
			return nil
		}
		c.s.learn(m.known, m.access)
		c.s.say(noteInfo, "Checked again.")
		return c.enter()
	case ranMsg:
		if !c.s.showRefusal(m) {
			c.s.panel = nil
			c.s.say(noteGood, "Ran on the demo server.")
			return c.again()
		}
	}
	return nil
}

func (c *collectionsStep) parse() { c.typed = parseNames(c.area.Value()) }

type collectionsKeys struct{ next, run, copy, line, nearest, drop, update, again, mode key.Binding }

func (c *collectionsStep) keys() collectionsKeys {
	picks, row := c.picks(), c.picker.at()
	misspelt := picks && row != nil && !c.s.access[c.name(row)].Exists
	_, denied := c.bad()
	k := collectionsKeys{
		next: bind("enter", "continue", "enter"),
		run:  when(!picks && c.s.cfg.Shell != nil, bind("ctrl+r", "run the query on the demo server", "ctrl+r")),
		copy: when(!picks, bind("ctrl+y", "copy the query", "ctrl+y")), line: when(!picks, c.area.KeyMap.InsertNewline),
		nearest: when(misspelt && c.s.nearest(c.name(row)) != "", bind("t", "take the nearest name", "t")),
		drop:    when(misspelt, bind("d", "remove", "d", "delete", "backspace")),
		update:  when(picks && denied > 0, bind("u", "show role update", "u")),
		again:   when(picks && denied > 0, bind("r", "check again", "r")),
		mode:    when(c.s.way == waySecret, bind("i", "incremental", "i")),
	}
	if !picks {
		k.mode.SetKeys("ctrl+t")
		k.mode.SetHelp("ctrl+t", "incremental")
	}
	if c.s.mode == export.Incremental {
		k.mode = saying(k.mode, "full")
	}
	return k
}

// name is the server's name of a row, whose own is cleaned.
func (c *collectionsStep) name(r *pick) string { return c.s.choices[r.id].name }

func (c *collectionsStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	k := c.keys()
	if c.picks() {
		return c.pickKey(m, k)
	}
	switch {
	case pressed(m, k.next):
		return nil, c.submit()
	case pressed(m, k.copy):
		return c.s.copy(fql.CollectionsFQL(c.s.dialect)), true
	case pressed(m, k.run):
		return c.run(), true
	case pressed(m, k.mode):
		c.s.turnMode()
		return nil, true
	case pressed(m, bind("", "", "esc", "shift+tab")):
		return nil, false
	case m.Paste && looksLikeSecret(string(m.Runes)):
		c.s.say(noteWarn, "That looks like a secret. It was not kept; paste it when you are asked for it.")
		return nil, true
	}
	m.Runes = visible(m.Runes)
	if m.Type == tea.KeyTab || m.Type == tea.KeyRunes && len(m.Runes) == 0 {
		return nil, true
	}
	if m.Paste && c.area.Value() != "" && !strings.HasSuffix(c.area.Value(), "\n") && strings.Contains(strings.TrimSpace(string(m.Runes)), "\n") {
		c.area.InsertString("\n")
	}
	c.area, _ = c.area.Update(m)
	c.parse()
	return nil, true
}

func (c *collectionsStep) pickKey(m tea.KeyMsg, k collectionsKeys) (tea.Cmd, bool) {
	if m.Paste && !c.picker.find.typing {
		c.paste(string(m.Runes))
		return nil, true
	}
	if !c.picker.find.typing {
		switch {
		case pressed(m, k.next):
			return nil, c.submit()
		case pressed(m, k.mode):
			c.s.turnMode()
			return nil, true
		case pressed(m, k.nearest):
			c.takeNearest()
			return nil, true
		case pressed(m, k.drop):
			i := c.picker.at().id
			c.s.choices = append(c.s.choices[:i:i], c.s.choices[i+1:]...)
			c.show()
			return nil, true
		case pressed(m, k.update):
			if qs := c.s.mending(nil, true); len(qs) > 0 {
				c.s.panel = c.s.mendingPanel(collectionsID, qs)
			}
			return nil, true
		case pressed(m, k.again):
			return c.again(), true
		}
	}
	return nil, c.picker.key(m, func(r pick) { c.s.choices[r.id].chosen = r.chosen })
}

// turnMode chooses between full and incremental.
func (s *session) turnMode() {
	if s.mode == export.Full {
		s.mode = export.Incremental
		return
	}
	s.mode = export.Full
}

// paste marks the names of a text, and only these.
func (c *collectionsStep) paste(printed string) {
	n := parseNames(printed)
	if len(n.Names) == 0 || looksLikeSecret(printed) {
		c.s.say(noteInfo, "No names found in the pasted text.")
		return
	}
	at := map[string]int{}
	for i := range c.s.choices {
		c.s.choices[i].chosen = false
		at[c.s.choices[i].name] = i
	}
	for _, name := range n.Names {
		if i, ok := at[name]; ok {
			c.s.choices[i].chosen = true
		} else {
			c.s.choices = append(c.s.choices, choice{name, true})
		}
	}
	c.s.sortChoices()
	c.show()
	c.s.say(noteGood, "%s marked.", text.Count(int64(len(n.Names)), "name"))
}

// takeNearest replaces a misspelt name by the server's nearest one.
func (c *collectionsStep) takeNearest() {
	i := c.picker.at().id
	near := c.s.nearest(c.s.choices[i].name)
	c.s.choices = append(c.s.choices[:i:i], c.s.choices[i+1:]...)
	for j := range c.s.choices {
		if c.s.choices[j].name == near {
			c.s.choices[j].chosen = true
		}
	}
	c.show()
	c.s.say(noteGood, "%s it is.", near)
}

// bad counts the chosen collections that do not exist, and those that the key may
// not read.
func (c *collectionsStep) bad() (missing, denied int) {
	for _, x := range c.s.choices {
		switch {
		case !x.chosen || c.s.standing(x.name) != noteBad:
		case c.s.access[x.name].Exists:
			denied++
		default:
			missing++
		}
	}
	return missing, denied
}

// submit continues when there is something to export.
func (c *collectionsStep) submit() bool {
	if !c.picks() {
		c.take()
	}
	missing, _ := c.bad()
	switch {
	case len(c.typed.Bad) > 0 && !c.picks():
		c.s.say(noteBad, "Invalid name: %s", c.typed.Bad[0].Name+" ("+c.typed.Bad[0].Why+")")
	case len(c.s.chosen()) == 0:
		c.s.say(noteBad, "Choose at least one collection.")
	case missing > 0:
		c.s.say(noteBad, "%s: t takes the nearest name, space leaves it out.", dontExist(missing))
	default:
		c.s.next(collectionsID)
	}
	return true
}

func dontExist(n int) string {
	if n == 1 {
		return "1 doesn't exist"
	}
	return text.Number(int64(n)) + " don't exist"
}

func (c *collectionsStep) title() (string, string) {
	if !c.picks() {
		return "Which collections?", ""
	}
	chosen := c.s.chosen()
	aside := text.Number(int64(len(chosen))) + " of " + text.Number(int64(len(c.s.choices)))
	var rows int64
	all := true
	for _, name := range chosen {
		n, ok := c.s.counts[name]
		rows += n
		all = all && (ok || !c.s.access[name].Readable)
	}
	if c.s.counts != nil {
		aside += " · " + text.Count(rows, "document")
		if !all {
			aside += " so far"
		}
	}
	return "Which collections?", aside
}

func (c *collectionsStep) body(w, h int) []string {
	st := c.s.st
	if !c.picks() {
		return c.typedBody(w, h)
	}
	if c.stale {
		c.show()
	}
	lines := []string{c.picker.filterLine(w)}
	foot := c.foot(w)
	rows := c.picker.view(w, h-len(lines)-len(foot))
	if len(rows) == 0 {
		rows = []string{st.faint.of("  nothing matches the filter")}
		if len(c.s.choices) == 0 {
			rows[0] = st.faint.of("  there are no collections here")
		}
	}
	lines = append(lines, rows...)
	for len(lines) < h-len(foot) {
		lines = append(lines, "")
	}
	return append(lines, foot...)
}

// foot says what is wrong with the choice, and the mode where it is asked here.
func (c *collectionsStep) foot(w int) []string {
	lines := []string{""}
	missing, denied := c.bad()
	var parts []string
	if missing > 0 {
		parts = append(parts, dontExist(missing))
	}
	if denied > 0 {
		parts = append(parts, text.Number(int64(denied))+" not in the role (u shows the FQL)")
	}
	if len(parts) > 0 {
		lines = append(lines, marked(c.s.st, noteWarn, strings.Join(parts, " · "), w)...)
	}
	if c.unread {
		lines = append(lines, c.s.spinner+" checking …")
	}
	if c.s.way == waySecret {
		lines = append(lines, c.s.modeLine(w))
	}
	return lines
}

// modeLine is the choice between full and incremental.
func (s *session) modeLine(w int) string {
	about := "every document, from a single point in time"
	if s.mode == export.Incremental {
		about = "first run exports everything, later runs only changes"
	}
	return "  Mode: " + s.st.accent.of(string(s.mode)) + "  " + s.st.faint.of(text.Fit(about, w-22))
}

func (c *collectionsStep) typedBody(w, h int) []string {
	st := c.s.st
	c.area.SetWidth(w)
	c.area.SetHeight(max(3, min(6, h/3)))
	lines := strings.Split(c.area.View(), "\n")
	foot := []string{""}
	if c.typed.Cut {
		foot = append(foot, marked(st, noteWarn, text.Clean(c.typed.CutWhy), w)...)
	}
	for i, b := range c.typed.Bad {
		if i == 2 {
			break
		}
		foot = append(foot, marked(st, noteBad, "Invalid name: "+text.Clean(b.Name)+": "+text.Clean(b.Why), w)...)
	}
	query := text.Lines(fql.CollectionsFQL(c.s.dialect))
	switch {
	case len(c.typed.Names) == 0 && len(lines)+len(foot)+len(query)+3 <= h:
		foot = append(foot, "  Don't know the names? Run this in the Fauna shell and paste the result:")
		for _, l := range query {
			foot = append(foot, "    "+highlight(st, l))
		}
	default:
		foot = append(foot, "  "+st.faint.of(text.Fit("Missing some? ctrl+y copies a query that lists all collections.", w-2)))
	}
	counts := text.Count(int64(len(c.typed.Names)), "collection")
	if n := len(c.typed.Bad); n > 0 {
		counts += " · " + text.Number(int64(n)) + " invalid"
	}
	foot = append(foot, "  "+counts)
	if c.s.way == waySecret {
		foot = append(foot, c.s.modeLine(w))
	}
	lines = append(lines, "")
	if room := h - len(lines) - len(foot); room > 0 && len(c.typed.Names) > 0 {
		lines = append(lines, columns(st, c.typed.Names, w, room)...)
	}
	for len(lines) < h-len(foot) {
		lines = append(lines, "")
	}
	return append(lines[:max(0, h-len(foot))], foot...)
}

// columns lists names in columns, read downwards; of too many the first.
func columns(st styles, names []string, w, h int) []string {
	p := newPicker(st, 20)
	for i, name := range names {
		p.rows = append(p.rows, pick{name: text.Clean(name), chosen: true, id: i})
	}
	p.find.typing = true // nothing has the focus
	p.refilter()
	return p.view(w, h)
}

func (c *collectionsStep) side(w, _ int) []string {
	if !c.picks() {
		return titled(c.s.st, "Names", []string{
			"Type them with spaces, commas or new lines between them, or paste anything that the Fauna shell printed: arrays, Collection(\"x\"), @ref objects. Names are picked out.", "",
			"Nothing can list collections before there is a secret. Once it is accepted, names that don't exist are found, and the nearest ones are offered.",
		}, w)
	}
	paragraphs := []string{}
	if r := c.picker.at(); r != nil {
		name := c.name(r)
		about := "The key may read it."
		switch a := c.s.access[name]; {
		case !a.Exists:
			about = "It doesn't exist on this server."
			if near := c.s.nearest(name); near != "" {
				about += " t takes " + text.Clean(near) + " in its place."
			}
		case !a.Readable:
			about = "The key may not read it. If a key can't read a collection, Fauna reports it as empty, so it is left out unless the role is updated."
		case a.Filtered:
			about = "The role hides some documents by a predicate: they are missing from the export, and it says so."
		}
		paragraphs = append(paragraphs, c.s.st.accent.of(text.Fit(text.Clean(name), w)), about)
		if n, ok := c.s.counts[name]; ok {
			paragraphs = append(paragraphs, text.Count(n, "document"))
		}
	}
	return titled(c.s.st, "Collection", paragraphs, w)
}

func (c *collectionsStep) hints() []key.Binding {
	k := c.keys()
	if !c.picks() {
		return []key.Binding{k.next, k.run, k.copy, k.line, k.mode}
	}
	hints := c.picker.hints()
	if c.picker.find.typing {
		return hints
	}
	return append([]key.Binding{k.next, k.nearest, k.drop, k.update, k.again}, append(hints, k.mode)...)
}

func (c *collectionsStep) esc() string {
	if c.picks() && c.picker.keys().unfilter.Enabled() {
		return "clear filter"
	}
	return "back"
}

func (c *collectionsStep) typing() bool { return !c.picks() || c.picker.find.typing }

func (c *collectionsStep) busy() bool { return c.unread }

func (c *collectionsStep) help() string {
	return "Name the collections to export: type them with spaces, commas or new lines between, or paste anything that the Fauna shell printed. Names are picked out." +
		"\n\nNothing can list collections before there is a secret. The query on the screen lists them in the Fauna shell; ctrl+y copies it." +
		"\n\nOnce a secret is accepted this is a list of what the server has, with the number of documents: space marks, / filters, a and n mark all or none of what is shown. A name that doesn't exist is offered the nearest one. Pasting names marks exactly these." +
		"\n\nIncremental: the first run exports everything, later runs only changes. It needs an index for each collection."
}

func (c *collectionsStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	if names := s.chosen(); len(names) > 0 {
		a.tell("Chosen: %s", strings.Join(names, ", "))
		keep, err := a.yes(ctx, "Keep these?", true)
		if err != nil {
			return err
		}
		if keep && len(s.readable()) == len(names) || keep && s.server == nil {
			return s.askMode(ctx, a)
		}
	}
	a.tell("Type the names of the collections, or paste what the Fauna shell printed. An empty line ends.")
	if s.known == nil {
		a.tell("This query lists them:\n%s", fql.CollectionsFQL(s.dialect))
	}
	var b strings.Builder
	for {
		line, err := a.line(ctx, "Collections: ")
		if err != nil {
			return err
		}
		if line != "" {
			b.WriteString(line + "\n")
			continue
		}
		n := parseNames(b.String())
		b.Reset()
		for _, bad := range n.Bad {
			a.tell("Error: Invalid name: %s: %s", bad.Name, bad.Why)
		}
		if n.Cut {
			a.tell("Warning: %s", n.CutWhy)
		}
		missing := 0
		for _, name := range n.Names {
			if s.known != nil && !s.access[name].Exists {
				missing++
				a.tell("Error: %s doesn't exist%s", name, orText(prefixed("; did you mean ", s.nearest(name), "?"), "."))
			}
		}
		if len(n.Names) == 0 || missing > 0 {
			a.tell("Error: name at least one collection that exists.")
			continue
		}
		if s.known != nil {
			c.paste(strings.Join(n.Names, "\n"))
		} else {
			c.typed = n
			c.take()
		}
		a.tell("%s: %s", text.Count(int64(len(n.Names)), "collection"), strings.Join(s.chosen(), ", "))
		return s.askMode(ctx, a)
	}
}

func prefixed(before, s, after string) string {
	if s == "" {
		return ""
	}
	return before + s + after
}

// askMode asks for full or incremental, before the FQL that depends on it.
func (s *session) askMode(ctx context.Context, a *asker) error {
	modes := []export.Mode{export.Full, export.Incremental}
	i, err := a.choose(ctx, "Mode", []string{"full: every document, from a single point in time", "incremental: first run exports everything, later runs only changes; needs an index per collection"}, at(modes, s.mode))
	if err == nil {
		s.mode = modes[i]
	}
	return err
}

// at is the index of a value, 0 when it is not there.
func at[T comparable](all []T, v T) int {
	for i, x := range all {
		if x == v {
			return i
		}
	}
	return 0
}
