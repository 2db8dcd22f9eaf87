package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fauna-export/export"
	"fauna-export/tui/text"
)

func (c *exportStep) body(w, h int) []string {
	if c.refused != nil {
		return c.ended(c.refused, w)
	}
	if c.now.state == runEnded && c.now.manifest == nil {
		lines := c.ended(c.now.err, w)
		if room := h - len(lines) - 1; room > 2 && len(c.now.status.Collections) > 0 {
			lines = append(append(lines, ""), c.list(w, room)...)
		}
		return lines
	}
	lines := c.totalLines(w)
	foot := c.foot(w)
	lines = append(append(lines, ""), c.list(w, h-len(lines)-len(foot)-2)...)
	for len(lines) < h-len(foot) {
		lines = append(lines, "")
	}
	return append(lines, foot...)
}

func (c *exportStep) ended(err error, w int) []string {
	if err == nil {
		return nil
	}
	kind := noteBad
	if errors.Is(err, context.Canceled) || resumable(err) {
		kind = noteWarn
	}
	var lines []string
	for i, l := range c.failure(err) {
		switch {
		case i == 0:
			lines = append(lines, marked(c.s.st, kind, l, w)...)
		case strings.HasPrefix(l, "  "):
			lines = append(lines, "  "+c.s.st.accent.of(text.Fit(l, w-2)))
		case l == "":
			lines = append(lines, "")
		default:
			for _, part := range text.Wrap(l, w-2) {
				lines = append(lines, "  "+part)
			}
		}
	}
	return lines
}

// totalLines are the bar of the whole, and how fast it goes.
func (c *exportStep) totalLines(w int) []string {
	st, now := c.s.st, c.now.status
	if c.now.state == runVerifying {
		v := c.now.checking
		said := fmt.Sprintf(" %3d %%  %d of %s, %s", text.Percent(v.Bytes, v.Size), v.Files, text.Count(int64(v.Total), "file"), text.Clean(v.File))
		bar := max(10, w-min(text.Width(said), w/2)-2)
		return []string{text.Fit(st.progress(float64(v.Bytes)/float64(max(1, v.Size)), bar, false)+said, w), ""}
	}
	n, known := c.expected()
	said := "  …   " + text.Short(now.Rows) + " documents so far"
	part := 0.0
	if known {
		part = float64(now.Rows) / float64(n)
		said = fmt.Sprintf(" %3d %%  %s of %s documents", text.Percent(now.Rows, n), text.Short(min(now.Rows, n)), text.Short(n))
	}
	bar := max(8, w-max(34, text.Width(said))-1)
	lines := []string{text.Fit(st.progress(part, bar, false)+said, w)}
	pieces := []string{orText(text.Rate(c.rate(now.Rate)), "0/s"), text.Size(int64(c.rate(now.BytesRate))) + "/s"}
	pieces[0] = strings.TrimSuffix(pieces[0], "/s") + " documents/s"
	pieces = append(pieces, text.Count(int64(now.InFlight), "request")+" in flight")
	if retries := c.now.retries(); retries > 0 {
		pieces = append(pieces, text.Count(int64(retries), "retry"))
	}
	switch {
	case c.s.cfg.Demo && c.s.maxRate == demoRate:
		pieces = append(pieces, "demo throttled")
	case c.s.maxRate > 0:
		pieces = append(pieces, "limit "+text.Number(int64(c.s.maxRate)))
	}
	graph := min(graphWidth, max(8, w-62))
	speed := c.drawGraph(graph) + "  " + pieces[0]
	for _, p := range pieces[1:] {
		if text.Width(speed)+3+text.Width(p) <= w {
			speed += " · " + p
		}
	}
	return append(lines, text.Fit(speed, w))
}

