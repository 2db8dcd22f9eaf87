package tui

import (
	"cmp"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/tui/text"
)

// A list is a cursor and scroll offset in many rows, with a filter on names: / starts
// it, enter keeps it, esc clears it. It is our own because bubbles/list has one item
// per row and a fuzzy filter, and bubbles/table cuts cells regardless of colour codes.
// Both draw all rows, and an export may have thousands, a hundred of which change per
// second.
type list struct {
	st      styles
	at, top int // the row with the cursor, and the first visible one
	h       int // visible rows, as last drawn

	find   field
	typing bool
}

func newList(st styles) list { return list{st: st, find: newField(st, ""), h: 1} }

func (l *list) narrowed() bool { return l.typing || l.find.value() != "" }

func (l *list) matches(name string) bool {
	want := strings.ToLower(strings.TrimSpace(l.find.value()))
	return want == "" || strings.Contains(strings.ToLower(name), want)
}

func (l *list) clear() {
	l.typing = false
	l.find.set("")
}

// actions returns the actions for the filter and, if moves, for the cursor.
func (l *list) actions(moves bool) []action {
	clear := on("", "clear filter", l.clear, "esc").when(l.narrowed())
	if l.typing {
		return []action{on("enter", "keep filter", func() { l.typing = false }, "enter", "tab", "down"), clear}
	}
	return []action{
		on("/", "filter", func() { l.typing = true }), clear,
		on("↑ ↓", "move", nil, "up", "down").when(moves),
	}
}

// key edits the filter or moves through n rows. It reports whether it handled the key.
func (l *list) key(m tea.KeyMsg, n int) bool {
	if l.typing {
		return l.find.key(m)
	}
	by, ok := scrolls(m, max(1, l.h-1))
	l.at = max(0, min(l.at+by, n-1))
	return ok
}

// window returns the part of n rows that fits h lines, and a text on which part it is
// ("" for all).
func (l *list) window(n, h int) (from, to int, part string) {
	l.h = max(1, h)
	l.at = max(0, min(l.at, n-1))
	l.top = max(0, min(max(l.at-l.h+1, min(l.top, l.at)), n-l.h))
	to = min(n, l.top+l.h)
	if n > l.h {
		part = partText(l.top, to-l.top, n)
	}
	return l.top, to, part
}

// filter draws the filter's line, or returns "" if there is none.
func (l *list) filter(w int) string {
	switch {
	case l.typing:
		return l.st.strong.of("/ ") + l.find.view(max(4, w-2), true)
	case l.narrowed():
		return l.st.accent.of("/ "+text.Clean(l.find.value())) + l.st.faint.of("   esc clears it")
	}
	return ""
}

// partText describes which part of a longer list is visible.
func partText(top, h, n int) string {
	return text.Number(int64(top+1)) + "–" + text.Number(int64(min(n, top+h))) + " of " + text.Number(int64(n))
}

type pick struct {
	name, about string
	chosen      bool
	kind        noteKind // its status; bad ones that are chosen are marked
	id          int      // the caller's
}

// A picker marks some of many rows, in columns. bubbles/list has one item per row and
// no marks: a hundred collections would fill five windows instead of one.
type picker struct {
	list
	rows  []pick
	cols  int // as last drawn
	cells int // minimum width of a column

	changed func(pick) // called for each row whose mark changes
}

func newPicker(st styles, cells int, changed func(pick)) picker {
	return picker{list: newList(st), cells: cells, changed: changed}
}

// set replaces the rows; the cursor stays on its row.
func (p *picker) set(rows []pick) {
	at := p.here()
	p.rows = rows
	for i, r := range p.seen() {
		if at != nil && rows[r].name == at.name {
			p.at = i
		}
	}
}

// seen returns the rows that pass the filter, and keeps the cursor on one of them.
func (p *picker) seen() []int {
	var seen []int
	for i, r := range p.rows {
		if p.matches(r.name) {
			seen = append(seen, i)
		}
	}
	p.at = max(0, min(p.at, len(seen)-1))
	return seen
}

