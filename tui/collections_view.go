package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"fauna-export/export"
	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

func (c *collectionsStep) title() (string, string) {
	if !c.picks() {
		return "Which collections?", ""
	}
	chosen := c.s.chosen()
	aside := text.Number(int64(len(chosen))) + " of " + text.Number(int64(len(c.s.choices)))
	if c.s.counts == nil {
		return "Which collections?", aside
	}
	var rows int64
	far := ""
	for _, name := range chosen {
		n, ok := c.s.counts[name]
		if rows += n; !ok && c.s.access[name].Readable {
			far = " so far"
		}
	}
	return "Which collections?", aside + " · " + text.Count(rows, "document") + far
}

func (c *collectionsStep) body(w, h int) []string {
	st := c.s.st
	if !c.picks() {
		return c.typedBody(w, h)
	}
	if c.shown != len(c.tally.found) { // once per frame, not once per count
		c.show()
	}
	lines := []string{c.picker.filterLine(w)}
	footer := c.footer(w)
	rows := c.picker.view(w, h-len(lines)-len(footer))
	if len(rows) == 0 {
		rows = []string{st.faint.of("  nothing matches the filter")}
		if len(c.s.choices) == 0 {
			rows[0] = st.faint.of("  there are no collections here")
		}
	}
	lines = append(lines, rows...)
	return append(text.Fill(lines, h-len(footer)), footer...)
}

// footer describes problems with the chosen collections, and the mode if asked here.
func (c *collectionsStep) footer(w int) []string {
	lines := []string{""}
	missing, denied := c.s.bad(c.s.chosen())
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
	if c.rights.busy {
		lines = append(lines, c.s.spinner+" checking …")
	}
	if c.s.method == accessSecret {
		lines = append(lines, c.s.modeLine(w))
	}
	return lines
}

func (s *session) modeLine(w int) string {
	about := "every document, from a single point in time"
	if s.mode == export.Incremental {
		about = "first run exports everything, later runs only changes"
	}
	mode := "  Mode: " + s.st.accent.of(string(s.mode)) + "  "
	return mode + s.st.faint.of(text.Fit(about, w-text.Width(mode)))
}

func (c *collectionsStep) typedBody(w, h int) []string {
	st := c.s.st
	c.area.SetWidth(w)
	c.area.SetHeight(max(3, min(6, h/3)))
	lines := strings.Split(c.area.View(), "\n")
	footer := []string{""}
	if c.typed.Cut != "" {
		footer = append(footer, marked(st, noteWarn, text.Clean(c.typed.Cut), w)...)
	}
	for _, b := range c.typed.Bad[:min(2, len(c.typed.Bad))] {
		footer = append(footer, marked(st, noteBad, "Invalid name: "+text.Clean(b.Name)+": "+text.Clean(b.Why), w)...)
	}
	query := text.Lines(fql.CollectionsFQL(c.s.dialect))
	if len(c.typed.Names) == 0 && len(lines)+len(footer)+len(query)+3 <= h {
		footer = append(footer, "  Don't know the names? Run this in the Fauna shell and paste the result:")
		footer = append(footer, mapped(query, func(l string) string { return "    " + highlight(st, l) })...)
	} else {
		footer = append(footer, faintly(st, "Missing some? ctrl+y copies a query that lists all collections.", w)...)
	}
	counts := text.Count(int64(len(c.typed.Names)), "collection")
	if n := len(c.typed.Bad); n > 0 {
		counts += " · " + text.Number(int64(n)) + " invalid"
	}
	footer = append(footer, "  "+counts)
	if c.s.method == accessSecret {
		footer = append(footer, c.s.modeLine(w))
	}
	lines = append(lines, "")
	if room := h - len(lines) - len(footer); room > 0 && len(c.typed.Names) > 0 {
		lines = append(lines, columns(st, c.typed.Names, w, room)...)
	}
	return append(text.Fill(lines, h-len(footer)), footer...)
}

// columns lists names in columns, read downwards.
func columns(st styles, names []string, w, h int) []string {
	p := newPicker(st, 20, nil)
	p.rows = mapped(names, func(name string) pick { return pick{name: text.Clean(name), chosen: true} })
	p.typing = true // no row gets the focus
	return p.view(w, h)
}

func (c *collectionsStep) side(w, _ int) []string {
	if !c.picks() {
		return titled(c.s.st, "Names", []string{
			"Type them with spaces, commas or new lines between them, or paste anything that the Fauna shell printed: arrays, Collection(\"x\"), @ref objects. Names are extracted.", "",
			"Collections can't be listed without a secret. Once it is accepted, names that don't exist are reported, with the closest match.",
		}, w)
	}
	paragraphs := []string{}
	if r := c.picker.here(); r != nil {
		name := c.name(r)
		about := "The key may read it."
		switch a := c.s.access[name]; {
		case !a.Exists:
			about = "It doesn't exist on this server." + prefixed(" t replaces it with ", text.Clean(c.s.nearest(name)), ".")
		case !a.Readable:
			about = "The key may not read it. If a key can't read a collection, Fauna reports it as empty, so it is left out unless the role is updated."
		case a.Filtered:
			about = "The role hides some documents with a predicate. The export leaves them out and warns about it."
		}
		paragraphs = append(paragraphs, c.s.st.accent.of(text.Fit(text.Clean(name), w)), about)
		if n, ok := c.s.counts[name]; ok {
			paragraphs = append(paragraphs, text.Count(n, "document"))
		}
	}
	return titled(c.s.st, "Collection", paragraphs, w)
}

func (c *collectionsStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	if names := s.chosen(); len(names) > 0 {
		a.printLines("Chosen: %s", strings.Join(names, ", "))
		keep, err := a.yes(ctx, "Keep these?", true)
		if err != nil {
			return err
		}
		if keep && (s.server == nil || len(s.readable()) == len(names)) {
			return s.askMode(ctx, a)
		}
	}
	a.printLines("Type the names of the collections, or paste what the Fauna shell printed. An empty line ends.")
	if s.known == nil {
		a.printLines("This query lists them:\n%s", fql.CollectionsFQL(s.dialect))
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
			a.printLines("Error: Invalid name: %s: %s", bad.Name, bad.Why)
		}
		if n.Cut != "" {
			a.printLines("Warning: %s", n.Cut)
		}
		missing := 0
		for _, name := range n.Names {
			if s.known != nil && !s.access[name].Exists {
				missing++
				a.printLines("Error: %s doesn't exist%s", name, cmp.Or(prefixed("; did you mean ", s.nearest(name), "?"), "."))
			}
		}
		switch {
		case len(n.Names) == 0 || missing > 0:
			a.printLines("Error: name at least one collection that exists.")
			continue
		case s.known != nil:
			c.paste(strings.Join(n.Names, "\n"))
		default:
			c.take(n)
		}
		a.printLines("%s: %s", text.Count(int64(len(n.Names)), "collection"), strings.Join(s.chosen(), ", "))
		return s.askMode(ctx, a)
	}
}

// prefixed surrounds s with two texts, or returns "" if s is "".
func prefixed(before, s, after string) string {
	if s == "" {
		return ""
	}
	return before + s + after
}

// askMode asks for full or incremental before showing the FQL, which depends on it.
func (s *session) askMode(ctx context.Context, a *asker) error {
	modes := []export.Mode{export.Full, export.Incremental}
	i, err := a.choose(ctx, "Mode", []string{"full: every document, from a single point in time", "incremental: first run exports everything, later runs only changes; needs an index per collection"}, slices.Index(modes, s.mode))
	if err == nil {
		s.mode = modes[i]
	}
	return err
}
