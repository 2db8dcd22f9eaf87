package tui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/tui/text"
)

const (
	pollEvery   = 100 * time.Millisecond // how often the screen polls the export
	sampleEvery = 500 * time.Millisecond // one column of the throughput graph
	graphWidth  = 40

	// stillFor is how long without progress until the server counts as unavailable: one
	// request may wait its turn while others are answered.
	stillFor = time.Second

	// silentFor is how long requests may go unanswered before the screen says so.
	silentFor = 3 * time.Second

	few = 6 // up to this many collections, all are listed
)

// exportStep shows the running export. The runner owns the export: leaving this step,
// or too small a screen, doesn't affect it.
type exportStep struct {
	s        *session
	now      progress
	starting wait
	polling  wait
	refused  error // why the export could not start
	stopping bool

	list     list
	all      bool // list every collection, not just active ones
	problems bool // list only failed ones and those with retries

	counted   int64 // documents counted before the start, 0 if not all were counted
	graph     []float64
	sampled   time.Time
	moved     time.Time     // when rows, bytes or the plan last grew
	silentFor time.Duration // time without an answer, 0 while answers arrive
	lostSince time.Time     // when the connection was lost, zero while it is up
	states    map[string]export.CollectionState
	expired   bool
}

func newExportStep(s *session) *exportStep {
	return &exportStep{s: s, list: newList(s.st), states: map[string]export.CollectionState{}}
}

// enter starts the export if the Check step was left for it. Otherwise it shows the one
// that is running or ended.
func (c *exportStep) enter() {
	begins := c.s.begins
	if c.s.begins = false; begins {
		c.start(c.s.place.begun)
	}
}

func (c *exportStep) leave() {}

// start starts or resumes an export, unless one is running.
func (c *exportStep) start(resume bool) {
	if c.running() {
		return
	}
	spec, err := c.s.spec()
	if err == nil && !resume {
		err = spec.Validate()
	}
	if err == nil && c.s.server == nil {
		err = sayError("There is no secret yet.")
	}
	if err != nil {
		c.refused = err
		return
	}
	began := newExportStep(c.s)
	c.polling.drop()
	began.starting, began.polling, began.list, began.all = c.starting, c.polling, c.list, c.all
	for _, name := range spec.Collections {
		n, ok := c.s.counts[name]
		if !ok {
			began.counted = 0
			break
		}
		began.counted += n
	}
	*c = *began
	c.s.place.begun = false
	happens := "export into %s started"
	if resume {
		happens = "resuming the export in %s"
	}
	c.s.event(happens, spec.Dir)
	srv := c.s.server
	attempt(c.s, &c.starting, func(ctx context.Context) error { return c.s.begin(ctx, spec, srv, resume) }, func(err error) {
		if err != nil {
			c.refused = err
			c.s.trouble(exportID, err)
			c.s.lookAgain()
			return
		}
		c.poll()
	})
}

// begin starts an export, or resumes the one in the folder. A full export looks in the
// sync indexes that exist and are readable for documents that the server doesn't list.
func (s *session) begin(ctx context.Context, spec export.Spec, srv server, resume bool) error {
	if spec.Mode == export.Full && !resume {
		checks, _ := checkIndexes(ctx, srv, spec.Collections, s.cfg.Index)
		for name, c := range checks {
			if c.Ready() {
				spec.Indexes[name] = c.Index
			}
		}
	}
	return s.runner.start(spec, srv, resume)
}

// poll looks at the export, and again at intervals until it has ended.
func (c *exportStep) poll() {
	if c.progressed(c.s.runner.progress()); c.now.state != runEnded {
		c.s.later(&c.polling, pollEvery, c.poll)
	}
}