// here returns the row under the cursor, or nil.
func (p *picker) here() *pick {
	if seen := p.seen(); len(seen) > 0 {
		return &p.rows[seen[p.at]]
	}
	return nil
}

func (p *picker) mark(rows []int, on bool) {
	for _, r := range rows {
		if p.rows[r].chosen != on {
			p.rows[r].chosen = on
			p.changed(p.rows[r])
		}
	}
}

func (p *picker) actions() []action {
	seen := p.seen()
	find := p.list.actions(len(seen) > 1)
	if p.typing {
		return find
	}
	chosen := 0
	for _, r := range seen {
		if p.rows[r].chosen {
			chosen++
		}
	}
	across := func(by int) func() { return func() { p.at = max(0, min(len(seen)-1, p.at+by*p.h)) } }
	return append([]action{
		on("space", "mark", func() { p.mark(seen[p.at:p.at+1], !p.here().chosen) }, " ", "x").when(len(seen) > 0),
		on("a", "all", func() { p.mark(seen, true) }).when(chosen < len(seen)),
		on("n", "none", func() { p.mark(seen, false) }).when(chosen > 0),
		on("", "", across(-1), "left", "h").when(p.cols > 1), on("", "", across(1), "right", "l").when(p.cols > 1),
	}, find...)
}

// key moves the cursor or edits the filter. It reports whether it handled the key.
func (p *picker) key(m tea.KeyMsg) bool {
	h := p.h
	p.h *= max(1, p.cols) // a page spans all columns
	defer func() { p.h = h }()
	return p.list.key(m, len(p.seen()))
}

func (p *picker) filterLine(w int) string {
	return cmp.Or(p.filter(w), p.st.faint.of("/ filter"))
}

// view draws the rows in columns, read downwards: at most h lines.
func (p *picker) view(w, h int) []string {
	seen := p.seen()
	name, about := 0, 0
	for _, r := range seen[:min(len(seen), 2000)] {
		name, about = max(name, text.Width(p.rows[r].name)), max(about, text.Width(p.rows[r].about))
	}
	cell := max(p.cells, min(name, 40)+min(about, 24)+8)
	p.cols = max(1, min((w+2)/(cell+2), (len(seen)+h-1)/max(1, h)))
	cell = (w+2)/p.cols - 2
	p.h = max(1, h)
	more := len(seen) > p.h*p.cols
	if more {
		p.h = max(1, h-1)
	}
	from := 0
	if size := p.h * p.cols; p.at >= size { // scroll by whole columns
		from = (p.at/p.h - p.cols + 1) * p.h
	}
	name = min(name, max(8, cell-8-min(about, max(0, cell/2-8))))
	lines := make([]string, 0, h)
	for y := range min(p.h, len(seen)) {
		line := ""
		for x := range p.cols {
			if i := from + x*p.h + y; i < len(seen) {
				line += text.Pad(p.row(p.rows[seen[i]], name, cell, i == p.at && !p.typing), cell)
				if x < p.cols-1 {
					line += "  "
				}
			}
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	if more {
		lines = append(lines, p.st.faint.of("  "+partText(from, p.h*p.cols, len(seen))))
	}
	return lines
}

func (p *picker) row(r pick, name, w int, here bool) string {
	_, look := noteLook(p.st, r.kind)
	mark := "[ ]"
	switch {
	case r.chosen && r.kind == noteBad:
		mark = p.st.bad.of("[!]")
	case r.chosen:
		mark = p.st.accent.of("[x]")
	}
	if r.kind == noteGood || r.kind == noteInfo || !r.chosen {
		look = p.st.faint
	}
	shown, bar := text.Pad(r.name, name), " "
	if here {
		shown, bar = p.st.bold.of(shown), p.st.strong.of("▌")
	}
	return text.Fit(bar+mark+" "+shown+"  "+look.of(r.about), w)
}
