package tui

import (
	"slices"
	"strings"

	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// A choice is a collection named by the user or the server.
type choice struct {
	name   string
	chosen bool
}

func (s *session) chosen() []string { return s.named(func(c choice) bool { return c.chosen }) }

func (s *session) named(which func(choice) bool) []string {
	var names []string
	for _, c := range s.choices {
		if which(c) {
			names = append(names, c.name)
		}
	}
	return names
}

// learn stores what the server reported, and adds its collections to the list, sorted.
// If nothing was named at all, the readable ones are chosen.
func (s *session) learn(l listing) {
	s.known, s.near = l.known, map[string]string{}
	s.access = make(map[string]fauna.Access, len(l.access))
	for _, a := range l.access {
		s.access[a.Collection] = a
	}
	have := set(mapped(s.choices, func(x choice) string { return x.name }))
	none := len(s.choices) == 0
	for _, name := range l.known {
		if !have[name] {
			s.choices = append(s.choices, choice{name, none && s.access[name].Readable})
		}
	}
	s.sortChoices()
}

func (s *session) sortChoices() {
	slices.SortFunc(s.choices, func(a, b choice) int { return strings.Compare(a.name, b.name) })
}

// status returns a collection's status on the server, noteInfo if unknown.
func (s *session) status(name string) noteKind {
	a, ok := s.access[name]
	switch {
	case s.server == nil || !ok && s.known == nil:
		return noteInfo
	case !a.Exists, !a.Readable:
		return noteBad
	case a.Filtered:
		return noteWarn
	}
	return noteGood
}

// nearest returns the server's name closest to a misspelt one, or "".
func (s *session) nearest(name string) string {
	near, ok := s.near[name]
	if !ok && s.near != nil {
		near = text.Nearest(name, s.known)
		s.near[name] = near
	}
	return near
}

func (s *session) statusText(name string) string {
	switch a := s.access[name]; s.status(name) {
	case noteBad:
		if a.Exists {
			return "no access"
		}
		return "doesn't exist" + prefixed("; ", text.Clean(s.nearest(name)), "?")
	case noteWarn:
		return "role hides documents"
	}
	return ""
}

// bad counts collections that don't exist, and those the key can't read.
func (s *session) bad(names []string) (missing, denied int) {
	for _, name := range names {
		switch {
		case s.status(name) != noteBad:
		case s.access[name].Exists:
			denied++
		default:
			missing++
		}
	}
	return missing, denied
}

// readable returns the chosen collections that the key can read.
func (s *session) readable() []string {
	return slices.DeleteFunc(s.chosen(), func(name string) bool {
		k := s.status(name)
		return k != noteGood && k != noteWarn
	})
}

func mapped[T, U any](things []T, f func(T) U) []U {
	out := make([]U, len(things))
	for i, x := range things {
		out[i] = f(x)
	}
	return out
}

func set(names []string) map[string]bool {
	in := make(map[string]bool, len(names))
	for _, name := range names {
		in[name] = true
	}
	return in
}
