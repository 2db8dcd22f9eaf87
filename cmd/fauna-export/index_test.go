package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fauna-export/fauna"
	"fauna-export/fauna/emulator/fault"
	"fauna-export/fauna/fql"
)

// stepping is a clock that advances only when something waits.
type stepping struct {
	at     time.Time
	waited []time.Duration
	stop   func(time.Duration) // called with each wait
}

func (c *stepping) Now() time.Time { return c.at }

func (c *stepping) Wait(ctx context.Context, d time.Duration) error {
	c.at = c.at.Add(d)
	c.waited = append(c.waited, d)
	if c.stop != nil {
		c.stop(d)
	}
	return ctx.Err()
}

// building simulates an index that becomes active at the nth check.
func building(n int) func() ([]fauna.IndexCheck, error) {
	looks := 0
	return func() ([]fauna.IndexCheck, error) {
		looks++
		return []fauna.IndexCheck{
			{Collection: "users", Index: "users-ts", Exists: true, Building: looks < n},
			{Collection: "orders", Index: "orders-ts", Exists: true},
		}, nil
	}
}

func TestUntilBuilt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		interval time.Duration
		looks    int
		waited   time.Duration
		lines    int
		fails    bool
	}{
		{name: "ready", interval: 10 * time.Second, looks: 1},
		{name: "in a moment", interval: 10 * time.Second, looks: 3, waited: 750 * time.Millisecond, lines: 1},
		{name: "in a minute", interval: 10 * time.Second, looks: 33, waited: 59750 * time.Millisecond, lines: 6},
		{name: "without progress", looks: 33, waited: 59750 * time.Millisecond, lines: 1},
		{name: "never", interval: time.Minute, looks: 1e6, waited: indexWait + 1750*time.Millisecond, lines: 30, fails: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var errs bytes.Buffer
			a := &app{streams: streams{err: &errs}}
			a.global.Progress = test.interval.String()
			clock := &stepping{at: time.Unix(1e9, 0)}
			err := a.untilBuilt(t.Context(), clock, building(test.looks))
			if test.fails {
				if codeOf(err) != exitRefused || !strings.Contains(sentence(err), `"users-ts" of "users" is still being built: run the same command again later`) || strings.Contains(err.Error(), "orders") {
					t.Errorf("%v", err)
				}
			} else if err != nil {
				t.Error(err)
			}
			if got := clock.at.Sub(time.Unix(1e9, 0)); got != test.waited {
				t.Errorf("waited %s, want %s", got, test.waited)
			}
			if got := strings.Count(errs.String(), "waiting for 1 index to be built: \"users-ts\""); got != test.lines {
				t.Errorf("%d lines, want %d:\n%s", got, test.lines, errs.String())
			}
			for _, d := range clock.waited {
				if d < firstLook || d > indexPoll {
					t.Errorf("waited for %s", d)
				}
			}
		})
	}
}

func TestUntilBuilt_calledOff(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	a := &app{streams: streams{err: &errs}}
	why := errors.New("the user had enough")
	ctx, stop := context.WithCancelCause(t.Context())
	clock := &stepping{stop: func(time.Duration) { stop(why) }}
	if err := a.untilBuilt(ctx, clock, building(9)); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	if !strings.Contains(errs.String(), "run the same command again later") {
		t.Errorf("said %s", errs.String())
	}
}

func TestIncremental_waitsForTheIndex(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	s.shell(t, fql.Setup{Collections: []string{"users"}, Indexes: []string{"users-ts"}}.IndexFQL(0))
	s.Faults().Add(fault.When{Match: fault.Contains(`"index":"users-ts"`)}, fault.Do("inactive", func() { s.SetIndexActive("users-ts", false) }))
	// It becomes active at the second check: two queries.
	s.Faults().Add(fault.When{Match: fault.Contains(`"index":"users-ts"`), From: 5}, fault.Do("active", func() { s.SetIndexActive("users-ts", true) }))
	dir := filepath.Join(t.TempDir(), "out")
	got := runHere(t, []string{"FAUNA_SECRET=" + s.Secret()}, "run", "--domain", s.endpoint, "--collection", "users", "--mode", "incremental", "--out", dir)
	if got.code != exitDone || !strings.Contains(got.err, `waiting for 1 index to be built: "users-ts"`) || !strings.Contains(got.err, "sync 1: 1 collection, 9 rows") {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
}

func TestResume_checksTheIndexFirst(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	setup := fql.Setup{Role: "reader", Collections: []string{"users"}, Indexes: []string{"users-ts"}}
	s.shell(t, setup.IndexFQL(0))
	env := []string{"FAUNA_SECRET=" + s.Secret()}
	dir := filepath.Join(t.TempDir(), "out")
	run := func() ran {
		return runHere(t, env, "run", "--domain", s.endpoint, "--collection", "users", "--mode", "incremental", "--out", dir)
	}
	resume := func() ran { t.Helper(); return runHere(t, env, "resume", dir) }
	for sync, query := range []string{"documents", "exists"} {
		s.shell(t, `Update(Ref(Collection("users"), "4"), {data: {number: 44}})`)
		s.Faults().Add(fault.When{Match: fault.Contains(query), Times: -1}, fault.Status(401))
		if got := run(); got.code == exitDone {
			t.Fatalf("sync %d was not interrupted: %s", sync+1, got.err)
		}
		s.Faults().Clear()
		// The index was replaced during the run.
		s.shell(t, `Delete(Index("users-ts"))`)
		s.shell(t, `CreateIndex({name: "users-ts", source: Collection("users"), values: [{field: "ts", reverse: true}, {field: "ref"}]})`)
		if got := resume(); got.code != exitRefused || !strings.Contains(got.err, "it is sorted in reverse") || !strings.Contains(got.err, `Delete(Index("users-ts"))`) {
			t.Errorf("sync %d, the index reversed: exit %d: %s", sync+1, got.code, got.err)
		}
		s.shell(t, `Delete(Index("users-ts"))`)
		if got := resume(); got.code != exitRefused || !strings.Contains(got.err, "does not exist") {
			t.Errorf("sync %d, no index: exit %d: %s", sync+1, got.code, got.err)
		}
		s.shell(t, setup.IndexFQL(0))
		if got := resume(); got.code != exitDone {
			t.Errorf("sync %d: exit %d: %s", sync+1, got.code, got.err)
		}
	}
	if got := runHere(t, nil, "merge", dir); got.code != exitDone || !strings.Contains(filesBelow(t, dir)["merged/users.jsonl"], `"number":44`) {
		t.Errorf("merge: exit %d: %s", got.code, got.err)
	}
}
