package main

import (
	"fauna-export/export/archive"
)

// keepNewest removes the runs before the newest ones, after a run that was whole:
// one that was not must not push a whole one out.
func (a *app) keepNewest(output *outputFlags) error {
	removed, err := archive.KeepNewest(output.pattern, output.Keep)
	for _, dir := range removed {
		a.say("removed the run %s, since --keep is %d", quoted(dir), output.Keep)
	}
	return err
}
