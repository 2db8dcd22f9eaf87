package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// Options say what to load and where.
type Options struct {
	// From is the store with a finished run.
	From store.Store
	// Into is the target: postgres://user@host/database[?schema=NAME], sqlite:FILE,
	// parquet:DIR or csv:DIR.
	Into string
	// Columns is how data is loaded; empty is ColumnsAuto.
	Columns Columns
	// Collections to load; none means all.
	Collections []string
	// Replace: first drop the tables that an earlier load made, and nothing
	// else.
	Replace bool
	// Password prompts for a database's password if it needs one; nil never
	// prompts.
	Password Password
	// Progress, when not nil, is called a few times a second.
	Progress func(Status)
}

// Phase is the stage a load has reached.
type Phase string

// The phases, in order.
const (
	Reading Phase = "reading" // every row, for types and hashes
	Loading Phase = "loading" // and reading back
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
	all      map[string]*kept
	jobs     []*job
	drop     []*kept
	release  func() error
	status   Status
	shown    time.Time
}

// Result is the result of a load.
type Result struct {
	Target string  `json:"target"`
	Proofs []Proof `json:"tables"`
	// Keys are the foreign keys that hold; Left are refs without one, and why.
	Keys  []string `json:"keys,omitempty"`
	Left  []string `json:"left_out,omitempty"`
	Notes []string `json:"notes,omitempty"`
	// Skipped are collections that the target already had.
	Skipped int `json:"skipped"`
}

// Rows is the number of rows sent.
func (r *Result) Rows() int64 {
	var n int64
	for _, p := range r.Proofs {
		n += p.Sent
	}
	return n
}

