package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fauna-export/export"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

const (
	// indexWait is how long to wait for an index that is being built.
	indexWait = 30 * time.Minute
	// The first check is after firstLook, since a small index is active
	// quickly; then the interval grows up to indexPoll.
	firstLook = 250 * time.Millisecond
	indexPoll = 2 * time.Second
)

// unusableIndexes returns the error of indexes that an incremental sync can't
// read. It says for each one what is wrong.
func unusableIndexes(checks []fauna.IndexCheck) error {
	var problems []string
	for _, c := range checks {
		text := fmt.Sprintf("the index %s of %s cannot be used: %s", quoted(c.Index), quoted(c.Collection), strings.Join(c.Problems, "; "))
		if c.Building {
			text = fmt.Sprintf("the index %s of %s is still being built: run the same command again later", quoted(c.Index), quoted(c.Collection))
		}
		problems = append(problems, text)
	}
	return refusedf("%s", strings.Join(problems, ". "))
}

// indexNames returns the index of each collection, named by the pattern.
func indexNames(collections []string, pattern string) ([]string, error) {
	if !strings.Contains(pattern, "{collection}") && len(collections) > 1 {
		return nil, usagef("--index %s: with more than one collection the pattern must contain {collection}", quoted(pattern))
	}
	var names []string
	for _, name := range collections {
		index := fql.IndexName(pattern, name)
		if err := fql.CheckName(index); err != nil {
			return nil, usagef("--index %s: the name %s: %w", quoted(pattern), quoted(index), err)
		}
		names = append(names, index)
	}
	return names, nil
}

// findIndexes adds the indexes to a run: those that an incremental sync needs, for
// which it waits if they are being built. A full run uses those that already exist
// to find documents that the server does not list.
func (a *app) findIndexes(ctx context.Context, client *fauna.Client, s *export.Spec, pattern string) error {
	names, err := indexNames(s.Collections, pattern)
	s.Indexes = map[string]string{}
	if s.Mode == export.Incremental {
		if err != nil {
			return err
		}
		for i, name := range names {
			s.Indexes[s.Collections[i]] = name
		}
		return a.awaitIndexes(ctx, client, s)
	}
	if err != nil || s.NoSnapshot {
		return nil // a full run does not need them
	}
	checks, err := client.CheckIndexes(ctx, s.Collections, names)
	for _, c := range checks {
		if c.Ready() {
			s.Indexes[c.Collection] = c.Index
		}
	}
	return err
}

func (a *app) awaitIndexes(ctx context.Context, client *fauna.Client, s *export.Spec) error {
	names := mapped(s.Collections, func(name string) string { return s.Indexes[name] })
	return a.untilBuilt(ctx, export.OSEnv(s.Dir).Clock, func() ([]fauna.IndexCheck, error) {
		return client.CheckIndexes(ctx, s.Collections, names)
	})
}

// untilBuilt checks until all indexes are ready. It fails if one
// is wrong or not active after indexWait, or with the cause of ctx's end.
func (a *app) untilBuilt(ctx context.Context, clock export.Clock, look func() ([]fauna.IndexCheck, error)) error {
	began, reported, pause := clock.Now(), time.Time{}, firstLook
	for {
		checks, err := look()
		if err != nil {
			return err
		}
		var wrong, building []fauna.IndexCheck
		var names []string // of those being built
		for _, c := range checks {
			switch {
			case len(c.Problems) > 0:
				wrong = append(wrong, c)
			case !c.Ready():
				building, names = append(building, c), append(names, c.Index)
			}
		}
		now := clock.Now()
		switch {
		case len(wrong) > 0:
			a.sayFixes(wrong)
			return unusableIndexes(wrong)
		case len(building) == 0:
			return nil
		case now.Sub(began) >= indexWait:
			return unusableIndexes(building)
		case reported.IsZero() || a.global.Interval() > 0 && now.Sub(reported) >= a.global.Interval():
			reported = now
			a.say("waiting for %s to be built: %s (%s so far, %s at most)", count(int64(len(building)), "index"), quotedList(names), elapsedText(now.Sub(began)), elapsedText(indexWait))
		}
		if err := clock.Wait(ctx, pause); err != nil {
			a.say("%v", unusableIndexes(building))
			return context.Cause(ctx)
		}
		pause = min(2*pause, indexPoll)
	}
}

// sayFixes prints the FQL that fixes indexes.
func (a *app) sayFixes(checks []fauna.IndexCheck) {
	made := false
	for _, c := range checks {
		made = made || len(c.Fix) > 0
		for _, q := range c.Fix {
			a.say("// %s. %s", strings.TrimSuffix(q.Title, "."), q.Why)
			for line := range strings.Lines(q.FQL) {
				a.say("%s", strings.TrimRight(line, "\n"))
			}
		}
	}
	if made {
		a.say("// A recreated index needs a new privilege in the role: also run what 'fauna-export fql role --update --mode incremental' prints.")
	}
}
