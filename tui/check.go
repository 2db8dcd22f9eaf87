package tui

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

// checkStep checks that collections can be exported, and counts and times documents.
type checkStep struct {
	s     *session
	names []string
	found checked
	tally tally
	list  list

	asking     wait
	rechecking wait // to check again by itself while an index is being built
}

// buildingEvery is how often an index that is still being built is checked.
const buildingEvery = 5 * time.Second

// checked holds the server's answers about an export.
type checked struct {
	listing
	at      int64
	indexes map[string]fauna.IndexCheck // for an incremental export, by collection
	next    string                      // folder for repeating an export with the same answers, "" for the first
}

func newCheckStep(s *session) *checkStep {
	return &checkStep{s: s, tally: tally{s: s, samples: true}, list: newList(s.st)}
}

func (c *checkStep) enter() { c.check() }

func (c *checkStep) leave() {
	c.tally.stop()
	c.asking.drop()
	c.rechecking.drop()
}

func (c *checkStep) check() {
	c.leave()
	c.names, c.found = c.s.chosen(), checked{}
	srv, names, pattern, old := c.s.server, c.names, c.s.indexPattern(), c.exported()
	if srv == nil {
		c.asking.err = sayError("There is no secret yet. esc goes back to it.")
		return
	}
	await(c.s, &c.asking, func(ctx context.Context) (checked, error) {
		found, err := checkServer(ctx, srv, names, pattern)
		if err == nil && old != "" {
			found.next, err = newPath(old)
		}
		return found, err
	}, func(found checked, err error) {
		if err != nil {
			c.s.trouble(checkID, err)
			return
		}
		c.found = found
		c.s.learn(found.listing)
		c.tally.start(c.s.readable(), found.at)
		if x := c.obstacles(); len(x.unready) > 0 && !x.blocked() { // only indexes being built are missing
			c.s.later(&c.rechecking, buildingEvery, c.check)
		}
	})
}

// checkServer asks for everything an export needs; it skips indexes if pattern is "".
func checkServer(ctx context.Context, srv server, names []string, pattern string) (c checked, err error) {
	if c.at, err = srv.Now(ctx); err != nil {
		return c, err
	}
	if c.listing, err = probe(ctx, srv, names); err != nil || pattern == "" {
		return c, err
	}
	chosen := set(names)
	readable := fauna.Which(c.access, func(a fauna.Access) bool { return chosen[a.Collection] && a.Exists && a.Readable })
	c.indexes, err = checkIndexes(ctx, srv, readable, pattern)
	return c, err
}

func (c *checkStep) listed() []string {
	return slices.DeleteFunc(slices.Clone(c.names), func(name string) bool { return !c.list.matches(name) })
}

// obstacles count what prevents an export.
type obstacles struct {
	wrong   int                // collections that can't be exported
	denied  int                // of these, existing ones that the key can't read
	unready []fauna.IndexCheck // indexes that can't be used yet, in row order
	broken  int                // of these, those that need fixing
}

// blocked reports whether someone must fix something first; fixable, whether FQL can.
func (o obstacles) blocked() bool { return o.wrong+o.broken > 0 }
func (o obstacles) fixable() bool { return o.denied+o.broken > 0 }

func (c *checkStep) obstacles() (o obstacles) {
	o.wrong, o.denied = c.s.bad(c.names)
	o.wrong += o.denied
	for _, name := range c.names {
		if x, ok := c.found.indexes[name]; ok && !x.Ready() {
			o.unready = append(o.unready, x)
			if len(x.Problems) > 0 {
				o.broken++
			}
		}
	}
	return o
}

// exported returns the folder of a finished export made with the same answers, or "".
// Without it the old export would be shown as a new one.
func (c *checkStep) exported() string {
	p := c.s.runner.progress()
	spec, err := c.s.spec()
	if err != nil || p.state != runEnded || p.manifest == nil || p.spec.Dir != spec.Dir || spec.Mode == export.Incremental {
		return ""
	}
	return spec.Dir
}

// refused reports whether the server refused the key.
func (c *checkStep) refused() bool {
	fe, ok := errors.AsType[*fauna.Error](c.asking.err)
	return ok && !c.asking.busy && fe.Refused()
}

func (c *checkStep) known() bool { return !c.asking.busy && c.asking.err == nil }