func (c *exportStep) progressed(p progress) {
	old, st, now := c.now.status, p.status, c.s.now()
	if st.Rows != old.Rows || st.Bytes != old.Bytes || st.Expected != old.Expected {
		c.moved = now
	}
	c.now, c.silentFor = p, 0
	if d := now.Sub(c.moved); !c.moved.IsZero() && d >= silentFor && st.InFlight > 0 && !st.Paused && st.Phase == export.Running {
		c.silentFor = d
	}
	c.notice(st, now)
	if now.Sub(c.sampled) >= sampleEvery && p.state == runGoing {
		c.sampled = now
		c.graph = append(c.graph, c.rate(st.BytesRate))
		c.graph = c.graph[max(0, len(c.graph)-graphWidth):]
	}
	if p.state != runEnded {
		return
	}
	c.stopping, c.s.ask = false, nil // whether to stop it is no question anymore
	if p.manifest == nil {
		c.s.lookAgain()
	}
	if p.err != nil {
		c.s.trouble(exportID, p.err)
		c.s.event("ended: %s", c.s.sentence(p.err))
	}
	if p.manifest != nil {
		verdict, good := verified(p)
		if good {
			verdict = "verified " + text.Count(int64(len(p.manifest.Collections)), "file")
		}
		c.s.event("%s", verdict)
		c.s.goTo = doneID
	}
	c.s.bell()
}

// notice adds what changed since the last poll to the log in the second pane.
func (c *exportStep) notice(st export.Status, now time.Time) {
	gone := c.isWaiting(st, now)
	switch {
	case gone && c.lostSince.IsZero():
		c.lostSince = now
		c.s.event("%s", strings.ToLower(outageText(st.Waiting)))
	case !gone && !c.lostSince.IsZero():
		c.lostSince = time.Time{}
		c.s.event("the server answers again")
	}
	if !st.SnapshotEnds.IsZero() && !st.SnapshotEnds.After(now) && !c.expired {
		c.expired = true
		c.s.event("snapshot expired; the rest needs a new one")
	}
	for _, x := range st.Collections {
		if c.states[x.Name] == x.State {
			continue
		}
		switch c.states[x.Name] = x.State; x.State {
		case export.CollectionDone:
			c.s.event("%s: %s", x.Name, text.Count(x.Rows, "row"))
		case export.CollectionFailed:
			c.s.event("%s failed", x.Name)
		}
	}
}

// isWaiting reports whether the server is unavailable: a request failed and is tried
// again, and nothing has arrived for a while. The first answer ends it. Mere silence is
// no failure yet.
func (c *exportStep) isWaiting(st export.Status, now time.Time) bool {
	failed := !st.NextTry.IsZero() || outageText(st.Waiting) != unknownOutage
	return st.Waiting != nil && failed && !st.Paused && now.Sub(c.moved) >= stillFor
}

const unknownOutage = "Waiting"

// outageText names what the engine waits out.
func outageText(why error) string {
	fe, ok := errors.AsType[*fauna.Error](why)
	switch {
	case !ok:
		return unknownOutage
	case fe.Status != 0:
		return "Server errors"
	}
	return "Connection lost"
}

// rate returns the current rate, 0 while nothing is requested.
func (c *exportStep) rate(perSecond float64) float64 {
	if c.now.status.Paused || !c.lostSince.IsZero() || c.silentFor > 0 || c.now.state != runGoing {
		return 0
	}
	return text.Finite(perSecond)
}

func (c *exportStep) running() bool { return c.now.active() || c.starting.busy }

func (c *exportStep) actions() []action {
	find := c.list.actions(len(c.shown()) > c.list.h)
	if c.list.typing {
		return find
	}
	st := c.now.status
	find[0] = on("/", "filter", func() { c.all, c.list.typing = true, true }).when(c.running() && len(st.Collections) > 0)
	if !c.running() {
		return append(c.ended(), find...)
	}
	list := "all"
	if c.all {
		list = "at work"
	}
	return slices.Concat(c.going(), []action{
		on("tab", list, func() { c.all, c.problems = !c.all, false }).when(len(st.Collections) > few),
		on("!", "problems", func() { c.problems = !c.problems }).when(c.problems || slices.ContainsFunc(st.Collections, troubled)),
	}, find, []action{on("", "", func() {}, "esc", "shift+tab")}) // there is no going back from here
}

