package main

import (
	"context"
	"fmt"
	"slices"

	"fauna-export/export/config"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

// checkNames returns an error for invalid and duplicate names.
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
		return nil, &deniedError{what: "the key can't list collections", hint: hint}
	}
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, &deniedError{what: "the key sees no collections: it can't list them, or the database has none", hint: hint}
	}
	var missing []string
	for _, name := range exclude {
		if !slices.Contains(names, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, usagef("--exclude names collections that don't exist: %s", quotedList(missing))
	}
	kept := slices.DeleteFunc(names, func(name string) bool { return slices.Contains(exclude, name) })
	if len(kept) == 0 {
		return nil, usagef("--exclude leaves no collection")
	}
	return kept, nil
}

// choice is what a run may read of the chosen collections.
type choice struct {
	access     []fauna.Access // of every requested collection
	readable   []string
	unreadable []string
	filtered   []string // readable, but the role hides documents with a predicate
	missing    *missingError
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
	c := &choice{access: access}
	var missing []string
	for _, one := range access {
		switch {
		case !one.Exists:
			missing = append(missing, one.Collection)
		case !one.Readable:
			c.unreadable = append(c.unreadable, one.Collection)
		default:
			c.readable = append(c.readable, one.Collection)
			if one.Filtered {
				c.filtered = append(c.filtered, one.Collection)
			}
		}
	}
	if len(missing) > 0 && f.All {
		return nil, fmt.Errorf("the server lists %s but reports that it doesn't exist: if it was just deleted, try again", quotedList(missing))
	}
	if len(missing) > 0 {
		c.missing = &missingError{names: missing, near: near(ctx, client, missing)}
	}
	return c, nil
}

// near finds the existing names that misspelt ones probably mean; none if the
// key may not list the collections.
func near(ctx context.Context, client *fauna.Client, missing []string) map[string]string {
	known, err := client.Collections(ctx)
	if err != nil {
		return nil
	}
	found := map[string]string{}
	for _, name := range missing {
		found[name] = nearestName(name, known)
	}
	return found
}

// refusal returns why a run of this choice must not start: a named collection
// is missing or unreadable, or nothing can be read. With --all unreadable
// collections are left out.
func (c *choice) refusal(all bool) error {
	switch {
	case c.missing != nil:
		return c.missing
	case len(c.readable) == 0 && all:
		return &deniedError{
			what: "the key can't read any of the collections: " + quotedList(c.unreadable),
			hint: "'fauna-export fql role --update' prints the FQL that adds them",
		}
	case len(c.unreadable) > 0 && !all:
		return &deniedError{
			what: "the key can't read " + quotedList(c.unreadable),
			hint: "'fauna-export fql role --update' prints the FQL that adds " + them(len(c.unreadable), "it", "them") + "",
		}
	}
	return nil
}
