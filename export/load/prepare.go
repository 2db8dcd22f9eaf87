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

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// Prepare connects to the target, reads every row that the target does not have,
// checks each file's hash, and plans the load. It changes nothing in the target.
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
	if err := l.run.Complete(); err != nil {
		return nil, &Error{Where: o.From.Name(), What: "it is not complete", Err: err}
	}
	if err := checkPlace(l.target, o.From.Name()); err != nil {
		return nil, err
	}
	l.manifest = l.run.Manifest
	chosen, err := l.choose()
	if err != nil {
		return nil, err
	}
	if l.release, err = lock(o.From); err != nil {
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
	for name, k := range l.all { // no key can lead there
		if k.altered && !slices.ContainsFunc(chosen, func(e archive.Entry) bool { return e.Name == name }) {
			delete(l.all, name)
		}
	}
	l.plan.Target = l.target.name()
	if err := l.planAll(ctx, chosen); err != nil {
		return nil, err
	}
	return l, nil
}

// lock keeps others from changing the run. A store that nobody can write to with
// these rights needs none: both passes compare the files with their hashes.
func lock(s store.Store) (release func() error, err error) {
	release, err = s.Lock()
	bad, _ := errors.AsType[*store.Error](err)
	refused, _ := errors.AsType[*store.Refused](err)
	switch {
	case bad != nil && bad.ReadOnly, refused != nil && !refused.Expired:
		return func() error { return nil }, nil
	}
	return release, err
}

// notFinished returns an error that says what to do about an unfinished run.
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
	for i, name := range l.options.Collections {
		if slices.Contains(l.options.Collections[:i], name) {
			return nil, &Error{Kind: KindUsage, Where: l.options.From.Name(), What: fmt.Sprintf("the collection %q is named twice", name), Do: "name it once"}
		}
		i := slices.IndexFunc(latest, func(e archive.Entry) bool { return e.Name == name })
		if i < 0 {
			return nil, &Error{Kind: KindUsage, Where: l.options.From.Name(), What: fmt.Sprintf("this export has no collection %q", name), Do: archive.ManifestName + " lists the names"}
		}
		chosen = append(chosen, latest[i])
	}
	return chosen, nil
}

// syncsOf returns a collection's files by sync, as recorded in the target.
func syncsOf(files []archive.Entry) []syncLoad {
	var out []syncLoad
	for _, e := range files {
		n := max(1, e.Sync)
		if last := len(out) - 1; last >= 0 && out[last].sync == n { // another part of the same sync
			sum := sha256.Sum256([]byte(out[last].sha256 + e.SHA256))
			out[last].sha256, out[last].rows = hex.EncodeToString(sum[:]), out[last].rows+e.Rows
			continue
		}
		out = append(out, syncLoad{n, e.SHA256, e.Rows})
	}
	return out
}

// todo returns what to load of a collection; pending is empty if the target has
// it.
func (l *Load) todo(last archive.Entry) (*job, error) {
	files := l.manifest.Chain(last.Name)
	all := syncsOf(files)
	j := &job{last: last, files: files, syncs: all, old: l.all[last.Name], step: l.step}
	if j.old != nil && j.old.gone && !l.options.Replace {
		return j, &Error{Kind: KindUsage, Where: l.target.name(), What: fmt.Sprintf("the table %s, which an earlier load made of %s, is gone", j.old.Table.Name, last.Name), Do: "add --replace to load it again"}
	}
	if j.old != nil && l.options.Replace {
		if j.old.altered && !j.old.gone {
			return j, l.altered(j.old.Table)
		}
		l.drop = append(l.drop, j.old)
		delete(l.all, last.Name)
		j.old = nil
	}
	if j.old == nil {
		return j, nil
	}
	n := 0
	for n < len(all) && j.old.Loads[all[n].sync] == all[n].sha256 {
		n++
	}
	j.syncs = all[n:]
	switch {
	case n != len(j.old.Loads):
		return j, &Error{Kind: KindUsage, Where: l.target.name(), What: fmt.Sprintf("it already has rows of %s from another export", last.Name), Do: "use --replace to drop that table first, or choose another target"}
	case j.old.altered:
		return j, l.altered(j.old.Table)
	case len(j.syncs) == 0:
	case l.target.dialect().whole: // a file is rewritten under its old name
		j.syncs, j.old = all, nil
	case l.options.Columns != j.old.Table.Mode:
		return j, &Error{Kind: KindUsage, Where: last.Name, What: fmt.Sprintf("it was loaded with --columns %s", j.old.Table.Mode), Do: "use the same value, or --replace"}
	default:
		if j.clear = last.HidesRemovals(); !j.clear {
			j.files = files[slices.IndexFunc(files, func(e archive.Entry) bool { return max(1, e.Sync) == j.syncs[0].sync }):]
		}
	}
	return j, nil
}

// altered is the error of a table that may not be ours any more.
func (l *Load) altered(t *Table) error {
	return &Error{Kind: KindUsage, Where: l.target.name(), What: fmt.Sprintf("the table %s lacks columns that an earlier load made of %s, so it may be another's", t.Name, t.Collection),
		Do: "rename it, and load with --replace"}
}

