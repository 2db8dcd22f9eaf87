package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/load"
	"fauna-export/tui"
)

// loadFlags say where to load files, and how.
type loadFlags struct {
	into, columns   string
	collections     []string
	dryRun, replace bool
}

func newLoadCommand(a *app) *cobra.Command {
	var f loadFlags
	cmd := a.folderCommand(&cobra.Command{
		Use:   "load DIR --into TARGET",
		Short: "Load a finished run into Postgres, SQLite, or typed Parquet or CSV files",
		Long: `Load the files of a finished run into a database or typed files, and verify the
result: each collection is one transaction, in which the rows are read back and
compared with what was sent. TARGET is one of

  postgres://USER@HOST/DATABASE[?schema=NAME]
  sqlite:FILE
  parquet:DIR
  csv:DIR

Every row is read beforehand, so types are exact and not guessed from a sample. Each
field of data becomes a column; refs into another collection become foreign keys.
What a type can't hold stays in the row's data column as JSON, and is reported.
Only files of --format wire keep the types of times, dates, bytes and refs: use them
if the target is a database.

Run it again after the next incremental sync: only what changed is applied, exactly
once. After an interruption, run it again too. What the run left out is said again,
with exit code 3.

A password comes from PGPASSWORD, ~/.pgpass, or a prompt, never from TARGET.`,
		Example: `  fauna-export load backup --into sqlite:shop.db --dry-run
  fauna-export load backup --into sqlite:shop.db
  fauna-export load backup --into parquet:lake`,
	}, func(ctx context.Context, dir string) error {
		if f.into == "" {
			return usagef("no target: give --into TARGET, such as --into postgres://app@localhost/shop")
		}
		f.into = withTime(f.into, time.Now())
		return a.load(ctx, dir, f)
	})
	set := cmd.Flags()
	set.StringVar(&f.into, "into", "", "load into `TARGET`: postgres://USER@HOST/DATABASE, sqlite:FILE, parquet:DIR or csv:DIR; {time} in it becomes the current time")
	set.StringVar(&f.columns, "columns", string(load.ColumnsAuto), "`HOW` to store data: auto makes a column of each field, json keeps data as one column, byte for byte")
	set.StringArrayVar(&f.collections, "collection", nil, "load only collection `NAME` (repeatable)")
	set.BoolVar(&f.dryRun, "dry-run", false, "read everything and print the tables and findings, but change nothing")
	set.BoolVar(&f.replace, "replace", false, "drop the tables that an earlier load created, and load them again")
	completeWords(cmd, "columns", string(load.ColumnsAuto), string(load.ColumnsJSON))
	return cmd
}

// loadMemory is the soft memory limit of a load, in bytes.
const loadMemory = 100 << 20

func (a *app) load(ctx context.Context, dir string, f loadFlags) error {
	columns, err := load.ParseColumns(f.columns)
	if err != nil {
		return usagef("--columns: %w", err)
	}
	from, err := a.store(ctx, dir)
	if err != nil {
		return err
	}
	a.limit(loadMemory)
	var now atomic.Pointer[load.Status]
	now.Store(&load.Status{Phase: load.Reading})
	event := func() export.Event {
		s := now.Load()
		return export.Event{
			Version: 1, Event: "progress", Time: archive.FormatMoment(time.Now()), Phase: export.Phase(s.Phase),
			Rows: s.Rows, Expected: s.Total, ExpectedFinal: true,
		}
	}
	if f.dryRun { // the plan is all that is printed
		event = nil
	}
	stop := a.showProgress(func() string { return loadLine(*now.Load()) }, event)
	defer stop()
	l, err := load.Prepare(ctx, load.Options{
		From: from, Into: f.into, Columns: columns, Collections: f.collections, Replace: f.replace,
		Password: a.databasePassword(),
		Progress: func(s load.Status) { now.Store(&s) },
	})
	stopped := func(result *load.Result, err error) error {
		stop()
		if !a.global.JSON || f.dryRun {
			return err
		}
		err = withSignal(ctx, err)
		return cmp.Or(err, a.printLoadSummary(result, "stopped", err))
	}
	if err != nil {
		return stopped(&load.Result{}, err)
	}
	defer l.Close()
	if f.dryRun {
		stop()
		return a.printLoadPlan(l)
	}
	result, err := l.Do(ctx)
	stop()
	if err != nil {
		for _, p := range result.Proofs {
			a.say("%s: loaded and verified, %s", quoted(p.Collection), count(p.Rows, "row"))
		}
		return stopped(result, err)
	}
	partial := completeness(l.Manifest(), f.collections)
	if partial != nil {
		partial = fmt.Errorf("loaded what %s has: %w", from.Name(), partial)
	}
	return cmp.Or(a.printLoaded(result, partial), partial)
}

