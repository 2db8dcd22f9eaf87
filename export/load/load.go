package load

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// Options defines what to load and where.
type Options struct {
	// From is the store with a finished run.
	From store.Store
	// Into is the target: postgres://user@host/database[?schema=NAME], sqlite:FILE,
	// parquet:DIR or csv:DIR.
	Into string
	// Columns is how data is loaded; "" means ColumnsAuto.
	Columns Columns
	// Collections lists the collections to load; none means all.
	Collections []string
	// Replace first drops the tables that an earlier load created, and nothing
	// else.
	Replace bool
	// Password prompts for a database's password if it needs one; nil never
	// prompts.
	Password Password
	// Progress, unless nil, is called a few times a second.
	Progress func(Status)
}

// Phase is the stage a load has reached.
type Phase string

// The phases, in order.
const (
	Reading Phase = "reading" // reads every row, for types and hashes
	Loading Phase = "loading" // sends rows and reads them back
	Keying  Phase = "keys"
)

// Status is the progress of a load.
type Status struct {
	Phase      Phase
	Collection string
	// Rows of Total are done, over all collections of the phase.
	Rows, Total int64
	// Tables of AllTables are done.
	Tables, AllTables int
}

// Load is a planned load. Close it after use.
type Load struct {
	options  Options
	run      *archive.Archive
	manifest *archive.Manifest
	target   target
	plan     Plan
	all      map[string]*loadedTable
	jobs     []*job
	drop     []*loadedTable
	release  func() error
	status   Status
	shown    time.Time
}

// Result is the result of a load.
type Result struct {
	Target string  `json:"target"`
	Proofs []Proof `json:"tables"`
	// Keys are the foreign keys that hold; Left are those left out, and why.
	Keys  []string `json:"keys,omitempty"`
	Left  []string `json:"left_out,omitempty"`
	Notes []string `json:"notes,omitempty"`
	// Skipped are collections that the target already had.
	Skipped int `json:"skipped"`
}

// Rows returns the number of rows sent.
func (r *Result) Rows() int64 {
	var n int64
	for _, p := range r.Proofs {
		n += p.Sent
	}
	return n
}

// step counts rows.
func (l *Load) step(rows int64) {
	l.status.Rows += rows
	if l.status.Rows&1023 == 0 {
		l.show(false)
	}
}

func (l *Load) show(always bool) {
	if l.options.Progress == nil {
		return
	}
	if now := time.Now(); always || now.Sub(l.shown) > 100*time.Millisecond {
		l.shown = now
		l.options.Progress(l.status)
	}
}

// Plan returns what Do will do.
func (l *Load) Plan() *Plan { return &l.plan }

// Manifest returns the manifest of the run that is loaded.
func (l *Load) Manifest() *archive.Manifest { return l.manifest }

// DDL returns the statements that Do uses to create or change the tables.
func (l *Load) DDL() string {
	var b strings.Builder
	for _, t := range l.plan.Tables {
		if t.Action != Skip {
			b.WriteString(l.target.definition(t))
		}
	}
	for _, t := range l.plan.Tables {
		if t.Action != Skip {
			b.WriteString(l.target.constraints(t))
		}
	}
	return b.String()
}

// Do loads what the target does not have yet. Call it once. After an error,
// prepare a new load, which continues with what is missing; the result says what
// was done.
func (l *Load) Do(ctx context.Context) (*Result, error) {
	r := &Result{Target: l.plan.Target}
	before := maps.Clone(l.all)
	for _, k := range l.drop {
		before[k.Table.Collection] = k
	}
	if err := l.target.ready(ctx, before, l.jobs, l.drop); err != nil {
		return r, err
	}
	l.status = Status{Phase: Loading, Total: l.plan.Rows(), AllTables: len(l.jobs)}
	for _, j := range l.jobs {
		l.status.Collection = j.table.Collection
		l.show(true)
		t, began := j.table, time.Now()
		proof := Proof{Collection: t.Collection, Table: t.Name, Action: t.Action, Documents: t.Documents}
		err := l.target.load(ctx, j, &proof)
		proof.Seconds = time.Since(began).Seconds()
		if err != nil {
			if bad := ctx.Err(); bad != nil {
				err = context.Cause(ctx)
			}
			return r, err
		}
		r.Proofs = append(r.Proofs, proof)
		r.Notes = append(r.Notes, j.table.Notes...)
		l.status.Tables++
		l.show(true)
	}
	l.status.Phase, l.status.Collection = Keying, ""
	l.show(true)
	var tables []*Table
	for _, name := range slices.Sorted(maps.Keys(l.all)) {
		tables = append(tables, l.all[name].Table)
	}
	if err := l.target.keys(ctx, tables); err != nil {
		return r, err
	}
	for _, t := range l.plan.Tables {
		if t.Action == Skip {
			r.Skipped++
		}
		for _, c := range t.Columns {
			switch {
			case c.Type != Ref || !l.target.dialect().keyed:
			case c.Key == "" || c.target == "":
				r.Left = append(r.Left, fmt.Sprintf("%s.%s: no foreign key, since %s is not loaded", t.Collection, c.Field, c.Collection))
			case c.Missing > 0:
				r.Left = append(r.Left, fmt.Sprintf("%s.%s: no foreign key, since %s to missing documents of %s", t.Collection, c.Field, leads(c.Missing), c.Collection))
			default:
				r.Keys = append(r.Keys, fmt.Sprintf("%s.%s → %s", t.Collection, c.Field, c.Collection))
			}
		}
	}
	return r, nil
}

// Close ends the connection.
func (l *Load) Close() error {
	l.target.close()
	if l.release == nil {
		return nil
	}
	release := l.release
	l.release = nil
	return release()
}
