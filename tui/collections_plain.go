package tui

import (
	"context"
	"slices"
	"strings"

	"fauna-export/export"
	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

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
	i, err := a.choose(ctx, "Mode", []string{"full: every document, from a single point in time", "incremental: first run exports everything, later runs only changes; needs an index per collection"}, slices.Index(modes, s.mode))
	if err == nil {
		s.mode = modes[i]
	}
	return err
}
