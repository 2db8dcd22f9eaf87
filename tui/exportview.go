package tui

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"fauna-export/export"
)

func (c *exportStep) body(w, h int) []string {
	if c.refused != nil {
		return c.trouble(c.refused, w)
	}
	if c.now.state == runEnded && c.now.manifest == nil {
		lines := c.trouble(c.now.err, w)
		if room := h - len(lines) - 1; room > 2 && len(c.now.status.Collections) > 0 {
			lines = append(append(lines, ""), c.rows(w, room)...)
		}
		return lines
	}
	foot := c.foot(w)
	rows := c.rows(w, max(1, h-len(foot)-1))
	return append(append(rows, ""), foot...)
}

func (c *exportStep) trouble(err error, w int) []string {
	if err == nil {
		return nil
	}
	var lines []string
	mark := c.s.st.bad.of("✗ ")
	if errors.Is(err, context.Canceled) {
		mark = c.s.st.warn.of("! ")
	}
	for i, text := range failure(err) {
		if text == "" {
			lines = append(lines, "")
			continue
		}
		for j, l := range wrap(text, w-4) {
			if i > 0 {
				lines = append(lines, "  "+l)
			} else {
				lines = append(lines, lead(j, mark)+l)
			}
		}
	}
	return lines
}

// cells are the widths of the name and of the bar: the same for all rows and for
// the total, so that nothing jumps while the list scrolls.
func (c *exportStep) cells(w int) (name, bar int) {
	rest := 27 + c.counts()
	if w >= 104 {
		rest += 36
	}
	name = min(max(10, c.widest), max(10, (w-rest)*2/3))
	return name, max(6, min(40, w-name-rest))
}

// counts is the width of "12,812 / 20,000" for the largest numbers so far.
func (c *exportStep) counts() int {
	return max(12, c.digits*2+4)
}

// rows are the collections, as many as h lines hold.
func (c *exportStep) rows(w, h int) []string {
	all := c.now.status.Collections
	n := len(all)
	room := h
	if n > h {
		room = max(1, h-1)
	}
	from, to := c.window(n, room)
	lines := make([]string, 0, h)
	name, bar := c.cells(w)
	for _, x := range all[from:to] {
		lines = append(lines, fit(c.row(x, name, bar, w), w))
	}
	if n > room {
		done := 0
		for _, x := range all {
			if x.State == export.CollectionDone {
				done++
			}
		}
		lines = append(lines, c.s.st.faint.of(fit(moreText(from, to-from, n, "collections")+", "+countText(int64(done))+" done", w)))
	}
	return lines
}

func (c *exportStep) row(x export.CollectionStatus, name, bar, w int) string {
	st := c.s.st
	wide := w >= 104
	line := pad(clean(x.Name), name) + " "
	switch x.State {
	case export.CollectionFailed:
		text := "failed"
		if x.Err != nil {
			text = sentence(x.Err)
		}
		return line + st.bad.of("✗ ") + text
	case export.CollectionWaiting:
		return line + st.faint.of(strings.Repeat("░", bar)+" waiting")
	case export.CollectionDone:
		return line + drawBar(st, 1, bar, true) + st.good.of("   ✓   ") + padLeft(countText(x.Rows)+" / "+countText(x.Rows), c.counts()) + padLeft("done", 10)
	}
	known := x.ExpectedFinal && x.Expected > 0
	if n := c.s.counts[x.Name]; !known && n > x.Expected && c.counted > 0 {
		x.Expected, x.ExpectedFinal, known = n, true, true
	}
	if known {
		line += drawBar(st, float64(x.Rows)/float64(x.Expected), bar, false) + fmt.Sprintf(" %3d %% ", percent(x.Rows, x.Expected))
	} else {
		line += drawBar(st, 0, bar, false) + "   … % "
	}
	rows := countText(x.Rows)
	if x.Expected > 0 {
		rows += " / " + countText(x.Expected)
		if !x.ExpectedFinal {
			rows += "+"
		}
	}
	line += padLeft(rows, c.counts())
	retries := ""
	if x.Retries > 0 {
		retries = plural(int64(x.Retries), "retry", "retries")
	}
	rate := rateText(x.Rate)
	if c.now.state == runEnded || c.now.status.Paused {
		rate = ""
	}
	if rate == "" && !wide { // what there is room for: how fast, or why not
		line += " " + st.warn.of(padLeft(retries, 9))
	} else {
		line += padLeft(rate, 10)
	}
	if wide {
		perRow := 0.0
		if x.Rows > 0 {
			perRow = float64(x.Bytes) / float64(x.Rows)
		}
		speed := ""
		if rate != "" {
			speed = bytesText(int64(finite(x.Rate*perRow))) + "/s"
		}
		line += padLeft(speed, 11)
		left := ""
		if known && x.ETA >= 0 && rate != "" {
			left = leftText(x.ETA) + " left"
		}
		line += padLeft(left, 13) + "  " + st.warn.of(retries)
	}
	return line
}

// finite is a rate that can be shown: not negative, and 0 for what no clock could
// have measured.
func finite(rate float64) float64 {
	if math.IsNaN(rate) || rate < 0 || rate > 1e15 {
		return 0
	}
	return rate
}

func rateText(perSecond float64) string {
	if finite(perSecond) < 0.5 {
		return ""
	}
	return countText(int64(perSecond)) + "/s"
}