// Prepare connects to the target, reads every row that it does not have,
// checking the hash of each file, and plans the load. It changes nothing in the
// target.
func Prepare(ctx context.Context, o Options) (_ *Load, err error) {
	l := &Load{options: o}
	if l.options.Columns == "" {
		l.options.Columns = ColumnsAuto
	}
	if l.target, err = newTarget(o.Into, o.Password); err != nil {
		return nil, err
	}
	if l.run, err = archive.Open(o.From); err != nil {
		return nil, l.notFinished(err)
	}
	l.manifest = l.run.Manifest
	chosen, err := l.choose()
	if err != nil {
		return nil, err
	}
	if l.release, err = o.From.Lock(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	if err := l.target.open(ctx); err != nil {
		return nil, err
	}
	if l.all, err = l.target.state(ctx); err != nil {
		return nil, err
	}
	l.plan.Target = l.target.name()
	if err := l.planAll(ctx, chosen); err != nil {
		return nil, err
	}
	return l, nil
}

// notFinished says what to do about a folder without a finished run.
func (l *Load) notFinished(err error) error {
	found, bad := archive.Inspect(l.options.From)
	if bad != nil {
		return err
	}
	how := "resume"
	switch found.Kind {
	case archive.Sharded:
		how = "finish"
	case archive.Unfinished:
	case archive.Broken:
		return found.Err
	default:
		return err
	}
	return &Error{Kind: KindUsage, Where: l.options.From.Name(), What: "the export there is not finished", Do: "finish it first: fauna-export " + how + " " + l.options.From.Name()}
}

// choose returns the collections to load.
func (l *Load) choose() ([]archive.Entry, error) {
	latest := l.manifest.Latest()
	if len(l.options.Collections) == 0 {
		if failed := l.manifest.Failed; len(failed) > 0 {
			var names []string
			for _, f := range failed {
				names = append(names, f.Name+" ("+f.Why+")")
			}
			return nil, &Error{Kind: KindPartial, Where: l.options.From.Name(), What: "the export lacks " + strings.Join(names, ", "), Do: "resume or repeat it, or load only what is there with --collection NAME"}
		}
		return latest, nil
	}
	var chosen []archive.Entry
	for _, name := range l.options.Collections {
		i := slices.IndexFunc(latest, func(e archive.Entry) bool { return e.Name == name })
		if i < 0 {
			return nil, &Error{Kind: KindUsage, Where: l.options.From.Name(), What: fmt.Sprintf("no collection %q is in this export", name), Do: "see the names in " + archive.ManifestName}
		}
		chosen = append(chosen, latest[i])
	}
	return chosen, nil
}

// syncs returns a collection's files by sync, as recorded in the target.
func syncsOf(files []archive.Entry) []syncLoad {
	var out []syncLoad
	for _, e := range files {
		n := max(1, e.Sync)
		if last := len(out) - 1; last >= 0 && out[last].sync == n { // a part of the same sync
			sum := sha256.Sum256([]byte(out[last].sha256 + e.SHA256))
			out[last].sha256, out[last].rows = hex.EncodeToString(sum[:]), out[last].rows+e.Rows
			continue
		}
		out = append(out, syncLoad{n, e.SHA256, e.Rows})
	}
	return out
}

// planAll reads what is to be loaded and plans its tables.
func (l *Load) planAll(ctx context.Context, chosen []archive.Entry) error {
	d := l.target.dialect()
	type work struct {
		last    archive.Entry
		files   []archive.Entry // to be read
		pending []syncLoad
		old     *kept
		clear   bool
	}
	var todo []work
	for _, last := range chosen {
		files := l.manifest.Chain(last.Name)
		all := syncsOf(files)
		w := work{last: last, files: files, pending: all, old: l.all[last.Name]}
		if w.old != nil && l.options.Replace {
			l.drop = append(l.drop, w.old)
			delete(l.all, last.Name)
			w.old = nil
		}
		if w.old != nil {
			n := 0
			for n < len(all) && w.old.loads[all[n].sync] == all[n].sha256 {
				n++
			}
			if n != len(w.old.loads) {
				return &Error{Kind: KindUsage, Where: l.target.name(), What: fmt.Sprintf("it has the rows of %s from another export", last.Name), Do: "add --replace to drop that table and load this one, or load into another place"}
			}
			w.pending = all[n:]
			if n != len(all) && d.whole {
				// A file is rewritten under its old name.
				w.pending, w.old = all, nil
			} else if len(w.pending) == 0 {
				t := w.old.table
				t.Action, t.Documents = Skip, last.Documents
				l.plan.Tables = append(l.plan.Tables, t)
				continue
			}
			if w.old != nil && l.options.Columns != w.old.table.Mode {
				return &Error{Kind: KindUsage, Where: last.Name, What: fmt.Sprintf("it was loaded with --columns %s", w.old.table.Mode), Do: "use the same, or --replace"}
			}
			from := slices.IndexFunc(files, func(e archive.Entry) bool { return max(1, e.Sync) == w.pending[0].sync })
			if w.old == nil {
				// All of its rows are written.
			} else if w.clear = last.HidesRemovals(); !w.clear {
				w.files = files[from:]
			}
		}
		for _, s := range w.pending {
			l.status.Total += s.rows
		}
		todo = append(todo, w)
	}
	l.status.Phase, l.status.AllTables = Reading, len(todo)
	names, err := l.tableNames(ctx, chosen)
	if err != nil {
		return err
	}
	for _, w := range todo {
		l.status.Collection = w.last.Name
		removals := w.old != nil && !w.clear
		format := row.Format(w.last.Format)
		s, err := l.survey(ctx, w.files, format, removals)
		if err != nil {
			return err
		}
		var t *Table
		if w.old != nil {
			t = w.old.table
			t.grow(d, s)
		} else {
			t = newTable(d, w.last.Name, names[w.last.Name], s, l.options.Columns)
			t.PrimaryKey = names["\x00"+w.last.Name]
		}
		t.Documents, t.Rows = w.last.Documents, s.rows
		j := &job{table: t, format: format, syncs: w.pending, clear: w.clear, step: l.step}
		j.rows = l.rows(ctx, w.files, removals, &s.hash)
		l.jobs = append(l.jobs, j)
		l.plan.Tables = append(l.plan.Tables, t)
		l.all[t.Collection] = &kept{table: t}
		l.status.Tables++
		l.show(true)
	}
	l.planKeys()
	return nil
}

// tableNames names the tables to create, and, under a NUL before the
// collection's name, their primary keys, which share a namespace with tables.
func (l *Load) tableNames(ctx context.Context, chosen []archive.Entry) (map[string]string, error) {
	d := l.target.dialect()
	taken := []string{loadsTable, tablesTable, loadsTable + "_pkey", tablesTable + "_pkey", tablesTable + "_name_key"}
	for _, k := range l.all {
		taken = append(taken, k.table.Name, k.table.PrimaryKey)
	}
	n := newNamer(d, d.refusedTable, taken...)
	names := map[string]string{}
	var made []string
	if d.whole {
		var all []string
		for _, e := range l.manifest.Latest() {
			all = append(all, e.Name)
		}
		names = archive.FileNames(all)
		for _, e := range chosen {
			if l.all[e.Name] == nil {
				made = append(made, names[e.Name])
			}
		}
		chosen = nil
	}
	for _, e := range chosen {
		if l.all[e.Name] == nil {
			names[e.Name] = n.name(e.Name)
			made = append(made, names[e.Name])
		}
	}
	for _, e := range chosen {
		if name, ok := names[e.Name]; ok {
			key := n.name(name + "_pkey")
			names["\x00"+e.Name] = key
			made = append(made, key)
		}
	}
	if len(made) == 0 {
		return names, nil
	}
	foreign, err := l.target.foreign(ctx, made)
	if err != nil {
		return nil, err
	}
	for _, k := range l.drop {
		foreign = slices.DeleteFunc(foreign, func(name string) bool { return name == k.table.Name || name == k.table.PrimaryKey })
	}
	if len(foreign) > 0 {
		return nil, &Error{Kind: KindUsage, Where: l.target.name(), What: fmt.Sprintf("it has %s already, which no load made", strings.Join(foreign, ", ")), Do: "rename or drop that, or load into another schema or place"}
	}
	return names, nil
}

// planKeys names a foreign key for each column whose refs all refer to one
// loaded collection.
func (l *Load) planKeys() {
	for _, name := range slices.Sorted(maps.Keys(l.all)) {
		t := l.all[name].table
		names := newNamer(l.target.dialect(), none, t.PrimaryKey)
		for _, c := range t.Columns {
			if c.Key != "" {
				names.taken[fold(c.Key)] = true
			}
		}
		for _, c := range t.Columns {
			to := l.all[c.Collection]
			if c.Type != Ref || to == nil || !l.target.dialect().keyed {
				continue
			}
			c.target = to.table.Name
			if c.Key == "" {
				c.Key = names.name(c.Name + "_fkey")
				c.Keyed = t.Action == Create
			}
		}
	}
}

// survey reads rows to find their types. It also compares each file with the
// manifest.
func (l *Load) survey(ctx context.Context, files []archive.Entry, format row.Format, removals bool) (*survey, error) {
	s := newSurvey()
	fields := row.NewFields(format)
	fields.WholeData = l.options.Columns == ColumnsJSON
	for one, err := range l.run.Rows(ctx, archive.Rows{Files: files, Text: row.RawText, Removals: removals}) {
		if err == nil && !one.Removed {
			if err = fields.Split(one.Text); err != nil {
				err = at(files[0].Name, one.ID, err)
			} else {
				s.add(one, fields)
			}
		}
		if err != nil {
			return nil, l.unread(files[0].Name, err)
		}
		s.hash.addRow(one)
		l.step(1)
	}
	return s, nil
}

// unread is an error of reading a collection's files.
func (l *Load) unread(collection string, err error) error {
	if unfit, ok := errors.AsType[*archive.StateUnfit](err); ok {
		return &Error{Kind: KindUsage, Where: collection, What: "removals were left out of its files, and " + unfit.Error(), Do: "sync into the folder again, which rebuilds it"}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{Where: collection, What: "its files do not match the manifest", Err: err, Do: "nothing of it was loaded; see fauna-export verify " + l.options.From.Name()}
}

// rows iterates over the rows again, and ends with an error if they are not
// those of pass one.
func (l *Load) rows(ctx context.Context, files []archive.Entry, removals bool, want *sum) iter.Seq2[row.Row, error] {
	return func(yield func(row.Row, error) bool) {
		var have sum
		for one, err := range l.run.Rows(ctx, archive.Rows{Files: files, Text: row.RawText, Removals: removals}) {
			if err == nil {
				have.addRow(one)
			}
			if !yield(one, err) || err != nil {
				return
			}
		}
		if have != *want {
			yield(row.Row{}, &Error{Where: files[0].Name, What: "its files changed during the load", Do: "nothing of it was loaded; load again"})
		}
	}
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

// DDL returns the statements with which Do creates or changes the tables.
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

// Do loads what the target does not have. Call it once. After an error prepare
// a new load, which continues with what is missing; the result says what was
// done.
func (l *Load) Do(ctx context.Context) (*Result, error) {
	r := &Result{Target: l.plan.Target}
	before := maps.Clone(l.all)
	for _, k := range l.drop {
		before[k.table.Collection] = k
	}
	if err := l.target.ready(ctx, before, l.jobs, l.drop); err != nil {
		return r, err
	}
	l.status = Status{Phase: Loading, Total: l.plan.Rows(), AllTables: len(l.jobs)}
	for _, j := range l.jobs {
		l.status.Collection = j.table.Collection
		l.show(true)
		proof, err := l.target.load(ctx, j)
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
		tables = append(tables, l.all[name].table)
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
			case c.Key == "":
				r.Left = append(r.Left, fmt.Sprintf("%s.%s: no foreign key, since %s is not loaded", t.Collection, c.Field, c.Collection))
			case c.Missing > 0:
				r.Left = append(r.Left, fmt.Sprintf("%s.%s: no foreign key, since %s to documents of %s that are not there", t.Collection, c.Field, leads(c.Missing), c.Collection))
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