// planAll reads what will be loaded and plans its tables.
func (l *Load) planAll(ctx context.Context, chosen []archive.Entry) error {
	for _, last := range chosen {
		j, err := l.todo(last)
		if err != nil {
			return err
		}
		if len(j.syncs) == 0 {
			t := j.old.Table
			t.Action, t.Documents = Skip, last.Documents
			l.plan.Tables = append(l.plan.Tables, t)
			continue
		}
		for _, s := range j.syncs {
			l.status.Total += s.rows
		}
		l.jobs = append(l.jobs, j)
	}
	l.status.Phase, l.status.AllTables = Reading, len(l.jobs)
	names, err := l.tableNames(ctx, chosen)
	if err != nil {
		return err
	}
	for _, j := range l.jobs {
		name := j.last.Name
		l.status.Collection = name
		s, err := l.survey(ctx, j)
		if err != nil {
			return err
		}
		t := &Table{Collection: name, Name: names[name], PrimaryKey: names["\x00"+name], Mode: l.options.Columns}
		if j.old != nil {
			t = j.old.Table
			t.grow(l.target.dialect(), s)
		} else {
			t.fill(l.target.dialect(), s)
		}
		t.Documents, t.Rows = j.last.Documents, s.rows
		j.table, j.rows = t, l.rows(ctx, j, &s.hash)
		l.plan.Tables = append(l.plan.Tables, t)
		l.all[name] = &loadedTable{Table: t}
		l.status.Tables++
		l.show(true)
	}
	l.planKeys()
	return nil
}

// tableNames chooses the names of the tables to create and, keyed by NUL and the
// collection's name, of their primary keys, which share a namespace with tables.
func (l *Load) tableNames(ctx context.Context, chosen []archive.Entry) (map[string]string, error) {
	d := l.target.dialect()
	taken := []string{loadsTable, tablesTable, loadsTable + "_pkey", tablesTable + "_pkey", tablesTable + "_name_key"}
	for _, k := range l.all {
		taken = append(taken, k.Table.Name, k.Table.PrimaryKey)
	}
	n := newNamer(d, d.refusedTable, taken...)
	names := map[string]string{}
	if d.whole {
		var all []string
		for _, e := range l.manifest.Latest() {
			all = append(all, e.Name)
		}
		names = archive.FileNames(all)
	}
	chosen = slices.DeleteFunc(slices.Clone(chosen), func(e archive.Entry) bool { return l.all[e.Name] != nil })
	var made []string
	for _, e := range chosen {
		if !d.whole {
			names[e.Name] = n.name(e.Name)
		}
		made = append(made, names[e.Name])
	}
	if !d.whole {
		for _, e := range chosen {
			key := n.name(names[e.Name] + "_pkey")
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
		foreign = slices.DeleteFunc(foreign, func(name string) bool { return name == k.Table.Name || name == k.Table.PrimaryKey })
	}
	if len(foreign) > 0 {
		return nil, &Error{Kind: KindUsage, Where: l.target.name(), What: fmt.Sprintf("it already has %s, which was not created by a load", strings.Join(foreign, ", ")), Do: "rename or drop it, or choose another schema or target"}
	}
	return names, nil
}

// planKeys names a foreign key for each column whose refs all refer to one
// loaded collection.
func (l *Load) planKeys() {
	for _, name := range slices.Sorted(maps.Keys(l.all)) {
		t := l.all[name].Table
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
			c.target = to.Table.Name
			if c.Key == "" {
				c.Key = names.name(c.Name + "_fkey")
				c.Keyed = t.Action == Create
			}
		}
	}
}

// survey reads rows to determine types. It also compares each file with the
// manifest.
func (l *Load) survey(ctx context.Context, j *job) (*survey, error) {
	s := newSurvey()
	fields := row.NewFields(j.format())
	fields.WholeData = l.options.Columns == ColumnsJSON
	for one, err := range l.run.Rows(ctx, j.read()) {
		if err == nil && !one.Removed {
			if err = fields.Split(one.Text); err != nil {
				err = at(j.last.Name, one.ID, err)
			} else {
				s.add(one, fields)
			}
		}
		if err != nil {
			return nil, l.unread(j.last.Name, err)
		}
		s.hash.addRow(one)
		l.step(1)
	}
	return s, nil
}

// unread wraps an error of reading a collection's files.
func (l *Load) unread(collection string, err error) error {
	if unfit, ok := errors.AsType[*archive.StateUnfit](err); ok {
		return &Error{Kind: KindUsage, Where: collection, What: "its files leave out removals, and " + unfit.Error(), Do: "another sync into the folder rebuilds it"}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{Where: collection, What: "its files do not match the manifest", Err: err, Do: "nothing was loaded from it; see fauna-export verify " + l.options.From.Name()}
}

// rows iterates over the rows again, and ends with an error if they differ from
// those of the first pass.
func (l *Load) rows(ctx context.Context, j *job, want *sum) iter.Seq2[row.Row, error] {
	return func(yield func(row.Row, error) bool) {
		var have sum
		for one, err := range l.run.Rows(ctx, j.read()) {
			if err == nil {
				have.addRow(one)
			}
			if !yield(one, err) || err != nil {
				return
			}
		}
		if have != *want {
			yield(row.Row{}, &Error{Where: j.last.Name, What: "its files changed during the load", Do: "nothing was loaded from it; load again"})
		}
	}
}
