package tui

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/tui/text"
)

// checkView fails if a view is wider or taller than its window, or contains a control
// character that isn't part of a colour.
func checkView(t *testing.T, view string, w, h int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if h > 0 && len(lines) > h {
		t.Errorf("%d lines in a window of %d:\n%s", len(lines), h, view)
	}
	for i, l := range lines {
		if n := ansi.StringWidth(l); w > 0 && h > 0 && n > w {
			t.Errorf("line %d has %d cells in a window of %d:\n%q", i+1, n, w, l)
		}
		for _, r := range ansi.Strip(l) {
			if text.Hidden(r) {
				t.Errorf("line %d holds %U: %q", i+1, r, l)
			}
		}
	}
}

func TestView_neverLargerThanTheWindow(t *testing.T) {
	sizes := [][2]int{{0, 0}, {1, 1}, {3, 2}, {40, 10}, {59, 18}, {60, 17}, {60, 18}, {61, 19}, {70, 22}, {79, 24}, {80, 24}, {103, 30}, {104, 30}, {200, 60}, {60, 100}, {300, 18}}
	for _, sc := range scenes() {
		t.Run(sc.name, func(t *testing.T) {
			b := sceneAt(t, sc, 80, 24)
			for _, size := range sizes {
				b.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				checkView(t, b.w.View(), size[0], size[1])
				if t.Failed() {
					t.Fatalf("at %d x %d", size[0], size[1])
				}
			}
		})
	}
}

func TestView_neverLargerWhateverIsPressed(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Chdir(t.TempDir()) // it writes files here
			r := rand.New(rand.NewPCG(seed, 7))
			b := newBench(t, 80, 24, func(b *bench, c *Config) {
				for _, name := range hostileNames {
					b.server.names = append(b.server.names, name)
					b.server.docs[name] = r.IntN(2000)
				}
				if seed%2 == 0 {
					demo(b, c)
				}
				c.ASCII = seed%3 == 0
				if seed%5 == 0 {
					c.Color = "always"
				}
			})
			var names []string
			for name := range keyTypes {
				if name != "ctrl+z" && name != "ctrl+c" {
					names = append(names, name)
				}
			}
			letters := []rune("acdehijklnopqrsuwxyCGy19+-/?=[],'{} ")
			for range 400 {
				switch n := r.IntN(20); {
				case n < 7:
					b.keys("enter")
				case n < 12:
					b.keys(names[r.IntN(len(names))])
				case n < 17:
					b.keys(string(letters[r.IntN(len(letters))]))
				case n == 17:
					b.paste(hostileNames[r.IntN(len(hostileNames))] + "\r\nusers\n")
				case n == 18:
					b.paste(testSecret)
				default:
					b.send(tea.WindowSizeMsg{Width: r.IntN(140), Height: r.IntN(50)})
				}
				checkView(t, b.w.View(), b.w.width, b.w.height)
				if t.Failed() {
					t.Fatalf("at %s, %d x %d", b.w.at, b.w.width, b.w.height)
				}
			}
		})
	}
}

func TestView_neverLargerWhateverTheExportSays(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	numbers := []int64{0, 1, 12, 999, 20_000, 1_234_567_890, math.MaxInt64, -1}
	rates := []float64{0, 0.1, 9_870, 1e12, math.NaN(), math.Inf(1), -5}
	times := []time.Duration{0, -time.Second, time.Second, 26 * time.Hour, math.MaxInt64}
	texts := append([]string{"", "localhost:8443 (connection refused)"}, hostileNames...)
	number := func() int64 { return numbers[r.IntN(len(numbers))] }
	rate := func() float64 { return rates[r.IntN(len(rates))] }
	word := func() string { return texts[r.IntN(len(texts))] }
	states := []export.CollectionState{export.CollectionWaiting, export.CollectionRunning, export.CollectionDone, export.CollectionFailed}
	b := newBench(t, 80, 24).to(exportID)
	c := b.w.steps[exportID].(*exportStep)
	for i := range 2_000 {
		p := progress{state: []runState{runGoing, runVerifying, runEnded}[r.IntN(3)], status: export.Status{
			Rows: number(), Expected: number(), ExpectedFinal: r.IntN(2) == 0, Bytes: number(), Written: number(),
			Rate: rate(), BytesRate: rate(), ETA: times[r.IntN(len(times))], Retries: int(number()), InFlight: r.IntN(9), Workers: 8,
			Waiting: errors.New(word()), NextTry: testNow.Add(times[r.IntN(4)]), Paused: r.IntN(3) == 0, Free: number(), Need: number(),
			Snapshot: number(), SnapshotEnds: testNow.Add(times[r.IntN(4)]), Renewed: r.IntN(3),
		}}
		for range r.IntN(30) {
			p.status.Collections = append(p.status.Collections, export.CollectionStatus{
				Name: word(), State: states[r.IntN(4)], Rows: number(), Expected: number(), ExpectedFinal: r.IntN(2) == 0,
				Bytes: number(), Rate: rate(), ETA: times[r.IntN(len(times))], Retries: r.IntN(3), Err: errors.New(word()),
			})
		}
		p.checking = archive.VerifyStatus{File: word(), Files: r.IntN(9), Total: r.IntN(9), Bytes: number(), Size: number()}
		if p.state == runEnded {
			p.err = errors.New(word())
		}
		c.sampled = time.Time{}
		c.progressed(p)
		w, h := 40+r.IntN(120), 10+r.IntN(40)
		b.send(tea.WindowSizeMsg{Width: w, Height: h})
		checkView(t, b.w.View(), w, h)
		if t.Failed() {
			t.Fatalf("round %d, %d x %d: %+v", i, w, h, p)
		}
	}
}
