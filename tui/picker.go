package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/tui/text"
)

// A pick is a row of a picker.
type pick struct {
	name, about string
	chosen      bool
	kind        noteKind // how it stands; bad ones that are chosen are marked
	id          int      // of the caller
}

// A picker marks some of many, in columns, with a filter. It is our own since
// bubbles/list has one item a row, no marks, and a filter that hides what it does not
// match by letters in order: a hundred collections then fill five windows, not one.
type picker struct {
	st      styles
	rows    []pick
	shown   []int // rows that pass the filter
	cursor  rowCursor
	find    finder
	cols, h int // as last drawn
	wide    int // cells of a column at least
}

type pickerKeys struct{ mark, all, none, filter, unfilter, left, right key.Binding }

func newPicker(st styles, wide int) picker {
	return picker{st: st, cursor: newCursor(), find: newFinder(st), wide: wide}
}

func (p *picker) keys() pickerKeys {
	on, off := 0, 0
	for _, r := range p.shown {
		if p.rows[r].chosen {
			on++
		} else {
			off++
		}
	}
	return pickerKeys{
		mark: when(len(p.shown) > 0, bind("space", "mark", " ", "x")), all: when(off > 0, bind("a", "all", "a")), none: when(on > 0, bind("n", "none", "n")),
		filter: when(len(p.rows) > 0, bind("/", "filter", "/")), unfilter: when(p.find.active(), bind("", "", "esc")),
		left: bind("", "", "left", "h"), right: bind("", "", "right", "l"),
	}
}

// set gives it its rows anew; the cursor stays on its row.
func (p *picker) set(rows []pick) {
	at := p.at()
	p.rows = rows
	p.refilter()
	for i, r := range p.shown {
		if at != nil && rows[r].name == at.name {
			p.cursor.at = i
		}
	}
}

func (p *picker) refilter() {
	p.shown = p.shown[:0]
	for i, r := range p.rows {
		if p.find.matches(r.name) {
			p.shown = append(p.shown, i)
		}
	}
	p.cursor.clamp(len(p.shown))
}

// at is the row under the cursor, nil for none.
func (p *picker) at() *pick {
	if p.cursor.at < len(p.shown) && p.shown[p.cursor.at] < len(p.rows) {
		return &p.rows[p.shown[p.cursor.at]]
	}
	return nil
}

// key moves, marks and filters; it reports whether the key was one of its own. changed
// is called with each row whose mark changed.
func (p *picker) key(m tea.KeyMsg, changed func(pick)) bool {
	k := p.keys()
	if p.find.typing || pressed(m, k.unfilter, k.filter) {
		used := p.find.key(m)
		p.refilter()
		return used
	}
	set := func(r int, on bool) {
		if p.rows[r].chosen != on {
			p.rows[r].chosen = on
			changed(p.rows[r])
		}
	}
	switch {
	case pressed(m, k.mark):
		r := p.shown[p.cursor.at]
		set(r, !p.rows[r].chosen)
	case pressed(m, k.all, k.none):
		for _, r := range p.shown {
			set(r, pressed(m, k.all))
		}
	case pressed(m, k.left) && p.cols > 1:
		p.cursor.at = max(0, p.cursor.at-max(1, p.h))
	case pressed(m, k.right) && p.cols > 1:
		p.cursor.at = min(len(p.shown)-1, p.cursor.at+max(1, p.h))
	default:
		return p.cursor.key(m, len(p.shown), p.h*max(1, p.cols))
	}
	return true
}

// hints are the keys that work now.
func (p *picker) hints() []key.Binding {
	if p.find.typing {
		return []key.Binding{p.find.keep()}
	}
	k := p.keys()
	return []key.Binding{k.mark, k.all, k.none, k.filter, p.cursor.shown(len(p.shown) > 1)}
}

// filterLine is the filter, or how to get one.
func (p *picker) filterLine(w int) string {
	if p.find.active() {
		return p.find.line(w)
	}
	return p.st.faint.of("/ filter")
}

// view draws the rows in columns, read downwards: at most h lines.
func (p *picker) view(w, h int) []string {
	name, about := 0, 0
	for _, r := range p.shown[:min(len(p.shown), 2000)] {
		name, about = max(name, text.Width(p.rows[r].name)), max(about, text.Width(p.rows[r].about))
	}
	cell := max(p.wide, min(name, 40)+min(about, 24)+10)
	p.cols = max(1, min((w+2)/(cell+2), (len(p.shown)+h-1)/max(1, h)))
	if p.cols == 1 {
		cell = w
	} else {
		cell = (w+2)/p.cols - 2
	}
	p.h = max(1, h)
	more := len(p.shown) > p.h*p.cols
	if more {
		p.h = max(1, h-1)
	}
	from := 0
	if size := p.h * p.cols; p.cursor.at >= size { // whole columns go out of sight
		from = (p.cursor.at/p.h - p.cols + 1) * p.h
	}
	name = min(name, max(8, cell-8-min(about, max(0, cell/2-8))))
	lines := make([]string, 0, h)
	for y := range min(p.h, len(p.shown)) {
		line := ""
		for x := range p.cols {
			if i := from + x*p.h + y; i < len(p.shown) {
				line += text.Pad(p.row(p.rows[p.shown[i]], name, cell, i == p.cursor.at && !p.find.typing), cell)
				if x < p.cols-1 {
					line += "  "
				}
			}
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	if more {
		lines = append(lines, p.st.faint.of("  "+partText(from, p.h*p.cols, len(p.shown))))
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
	about := r.about
	if room := w - name - 7; text.Width(about) <= room && r.kind != noteBad && r.kind != noteWarn {
		about = text.PadLeft(about, min(room, 12))
	}
	return text.Fit(bar+mark+" "+shown+"  "+look.of(about), w)
}
