package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"fauna-export/fauna"
)

func newCheckCommand(a *app) *cobra.Command {
	var server serverFlags
	var choice choiceFlags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check endpoint, secret and the privileges on each collection",
		Long: `Check endpoint, secret and the privileges on each collection, and print a table on
stdout. Nothing is written and nothing is read but what the check needs.
"snapshot lives" is how long all documents can still be read as of one moment.`,
		Example: `  fauna-export check --domain http://localhost:8443 --all
  fauna-export check --collection users --collection products --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choice.validate(); err != nil {
				return err
			}
			return a.check(cmd.Context(), &server, &choice)
		},
	}
	server.add(cmd.Flags())
	choice.add(cmd.Flags())
	return cmd
}

// checked is a row of what `check --json` prints.
type checked struct {
	Collection  string `json:"collection"`
	Exists      bool   `json:"exists"`
	Readable    bool   `json:"readable"`
	Filtered    bool   `json:"filtered"`     // the role hides documents by a predicate
	HistoryDays int    `json:"history_days"` // -1: without end
	LivesFor    *int64 `json:"snapshot_lives_seconds"`
}

func (a *app) check(ctx context.Context, server *serverFlags, f *choiceFlags) error {
	client, err := a.connect(ctx, server)
	if err != nil {
		return err
	}
	defer client.Close()
	c, err := a.choose(ctx, client, f)
	if err != nil {
		return err
	}
	now, err := client.Now(ctx)
	if err != nil {
		return err
	}
	if a.global.json {
		err = a.printJSON(checkedRows(c.access, now))
	} else {
		err = a.printText(checkTable(c.access, now))
	}
	if err != nil {
		return err
	}
	if err := c.refusal(f.all); err != nil {
		return err
	}
	if len(c.unreadable) > 0 {
		return &leftOutError{names: c.unreadable}
	}
	return nil
}

func checkedRows(access []fauna.Access, now int64) []checked {
	rows := []checked{}
	for _, one := range access {
		row := checked{
			Collection: one.Collection, Exists: one.Exists, Readable: one.Readable,
			Filtered: one.Filtered, HistoryDays: one.HistoryDays,
		}
		if life := one.Life(now); one.Readable && life != math.MaxInt64 {
			seconds := int64(life / time.Second)
			row.LivesFor = &seconds
		}
		rows = append(rows, row)
	}
	return rows
}

func checkTable(access []fauna.Access, now int64) string {
	rows := [][]string{{"collection", "readable", "snapshot lives", "note"}}
	for _, one := range access {
		row := []string{plain(one.Collection), "yes", lifeText(one.Life(now)), ""}
		switch {
		case !one.Exists:
			row[1], row[2], row[3] = "-", "-", "no such collection"
		case !one.Readable:
			row[1], row[2], row[3] = "NO", "-", "not in the role"
		case one.Filtered:
			row[3] = "the role hides documents by a predicate"
		}
		rows = append(rows, row)
	}
	return table(rows)
}

// lifeText says a snapshot's life as people say it.
func lifeText(d time.Duration) string {
	switch {
	case d == math.MaxInt64:
		return "without end"
	case d <= 0:
		return "no longer"
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	case d >= time.Minute:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}
