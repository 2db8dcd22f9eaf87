package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"fauna-export/export"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/tui/text"
)

func (c *exportStep) title() (string, string) {
	st := c.now.status
	many := text.Count(int64(max(len(st.Collections), 1)), "collection")
	if len(st.Collections) == 0 {
		many = text.Count(int64(len(c.s.chosen())), "collection")
	}
	switch {
	case c.refused != nil:
		return "Couldn't start the export.", ""
	case c.now.state == runEnded:
		return "Export incomplete (" + why(c.now.err) + ")", c.elapsed()
	case c.stopping:
		return "Stopping …", c.elapsed()
	case c.now.state == runVerifying:
		return "Verifying the files", c.elapsed()
	case st.Paused:
		return "Paused (p resumes). The snapshot keeps expiring.", c.elapsed()
	case !c.lostSince.IsZero():
		title := outageText(st.Waiting)
		if d := st.NextTry.Sub(c.s.now()); !st.NextTry.IsZero() && d > 0 {
			title += fmt.Sprintf(" · retrying in %d s", int(math.Ceil(d.Seconds())))
		} else {
			title += " · retrying"
		}
		// The engine retries a request for this long.
		if left := cmp.Or(c.now.spec.RetryFor, 5*time.Minute) - c.s.now().Sub(c.lostSince); left > 0 {
			title += " · gives up in " + text.Clock(left)
		}
		return title, c.elapsed()
	case c.silentFor > 0:
		return "Waiting for the server: no answer for " + text.Clock(c.silentFor), c.elapsed()
	case st.Phase == export.Preparing || c.starting.busy:
		return "Checking what can be read …", ""
	case st.Phase == export.Comparing:
		return "Comparing " + many, c.elapsed()
	}
	return "Exporting " + many, c.elapsed()
}

func why(err error) string {
	if err == nil || errors.Is(err, context.Canceled) {
		return "stopped"
	}
	return "failed"
}

// elapsed formats the total run time so far, and the time left. bubbles/stopwatch knows
// only this process, while the engine counts across resumes.
func (c *exportStep) elapsed() string {
	line := "elapsed " + text.Clock(c.now.elapsed())
	if left, known := c.left(); known {
		line += "   left " + text.Clock(left)
		if !c.now.status.ExpectedFinal {
			line += " (est.)"
		}
	}
	return line
}

// expected returns how many documents there are: as planned, or until then as counted.
func (c *exportStep) expected() (n int64, known bool) {
	st := c.now.status
	if st.ExpectedFinal {
		return st.Expected, st.Expected > 0
	}
	if n = max(c.counted, st.Expected); c.counted > 0 && n > 0 {
		return n, true
	}
	return n, false
}

func (c *exportStep) left() (time.Duration, bool) {
	n, known := c.expected()
	rate := c.rate(c.now.status.Rate)
	if !known || rate < 0.5 || c.now.state != runGoing || n <= c.now.status.Rows {
		return 0, false
	}
	seconds := float64(n-c.now.status.Rows) / rate
	return time.Duration(seconds * float64(time.Second)), seconds <= 1e7
}

func (c *exportStep) body(w, h int) []string {
	if c.refused != nil {
		return c.failure(c.refused, w)
	}
	if c.now.state == runEnded && c.now.manifest == nil {
		lines := c.failure(c.now.err, w)
		if room := h - len(lines) - 1; room > 2 && len(c.now.status.Collections) > 0 {
			lines = append(append(lines, ""), c.table(w, room)...)
		}
		return lines
	}
	lines := c.totalLines(w)
	footer := c.footer(w, max(2, min(4, h/6)))
	lines = append(append(lines, ""), c.table(w, h-len(lines)-len(footer)-2)...)
	return append(text.Fill(lines, h-len(footer)), footer...)
}

