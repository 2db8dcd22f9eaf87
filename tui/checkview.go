package tui

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"

	"fauna-export/export"
)

func (c *checkStep) title() (string, string) {
	return "What will the export meet?", clean(c.s.endpoint.Host())
}

func (c *checkStep) body(w, h int) []string {
	st := c.s.st
	if c.failure != nil {
		var lines []string
		for i, l := range wrap(sentence(c.failure), w-4) {
			lines = append(lines, lead(i, st.bad.of("✗ "))+l)
		}
		return append(lines, "", "  r asks again. Nothing has been exported yet.")
	}
	foot := c.foot(w, max(1, h/4))
	room := max(1, h-1-len(foot))
	n := len(c.rows)
	c.height = room
	if n > room {
		c.height = max(1, room-1)
	}
	from, to := c.list.window(n, c.height)
	cells := c.cells(w, from, to)
	lines := []string{st.faint.of(fit(cells.head(), w))}
	for i := from; i < to; i++ {
		lines = append(lines, fit(c.row(i, cells, c.marks(n)), w))
	}
	if n > c.height {
		lines = append(lines, st.faint.of("  "+moreText(from, to-from, n, "collections")))
	}
	return append(lines, foot...)
}

// marks reports whether the row under the cursor is marked: where the list scrolls,
// or where the foot says more about that row than about the others.
func (c *checkStep) marks(n int) bool {
	checks, _ := c.unready()
	return n > c.height || len(checks) > 1
}

// checkCells are the columns of the table for which there is room. The state of an
// index is never left out: the foot says the life of a snapshot too.
type checkCells struct {
	name                int // cells of the name
	about, lives, index bool
	narrow              bool
}

func (c *checkStep) cells(w, from, to int) checkCells {
	x := checkCells{name: 10, about: true, lives: true, index: c.s.mode == export.Incremental, narrow: w < 70}
	if x.index {
		x.lives, x.about = w >= 100, w >= 70
	}
	for _, r := range c.rows[from:to] {
		x.name = max(x.name, width(clean(r.name)))
	}
	rest := 50
	if x.index {
		rest = 28 + indexCells
		if x.about {
			rest += 9
		}
		if x.lives {
			rest += 18
		}
	}
	x.name = min(x.name, max(10, w-rest))
	return x
}

// indexCells is the room for the state of an index: longer ones are cut, and the
// foot has all of it.
const indexCells = 18

func (x checkCells) head() string {
	head := "  " + pad("collection", x.name) + "  " + pad("readable", 8) + " " + padLeft("documents", 12)
	if x.about {
		head += " " + padLeft("about", 8)
	}
	lives := "   snapshot lives"
	if x.narrow {
		lives = "   lives"
	}
	if x.lives {
		head += lives
	}
	if x.index {
		head += "   index"
	}
	return head
}

func (c *checkStep) row(i int, cells checkCells, marks bool) string {
	st := c.s.st
	r := c.rows[i]
	mark := "  "
	if marks && i == c.list.cursor {
		mark = st.strong.of("> ")
	}
	line := mark + pad(clean(r.name), cells.name) + "  "
	kind := c.s.standing(r.name)
	switch {
	case c.probing:
		return line + st.faint.of("…")
	case kind == noteBad:
		return line + st.bad.of(pad("✗ NO", 8)) + " " + c.s.standingText(r.name)
	case r.err != nil:
		return line + st.good.of(pad("✓ yes", 8)) + " " + st.bad.of("✗ ") + sentence(r.err)
	case kind == noteWarn:
		line += st.warn.of(pad("! part", 8))
	default:
		line += st.good.of(pad("✓ yes", 8))
	}
	count, size := "…", ""
	if r.count > 0 {
		count = countText(r.count) + " …"
	}
	if r.counted {
		count = countText(r.count)
		size = bytesText(int64(r.average * float64(r.count)))
		if r.count == 0 {
			size = "empty"
		}
	}
	line += " " + padLeft(count, 12)
	if cells.about {
		line += " " + padLeft(size, 8)
	}
	if cells.lives {
		lives := lastsText(c.s.access[r.name].Life(c.at))
		if cells.index {
			lives = pad(lives, 14)
		}
		line += "   " + lives
	}
	if cells.index {
		line += "   " + c.index(r.name)
	}
	if kind == noteWarn {
		line += "   " + st.warn.of(c.s.standingText(r.name))
	}
	return line
}

