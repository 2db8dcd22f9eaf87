package main

import (
	"context"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// keepNewest removes old runs after a complete and verified one, since an
// incomplete run must not replace a complete one.
func (a *app) keepNewest(ctx context.Context, output *outputFlags, dir string) error {
	parent, pattern := store.Split(output.pattern)
	shelf, err := store.ShelfAt(ctx, parent, a.s3Options())
	if err != nil {
		return unusablef("--keep: %w", err)
	}
	_, present := store.Split(dir)
	kept, err := archive.Keep(shelf, pattern, output.Keep, present)
	for _, name := range kept.Removed {
		a.say("removed the run %s, because --keep is %d", quoted(store.Join(parent, name)), output.Keep)
	}
	for _, w := range kept.Warnings {
		a.say("warning: --keep: %s", w)
	}
	return err
}
