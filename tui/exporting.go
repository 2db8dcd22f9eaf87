package tui

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/store"
	"fauna-export/fauna"
)

const (
	pollEvery   = 100 * time.Millisecond // how often the screen looks at the export
	sampleEvery = 500 * time.Millisecond // one column of the throughput graph
	graphWidth  = 40
)

// exportStep shows the export while it runs. The export itself is the runner's:
// leaving this step, or its screen being too small, changes nothing.
type exportStep struct {
	s        *session
	gen      int // of the polls that count
	now      progress
	starting bool
	refused  error // why the export could not begin
	stopping bool

	scroller
	moved   bool  // the person scrolls; otherwise the list follows the work
	counted int64 // documents counted before it began, 0 when not all were
	widest  int   // cells of the longest name, at most 40
	named   int   // collections that widest is of
	digits  int   // of the largest count so far, commas included
	graph   []float64
	sampled time.Time
}

// startedMsg is the answer of start.
type startedMsg struct {
	gen int
	err error
}

func (startedMsg) to() stepID { return exportID }

// progressMsg is one look at the export.
type progressMsg struct {
	gen int
	now progress
}

func (progressMsg) to() stepID { return exportID }

func newExportStep(s *session) *exportStep { return &exportStep{s: s} }

// enter begins the export, unless the one of these very answers runs, has
// ended, or was stopped here.
func (c *exportStep) enter() tea.Cmd {
	if c.starting || c.s.runner.active() {
		return nil
	}
	if c.now.state == runEnded && c.same() {
		if c.now.manifest != nil {
			c.s.goTo = doneID
		}
		return nil
	}
	return c.start(false)
}

// same reports whether the answers are still those of the export that ended.
func (c *exportStep) same() bool {
	spec, err := c.s.spec()
	old := c.now.spec
	if c.now.manifest != nil && spec.Mode == export.Incremental { // the next sync is another one
		return false
	}
	return err == nil && spec.Dir == old.Dir && spec.Endpoint == old.Endpoint && spec.Format == old.Format &&
		spec.Compress == old.Compress && spec.Mode == old.Mode &&
		slices.Equal(spec.Collections, old.Collections) && reflect.DeepEqual(spec.Columns, old.Columns)
}

func (c *exportStep) leave() {}

// start begins an export, or goes on with the one in the folder.
func (c *exportStep) start(resume bool) tea.Cmd {
	spec, err := c.s.spec()
	if err == nil {
		err = spec.Validate()
	}
	if err == nil && c.s.server == nil {
		err = errors.New("there is no secret yet")
	}
	if err != nil {
		c.refused = err
		return nil
	}
	c.gen++
	c.now, c.starting, c.refused, c.stopping = progress{}, true, nil, false
	c.graph, c.moved, c.top, c.named, c.widest, c.digits = nil, false, 0, 0, 0, 0
	c.counted = 0
	for _, name := range spec.Collections {
		n, ok := c.s.counts[name]
		if !ok {
			c.counted = 0
			break
		}
		c.counted += n
	}
	gen, r, srv := c.gen, c.s.runner, c.s.server
	return c.s.jobs.do(func(context.Context) tea.Msg {
		return startedMsg{gen, r.start(spec, srv, resume)}
	})
}

// poll looks at the export a little later.
func (c *exportStep) poll() tea.Cmd {
	gen, r := c.gen, c.s.runner
	return c.s.jobs.after(pollEvery, func(context.Context) tea.Msg {
		return progressMsg{gen, r.progress()}
	})
}

func (c *exportStep) update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case startedMsg:
		if m.gen != c.gen {
			return nil
		}
		c.starting = false
		if m.err != nil {
			c.refused = m.err
			c.s.trouble(exportID, m.err)
			return nil
		}
		return c.poll()
	case progressMsg:
		if m.gen != c.gen {
			return nil
		}
		return c.progressed(m.now)
	}
	return nil
}

func (c *exportStep) progressed(p progress) tea.Cmd {
	c.now = p
	c.digits = max(c.digits, len(countText(max(p.status.Expected, p.status.Rows, c.counted))))
	if all := p.status.Collections; len(all) != c.named {
		c.named, c.widest = len(all), 0
		for _, x := range all {
			c.widest = max(c.widest, min(40, width(clean(x.Name))))
		}
	}
	if now := c.s.now(); now.Sub(c.sampled) >= sampleEvery && p.state == runGoing {
		c.sampled = now
		c.graph = append(c.graph, finite(p.status.BytesRate))
		if len(c.graph) > graphWidth {
			c.graph = c.graph[len(c.graph)-graphWidth:]
		}
	}
	if !c.moved {
		c.follow()
	}
	if p.state != runEnded {
		return c.poll()
	}
	c.stopping = false
	if p.err != nil {
		c.s.trouble(exportID, p.err)
	}
	if p.manifest != nil {
		c.s.goTo = doneID
	}
	return nil
}

// follow keeps the first running collection in sight.
func (c *exportStep) follow() {
	for i, x := range c.now.status.Collections {
		if x.State == export.CollectionRunning {
			c.top = i - c.shown/2 // the window keeps it within the list
			return
		}
	}
}