// databasePassword prompts for a password on the terminal; nil if prompting is
// impossible.
func (a *app) databasePassword() load.Password {
	terminal, isFile := a.in.(*os.File)
	if !a.mayAsk() || !isFile {
		return nil
	}
	return func(ctx context.Context, user, host string) (string, error) {
		text, err := tui.ReadSecret(ctx, terminal, a.err, fmt.Sprintf("Password of %s on %s (not shown): ", plain(user), plain(host)))
		if err != nil && !errors.Is(err, tui.ErrLeft) { // none, then
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(text, "\r\n"), nil
	}
}

func loadLine(s load.Status) string {
	line := fmt.Sprintf("%s: %s of %s rows, %d of %s", s.Phase, number(s.Rows), number(s.Total), s.Tables, count(int64(s.AllTables), "table"))
	if s.Collection != "" {
		line += ", " + plain(s.Collection)
	}
	return line
}

func (a *app) printLoadPlan(l *load.Load) error {
	plan := l.Plan()
	if a.global.JSON {
		return a.printJSON(map[string]any{"target": plan.Target, "tables": planTables(plan), "ddl": l.DDL()})
	}
	for _, t := range plan.Tables {
		if t.Action == load.Skip {
			a.say("%s: already loaded", quoted(t.Collection))
		} else {
			a.say("%s: %s %s", quoted(t.Collection), t.Action, count(t.Rows, "row"))
		}
		for _, note := range t.Notes {
			a.say("note: %s", note)
		}
	}
	return a.printText(escapeControls(l.DDL())) // a field's name may hold what a terminal obeys
}

func planTables(p *load.Plan) []map[string]any {
	return mapped(p.Tables, func(t *load.Table) map[string]any {
		columns := mapped(t.Columns, func(c *load.Column) map[string]any {
			one := map[string]any{"field": c.Field, "name": c.Name, "type": c.Type}
			if c.Collection != "" {
				one["refers_to"] = c.Collection
			}
			return one
		})
		return map[string]any{"collection": t.Collection, "table": t.Name, "action": t.Action, "rows": t.Rows, "columns": columns, "notes": t.Notes}
	})
}

// printLoaded prints what a load did; partial says what the export lacks.
func (a *app) printLoaded(r *load.Result, partial error) error {
	if a.global.JSON {
		return a.printLoadSummary(r, "partial", partial)
	}
	for _, note := range slices.Concat(r.Notes, r.Left) {
		a.say("note: %s", note)
	}
	for _, key := range r.Keys {
		a.say("foreign key: %s", key)
	}
	if r.Skipped > 0 {
		a.say("%s already loaded", count(int64(r.Skipped), "collection"))
	}
	if len(r.Proofs) == 0 {
		a.say("%s is already up to date", r.Target)
		return nil
	}
	rows := [][]string{{"collection", "table", "sent", "removed", "rows now", "hash sent = read back"}}
	for _, p := range r.Proofs {
		rows = append(rows, []string{plain(p.Collection), plain(p.Table), number(p.Sent), number(p.Removed), number(p.Rows), p.Hash})
	}
	return a.printText(table(rows))
}

// printLoadSummary writes the last event of a load, which is done without an error.
func (a *app) printLoadSummary(r *load.Result, outcome string, err error) error {
	if r.Proofs == nil { // a list, if an empty one
		r.Proofs = []load.Proof{}
	}
	why := ""
	if err == nil {
		outcome = "done"
	} else {
		why = sentence(err)
	}
	line, err := json.Marshal(struct {
		Version int          `json:"v"`
		Event   string       `json:"event"`
		Time    string       `json:"time"`
		Outcome string       `json:"outcome"`
		Rows    int64        `json:"rows"`
		Error   string       `json:"error,omitempty"`
		Load    *load.Result `json:"load"`
	}{1, "summary", archive.FormatMoment(time.Now()), outcome, r.Rows(), why, r})
	if err != nil {
		return fmt.Errorf("encode the summary: %w", err)
	}
	return a.printText(escapeControls(string(line)) + "\n")
}
