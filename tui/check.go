package tui

import (
	"context"
	"fmt"
	"math"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export/row"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

// idPage is how many ids one request of a count asks for; the first one asks for
// fewer, so that small collections answer at once.
const (
	firstIDPage = 1_000
	idPage      = 50_000
)

// checkStep shows for each collection what an export would meet, and counts its
// documents by their ids, a page a command, while the person reads.
type checkStep struct {
	s    *session
	gen  int
	rows []checkRow
	at   int64 // the time that is counted at, 0 before it is known

	indexes map[string]fauna.IndexCheck // by collection, of an incremental export

	probing bool
	failure error
	next    int // row to be counted next
	busy    int // counts under way
	list    list
	height  int
}

// A checkRow is one collection.
type checkRow struct {
	name    string
	count   int64
	counted bool
	average float64 // bytes a document in the server's form, 0 while not known
	err     error
}

// checkedMsg is the answer of the probe.
type checkedMsg struct {
	gen     int
	at      int64
	known   []string
	access  []fauna.Access
	indexes map[string]fauna.IndexCheck
	err     error
}

func (checkedMsg) to() stepID { return checkID }

// countedMsg is one page of ids of a collection.
type countedMsg struct {
	gen, row int
	ids      int
	next     int64 // the id to go on from, -1 at the end
	average  float64
	err      error
}

func (countedMsg) to() stepID { return checkID }

func newCheckStep(s *session) *checkStep { return &checkStep{s: s} }

func (c *checkStep) enter() tea.Cmd { return c.check() }

func (c *checkStep) leave() { c.gen++ }

// check asks everything again.
func (c *checkStep) check() tea.Cmd {
	c.gen++
	chosen := c.s.chosen()
	c.rows = make([]checkRow, len(chosen))
	for i, name := range chosen {
		c.rows[i].name = name
	}
	c.failure, c.probing, c.next, c.busy, c.at, c.indexes = nil, true, 0, 0, 0, nil
	gen, srv, indexes := c.gen, c.s.server, c.s.indexNames(chosen)
	if srv == nil {
		c.probing = false
		c.failure = fmt.Errorf("there is no secret yet: esc goes back to it")
		return nil
	}
	return c.s.jobs.do(func(ctx context.Context) tea.Msg {
		m := checkedMsg{gen: gen}
		if m.at, m.err = srv.Now(ctx); m.err != nil {
			return m
		}
		if m.known, m.access, m.err = probe(ctx, srv, chosen); m.err == nil {
			m.indexes, m.err = checkIndexes(ctx, srv, indexes, m.access)
		}
		return m
	})
}

func (c *checkStep) update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case checkedMsg:
		if m.gen != c.gen {
			return nil
		}
		c.probing = false
		if m.err != nil {
			c.failure = m.err
			c.s.trouble(checkID, m.err)
			return nil
		}
		c.at, c.indexes = m.at, m.indexes
		c.s.learn(m.known, m.access)
		return tea.Batch(c.countNext(), c.countNext())
	case countedMsg:
		if m.gen != c.gen {
			return nil
		}
		return c.counted(m)
	case ranMsg:
		return c.ran(m)
	}
	return nil
}

// ran shows how the demo's shell refused, or asks the server again.
func (c *checkStep) ran(m ranMsg) tea.Cmd {
	if c.s.showRefusal(m) {
		return nil
	}
	c.s.panel = nil
	c.s.say(noteGood, "Run on the demo server.")
	return c.check()
}

// countNext begins with the next collection that can be read.
func (c *checkStep) countNext() tea.Cmd {
	for c.next < len(c.rows) {
		i := c.next
		c.next++
		if k := c.s.standing(c.rows[i].name); k == noteGood || k == noteWarn {
			c.busy++
			return c.countPage(i, 0, firstIDPage)
		}
	}
	return nil
}

// countPage counts one page of ids, and with the first one looks at how long
// documents are.
func (c *checkStep) countPage(i int, from int64, size int) tea.Cmd {
	gen, srv, name, at := c.gen, c.s.server, c.rows[i].name, c.at
	return c.s.jobs.do(func(ctx context.Context) tea.Msg {
		m := countedMsg{gen: gen, row: i}
		ids, next, err := srv.IDs(ctx, name, at, from, size)
		if err != nil {
			m.err = err
			return m
		}
		m.ids, m.next = len(ids), next
		if from == 0 && len(ids) > 0 {
			n := min(len(ids), sampleSize)
			body, err := srv.Documents(ctx, name, at, 0, n, row.Layout{}.Paths(), nil)
			if err != nil {
				m.err = err
				return m
			}
			m.average = float64(len(body)) / float64(n)
		}
		return m
	})
}