// drawBar is a bar of w cells; part is clamped to 0..1. bubbles/progress would draw it
// in the colours that it finds for standard output, not in those of this screen.
func drawBar(st styles, part float64, w int, done bool) string {
	if math.IsNaN(part) || part < 0 {
		part = 0
	}
	full := int(min(1, part) * float64(w))
	p := st.accent
	if done {
		p = st.good
	}
	return p.of(strings.Repeat("█", full)) + st.faint.of(strings.Repeat("░", w-full))
}

// foot is the total, the throughput, the snapshot, and what is waited for.
func (c *exportStep) foot(w int) []string {
	st, now := c.s.st, c.now.status
	if c.now.state == runVerifying {
		v := c.now.checking
		text := fmt.Sprintf("verifying  %s of %s, %s", countText(int64(v.Files)), plural(int64(v.Total), "file", "files"), clean(v.File))
		if v.Size > 0 {
			text = "verifying  " + drawBar(st, float64(v.Bytes)/float64(v.Size), 20, false) + fmt.Sprintf(" %d of %s", v.Files, plural(int64(v.Total), "file", "files"))
		}
		return []string{fit(text, w)}
	}
	name, bar := c.cells(w)
	total := pad("total", name) + " "
	expected, eta := now.Expected, now.ETA
	known := now.ExpectedFinal && expected > 0
	if !known && c.counted > expected { // until all is planned, the count of before
		expected, known = c.counted, true
		eta = time.Duration(float64(expected-now.Rows) / max(1, finite(now.Rate)) * float64(time.Second))
	}
	if known {
		total += drawBar(st, float64(now.Rows)/float64(expected), bar, false) + fmt.Sprintf(" %3d %% ", percent(now.Rows, expected))
	} else {
		total += drawBar(st, 0, bar, false) + "   … % "
	}
	rows := countText(now.Rows)
	if expected > 0 {
		rows += " / " + countText(expected)
		if !known {
			rows += "+"
		}
	}
	total += padLeft(rows, c.counts())
	if known && eta > 0 && finite(now.Rate) >= 0.5 && now.Rows < expected {
		total += padLeft(leftText(eta)+" left", 10)
	}
	speed := pad("", name+1) + c.drawGraph(bar)
	pieces := []string{rateText(now.Rate), bytesText(int64(finite(now.BytesRate))) + "/s", "", fmt.Sprintf("%d of %d in flight", now.InFlight, now.Workers), bytesText(now.Bytes)}
	if now.Retries > 0 {
		pieces[2] = plural(int64(now.Retries), "retry", "retries")
	}
	for _, text := range pieces {
		if text != "" && width(speed)+2+width(text) <= w {
			speed += "  " + text
		}
	}
	lines := []string{fit(total, w), fit(speed, w), fit(c.snapshotLine(name), w)}
	switch {
	case now.Waiting != "":
		why := clean(now.Waiting)
		if i := strings.Index(why, c.s.endpoint.Host()); i > 0 { // whose answer, rather than which request
			why = why[i:]
		}
		text := "waiting: "
		if d := now.NextTry.Sub(c.s.now()); !now.NextTry.IsZero() && d > 0 {
			text = fmt.Sprintf("waiting, next try in %d s: ", int(math.Ceil(d.Seconds())))
		}
		text += why
		lines = append(lines, st.warn.of(fit("! "+text, w)))
	case now.Paused:
		lines = append(lines, st.warn.of(fit("! paused: p continues; the snapshot does not wait", w)))
	case now.Need > 0 && now.Free >= 0 && now.Need > now.Free:
		lines = append(lines, st.bad.of(fit("✗ the disk is too small: about "+bytesText(now.Need)+" are still to come, "+bytesText(now.Free)+" are free", w)))
	case c.s.cfg.Demo:
		lines = append(lines, st.faint.of(fit("the demo is held to "+countText(demoRate)+" documents/s, so that there is something to see", w)))
	default:
		lines = append(lines, "")
	}
	return lines
}

func (c *exportStep) snapshotLine(name int) string {
	now := c.now.status
	if now.Snapshot == 0 {
		return ""
	}
	text := pad("snapshot", name) + " " + timeText(now.Snapshot)
	if !now.SnapshotEnds.IsZero() {
		// The calendar's time: what a machine measures may stand still while it sleeps.
		switch left := now.SnapshotEnds.Round(0).Sub(c.s.now().Round(0)); {
		case left <= 0:
			text += c.s.st.warn.of(", expired: the rest is read as of a new one !")
		case left < 3*time.Minute:
			text += ", lives " + lastsText(left) + " more" + c.s.st.warn.of(" !")
		default:
			text += ", lives " + lastsText(left) + " more"
		}
	}
	if now.Renewed > 0 {
		text += fmt.Sprintf("; renewed %d times: not one moment", now.Renewed)
		if now.Renewed == 1 {
			text = strings.Replace(text, "1 times", "once", 1)
		}
	}
	return text
}

// drawGraph draws the throughput of the last seconds in w cells.
func (c *exportStep) drawGraph(w int) string {
	levels := []rune("▁▂▃▄▅▆▇█")
	samples := c.graph[max(0, len(c.graph)-w):]
	most := 0.0
	for _, v := range samples {
		most = max(most, v)
	}
	out := make([]rune, 0, w)
	for range w - len(samples) {
		out = append(out, ' ')
	}
	for _, v := range samples {
		i := 0
		if most > 0 && v > 0 {
			i = min(len(levels)-1, int(v/most*float64(len(levels)-1)+0.5))
		}
		out = append(out, levels[i])
	}
	return c.s.st.accent.of(string(out))
}
