package tui

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/fauna/fql"
)

// A frame is the screen from a given time on.
type frame struct {
	at   time.Duration
	view string
}

// A recorder walks through a bench and records the screens, timed as if a person
// pressed the keys.
type recorder struct {
	b      *bench
	now    time.Duration
	frames []frame
}

// show records the current screen for a while.
func (r *recorder) show(d time.Duration) {
	r.frames = append(r.frames, frame{r.now, r.b.w.View()})
	r.now += d
}

// press presses each key after showing the screen for a while.
func (r *recorder) press(d time.Duration, keys ...string) {
	for _, k := range keys {
		r.b.keys(k)
		r.show(d)
	}
}

// TestRecording_showsTheWholeWay records a session against an embedded server, from the
// address to the verified files, choosing to be shown the FQL. The recording is kept in
// asciinema's file format, and as an animated SVG for the README. `go test ./tui -run
// TestRecording -pictures` writes them.
func TestRecording_showsTheWholeWay(t *testing.T) {
	frames := tour(t)
	for name, made := range map[string]string{"tour.cast": castOf(t, frames), "tour.svg": animate(t, frames)} {
		isKept(t, name, made)
	}
}

// tour records the session.
func tour(t *testing.T) []frame {
	t.Helper()
	b, shell := onSample(t)
	r := &recorder{b: b}
	r.show(1500 * time.Millisecond)
	r.press(1500*time.Millisecond, "enter")
	r.press(1200*time.Millisecond, "enter")
	b.paste(shell(fql.CollectionsFQL(fql.V4)))
	r.show(1800 * time.Millisecond)
	r.press(1500*time.Millisecond, "enter")
	r.press(1000*time.Millisecond, "c", "right", "c")
	setup := b.w.setup()
	r.press(1000*time.Millisecond, "enter")
	shell(setup.RoleFQL())
	b.paste(shell(setup.KeyFQL()))
	r.show(1500 * time.Millisecond)
	r.press(1800*time.Millisecond, "enter")
	r.press(500*time.Millisecond, "down")
	for _, part := range []string{"carts:cust", "omer_id:string=", "data.customer.id"} {
		b.typed(part)
		r.show(350 * time.Millisecond)
	}
	r.press(1800*time.Millisecond, "enter")
	r.press(2500*time.Millisecond, "enter")
	b.run.manifest = exported(t, b)
	b.run.hold, b.held = make(chan struct{}), true
	b.run.status = export.Status{Phase: export.Preparing, Workers: 8, Elapsed: 3500 * time.Millisecond}
	b.keys("enter")
	for i := 1; i <= 10; i++ {
		st := partly(b.run.manifest, float64(i)/10)
		c := b.w.steps[exportID].(*exportStep)
		c.sampled = time.Time{}
		c.progressed(progress{state: runGoing, status: st, spec: export.Spec{Dir: "/srv/shop"}})
		r.show(350 * time.Millisecond)
	}
	b.endRun()
	r.show(4 * time.Second)
	return r.frames
}

// partly returns the status of an export with part of its documents written, one
// collection after another.
func partly(m *archive.Manifest, part float64) export.Status {
	st := halfway(m)
	want := int64(part * float64(st.Expected))
	st.Rows, st.Rate, st.ETA = 0, 8_000*(0.6+0.4*math.Sin(part*9)), 0
	st.Elapsed = time.Duration(part * float64(3500*time.Millisecond))
	st.BytesRate = st.Rate * 640
	for i := range st.Collections {
		x := &st.Collections[i]
		x.Rows = min(x.Expected, want)
		want -= x.Rows
		x.Rate = 0
		switch {
		case x.Rows == x.Expected:
			x.State = export.CollectionDone
		case x.Rows > 0:
			x.State, x.Rate = export.CollectionRunning, st.Rate
		default:
			x.State = export.CollectionWaiting
		}
		st.Rows += x.Rows
	}
	return st
}

// castOf formats the recording for asciinema, version 2.
func castOf(t *testing.T, frames []frame) string {
	t.Helper()
	var b strings.Builder
	line := func(v any) {
		body, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(body, '\n'))
	}
	line(map[string]any{"version": 2, "width": 80, "height": 24, "title": "fauna-export", "env": map[string]string{"TERM": "xterm-256color"}})
	for _, f := range frames {
		line([]any{math.Round(f.at.Seconds()*1000) / 1000, "o", "\x1b[H\x1b[2J" + strings.ReplaceAll(f.view, "\n", "\r\n")})
	}
	return b.String()
}

// animate draws the frames as one SVG that shows them in an endless loop. A line that
// several frames share is drawn once.
func animate(t *testing.T, frames []frame) string {
	t.Helper()
	last := frames[len(frames)-1]
	whole := (last.at + 4*time.Second).Seconds()
	var lines, use, style strings.Builder
	ids := map[string]int{}
	for i, f := range frames {
		next := whole
		if i+1 < len(frames) {
			next = frames[i+1].at.Seconds()
		}
		from, to := 100*f.at.Seconds()/whole, 100*next/whole
		fmt.Fprintf(&style, "@keyframes f%d{0%%,%.3f%%{visibility:hidden}%.3f%%,%.3f%%{visibility:visible}%.3f%%,100%%{visibility:hidden}}\n", i, max(0, from-0.001), from, max(from, to-0.001), to)
		if i == 0 {
			style.Reset()
			fmt.Fprintf(&style, "@keyframes f0{0%%,%.3f%%{visibility:visible}%.3f%%,100%%{visibility:hidden}}\n", max(0, to-0.001), to)
		}
		fmt.Fprintf(&use, `<g class="f" style="animation-name:f%d">`, i)
		for y, l := range strings.Split(f.view, "\n") {
			if l = strings.TrimRight(l, " "); l == "" {
				continue
			}
			id, known := ids[l]
			if !known {
				id = len(ids)
				ids[l] = id
				fmt.Fprintf(&lines, `<g id="l%d">`, id)
				drawLine(t, &lines, l, 0)
				lines.WriteString("</g>\n")
			}
			fmt.Fprintf(&use, `<use href="#l%d" y="%s"/>`, id, num(margin+float64(y)*cellHeight))
		}
		use.WriteString("</g>\n")
	}
	width, height := 80*cellWidth+2*margin, 24*cellHeight+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img">`+"\n", num(width), num(height), num(width), num(height))
	fmt.Fprintf(&b, "<title>fauna-export: from an address to verified files</title>\n<style>.f{visibility:hidden;animation:%.2fs step-end infinite}\n%s</style>\n", whole, style.String())
	fmt.Fprintf(&b, "<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"%s\"/>\n<defs>\n%s</defs>\n", groundColour, lines.String())
	b.WriteString("<g shape-rendering=\"crispEdges\" font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\">\n")
	return b.String() + use.String() + "</g>\n</svg>\n"
}
