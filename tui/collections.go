package tui

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/textarea"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

// collectionsStep asks which collections to export. They are typed or pasted before a
// secret is known, since nothing can list them yet, and later picked from the server's.
type collectionsStep struct {
	s     *session
	area  textarea.Model
	typed fql.Names // parsed from the area

	picker picker
	tally  tally
	shown  int  // number of counts that the picker shows
	rights wait // for the key's current privileges
}

func newCollectionsStep(s *session) *collectionsStep {
	c := &collectionsStep{s: s, area: newArea(s.st, "type names, or paste what the shell printed"), tally: tally{s: s}}
	c.picker = newPicker(s.st, 24, func(r pick) { s.choices[r.id].chosen = r.chosen })
	c.write(strings.Join(s.chosen(), ", "))
	return c
}

// parseNames reads names as people type them: in a line with commas, a space also
// separates, as no name can contain one.
func parseNames(typed string) fql.Names {
	n := fql.ParseNames(typed)
	have := set(n.Names)
	n.Bad = slices.DeleteFunc(n.Bad, func(b fql.BadName) bool {
		words := strings.Fields(b.Name)
		if len(words) < 2 || slices.ContainsFunc(words, func(word string) bool { return fql.CheckName(word) != nil }) {
			return false
		}
		for _, word := range words {
			if !have[word] {
				have[word] = true
				n.Names = append(n.Names, word)
			}
		}
		return true
	})
	return n
}

// picks reports whether the server's collections are known and can be picked from.
func (c *collectionsStep) picks() bool { return c.s.known != nil }

func (c *collectionsStep) enter() {
	if !c.picks() {
		if names := c.s.chosen(); !maps.Equal(set(names), set(c.typed.Names)) { // chosen from a list since
			c.write(strings.Join(names, ", "))
		}
		return
	}
	c.show()
	if len(c.tally.found) == 0 || !c.tally.done() || c.s.counts == nil {
		c.tally.start(c.s.named(func(x choice) bool { return c.s.access[x.name].Readable }), 0)
	}
}

func (c *collectionsStep) leave() { c.picker.typing = false }

func (c *collectionsStep) write(names string) {
	c.area.SetValue(names)
	c.take(parseNames(names))
}

// take replaces the chosen collections with the typed names.
func (c *collectionsStep) take(typed fql.Names) {
	c.typed, c.s.choices = typed, nil
	for _, name := range c.typed.Names {
		if !looksLikeSecret(name) {
			c.s.choices = append(c.s.choices, choice{name, true})
		}
	}
}

