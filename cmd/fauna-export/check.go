package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fauna-export/export"
	"fauna-export/export/config"
	"fauna-export/fauna"
	"fauna-export/tui/text"
)

func newCheckCommand(a *app) *cobra.Command {
	var server *config.Config
	var noCount bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the endpoint, the secret, and the privileges on each collection",
		Long: `Check the endpoint, the secret, and the privileges on each collection. The table on
stdout shows what can be read, how many documents and roughly how many bytes there
are, and how long a snapshot of it stays readable ("snapshot kept"). Below it is an
estimate of a run: time, requests. With --mode incremental the index of each
collection is checked too, and FQL that fixes problems is printed on stderr.

Nothing is written. The first documents of each collection are read and the others
counted; --no-count skips that.`,
		Example: `  fauna-export check --domain http://localhost:8443 --all
  fauna-export check --collection users --collection products --json
  fauna-export check --all --mode incremental
  fauna-export check --all --no-count`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkChoice(server); err != nil {
				return err
			}
			return a.check(cmd.Context(), server, noCount)
		},
	}
	server = newOptions(cmd, config.Address, config.Server, config.Secret, config.Choice, config.Sync)
	redefine(cmd, "mode", string(export.Full), "`MODE` of the planned run: full, or incremental to check the indexes too")
	cmd.Flags().BoolVar(&noCount, "no-count", false, "check only privileges and indexes, count no documents")
	return cmd
}

// checked is a row of the output of `check --json`.
type checked struct {
	Collection  string `json:"collection"`
	Exists      bool   `json:"exists"`
	Readable    bool   `json:"readable"`
	Filtered    bool   `json:"filtered"`     // the role hides documents with a predicate
	HistoryDays int    `json:"history_days"` // -1: forever
	LivesFor    *int64 `json:"snapshot_lives_seconds"`
	// Absent if nothing was counted.
	Documents *int64 `json:"documents,omitempty"`
	Bytes     *int64 `json:"bytes_about,omitempty"` // as the server sends them
	// The index for incremental sync.
	Index         string   `json:"index,omitempty"`
	IndexReady    *bool    `json:"index_ready,omitempty"`
	IndexProblems []string `json:"index_problems,omitempty"`
}

func (a *app) check(ctx context.Context, server *config.Config, noCount bool) error {
	client, err := a.connect(ctx, server)
	if err != nil {
		return err
	}
	defer client.Close()
	c, now, err := a.chooseNow(ctx, client, server)
	if err != nil {
		return err
	}
	spec := export.Spec{Mode: export.Mode(server.Mode), Endpoint: client.Endpoint().String()}
	c.apply(&spec, now)
	var checks []fauna.IndexCheck
	if spec.Mode == export.Incremental {
		names, err := indexNames(spec.Collections, server.Index)
		if err != nil {
			return err
		}
		if checks, err = client.CheckIndexes(ctx, spec.Collections, names); err != nil {
			return err
		}
	}
	var forecast *forecast
	if !noCount && len(spec.Collections) > 0 {
		if forecast, err = a.forecastRun(ctx, client, spec, now, "."); err != nil {
			return err
		}
	}
	rows := checkedRows(c.access, now, checks, forecast)
	if err := a.print(rows, checkText(rows, forecast)); err != nil {
		return err
	}
	if forecast != nil {
		for _, warning := range forecast.Warnings {
			a.say("warning: %s", warning)
		}
	}
	if err := c.refusal(server.All); err != nil {
		return err
	}
	if unready := slices.DeleteFunc(checks, fauna.IndexCheck.Ready); len(unready) > 0 {
		a.sayFixes(unready)
		return unusableIndexes(unready)
	}
	return c.leftOut()
}

func checkedRows(access []fauna.Access, now int64, checks []fauna.IndexCheck, f *forecast) []checked {
	rows := []checked{}
	for _, one := range access {
		row := checked{
			Collection: one.Collection, Exists: one.Exists, Readable: one.Readable,
			Filtered: one.Filtered, HistoryDays: one.HistoryDays,
		}
		if one.Readable {
			row.LivesFor = keptFor(one.Life(now))
		}
		if i := slices.IndexFunc(checks, func(c fauna.IndexCheck) bool { return c.Collection == one.Collection }); i >= 0 {
			ready := checks[i].Ready()
			row.Index, row.IndexReady, row.IndexProblems = checks[i].Index, &ready, checks[i].Problems
			if checks[i].Building {
				row.IndexProblems = []string{"it is still being built"}
			}
		}
		if f != nil {
			if i := slices.IndexFunc(f.Collections, func(c collectionForecast) bool { return c.Name == one.Collection }); i >= 0 {
				row.Documents, row.Bytes = &f.Collections[i].Rows, &f.Collections[i].Bytes
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// checkText returns the rows as a table, with totals if documents were counted.
func checkText(rows []checked, f *forecast) string {
	indexed := false
	lines := [][]string{{"collection", "readable", "documents", "about", "snapshot kept", "index", "note"}}
	for _, r := range rows {
		indexed = indexed || r.IndexReady != nil
		readable, kept, index, note := r.texts()
		lines = append(lines, []string{plain(r.Collection), readable, known(r.Documents, number), known(r.Bytes, sizeText), kept, index, note})
	}
	for i, line := range lines {
		if !indexed {
			line = slices.Delete(line, 5, 6)
		}
		if f == nil {
			line = slices.Delete(line, 2, 4)
		}
		lines[i] = line
	}
	if f == nil {
		return table(lines)
	}
	return table(lines) + fmt.Sprintf("\n%s, about %s\n", count(f.Rows, "document"), sizeText(f.Bytes)) + f.effort()
}

func known(n *int64, text func(int64) string) string {
	if n == nil {
		return "-"
	}
	return text(*n)
}

// texts returns cells of the table: whether it is readable, how long snapshots
// are kept, the index, and a note.
func (r *checked) texts() (readable, kept, index, note string) {
	kept, index = keptText(r.LivesFor), "-"
	if r.IndexReady != nil {
		index = plain(r.Index)
		if !*r.IndexReady {
			index = "NO " + index
		}
	}
	switch {
	case !r.Exists:
		return "-", "-", index, "no such collection"
	case !r.Readable:
		return "NO", "-", index, "not in the role"
	case len(r.IndexProblems) > 0:
		note = plain("index: " + strings.Join(r.IndexProblems, "; "))
	case r.Filtered:
		note = "the role hides documents with a predicate"
	}
	return "yes", kept, index, note
}

// keptFor returns for how many seconds a snapshot stays readable, nil without end.
func keptFor(life time.Duration) *int64 {
	if life == math.MaxInt64 {
		return nil
	}
	seconds := int64(life / time.Second)
	return &seconds
}

// keptText formats the seconds of keptFor.
func keptText(seconds *int64) string {
	switch {
	case seconds == nil:
		return text.Span(math.MaxInt64)
	case *seconds <= 0:
		return "no longer"
	}
	return text.Span(time.Duration(*seconds) * time.Second)
}