// list is the collections that are shown, and one line about all: at most h lines.
func (c *exportStep) list(w, h int) []string {
	st := c.s.st
	rows := c.shown()
	c.height = max(1, h-1)
	from, to := c.cursor.window(len(rows), c.height)
	name, bar := c.cells(w)
	lines := make([]string, 0, h)
	for i, x := range rows[from:to] {
		lines = append(lines, text.Fit(c.row(x, name, bar, w, len(rows) > c.height && from+i == c.cursor.at), w))
	}
	count := map[export.CollectionState]int{}
	for _, x := range c.now.status.Collections {
		count[x.State]++
	}
	about := fmt.Sprintf("  %s done · %s running · %s waiting · %s failed", text.Number(int64(count[export.CollectionDone])),
		text.Number(int64(count[export.CollectionRunning])), text.Number(int64(count[export.CollectionWaiting])), text.Number(int64(count[export.CollectionFailed])))
	aside := ""
	if len(rows) > c.height {
		aside = partText(from, to-from, len(rows))
	}
	if len(c.now.status.Collections) == 0 {
		return lines
	}
	if c.find.active() {
		return append(lines, text.Sides("  "+c.find.line(30), st.faint.of(aside), w))
	}
	return append(lines, st.faint.of(text.Sides(about, aside, w)))
}

// cells are the widths of the name and of the bar: the same for all rows, so that
// nothing jumps while the list scrolls.
func (c *exportStep) cells(w int) (name, bar int) {
	rest := 2 + 8 + 19 + 10
	if w >= 90 {
		rest += 12
	}
	name = min(max(10, c.widest), max(10, (w-rest)*2/3))
	return name, max(6, min(40, w-name-rest))
}

func (c *exportStep) row(x export.CollectionStatus, name, bar, w int, here bool) string {
	st := c.s.st
	line := "  "
	if here {
		line = st.strong.of("▌ ")
	}
	line += text.Pad(text.Clean(x.Name), name) + "  "
	switch x.State {
	case export.CollectionFailed:
		said := "failed"
		if x.Err != nil {
			said = c.s.sentence(x.Err)
		}
		return line + st.bad.of("✗ ") + said
	case export.CollectionWaiting:
		return line + st.faint.of(strings.Repeat("░", bar)+"  waiting")
	case export.CollectionDone:
		return line + st.progress(1, bar, true) + st.good.of("   ✓  ") + text.PadLeft(text.Short(x.Rows)+" done", 19)
	}
	if n := c.s.counts[x.Name]; !x.ExpectedFinal && n > x.Expected && c.counted > 0 {
		x.Expected, x.ExpectedFinal = n, true
	}
	rows := text.Short(x.Rows)
	switch {
	case x.ExpectedFinal && x.Expected == 0 && x.Rows == 0:
		line += st.progress(1, bar, false) + "      " + text.PadLeft("empty", 19)
	case x.ExpectedFinal && x.Expected > 0:
		line += st.progress(float64(x.Rows)/float64(x.Expected), bar, false) + fmt.Sprintf(" %3d %%", text.Percent(x.Rows, x.Expected)) +
			text.PadLeft(rows+" of "+text.Short(x.Expected), 19)
	default:
		line += st.progress(0, bar, false) + "      " + text.PadLeft(rows+" so far", 19)
	}
	rate := text.Rate(c.rate(x.Rate))
	if x.Retries > 0 && rate == "" && x.Rows < x.Expected {
		return line + " " + st.warn.of(text.PadLeft(text.Count(int64(x.Retries), "retry"), 9))
	}
	line += text.PadLeft(rate, 10)
	if w >= 90 && x.ETA >= 0 && x.ETA < 1000*time.Hour && rate != "" && x.ExpectedFinal {
		line += text.PadLeft(text.Clock(x.ETA)+" left", 12)
	}
	return line
}

// foot is the snapshot, and what threatens it.
func (c *exportStep) foot(w int) []string {
	st, now := c.s.st, c.now.status
	said := ""
	kind := noteWarn
	if c.now.state != runGoing {
		return []string{"", "", text.Fit(c.snapshotLine(), w)}
	}
	switch {
	case !c.away.IsZero():
		why := text.Clean(now.Waiting)
		if i := strings.Index(why, c.s.endpoint.Host()); i > 0 { // whose answer, rather than which request
			why = why[i:]
		}
		said = c.s.clean(why)
	case now.Need > 0 && now.Free >= 0 && now.Need > now.Free:
		kind, said = noteBad, "The disk is too small: about "+text.Size(now.Need)+" more needed, "+text.Size(now.Free)+" free."
	}
	lines := []string{"", ""}
	if said != "" {
		glyph, p := noteLook(st, kind)
		wrapped := text.Wrap(said, w-2)
		if len(wrapped) > 2 {
			wrapped = append(wrapped[:1], text.Fit(strings.Join(wrapped[1:], " "), w-2))
		}
		for i, l := range wrapped {
			lines[2-len(wrapped)+i] = p.of(glyph + l)
			glyph = "  "
		}
	}
	return append(lines, text.Fit(c.snapshotLine(), w))
}