func (c *checkStep) actions() []action {
	s, find := c.s, c.list.actions(len(c.listed()) > 1)
	if c.list.typing {
		return find
	}
	x, known := c.obstacles(), c.known()
	blocked := x.blocked()
	enter := "start the export"
	switch {
	case c.found.next != "":
		enter = "export again"
	case s.place.begun:
		enter = "resume the export"
	}
	edit := func(id stepID) func() { return func() { s.change(id, checkID) } }
	all := []action{
		on("enter", enter, c.submit).when(known && !blocked && len(x.unready) == 0), on("", "", c.submit, "enter"),
		on("u", "show fix", func() { s.showFixes(s.fixes(x.unready, x.denied > 0), c.check) }).when(known && x.fixable()),
		on("x", "skip", func() { c.skip(); c.check() }).when(known && blocked),
		on("x", "change the secret", func() { s.changeSecret(checkID) }).when(c.refused()),
		on("r", "check again", c.check).when(!c.asking.busy),
		on("h", "keep snapshots longer", c.showHistory).when(known && !blocked && len(s.shortHistory()) > 0),
		on("e", "collections", edit(collectionsID)), on("o", "output", edit(outputID)), on("d", "domain", edit(domainID)),
	}
	if known {
		all = append(all, find...)
	}
	return all
}

func (c *checkStep) key(m tea.KeyMsg) bool { return c.list.key(m, len(c.listed())) }

func (c *checkStep) submit() {
	switch x := c.obstacles(); {
	case c.asking.busy:
		c.s.say(noteInfo, "Still asking the server.")
	case c.asking.err != nil:
		c.s.say(noteBad, "Check again with r first.")
	case x.wrong > 0:
		c.s.say(noteBad, "%s can't be read: press u, x or e.", text.Count(int64(x.wrong), "collection"))
	case x.broken > 0:
		c.s.say(noteBad, "%s can't be used: u shows the FQL.", text.Count(int64(x.broken), "index"))
	case len(x.unready) > 0:
		c.s.say(noteWarn, "Still building %s.", text.Count(int64(len(x.unready)), "index"))
	default:
		if c.found.next != "" {
			c.s.dirText, c.s.place = homePath(c.found.next), place{isNew: true, free: c.s.place.free}
		}
		c.s.begins = true
		c.s.next(checkID)
	}
}

// skip deselects the collections that can't be exported.
func (c *checkStep) skip() {
	n := 0
	for i, x := range c.s.choices {
		if x.chosen && (c.s.status(x.name) == noteBad || len(c.found.indexes[x.name].Problems) > 0) {
			c.s.choices[i].chosen = false
			n++
		}
	}
	if len(c.s.chosen()) == 0 {
		c.s.change(collectionsID, checkID)
		c.s.say(noteWarn, "None of them can be exported. Choose from what the server has.")
		return
	}
	c.s.say(noteInfo, "%s skipped.", text.Count(int64(n), "collection"))
}

// longerDays is how many days of history historyFQL asks for.
const longerDays = 7

// shortHistory returns the readable collections that keep less than longerDays.
func (s *session) shortHistory() []string {
	return slices.DeleteFunc(s.readable(), func(name string) bool {
		kept := s.access[name].HistoryDays
		return kept == fauna.HistoryForever || kept >= longerDays
	})
}

// historyFQL returns FQL that keeps history for longerDays, or "" if all keep it.
func (s *session) historyFQL() string { return fql.HistoryFQL(s.dialect, s.shortHistory(), longerDays) }

func (c *checkStep) showHistory() {
	query := c.s.historyFQL()
	c.s.panel = c.s.fqlPanel(fmt.Sprintf("Run as admin: snapshots then stay readable for %d days", longerDays), query, "fauna-history.fql")
	c.s.panel.run = c.s.onDemo(c.check, query)
}

// life returns how long a snapshot taken now stays readable in all collections.
func (c *checkStep) life() time.Duration {
	shortest := time.Duration(math.MaxInt64)
	for _, name := range c.s.readable() {
		shortest = min(shortest, c.s.access[name].Life(c.found.at))
	}
	return shortest
}

func (c *checkStep) busy() bool { return c.asking.busy || c.rechecking.busy }

func (c *checkStep) logValues() []any {
	documents, _ := c.tally.totals()
	x := c.obstacles()
	return []any{"collections", len(c.names), "documents", documents, "unreadable", x.wrong, "indexes_not_ready", len(x.unready)}
}
