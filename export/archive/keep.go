package archive

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"fauna-export/export/store"
)

// FolderTime is the format of the time in folder names.
const FolderTime = "2006-01-02T15-04-05Z"

// Kept is the result of Keep.
type Kept struct {
	// Removed lists the runs that were removed.
	Removed []string
	// Warnings list what was not removed, and why.
	Warnings []string
}

// Keep removes old runs with names such as nightly-{time} from the shelf of the
// current one, which was just verified, until keep similar runs are left,
// including the current one. retain decides what counts and what may be removed.
// Only files listed in the run's manifest, and those that every run writes, are
// removed.
func Keep(shelf store.Shelf, pattern string, keep int, present string) (Kept, error) {
	before, after, ok := strings.Cut(pattern, "{time}")
	if !ok || strings.Contains(after, "{time}") {
		return Kept{}, errors.New("the folder's name must contain {time} once")
	}
	names, err := shelf.Names()
	if err != nil {
		return Kept{}, fmt.Errorf("list the runs: %w", err)
	}
	var now oldRun
	var others []oldRun
	for _, name := range names {
		at, ok := strings.CutPrefix(name, before)
		if ok {
			at, ok = strings.CutSuffix(at, after)
		}
		if _, err := time.Parse(FolderTime, at); (!ok || err != nil) && name != present {
			continue
		}
		if run := lookAt(name, shelf.Store(name)); name == present {
			now = run
		} else {
			others = append(others, run)
		}
	}
	remove, out := retain(keep, now, others)
	kept := Kept{Warnings: out}
	for _, run := range remove {
		if err := removeRun(shelf, run); err != nil {
			kept.Warnings = append(kept.Warnings, fmt.Sprintf("the run %s was not removed: %v", run.name, err))
			continue
		}
		kept.Removed = append(kept.Removed, run.name)
	}
	return kept, nil
}

// oldRun describes a store that may contain a run.
type oldRun struct {
	name     string
	manifest *Manifest        // nil if missing, or not one of ours
	sizes    map[string]int64 // sizes of the existing files
	sums     string           // content of SHA256SUMS
	scripts  []string         // of --ddl, this edition's and the first's
	err      error            // why inspecting it failed
}

func lookAt(name string, s store.Store) oldRun {
	run := oldRun{name: name, sizes: map[string]int64{}}
	found, err := Inspect(s)
	if err == nil && found.Kind != Finished {
		err = cmp.Or(found.Usable(), error(&NotARun{Dir: name, Why: "no finished full run"}))
	}
	if err != nil {
		run.err = err
		return run
	}
	run.manifest = found.Manifest
	for _, e := range found.entries {
		run.sizes[e.Name] = e.Size
	}
	if sums, err := s.Read(SumsName); err == nil {
		run.sums = string(sums)
	}
	for _, name := range []string{"load-duckdb.sql", "load-postgres.sql", "load-sqlite.sql"} {
		if run.sizes[name] == 0 {
			continue // and what a user wrote under that name stays
		}
		if text, err := s.Read(name); err == nil && ourScript.Match(text) {
			run.scripts = append(run.scripts, name)
		}
	}
	return run
}

// ourScript matches how scripts of --ddl begin.
var ourScript = regexp.MustCompile(`^-- (Loads \d+ files (of|written by) |Run: (psql|sqlite3|duckdb) )`)

// toolName is how the tool field of this program's manifests begins.
const toolName = "fauna-export"

// retain decides which of the other runs to remove so that keep similar ones are
// left, including the current one.
//
// A run counts only if this program wrote it from the same endpoint, with the
// same collections, columns and consistency as the current one, and all its files
// exist. The newest, by the time read at, stay. Of the others, those that contain
// only what a run writes are removed; the rest are reported and left alone. If
// the current run is not complete nothing is removed, so a complete copy of every
// collection always remains.
func retain(keep int, present oldRun, others []oldRun) (remove []oldRun, warnings []string) {
	if why := present.incomplete(); why != "" {
		return nil, []string{"no old run was removed: the current one " + why}
	}
	if keep < 1 {
		return nil, []string{"no old run was removed: at least one must be kept"}
	}
	var like []oldRun
	for _, run := range others {
		why := run.incomplete()
		if why == "" {
			why = run.unlike(present)
		}
		if why != "" {
			warnings = append(warnings, run.name+" was not removed: it "+why)
			continue
		}
		like = append(like, run)
	}
	slices.SortFunc(like, func(a, b oldRun) int {
		return cmp.Or(b.manifest.readAt().Compare(a.manifest.readAt()), strings.Compare(b.name, a.name))
	})
	for _, run := range like[min(keep-1, len(like)):] {
		if foreign := run.foreign(); foreign != "" {
			warnings = append(warnings, fmt.Sprintf("%s was not removed: it contains %q, which does not belong to the run", run.name, foreign))
			continue
		}
		remove = append(remove, run)
	}
	slices.Reverse(remove) // oldest first
	return remove, warnings
}