// going returns the keys for a running export.
func (c *exportStep) going() []action {
	going, pause := c.now.state == runGoing && !c.stopping, "pause"
	if c.now.status.Paused {
		pause = "resume"
	}
	return []action{
		on("p", pause, c.pause).when(going),
		on("+ -", "requests", func() { c.workers(1) }, "+", "=").when(going), on("", "", func() { c.workers(-1) }, "-").when(going),
		on("< >", "rate limit", func() { c.limit(0.5) }, "<", ",").when(going), on("", "", func() { c.limit(2) }, ">", ".").when(going),
		on("s", "stop", func() {
			c.s.confirm("Stop the export? Files so far stay, and it can be resumed.", func() {
				c.stopping = true
				c.s.runner.cancel()
			})
		}).when(c.running() && !c.stopping),
	}
}

// ended returns the keys for an export that ended without a manifest or never started.
func (c *exportStep) ended() []action {
	de, disk := errors.AsType[*store.Error](c.refused)
	begun := c.refused == nil || disk && de.Resumable // there is an export to resume
	resume := "resume"
	if !begun {
		resume = "try again"
	}
	return []action{
		on("c", resume, func() { c.start(begun) }, "c", "enter"),
		on("o", "choose another folder", func() { c.s.change(outputID, checkID) }),
		on("e", "collections", func() { c.s.change(collectionsID, checkID) }),
		on("x", "change the secret", func() { c.s.changeSecret(exportID) }),
		on("q", "quit", func() {
			c.s.confirm("Quit? The export is incomplete; it can be resumed later.", c.s.leaveProgram)
		}),
	}
}

func (c *exportStep) key(m tea.KeyMsg) bool { return c.list.key(m, len(c.shown())) }

func (c *exportStep) pause() {
	paused, turn := c.now.status.Paused, exporting.Pause
	if paused {
		turn = exporting.Continue
	}
	c.s.runner.with(turn)
	c.now.status.Paused = !paused
	c.s.event("%s", map[bool]string{false: "paused", true: "resumed"}[paused])
}

func (c *exportStep) workers(by int) {
	n := max(1, min(c.now.status.Workers+by, export.MaxWorkers))
	c.s.runner.with(func(x exporting) { x.SetWorkers(n) })
	c.now.status.Workers = n
	c.s.say(noteInfo, "At most %s in flight.", text.Count(int64(n), "request"))
}

// limit halves or doubles the maximum rate, and removes it if far above the current rate.
func (c *exportStep) limit(times float64) {
	now, maxRate := c.rate(c.now.status.Rate), c.s.maxRate
	switch {
	case maxRate == 0 && (times > 1 || now == 0): // nothing to change
		c.s.say(noteInfo, "There is no rate limit.")
		return
	case maxRate == 0:
		maxRate = int(now)
	}
	maxRate = max(10, int(float64(maxRate)*times))
	if times > 1 && now > 0 && float64(maxRate) > 4*now {
		maxRate = 0
	}
	c.s.maxRate = maxRate
	c.s.runner.with(func(x exporting) { x.SetMaxRate(maxRate) })
	if maxRate == 0 {
		c.s.say(noteInfo, "No rate limit.")
	} else {
		c.s.say(noteInfo, "At most %s documents/s.", text.Number(int64(maxRate)))
	}
}

// shown returns the collections to list: active ones first, then failed ones.
func (c *exportStep) shown() []export.CollectionStatus {
	all := c.now.status.Collections
	states := []export.CollectionState{export.CollectionRunning, export.CollectionFailed, export.CollectionWaiting, export.CollectionDone}
	if !c.all && !c.problems && len(all) > few {
		states = states[:2]
	}
	var rows []export.CollectionStatus
	for _, state := range states {
		for _, x := range all {
			if x.State == state && c.list.matches(x.Name) && (!c.problems || troubled(x)) {
				rows = append(rows, x)
			}
		}
	}
	return rows
}

func troubled(x export.CollectionStatus) bool {
	return x.State == export.CollectionFailed || x.Retries > 0
}

func (c *exportStep) busy() bool { return c.starting.busy }

func (c *exportStep) logValues() []any {
	p := c.s.runner.progress()
	args := []any{"rows", p.status.Rows, "retries", p.retries(), "seconds", p.elapsed().Seconds()}
	if p.manifest == nil {
		return args
	}
	_, good := verified(p)
	return append(args, "verified", good, "one_snapshot", p.manifest.Consistency == archive.ConsistencySnapshot)
}
