package tui

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/tui/text"
)

const (
	pollEvery   = 100 * time.Millisecond // how often the screen looks at the export
	sampleEvery = 500 * time.Millisecond // one column of the throughput graph
	graphWidth  = 40

	// stillFor is how long nothing moves before what the engine waits for is said:
	// one request may wait for its turn while others are answered.
	stillFor = time.Second

	// silentFor is how long requests are in flight without an answer before that is said.
	silentFor = 3 * time.Second

	few = 6 // collections that are all listed
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

	cursor   rowCursor
	all      bool // every collection is listed, not those at work alone
	problems bool // failed ones and those with retries alone
	find     finder
	height   int

	counted int64 // documents counted before it began, 0 when not all were
	widest  int   // cells of the longest name, at most 40
	named   int   // collections that widest is of
	graph   []float64
	sampled time.Time
	moved   time.Time     // when rows, bytes or the plan last grew
	silent  time.Duration // how long there has been no answer, 0 while there are
	away    time.Time     // when the server went away, zero while it answers
	states  map[string]export.CollectionState
	expired bool
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

func newExportStep(s *session) *exportStep {
	return &exportStep{s: s, cursor: newCursor(), find: newFinder(s.st), states: map[string]export.CollectionState{}}
}

// enter begins the export, unless one of these very answers runs or was stopped here.
func (c *exportStep) enter() tea.Cmd {
	if c.starting || c.s.runner.active() {
		return nil
	}
	if c.now.state == runEnded && c.now.manifest == nil && c.same() {
		return nil
	}
	return c.start(c.s.resume)
}

// same reports whether the answers are still those of the export that ended.
func (c *exportStep) same() bool {
	spec, err := c.s.spec()
	old := c.now.spec
	return err == nil && spec.Dir == old.Dir && spec.Endpoint == old.Endpoint && spec.Format == old.Format &&
		spec.Compress == old.Compress && spec.Mode == old.Mode &&
		slices.Equal(spec.Collections, old.Collections) && reflect.DeepEqual(spec.Columns, old.Columns)
}

func (c *exportStep) leave() {}

// start begins an export, or resumes the one in the folder.
func (c *exportStep) start(resume bool) tea.Cmd {
	spec, err := c.s.spec()
	if err == nil && !resume {
		err = spec.Validate()
	}
	if err == nil && c.s.server == nil {
		err = sayError("There is no secret yet.")
	}
	if err != nil {
		c.refused = err
		return nil
	}
	c.gen++
	c.now, c.starting, c.refused, c.stopping = progress{}, true, nil, false
	c.graph, c.named, c.widest, c.states, c.expired = nil, 0, 0, map[string]export.CollectionState{}, false
	c.moved, c.away = time.Time{}, time.Time{}
	c.s.resume = false
	c.counted = 0
	for _, name := range spec.Collections {
		n, ok := c.s.counts[name]
		if !ok {
			c.counted = 0
			break
		}
		c.counted += n
	}
	if resume {
		c.s.event("resuming the export in %s", spec.Dir)
	} else {
		c.s.event("export into %s started", spec.Dir)
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
	old, st, now := c.now.status, p.status, c.s.now()
	if st.Rows != old.Rows || st.Bytes != old.Bytes || st.Expected != old.Expected {
		c.moved = now
	}
	c.now, c.silent = p, 0
	if d := now.Sub(c.moved); !c.moved.IsZero() && d >= silentFor && st.InFlight > 0 && !st.Paused && st.Phase == export.Running {
		c.silent = d
	}
	c.notice(st, now)
	if all := st.Collections; len(all) != c.named {
		c.named, c.widest = len(all), 0
		for _, x := range all {
			c.widest = max(c.widest, min(40, text.Width(text.Clean(x.Name))))
		}
	}
	if now.Sub(c.sampled) >= sampleEvery && p.state == runGoing {
		c.sampled = now
		c.graph = append(c.graph, c.rate(st.BytesRate))
		c.graph = c.graph[max(0, len(c.graph)-graphWidth):]
	}
	if p.state != runEnded {
		return c.poll()
	}
	c.stopping = false
	if p.err != nil {
		c.s.trouble(exportID, p.err)
		c.s.event("ended: %s", c.s.sentence(p.err))
	}
	if p.manifest != nil {
		c.s.event("verified %s", text.Count(int64(len(p.manifest.Collections)), "file"))
		c.s.goTo = doneID
	}
	return c.s.bell()
}

// notice puts what happened since the last look into the log of the second pane.
func (c *exportStep) notice(st export.Status, now time.Time) {
	gone := c.waits(st, now)
	switch {
	case gone && c.away.IsZero():
		c.away = now
		c.s.event("connection lost")
	case !gone && !c.away.IsZero():
		c.away = time.Time{}
		c.s.event("the server answers again")
	}
	if !st.SnapshotEnds.IsZero() && !st.SnapshotEnds.After(now) && !c.expired {
		c.expired = true
		c.s.event("snapshot expired: the rest needs a new one")
	}
	for _, x := range st.Collections {
		if was := c.states[x.Name]; was == x.State {
			continue
		}
		c.states[x.Name] = x.State
		switch x.State {
		case export.CollectionDone:
			c.s.event("%s: %s", x.Name, text.Count(x.Rows, "row"))
		case export.CollectionFailed:
			c.s.event("%s failed", x.Name)
		}
	}
}

// waits reports whether the server is away: the engine waits, and nothing has come
// for a while. The first answer ends it.
func (c *exportStep) waits(st export.Status, now time.Time) bool {
	return st.Waiting != "" && !st.Paused && now.Sub(c.moved) >= stillFor
}

// rate is a rate as it is now: none while nothing is asked for.
func (c *exportStep) rate(perSecond float64) float64 {
	if c.now.status.Paused || !c.away.IsZero() || c.silent > 0 || c.now.state != runGoing {
		return 0
	}
	return text.Finite(perSecond)
}

func (c *exportStep) running() bool {
	return c.now.state == runGoing || c.now.state == runVerifying || c.starting
}

type exportKeys struct {
	pause, more, fewer, requests, slower, faster, rate, stop, list, find, problems key.Binding
}

func (c *exportStep) keys() exportKeys {
	going := c.now.state == runGoing && !c.stopping
	st, troubled := c.now.status, false
	for _, x := range st.Collections {
		troubled = troubled || x.State == export.CollectionFailed || x.Retries > 0
	}
	k := exportKeys{
		pause: when(going, bind("p", "pause", "p")), more: when(going, bind("", "", "+", "=")), fewer: when(going, bind("", "", "-")),
		requests: when(going, bind("+ -", "requests", "+", "-")), rate: when(going, bind("< >", "rate limit", "<", ">")),
		slower: when(going, bind("", "", "<", ",")), faster: when(going, bind("", "", ">", ".")),
		stop: when(c.running() && !c.stopping, bind("s", "stop", "s")), list: when(len(st.Collections) > few, bind("tab", "all", "tab")),
		find: c.find.hint(len(st.Collections) > 0), problems: when(c.problems || troubled, bind("!", "problems", "!")),
	}
	if st.Paused {
		k.pause = saying(k.pause, "resume")
	}
	if c.all {
		k.list = saying(k.list, "at work")
	}
	return k
}

type endedKeys struct{ resume, output, collections, secret, leave key.Binding }

func (c *exportStep) endedKeys() endedKeys {
	k := endedKeys{
		resume: bind("c", "resume", "c", "enter"), output: bind("o", "choose another folder", "o"),
		collections: bind("e", "collections", "e"), secret: bind("x", "change the secret", "x"), leave: bind("q", "quit", "q"),
	}
	if c.refused != nil && !resumable(c.refused) {
		k.resume = saying(k.resume, "try again")
	}
	return k
}

func (c *exportStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	k := c.keys()
	r := c.s.runner
	switch {
	case c.find.key(m):
		c.all = c.all || c.find.typing
	case c.find.typing:
		return nil, false
	case pressed(m, k.list):
		c.all, c.problems = !c.all, false
	case pressed(m, k.problems):
		c.problems = !c.problems
	case c.cursor.key(m, len(c.shown()), c.height):
	case !c.running():
		return c.endedKey(m)
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
		c.s.event("%s", map[bool]string{false: "paused", true: "resumed"}[paused])
	case pressed(m, k.more):
		c.workers(1)
	case pressed(m, k.fewer):
		c.workers(-1)
	case pressed(m, k.slower):
		c.limit(0.5)
	case pressed(m, k.faster):
		c.limit(2)
	case pressed(m, k.stop):
		c.s.ask = &question{
			text: "Stop the export? Files so far stay, and it can be resumed.",
			yes: func() tea.Cmd {
				c.stopping = true
				r.cancel()
				return nil
			},
		}
	default:
		return nil, false
	}
	return nil, true
}

func (c *exportStep) endedKey(m tea.KeyMsg) (tea.Cmd, bool) {
	switch k := c.endedKeys(); {
	case pressed(m, k.resume):
		return c.start(c.refused == nil || resumable(c.refused)), true
	case pressed(m, k.output):
		c.s.open(outputID, checkID)
	case pressed(m, k.collections):
		c.s.open(collectionsID, checkID)
	case pressed(m, k.secret):
		c.s.open(accessID, exportID)
		if c.s.way == wayFQL {
			c.s.open(secretID, exportID)
		} else {
			c.s.forget()
		}
	case pressed(m, k.leave):
		c.s.ask = &question{text: "Quit? The export is incomplete; it can be resumed later.", yes: func() tea.Cmd { return tea.Quit }}
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

func (c *exportStep) workers(by int) {
	n := max(1, min(c.now.status.Workers+by, export.MaxWorkers))
	c.s.runner.with(func(x exporting) { x.SetWorkers(n) })
	c.now.status.Workers = n
	c.s.say(noteInfo, "At most %s in flight.", text.Count(int64(n), "request"))
}

// limit changes the largest rate: half of what it is now, or twice, and none again
// where that is more than the server gives.
func (c *exportStep) limit(times float64) {
	now, most := c.rate(c.now.status.Rate), c.s.maxRate
	switch {
	case most == 0 && times > 1:
		c.s.say(noteInfo, "There is no rate limit.")
		return
	case most == 0:
		most = int(now)
	}
	most = max(10, int(float64(most)*times))
	if times > 1 && now > 0 && float64(most) > 4*now {
		most = 0
	}
	c.s.maxRate = most
	c.s.runner.with(func(x exporting) { x.SetMaxRate(most) })
	if most == 0 {
		c.s.say(noteInfo, "No rate limit.")
		return
	}
	c.s.say(noteInfo, "At most %s documents/s.", text.Number(int64(most)))
}

// shown are the collections that are listed: those at work first, then those that
// failed, then the others where all are asked for.
func (c *exportStep) shown() []export.CollectionStatus {
	all := c.now.status.Collections
	var rows []export.CollectionStatus
	add := func(state ...export.CollectionState) {
		for _, x := range all {
			if slices.Contains(state, x.State) && c.find.matches(x.Name) &&
				(!c.problems || x.State == export.CollectionFailed || x.Retries > 0) {
				rows = append(rows, x)
			}
		}
	}
	add(export.CollectionRunning)
	add(export.CollectionFailed)
	if c.all || c.problems || len(all) <= few {
		add(export.CollectionWaiting)
		add(export.CollectionDone)
	}
	return rows
}

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
	case !c.away.IsZero():
		said := "Connection lost"
		if d := st.NextTry.Sub(c.s.now()); !st.NextTry.IsZero() && d > 0 {
			said += fmt.Sprintf(" · retrying in %d s", int(math.Ceil(d.Seconds())))
		} else {
			said += " · retrying"
		}
		if left := c.retryFor() - c.s.now().Sub(c.away); left > 0 {
			said += " · gives up in " + text.Clock(left)
		}
		return said, c.elapsed()
	case c.silent > 0:
		return "Waiting for the server: no answer for " + text.Clock(c.silent), c.elapsed()
	case st.Phase == export.Preparing || c.starting:
		return "Checking what can be read …", ""
	case st.Phase == export.Comparing:
		return "Comparing " + many, c.elapsed()
	}
	return "Exporting " + many, c.elapsed()
}

// retryFor is how long the engine tries a request again.
func (c *exportStep) retryFor() time.Duration {
	if d := c.now.spec.RetryFor; d > 0 {
		return d
	}
	return 5 * time.Minute
}

// why is in a word why an export ended.
func why(err error) string {
	if err == nil || errors.Is(err, context.Canceled) {
		return "stopped"
	}
	return "failed"
}

// elapsed is the time of the whole run so far, and what is left.
func (c *exportStep) elapsed() string {
	said := "elapsed " + text.Clock(c.now.elapsed())
	if left, known := c.left(); known {
		said += "   left " + text.Clock(left)
		if !c.now.status.ExpectedFinal {
			said += " (est.)"
		}
	}
	return said
}

// expected is how many documents there are: as planned, or, until all is planned, as
// Check counted them.
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

// left is how long the rest takes at the rate of now.
func (c *exportStep) left() (time.Duration, bool) {
	n, known := c.expected()
	rate := c.rate(c.now.status.Rate)
	if !known || rate < 0.5 || c.now.state != runGoing || n <= c.now.status.Rows {
		return 0, false
	}
	seconds := float64(n-c.now.status.Rows) / rate
	if seconds > 1e7 {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

func (c *exportStep) hints() []key.Binding {
	k, ended := c.keys(), c.endedKeys()
	more := c.cursor.shown(len(c.shown()) > c.height)
	switch {
	case c.find.typing:
		return []key.Binding{c.find.keep()}
	case c.running():
		return []key.Binding{k.pause, k.requests, k.rate, k.stop, k.list, k.find, k.problems, more}
	}
	return []key.Binding{ended.resume, ended.output, ended.collections, ended.secret, ended.leave, more}
}

func (c *exportStep) esc() string {
	switch {
	case c.find.active():
		return "clear filter"
	case c.running():
		return ""
	}
	return "back"
}

func (c *exportStep) typing() bool { return c.find.typing }

func (c *exportStep) busy() bool { return c.starting }

func (c *exportStep) help() string {
	return "Collections at work come first; tab lists all, / finds one, ! shows those with problems. All documents are read from a single point in time; the snapshot line says how long the server will still answer for it." +
		"\n\np pauses: nothing new is asked for. + and - change how many requests are in flight at once; more than 8 seldom helps. < and > halve and double the largest number of documents a second. s stops after a question; files so far stay, and the export can be resumed, here or by fauna-export resume." +
		"\n\nA lost network doesn't stop it: the title says so, and when it tries again."
}

// failure says why the export ended and what can be done.
func (c *exportStep) failure(err error) []string {
	dir := text.Clean(homePath(c.now.spec.Dir))
	again := "c resume it · o choose another folder"
	command := "fauna-export resume " + text.ShellWord(homePath(c.now.spec.Dir))
	if c.now.spec.Dir == "" { // it never began
		dir, command = "", ""
	}
	var lines []string
	if errors.Is(err, context.Canceled) {
		lines = []string{"Stopped. Files so far are in " + dir + "."}
	} else {
		lines = []string{c.s.sentence(err)}
		if dir != "" {
			lines = append(lines, "", "Files so far are in "+dir+".")
		}
	}
	if fe, ok := errors.AsType[*fauna.Error](err); ok && (fe.Kind == fauna.KindSecretRefused || fe.Kind == fauna.KindDenied) {
		again = "x change the secret, then c resumes"
	}
	if _, ok := errors.AsType[*store.Error](err); ok && !resumable(err) {
		again = "o choose another folder"
	}
	if command != "" && !c.s.cfg.Demo {
		lines = append(lines, "", "Resume here, or later with:", "  "+command)
	}
	return append(lines, "", again)
}