// incomplete says why it is not a complete run of this program, "" if it is.
func (r oldRun) incomplete() string {
	m := r.manifest
	switch {
	case r.err != nil:
		return "could not be used: " + r.err.Error()
	case m == nil:
		return "contains no finished run"
	case m.Tool != toolName && !strings.HasPrefix(m.Tool, toolName+" "):
		return fmt.Sprintf("was created by %q", m.Tool)
	case len(m.Failed) > 0:
		return "lacks " + m.Failed[0].Name
	case m.Consistency == ConsistencyWindow:
		return "is not from a single point in time"
	case len(m.Collections) == 0:
		return "contains no collection"
	case m.readAt().IsZero():
		return "does not say when it was read"
	case r.sums != string(m.Sums()):
		return "has a " + SumsName + " that does not match its manifest"
	}
	for _, e := range m.Collections {
		if size, there := r.sizes[e.File]; !there || size != e.Bytes {
			return "is damaged: " + e.File + " is missing or has another length"
		}
	}
	return ""
}

// unlike says how it differs from the current run, "" if in nothing relevant.
func (r oldRun) unlike(present oldRun) string {
	a, b := r.manifest, present.manifest
	if a.Endpoint != b.Endpoint {
		return "is from another server, " + a.Endpoint
	}
	if a.Consistency != b.Consistency {
		return "was read with another consistency, " + string(a.Consistency)
	}
	was, is := byName(a), byName(b)
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if _, both := is[name]; !both {
			return "contains collection " + name + ", which the current run does not"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(is)) {
		x, both := was[name]
		switch y := is[name]; {
		case !both:
			return "lacks collection " + name
		case x.Made != 0 && y.Made != 0 && x.Made != y.Made:
			return "is from another database, or collection " + name + " was changed or recreated since"
		case !slices.Equal(x.Columns, y.Columns) || !maps.Equal(x.Types, y.Types) || !maps.Equal(x.Paths, y.Paths):
			return "has other columns of " + name
		case x.Format != y.Format: // which may keep more
			return fmt.Sprintf("has %s in another format, %s", name, x.Format)
		case x.Filtered != y.Filtered:
			return "was read with a key that sees other documents of " + name
		}
	}
	return ""
}

func byName(m *Manifest) map[string]Entry {
	out := make(map[string]Entry, len(m.Collections))
	for _, e := range m.Collections {
		out[e.Name] = e
	}
	return out
}

// readAt returns when the rows of a run were read, by the server's clock if
// there was a snapshot; zero if unknown.
func (m *Manifest) readAt() time.Time {
	t, err := time.Parse(time.RFC3339Nano, cmp.Or(m.Snapshot, m.Finished))
	if err != nil {
		return time.Time{}
	}
	return t
}

// files returns the files that a run writes, except its manifest.
func (r oldRun) files() []string {
	names := append(slices.Clone(r.scripts), SumsName)
	for _, e := range r.manifest.Collections {
		names = append(names, e.File)
	}
	return names
}

// foreign returns a file that does not belong to the run, "" for none.
func (r oldRun) foreign() string {
	ours := r.files()
	for _, name := range slices.Sorted(maps.Keys(r.sizes)) {
		if name != ManifestName && !slices.Contains(ours, name) || r.sizes[name] < 0 {
			return name
		}
	}
	return ""
}

// removeRun removes a run's files and then their folder. The manifest goes last,
// so that after a failure it still lists the others.
func removeRun(shelf store.Shelf, run oldRun) (err error) {
	s := shelf.Store(run.name)
	release, err := s.Lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	for _, name := range append(run.files(), ManifestName) {
		if err := s.Remove(name); err != nil {
			return fmt.Errorf("remove %s: %w", name, err)
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	return shelf.Remove(run.name)
}