func (c *collectionsStep) show() {
	c.shown = len(c.tally.found)
	wide := 7 // width of the right-aligned counts
	for _, n := range c.s.counts {
		wide = max(wide, len(text.Number(n)))
	}
	rows := make([]pick, 0, len(c.s.choices))
	for i, x := range c.s.choices {
		r := pick{name: text.Clean(x.name), chosen: x.chosen, kind: c.s.status(x.name), about: c.s.statusText(x.name), id: i}
		if n, ok := c.s.counts[x.name]; ok && r.about == "" {
			r.about = text.PadLeft(text.Number(n), wide)
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

// list runs the query that lists collections on the demo server, instead of a shell.
func (c *collectionsStep) list() {
	shell := c.s.cfg.Shell
	await(c.s, new(wait), func(ctx context.Context) (string, error) { return shell(ctx, fql.CollectionsFQL(fql.V4)) }, orFail(c.s, func(printed string) {
		c.write(printed)
		c.s.say(noteGood, "%s found.", text.Count(int64(len(c.typed.Names)), "name"))
	}))
}

// again checks the key's privileges again.
func (c *collectionsStep) again() {
	srv, names := c.s.server, c.s.chosen()
	await(c.s, &c.rights, func(ctx context.Context) (listing, error) { return probe(ctx, srv, names) }, orFail(c.s, func(l listing) {
		c.s.learn(l)
		c.s.say(noteInfo, "Checked again.")
		c.enter()
	}))
}

func (c *collectionsStep) actions() []action {
	s := c.s
	mode := string(s.otherMode())
	if !c.picks() {
		return []action{
			on("enter", "continue", c.submit),
			on("ctrl+r", "run the query on the demo server", c.list).when(s.cfg.Shell != nil),
			on("ctrl+y", "copy the query", func() { s.copy(fql.CollectionsFQL(s.dialect), "", nil) }),
			on("ctrl+j", "new line", nil), on("ctrl+t", mode, s.turnMode).when(s.method == accessSecret),
		}
	}
	if c.picker.typing {
		return c.picker.actions()
	}
	row := c.picker.here()
	misspelt := row != nil && !s.access[c.name(row)].Exists
	_, denied := s.bad(s.chosen())
	return append(append([]action{
		on("enter", "continue", c.submit),
		on("t", "take the nearest name", func() { c.replace(s.nearest(c.name(row))) }).when(misspelt && s.nearest(c.name(row)) != ""),
		on("d", "remove", func() { c.replace("") }, "d", "delete", "backspace").when(misspelt),
		on("u", "show role update", func() { s.showFixes(s.fixes(nil, true), c.again) }).when(denied > 0),
		on("r", "check again", c.again).when(denied > 0),
	}, c.picker.actions()...), on("i", mode, s.turnMode).when(s.method == accessSecret))
}

// name returns a row's name as the server has it; the row shows a sanitized one.
func (c *collectionsStep) name(r *pick) string { return c.s.choices[r.id].name }

func (c *collectionsStep) key(m tea.KeyMsg) bool {
	room := mostPasted
	if !c.picks() {
		room -= c.area.Length()
	}
	switch {
	case m.Type == tea.KeyRunes && !c.picker.typing && len(m.Runes) > room:
		c.s.say(noteWarn, "The list takes at most %s characters; this was left out.", text.Number(mostPasted))
		return true
	case c.picks() && m.Paste && !c.picker.typing:
		c.paste(string(m.Runes))
		return true
	case c.picks():
		return c.picker.key(m)
	case c.s.refusesSecret(m):
		return true
	case is(m, "esc", "shift+tab", "f1"):
		return false
	}
	m.Runes = visible(m.Runes)
	if m.Type == tea.KeyTab || m.Type == tea.KeyRunes && len(m.Runes) == 0 {
		return true
	}
	if m.Paste && c.area.Value() != "" && !strings.HasSuffix(c.area.Value(), "\n") && strings.Contains(strings.TrimSpace(string(m.Runes)), "\n") {
		c.area.InsertString("\n")
	}
	c.area, _ = c.area.Update(m)
	c.take(parseNames(c.area.Value()))
	return true
}

func (s *session) otherMode() export.Mode {
	if s.mode == export.Full {
		return export.Incremental
	}
	return export.Full
}

func (s *session) turnMode() { s.mode = s.otherMode() }

// paste marks the names in a text and unmarks all others.
func (c *collectionsStep) paste(printed string) {
	n := parseNames(printed)
	if len(n.Names) == 0 || looksLikeSecret(printed) {
		c.s.say(noteInfo, "No names found in the pasted text.")
		return
	}
	at := map[string]int{}
	for i, x := range c.s.choices {
		c.s.choices[i].chosen, at[x.name] = false, i
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

// replace removes the row under the cursor and marks near instead, if it is listed.
func (c *collectionsStep) replace(near string) {
	i := c.picker.here().id
	c.s.choices = slices.Delete(c.s.choices, i, i+1)
	if j := slices.IndexFunc(c.s.choices, func(x choice) bool { return x.name == near }); j >= 0 {
		c.s.choices[j].chosen = true
		c.s.say(noteGood, "Replaced with %s.", near)
	}
	c.show()
}

func (c *collectionsStep) submit() {
	missing, _ := c.s.bad(c.s.chosen())
	switch {
	case len(c.typed.Bad) > 0 && !c.picks():
		c.s.say(noteBad, "Invalid name: %s (%s)", c.typed.Bad[0].Name, c.typed.Bad[0].Why)
	case len(c.s.chosen()) == 0:
		c.s.say(noteBad, "Choose at least one collection.")
	case missing > 0:
		c.refuse(dontExist(missing))
	default:
		c.s.next(collectionsID)
	}
}

// refuse moves to the first name that doesn't exist and says what can be done.
func (c *collectionsStep) refuse(why string) {
	c.picker.clear()
	for i, x := range c.s.choices {
		if x.chosen && !c.s.access[x.name].Exists {
			c.picker.at = i
			do := "d removes it, space leaves it out"
			if near := c.s.nearest(x.name); near != "" {
				do = "t uses " + near + ", " + do
			}
			if !c.picks() {
				do = "correct or delete it"
			}
			c.s.say(noteBad, "%s. %s: %s.", why, x.name, do)
			return
		}
	}
}

func dontExist(n int) string {
	if n == 1 {
		return "1 doesn't exist"
	}
	return text.Number(int64(n)) + " don't exist"
}

func (c *collectionsStep) busy() bool { return c.rights.busy }

func (c *collectionsStep) logValues() []any {
	return []any{"chosen", len(c.s.chosen()), "listed", len(c.s.choices)}
}