// index is the state of a collection's index, with a sign.
func (c *checkStep) index(name string) string {
	x, ok := c.indexes[name]
	if !ok {
		return ""
	}
	text, kind := indexLook(x)
	glyph, p := noteLook(c.s.st, kind)
	return p.of(glyph + text)
}

// foot says what the numbers mean, and what is to be done. What is wrong with an
// index takes at most so many lines.
func (c *checkStep) foot(w, most int) []string {
	if c.probing {
		return []string{"", "  asking the server …"}
	}
	var count int64
	size, all := 0.0, true
	for _, r := range c.rows {
		count += r.count
		size += float64(r.count) * r.average
		all = all && (r.counted || c.s.standing(r.name) == noteBad)
	}
	lines := append([]string{""}, c.trouble(w, most)...)
	if len(lines) > 1 && most <= 3 { // what is wrong comes first where there is little room
		return lines
	}
	total := plural(count, "document", "documents")
	if !all {
		total += " so far"
	} else {
		total += ", about " + bytesText(int64(size)) + ", as of " + timeText(c.at)
	}
	lines = append(lines, "  "+total+".")
	if life := c.life(); life < math.MaxInt64 {
		took := time.Duration(float64(count) / 10_000 * float64(time.Second))
		text := fmt.Sprintf("At 10,000 documents/s this takes %s; a snapshot lives %s.", lastsText(took), lastsText(life))
		if took > life*3/4 {
			text += " h makes it live longer."
		}
		for _, l := range wrap(text, w-4) {
			lines = append(lines, "  "+l)
		}
	}
	return lines
}

// trouble says what keeps the export from beginning: what is wrong with the index of
// the row under the cursor, or with the first one that is not ready, and what can be
// done.
func (c *checkStep) trouble(w, most int) []string {
	st := c.s.st
	checks, broken := c.unready()
	var lines, parts []string
	if len(checks) > 0 {
		x := checks[0]
		if c.list.cursor < len(c.rows) {
			if y, ok := c.indexes[c.rows[c.list.cursor].name]; ok && !y.Ready() {
				x = y
			}
		}
		_, kind := indexLook(x)
		glyph, p := noteLook(st, kind)
		for i, l := range wrap(indexSaid(x), w-4) {
			if i < most {
				lines = append(lines, "  "+lead(i, p.of(glyph))+l)
			}
		}
		parts = append(parts, plural(int64(len(checks)), "index", "indexes")+" not ready")
	}
	wrong := c.wrong()
	if wrong > 0 {
		parts = append([]string{fmt.Sprintf("%d cannot be read", wrong)}, parts...)
	}
	switch text := strings.Join(parts, ", "); {
	case wrong+broken > 0:
		for i, l := range wrap(text+": u the FQL, x leaves out, r asks again", w-4) {
			lines = append(lines, "  "+lead(i, st.bad.of("✗ "))+l)
		}
	case len(checks) > 0:
		lines = append(lines, "    "+fit("r asks again: an index of many documents takes minutes", w-4))
	}
	return lines
}

func (c *checkStep) hints() []key.Binding {
	checks, broken := c.unready()
	switch k := c.keys(); {
	case c.failure != nil:
		return []key.Binding{k.again}
	case c.probing:
		return nil
	case c.wrong()+broken > 0:
		return []key.Binding{k.update, k.again, k.leaveOut, k.edit}
	case len(checks) > 0:
		return []key.Binding{k.again, k.edit}
	default:
		return []key.Binding{k.next, k.again, k.columns, k.edit, k.history}
	}
}

func (c *checkStep) typing() bool { return false }

func (c *checkStep) help() string {
	return "Each chosen collection was asked for. An unreadable collection looks like an empty one to a careless client, so every one is probed, and the export does not begin while one cannot be read." +
		"\n\nDocuments are counted by their ids; you need not wait for it. The size is the server's form of the first documents, times their number." +
		"\n\nAll documents are read as of one moment. A snapshot lives as long as the server keeps old versions: 15 minutes, and history_days more. h shows the FQL that makes it longer; an export that outlives its snapshot says so." +
		"\n\nAn incremental export reads an index of each collection: every document by ts and ref, without terms, not in reverse. What is wrong with one stands below the table; u shows the FQL that puts it right, r asks again."
}
