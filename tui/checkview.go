package tui

import (
	"fmt"
	"math"
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
	foot := c.foot(w)
	room := max(1, h-1-len(foot))
	n := len(c.rows)
	c.height = room
	if n > room {
		c.height = room - 1
	}
	from, to := c.list.window(n, c.height)
	wide := 10
	for _, r := range c.rows[from:to] {
		wide = max(wide, width(clean(r.name)))
	}
	wide = min(wide, max(10, w-50))
	index := c.s.mode == export.Incremental
	lives := "snapshot lives"
	if w < 70 {
		lives = "lives"
	}
	head := "  " + pad("collection", wide) + "  " + pad("readable", 8) + " " + padLeft("documents", 12) + " " + padLeft("about", 8) + "   " + lives
	if index && w >= 100 {
		head += "   index"
	}
	lines := []string{st.faint.of(fit(head, w))}
	for i := from; i < to; i++ {
		lines = append(lines, fit(c.row(i, wide, n > c.height, index && w >= 100), w))
	}
	if n > c.height {
		lines = append(lines, st.faint.of("  "+moreText(from, to-from, n, "collections")))
	}
	return append(lines, foot...)
}

func (c *checkStep) row(i, wide int, scrolls, index bool) string {
	st := c.s.st
	r := c.rows[i]
	mark := "  "
	if scrolls && i == c.list.cursor {
		mark = st.strong.of("> ")
	}
	line := mark + pad(clean(r.name), wide) + "  "
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
	line += " " + padLeft(count, 12) + " " + padLeft(size, 8) + "   " + lastsText(c.s.access[r.name].Life(c.at))
	if kind == noteWarn {
		return line + "   " + st.warn.of(c.s.standingText(r.name))
	}
	if index {
		line = pad(line, wide+55) + "   made by Set-up"
	}
	return line
}

// foot says what the numbers mean, and what is to be done.
func (c *checkStep) foot(w int) []string {
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
	lines := []string{""}
	if wrong := c.wrong(); wrong > 0 {
		lines = append(lines, "  "+c.s.st.bad.of("✗ ")+fmt.Sprintf("%d cannot be read: u the FQL, x leaves out, r asks again", wrong))
	}
	total := plural(count, "document", "documents")
	if !all {
		total += " so far"
	} else {
		total += ", about " + bytesText(int64(size))
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

func (c *checkStep) hints() []key.Binding {
	switch k := c.s.keys.check; {
	case c.failure != nil:
		return []key.Binding{k.again}
	case c.wrong() > 0:
		return []key.Binding{k.update, k.again, k.leaveOut, k.edit}
	case c.probing:
		return nil
	default:
		return []key.Binding{k.next, k.again, k.columns, k.edit, k.history}
	}
}

func (c *checkStep) typing() bool { return false }

func (c *checkStep) help() string {
	return "Each chosen collection was asked for. An unreadable collection looks like an empty one to a careless client, so every one is probed, and the export does not begin while one cannot be read." +
		"\n\nDocuments are counted by their ids; you need not wait for it. The size is the server's form of the first documents, times their number." +
		"\n\nAll documents are read as of one moment. A snapshot lives as long as the server keeps old versions: 15 minutes, and history_days more. h shows the FQL that makes it longer; an export that outlives its snapshot says so."
}
