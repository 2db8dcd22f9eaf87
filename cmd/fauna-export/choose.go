package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"fauna-export/export/config"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

func checkNames(names []string) error {
	for i, name := range names {
		if err := fql.CheckName(name); err != nil {
			return usagef("--collection %s: %w", quoted(name), err)
		}
		if slices.Contains(names[:i], name) {
			return usagef("--collection %s is given twice", quoted(name))
		}
	}
	return nil
}

// listAll returns every collection of the database except the excluded ones.
func listAll(ctx context.Context, client *fauna.Client, exclude []string) ([]string, error) {
	names, err := client.Collections(ctx)
	hint := "name them with --collection, or give the role that privilege ('fauna-export fql role' prints it)"
	if isKind(err, fauna.KindDenied) {
		return nil, refusedf("the key can't list collections; %s", hint)
	}
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, refusedf("the key sees no collections: it can't list them, or the database has none; %s", hint)
	}
	missing := slices.DeleteFunc(slices.Clone(exclude), func(name string) bool { return slices.Contains(names, name) })
	if len(missing) > 0 {
		return nil, usagef("--exclude names collections that don't exist: %s", quotedList(missing))
	}
	kept := slices.DeleteFunc(names, func(name string) bool { return slices.Contains(exclude, name) })
	if len(kept) == 0 {
		return nil, usagef("--exclude excludes every collection")
	}
	return kept, nil
}

// choice is what a run may read of the chosen collections.
type choice struct {
	access     []fauna.Access // of every requested collection
	readable   []string
	unreadable []string
	filtered   []string // readable, but the role hides documents with a predicate
	missing    error    // of named collections that do not exist
}

// choose determines the collections and asks the server what the key may do
// with each.
func (a *app) choose(ctx context.Context, client *fauna.Client, f *config.Config) (*choice, error) {
	names := f.Collections
	if f.All {
		var err error
		if names, err = listAll(ctx, client, f.Exclude); err != nil {
			return nil, err
		}
	} else if err := checkNames(names); err != nil {
		return nil, err
	}
	access, err := client.Access(ctx, names)
	if err != nil {
		return nil, err
	}
	c := &choice{
		access:     access,
		readable:   fauna.Which(access, func(a fauna.Access) bool { return a.Readable }),
		unreadable: fauna.Which(access, func(a fauna.Access) bool { return a.Exists && !a.Readable }),
		filtered:   fauna.Which(access, func(a fauna.Access) bool { return a.Filtered }),
	}
	missing := fauna.Which(access, func(a fauna.Access) bool { return !a.Exists })
	if len(missing) > 0 && f.All {
		return nil, fmt.Errorf("the server lists %s but reports that it doesn't exist: if it was just deleted, try again", quotedList(missing))
	}
	if len(missing) > 0 {
		known, _ := client.Collections(ctx) // none if the key may not list them
		c.missing = noSuch(missing, known)
	}
	return c, nil
}

// chooseNow is choose, and gets the server's time in parallel to save a round trip.
func (a *app) chooseNow(ctx context.Context, client *fauna.Client, f *config.Config) (c *choice, now int64, err error) {
	var unknown error
	var asked sync.WaitGroup
	asked.Go(func() { now, unknown = client.Now(ctx) })
	c, err = a.choose(ctx, client, f)
	asked.Wait()
	return c, now, cmp.Or(err, unknown)
}

// noSuch returns the error of missing collections, with the known names that were
// probably meant.
func noSuch(missing, known []string) error {
	var names []string
	for _, name := range missing {
		text := quoted(name)
		if near := nearestName(name, known); near != "" {
			text += " (did you mean " + quoted(near) + "?)"
		}
		names = append(names, text)
	}
	return unusablef("no such collection: %s", strings.Join(names, ", "))
}

func (c *choice) leftOut() error {
	if len(c.unreadable) == 0 {
		return nil
	}
	return partialf("the key can't read %s", quotedList(c.unreadable))
}

// refusal returns why a run of this choice must not start: a named collection
// is missing or unreadable, or nothing can be read. With --all unreadable
// collections are left out.
func (c *choice) refusal(all bool) error {
	switch {
	case c.missing != nil:
		return c.missing
	case len(c.readable) == 0 && all:
		return refusedf("the key can't read any of the collections: %s; 'fauna-export fql role --update' prints the FQL that adds them", quotedList(c.unreadable))
	case len(c.unreadable) > 0 && !all:
		them := "them"
		if len(c.unreadable) == 1 {
			them = "it"
		}
		return refusedf("the key can't read %s; 'fauna-export fql role --update' prints the FQL that adds %s", quotedList(c.unreadable), them)
	}
	return nil
}
