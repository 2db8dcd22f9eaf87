package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
)

// noteLines say what just happened, on the line above the keys; a long note takes
// up to three more, over the end of the body, until the next key.
func (w *wizard) noteLines(room int) []string {
	if w.note.text == "" {
		return nil
	}
	glyph, p := noteLook(w.st, w.note.kind)
	lines := wrap(w.note.text, room-width(glyph))
	lines = lines[:min(len(lines), 4)]
	if len(lines) > 1 { // a line between it and the body
		lines = append([]string{""}, lines...)
	}
	first := true
	for i, l := range lines {
		if l == "" {
			continue
		}
		if first {
			lines[i], first = p.of(glyph+l), false
		} else {
			lines[i] = p.of(strings.Repeat(" ", width(glyph)) + l)
		}
	}
	return lines
}

// noteLook is the glyph and the paint of a kind of note.
func noteLook(st styles, k noteKind) (string, paint) {
	switch k {
	case noteGood:
		return "✓ ", st.good
	case noteWarn:
		return "! ", st.warn
	case noteBad:
		return "✗ ", st.bad
	}
	return "", paint{}
}

// bar is the last lines: as many keys as there is room for; the last fixed ones,
// help and back, always, and on the last line. bubbles/help, whose bindings these
// are, has one line and drops from its end, which is where help and back stand.
func (w *wizard) bar(hints []key.Binding, fixed, room, n int) []string {
	gap := "   "
	if w.width < 80 {
		gap = "  "
	}
	size := func(b key.Binding) int { return width(b.Help().Key) + 1 + width(b.Help().Desc) }
	keep := min(fixed, len(hints))
	first, last := hints[:len(hints)-keep], hints[len(hints)-keep:]
	kept := 0
	for _, h := range last {
		kept += size(h) + len(gap)
	}
	lines := make([][]string, n)
	at, used := 0, 0
	put := func(b key.Binding) {
		lines[at] = append(lines[at], w.st.bold.of(b.Help().Key)+" "+w.st.faint.of(b.Help().Desc))
		used += size(b) + len(gap)
	}
	fits := func(b key.Binding) bool {
		limit := room
		if at == n-1 {
			limit -= kept
		}
		return used+size(b) <= limit
	}
	for _, h := range first {
		if !fits(h) && at < n-1 {
			at, used = at+1, 0
		}
		if !fits(h) {
			break
		}
		put(h)
	}
	if at < n-1 {
		at, used = n-1, 0
	}
	for _, h := range last {
		put(h)
	}
	out := make([]string, n)
	for i, l := range lines {
		out[i] = strings.Join(l, gap)
	}
	return out
}