func (c *exportStep) snapshotLine() string {
	now := c.now.status
	if now.Snapshot == 0 {
		return ""
	}
	said := "Snapshot of " + text.Time(now.Snapshot)
	if !now.SnapshotEnds.IsZero() && c.now.state == runGoing {
		// The calendar's time: what a machine measures may stand still while it sleeps.
		switch left := now.SnapshotEnds.Round(0).Sub(c.s.now().Round(0)); {
		case left <= 0:
			said += c.s.st.warn.of(", expired: the rest needs a new one !")
		case left < 3*time.Minute:
			said += c.s.st.warn.of(", expires in " + text.Clock(left) + " !")
		default:
			said += ", readable for " + moreText(left)
		}
	}
	if now.Renewed > 0 {
		said += "; renewed " + map[bool]string{true: "once", false: text.Number(int64(now.Renewed)) + " times"}[now.Renewed == 1] + ", so more than one point in time"
	}
	return said
}

// moreText is a time that is left: "14 more minutes".
func moreText(d time.Duration) string {
	if d < 2*time.Hour {
		return text.Number(int64(d.Minutes())) + " more minutes"
	}
	return text.Span(d)
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

func (c *exportStep) side(w, h int) []string {
	out := titled(c.s.st, "What happened", nil, w)
	var lines []string
	for _, e := range c.s.events { // "15:04:05 what happened"
		for i, l := range text.Wrap(e[9:], w-9) {
			stamp := c.s.st.faint.of(e[:8])
			if i > 0 {
				stamp = "        "
			}
			lines = append(lines, stamp+" "+l)
		}
	}
	return append(out, lines[max(0, len(lines)-max(0, h-len(out))):]...)
}

// ask runs the export and says how far it is, a line every now and then.
func (c *exportStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	spec, err := s.spec()
	if err != nil {
		return err
	}
	resume := s.resume
	for {
		if err := s.runner.start(spec, s.server, resume); err != nil {
			a.tell("Error: %s", s.sentence(err))
			return errBack
		}
		s.resume = false
		if err := s.follow(ctx, a); err != nil {
			return err
		}
		end := s.runner.progress()
		if end.manifest != nil {
			return nil
		}
		a.tell("Error: %s", s.sentence(orError(end.err, errors.New("the export ended without an end"))))
		yes, err := a.yes(ctx, "Resume it?", true)
		if err != nil {
			return err
		}
		if !yes {
			return end.err
		}
		resume = true
	}
}

// follow says how far the export is until it ends.
func (s *session) follow(ctx context.Context, a *asker) error {
	done := ended(&s.runner.wg)
	tick := time.NewTicker(a.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			a.tell("Stopping.")
			s.runner.cancel()
			<-done
			return context.Cause(ctx)
		case <-tick.C:
			a.tell("%s", s.progressLine())
		case <-done:
			return nil
		}
	}
}

func (s *session) progressLine() string {
	now := s.runner.progress()
	if now.state == runVerifying {
		return "Verifying the files."
	}
	st := now.status
	said := text.Number(st.Rows)
	if st.ExpectedFinal && st.Expected > 0 {
		said += fmt.Sprintf(" of %s rows, %d percent", text.Number(st.Expected), text.Percent(st.Rows, st.Expected))
		if st.ETA > 0 {
			said += ", " + text.Span(st.ETA) + " left"
		}
	} else {
		said += " rows"
	}
	if st.Waiting != "" {
		said += ", waiting: " + s.clean(st.Waiting)
	}
	return said + "."
}
