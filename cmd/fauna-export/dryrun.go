package main

import (
	"context"

	"fauna-export/export"
	"fauna-export/fauna"
)

// dryRun reports what a run would do, and writes nothing.
func (a *app) dryRun(ctx context.Context, client *fauna.Client, s export.Spec, c *choice, at int64) error {
	if s.At > at { // the server would wait for that time
		return &export.AtError{At: s.At, Future: true, Now: at}
	}
	if s.At != 0 {
		at = s.At
	}
	f, err := a.forecastRun(ctx, client, s, at, s.Dir)
	if err != nil {
		return err
	}
	if err := a.print(f, f.text()); err != nil {
		return err
	}
	a.warnFiltered(c)
	for _, warning := range f.Warnings {
		a.say("warning: %s", warning)
	}
	a.say("would export %s from %s; nothing was written", count(int64(len(f.Collections)), "collection"), client.Endpoint().Host())
	return c.leftOut()
}
