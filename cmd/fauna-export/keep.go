package main

import (
	"path/filepath"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// keepNewest removes old runs, after one that was whole and verified: one that was
// not must not push a whole one out.
func (a *app) keepNewest(output *outputFlags, dir string) error {
	parent, pattern := filepath.Split(filepath.Clean(output.pattern))
	kept, err := archive.Keep(store.NewFolderShelf(filepath.Clean(parent)), pattern, output.Keep, filepath.Base(dir))
	for _, name := range kept.Removed {
		a.say("removed the run %s, since --keep is %d", quoted(filepath.Join(parent, name)), output.Keep)
	}
	for _, w := range kept.Warnings {
		a.say("warning: --keep: %s", w)
	}
	return err
}