func (c *exportStep) totalLines(w int) []string {
	st, now := c.s.st, c.now.status
	if c.now.state == runVerifying {
		v := c.now.checking
		label := fmt.Sprintf(" %3d %%  %d of %s, %s", text.Percent(v.Bytes, v.Size), v.Files, text.Count(int64(v.Total), "file"), text.Clean(v.File))
		bar := max(10, w-min(text.Width(label), w/2)-2)
		return []string{text.Fit(st.progress(float64(v.Bytes)/float64(max(1, v.Size)), bar, false)+label, w), ""}
	}
	n, known := c.expected()
	part, label := 0.0, "  …   "+text.Short(now.Rows)+" documents so far"
	if known {
		part = float64(now.Rows) / float64(n)
		label = fmt.Sprintf(" %3d %%  %s of %s documents", text.Percent(now.Rows, n), text.Short(min(now.Rows, n)), text.Short(n))
	}
	bar := max(8, w-max(34, text.Width(label))-1)
	lines := []string{text.Fit(st.progress(part, bar, false)+label, w)}
	pieces := []string{
		strings.TrimSuffix(cmp.Or(text.Rate(c.rate(now.Rate)), "0/s"), "/s") + " documents/s",
		text.Size(int64(c.rate(now.BytesRate))) + "/s", text.Count(int64(now.InFlight), "request") + " in flight",
	}
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

// table draws the listed collections and a summary line: at most h lines.
func (c *exportStep) table(w, h int) []string {
	st, rows := c.s.st, c.shown()
	from, to, part := c.list.window(len(rows), h-1)
	name, bar := c.cells(w)
	lines := make([]string, 0, h)
	for i, x := range rows[from:to] {
		lines = append(lines, text.Fit(c.row(x, name, bar, w, part != "" && from+i == c.list.at), w))
	}
	if len(c.now.status.Collections) == 0 {
		return lines
	}
	about := c.list.filter(30)
	if about == "" {
		about = st.faint.of(c.countText(w - 4 - text.Width(part)))
	}
	return append(lines, text.Sides("  "+about, st.faint.of(part), w))
}

// countText says how many collections there are in each state, without those of which
// there are none if all don't fit.
func (c *exportStep) countText(w int) string {
	states := []export.CollectionState{export.CollectionDone, export.CollectionRunning, export.CollectionWaiting, export.CollectionFailed}
	names := []string{"done", "running", "waiting", "failed"}
	if c.now.state == runEnded {
		names = []string{"done", "unfinished", "not started", "failed"}
	}
	var all, some []string
	for i, state := range states {
		n := 0
		for _, x := range c.now.status.Collections {
			if x.State == state {
				n++
			}
		}
		all = append(all, text.Number(int64(n))+" "+names[i])
		if n > 0 {
			some = append(some, all[i])
		}
	}
	if full := strings.Join(all, " · "); text.Width(full) <= w {
		return full
	}
	return strings.Join(some, " · ")
}

// cells returns the widths of names and bars, equal for all rows so that nothing jumps.
func (c *exportStep) cells(w int) (name, bar int) {
	rest := 2 + 8 + 19 + 11
	if w >= 90 {
		rest += 12
	}
	for _, x := range c.now.status.Collections {
		name = max(name, text.Width(text.Clean(x.Name)))
	}
	name = min(max(10, name), 40, max(10, (w-rest)*2/3))
	return name, max(6, min(40, w-name-rest))
}

func (c *exportStep) row(x export.CollectionStatus, name, bar, w int, here bool) string {
	st := c.s.st
	line := st.mark(here) + text.Pad(text.Clean(x.Name), name) + "  "
	switch x.State {
	case export.CollectionFailed:
		reason := "failed"
		if x.Err != nil {
			reason = c.s.sentence(x.Err)
		}
		return line + st.bad.of("✗ ") + reason
	case export.CollectionWaiting:
		return line + st.faint.of(strings.Repeat("░", bar)+map[bool]string{false: "  waiting", true: "  not started"}[c.now.state == runEnded])
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
		return line + st.warn.of(text.PadLeft(text.Count(int64(x.Retries), "retry"), 11))
	}
	line += text.PadLeft(rate, 11)
	if w >= 90 && x.ETA >= 0 && x.ETA < 1000*time.Hour && rate != "" && x.ExpectedFinal {
		line += text.PadLeft(text.Clock(x.ETA)+" left", 12)
	}
	return line
}

// footer draws the snapshot line, and warnings in lines reserved for them.
func (c *exportStep) footer(w, free int) []string {
	now, lines := c.now.status, make([]string, free)
	var message []string
	switch {
	case c.now.state != runGoing:
	case !c.lostSince.IsZero():
		why := text.Sentence(now.Waiting)
		if i := strings.Index(why, c.s.endpoint.Host()); i > 0 { // start at the host: which request it was doesn't matter
			why = why[i:]
		}
		message = marked(c.s.st, noteWarn, c.s.clean(why), w)
	case now.Need > 0 && now.Free >= 0 && now.Need > now.Free:
		message = marked(c.s.st, noteBad, "The disk is too small: about "+text.Size(now.Need)+" more needed, "+text.Size(now.Free)+" free.", w)
	}
	message = text.Clip(message, free, w)
	copy(lines[free-len(message):], message)
	return append(lines, text.Fit(c.snapshotLine(), w))
}

func (c *exportStep) snapshotLine() string {
	now := c.now.status
	if now.Snapshot == 0 {
		return ""
	}
	line := "Snapshot of " + text.Time(now.Snapshot)
	if !now.SnapshotEnds.IsZero() && c.now.state == runGoing {
		// Wall-clock time: the monotonic clock may stop while the machine sleeps.
		switch left := now.SnapshotEnds.Round(0).Sub(c.s.now().Round(0)); {
		case left <= 0:
			line += c.s.st.warn.of(", expired; the rest needs a new one !")
		case left < 3*time.Minute:
			line += c.s.st.warn.of(", expires in " + text.Clock(left) + " !")
		case left < 2*time.Hour:
			line += ", readable for " + text.Number(int64(left.Minutes())) + " more minutes"
		default:
			line += ", readable for " + text.Span(left)
		}
	}
	if now.Renewed > 0 {
		line += "; renewed " + map[bool]string{true: "once", false: text.Number(int64(now.Renewed)) + " times"}[now.Renewed == 1] + ", so more than one point in time"
	}
	return line
}

// drawGraph draws the recent throughput in w cells; bubbles has no graph.
func (c *exportStep) drawGraph(w int) string {
	levels := []rune("▁▂▃▄▅▆▇█")
	samples := c.graph[max(0, len(c.graph)-w):]
	peak := slices.Max(append([]float64{1e-9}, samples...))
	out := strings.Repeat(" ", w-len(samples))
	for _, v := range samples {
		out += string(levels[min(len(levels)-1, int(max(0, v)/peak*float64(len(levels)-1)+0.5))])
	}
	return c.s.st.accent.of(out)
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

func (c *exportStep) failure(err error, w int) []string {
	message, kind, again := c.s.sentence(err), noteBad, "c resume it · o choose another folder"
	var where []string
	if dir := c.now.spec.Dir; dir != "" { // otherwise it never started
		where = []string{"", "Files so far are in " + text.Clean(homePath(dir)) + "."}
		if !c.s.cfg.Demo {
			where = append(where, "", "Resume here, or later with:", c.s.st.accent.of("fauna-export resume "+text.ShellWord(homePath(dir))))
		}
	}
	fe, ours := errors.AsType[*fauna.Error](err)
	de, disk := errors.AsType[*store.Error](err)
	switch {
	case errors.Is(err, context.Canceled) && where != nil:
		message, kind, where = "Stopped. "+where[1], noteWarn, where[2:]
	case ours && (fe.Kind == fauna.KindSecretRefused || fe.Kind == fauna.KindDenied):
		again = "x change the secret, then c resumes"
	case disk && de.Resumable:
		kind = noteWarn
	case disk:
		again = "o choose another folder"
	}
	where = mapped(append(where, "", again), func(l string) string { return text.Fit(l, w-2) })
	return append(marked(c.s.st, kind, message, w), text.Indent(2, where)...)
}

// ask runs the export and prints its progress at intervals.
func (c *exportStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	spec, err := s.spec()
	if err != nil {
		return err
	}
	resume := s.place.begun
	for {
		if err := s.begin(ctx, spec, s.server, resume); err != nil {
			a.printLines("Error: %s", s.sentence(err))
			return errBack
		}
		s.place.begun = false
		watch := context.AfterFunc(ctx, s.runner.cancel)
		a.during(s.runner.wg.Wait, func() string { return s.runner.progress().line() })
		watch()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		end := s.runner.progress()
		if end.manifest != nil {
			return nil
		}
		a.printLines("Error: %s", s.sentence(cmp.Or(end.err, errors.New("the export ended without a result"))))
		if err := a.agree(ctx, "Resume it?", true, cmp.Or(end.err, errBack)); err != nil {
			return err
		}
		resume = true
	}
}