func (c *checkStep) counted(m countedMsg) tea.Cmd {
	r := &c.rows[m.row]
	if m.err != nil {
		r.err = m.err
		c.busy--
		return c.countNext()
	}
	r.count += int64(m.ids)
	if m.average > 0 {
		r.average = m.average
	}
	if m.next >= 0 && m.ids > 0 {
		return c.countPage(m.row, m.next, idPage)
	}
	r.counted = true
	if c.s.counts == nil {
		c.s.counts = map[string]int64{}
	}
	c.s.counts[r.name] = r.count
	c.busy--
	return c.countNext()
}

// wrong counts the collections that cannot be exported.
func (c *checkStep) wrong() int {
	n := 0
	for _, r := range c.rows {
		if c.s.standing(r.name) == noteBad {
			n++
		}
	}
	return n
}

// unready are the indexes that cannot be read as they are, in the order of the
// rows; broken counts those of them that somebody must put right.
func (c *checkStep) unready() (checks []fauna.IndexCheck, broken int) {
	for _, r := range c.rows {
		if x, ok := c.indexes[r.name]; ok && !x.Ready() {
			checks = append(checks, x)
			if len(x.Problems) > 0 {
				broken++
			}
		}
	}
	return checks, broken
}

// blocked reports whether a row keeps the export from beginning until somebody
// does something about it.
func (c *checkStep) blocked(name string) bool {
	return c.s.standing(name) == noteBad || len(c.indexes[name].Problems) > 0
}

func (c *checkStep) keys() checkKeys {
	k := c.s.keys.check
	_, broken := c.unready()
	blocked, known := c.wrong()+broken > 0, !c.probing && c.failure == nil
	k.update.SetEnabled(known && blocked)
	k.leaveOut.SetEnabled(known && blocked)
	k.history.SetEnabled(known && !blocked)
	return k
}

func (c *checkStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	if c.list.key(c.s.keys.move, m, len(c.rows), c.height) {
		return nil, true
	}
	switch k := c.keys(); {
	case pressed(m, k.next):
		c.submit()
	case pressed(m, k.again):
		return c.check(), true
	case pressed(m, k.update):
		c.mend()
	case pressed(m, k.leaveOut):
		c.leaveOut()
		return c.check(), true
	case pressed(m, k.columns):
		c.s.goTo = outputID
	case pressed(m, k.edit):
		c.s.goTo = collectionsID
	case pressed(m, k.history):
		c.showHistory()
	default:
		return nil, false
	}
	return nil, true
}

func (c *checkStep) submit() {
	checks, broken := c.unready()
	switch wrong := c.wrong(); {
	case c.probing:
		c.s.say(noteInfo, "Still asking the server.")
	case c.failure != nil:
		c.s.say(noteBad, "Check again with r first.")
	case wrong > 0:
		c.s.say(noteBad, "%s cannot be read: see u, x and e.", plural(int64(wrong), "collection", "collections"))
	case broken > 0:
		c.s.say(noteBad, "%s cannot be used: u shows the FQL for that.", plural(int64(broken), "index", "indexes"))
	case len(checks) > 0:
		c.s.say(noteWarn, "%s still being built: r asks again.", plural(int64(len(checks)), "index is", "indexes are"))
	default:
		c.s.goTo = exportID
	}
}

// mend shows the FQL that puts right what keeps the export from beginning.
func (c *checkStep) mend() {
	checks, _ := c.unready()
	queries := c.s.mending(checks, c.wrong() > 0)
	if len(queries) == 0 {
		c.s.say(noteInfo, "No collection is chosen that exists there.")
		return
	}
	c.s.panel = c.s.mendingPanel(queries)
}

// leaveOut takes what cannot be exported off the choice.
func (c *checkStep) leaveOut() {
	n := 0
	for i, x := range c.s.choices {
		if x.chosen && c.blocked(x.name) {
			c.s.choices[i].chosen = false
			n++
		}
	}
	if len(c.s.chosen()) == 0 {
		c.s.goTo = collectionsID
		c.s.say(noteWarn, "None of them can be exported. Choose from what the server has.")
		return
	}
	if n > 0 {
		c.s.say(noteInfo, "%s left out.", plural(int64(n), "collection", "collections"))
	}
}

// showHistory shows the FQL that lets snapshots live longer.
func (c *checkStep) showHistory() {
	var names []string
	for _, r := range c.rows {
		if c.s.standing(r.name) == noteGood {
			names = append(names, r.name)
		}
	}
	if fql := fql.HistoryFQL(fql.V4, names, 7); fql != "" {
		c.s.panel = &panel{
			title: "As an admin: snapshots then live for 7 days",
			text:  cleanLines(fql), fql: true, copy: fql, file: "fauna-history.fql",
			run: c.s.onDemo(checkID, fql),
		}
	}
}

// life is how long a snapshot taken now could be read, over all collections.
func (c *checkStep) life() time.Duration {
	least := time.Duration(math.MaxInt64)
	for _, r := range c.rows {
		if a, ok := c.s.access[r.name]; ok && a.Readable {
			least = min(least, a.Life(c.at))
		}
	}
	return least
}