func (c *exportStep) running() bool {
	return c.now.state == runGoing || c.now.state == runVerifying || c.starting
}

func (c *exportStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	if c.scroller.key(c.s.keys.move, m) {
		c.moved = true
		return nil, true
	}
	if c.running() {
		return c.runningKey(m)
	}
	switch k := c.s.keys.ended; {
	case pressed(m, k.resume):
		if c.refused != nil && !resumable(c.refused) {
			return c.start(false), true
		}
		return c.start(true), true
	case pressed(m, k.output):
		c.s.goTo = outputID
	case pressed(m, k.secret):
		c.s.goTo = secretID
	case pressed(m, k.leave):
		c.s.ask = &question{
			text: "Leave the wizard? The export is not whole; it can be continued later.",
			yes:  func() tea.Cmd { return tea.Quit },
		}
	default:
		return nil, false
	}
	return nil, true
}

// resumable reports an error that says: here lies an export to go on with.
func resumable(err error) bool {
	d, ok := errors.AsType[*store.Error](err)
	return ok && d.Resumable
}

func (c *exportStep) runningKey(m tea.KeyMsg) (tea.Cmd, bool) {
	r := c.s.runner
	switch k := c.s.keys.export; {
	case pressed(m, k.pause):
		paused := c.now.status.Paused
		r.with(func(x exporting) {
			if paused {
				x.Continue()
			} else {
				x.Pause()
			}
		})
		c.now.status.Paused = !paused
	case pressed(m, k.more):
		c.workers(1)
	case pressed(m, k.fewer):
		c.workers(-1)
	case pressed(m, k.stop):
		c.s.ask = &question{
			text: "Stop the export? What is written stays, and it can be continued.",
			yes: func() tea.Cmd {
				c.stopping = true
				r.cancel()
				return nil
			},
		}
	case pressed(m, k.stay):
		c.s.say(noteInfo, "The export is running: p pauses it, s stops it.")
	default:
		return nil, false
	}
	return nil, true
}

func (c *exportStep) workers(by int) {
	n := max(1, min(c.now.status.Workers+by, export.MaxWorkers))
	c.s.runner.with(func(x exporting) { x.SetWorkers(n) })
	c.now.status.Workers = n
	c.s.say(noteInfo, "%s.", plural(int64(n), "worker", "workers"))
}

func (c *exportStep) title() (string, string) {
	st := c.now.status
	switch {
	case c.refused != nil:
		return "The export could not begin.", clean(c.s.endpoint.Host())
	case c.now.state == runEnded:
		return "The export stopped.", clean(c.s.endpoint.Host())
	case c.stopping:
		return "Stopping …", clean(c.s.endpoint.Host())
	case c.now.state == runVerifying:
		return "Reading the files again.", clean(c.s.endpoint.Host())
	case st.Paused:
		return "Paused.", clean(c.s.endpoint.Host())
	case st.Phase == export.Preparing || c.starting:
		return "Asking what can be read …", clean(c.s.endpoint.Host())
	}
	return "Exporting.", clean(c.s.endpoint.Host())
}

func (c *exportStep) hints() []key.Binding {
	k, ended := c.s.keys.export, c.s.keys.ended
	switch {
	case c.stopping:
		return nil
	case c.now.state == runVerifying:
		return []key.Binding{k.stop}
	case c.running():
		if c.now.status.Paused {
			k.pause = saying(k.pause, "continue")
		}
		scroll := c.s.keys.move.shown("scroll")
		scroll.SetEnabled(c.total > c.shown)
		return []key.Binding{k.pause, both("+ -", "workers", k.more, k.fewer), k.stop, scroll}
	case c.refused != nil && !resumable(c.refused):
		return []key.Binding{saying(ended.resume, "try again"), ended.output, ended.secret}
	}
	return []key.Binding{ended.resume, ended.output, ended.secret, ended.leave}
}

func (c *exportStep) typing() bool { return false }

func (c *exportStep) help() string {
	return "A row is a collection: how much of it is written, rows a second, and what is left. All of them are read as of one moment; the snapshot line says how long the server will still answer for it." +
		"\n\np pauses: nothing new is asked for. + and - change how many requests are under way at once; more than 8 seldom helps. s stops after a question; what is written stays, and the export can be continued, here or by fauna-export resume." +
		"\n\nA lost network does not stop it: it says what it waits for and when it tries again."
}

// failure says why the export ended and what can be done.
func failure(err error) []string {
	if errors.Is(err, context.Canceled) {
		return []string{"It was stopped. What is written stays.", "", "c continues where it stopped."}
	}
	lines := []string{sentence(err), ""}
	if fe, ok := errors.AsType[*fauna.Error](err); ok {
		switch fe.Kind {
		case fauna.KindSecretRefused, fauna.KindDenied:
			return append(lines, "e edits the secret, then c continues.")
		case fauna.KindUnreachable, fauna.KindTimeout:
			return append(lines, "c continues once the server answers again; nothing is lost.")
		}
	}
	if _, ok := errors.AsType[*store.Error](err); ok {
		if resumable(err) {
			return append(lines, "c continues the export that lies there; o gives another folder.")
		}
		return append(lines, "o gives another folder.")
	}
	return append(lines, "c continues; what is written stays.")
}
