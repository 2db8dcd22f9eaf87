package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"fauna-export/export/store"
)

// Kind is the kind of content of a store.
type Kind string

// The kinds of content.
const (
	// Empty: a new run can start there. The store does not exist, is empty, or
	// holds only leftovers of a run that was killed before it started.
	Empty Kind = "empty"
	// Unfinished: a run that can be resumed, without a manifest.
	Unfinished Kind = "unfinished"
	// Partial: a run with a manifest in which some collections failed, or whose
	// next sync was interrupted. It can be resumed.
	Partial Kind = "partial"
	// Finished: a run with a manifest.
	Finished Kind = "finished"
	// Syncs: a finished incremental run. The next sync can start there.
	Syncs Kind = "syncs"
	// Sharded: a run whose shards are not joined yet.
	Sharded Kind = "sharded"
	// Foreign: something that no run created.
	Foreign Kind = "foreign"
	// Broken: an unfinished run that cannot be resumed.
	Broken Kind = "broken"
)

// Found is the result of Inspect.
type Found struct {
	Kind Kind
	// Run is set for an unfinished or partial run.
	Run *RunState
	// Manifest is set for a finished or partial run.
	Manifest *Manifest
	// Other is a file in a foreign store that no run created.
	Other string
	// Err says why a broken run cannot be resumed.
	Err error
	// Store is the store's name.
	Store string

	entries []store.Entry
}

// Inspect determines what a store contains. No other code does that.
func Inspect(s store.Store) (Found, error) {
	entries, err := s.List()
	f := Found{Kind: Empty, Store: s.Name(), entries: entries}
	if err != nil {
		return f, err
	}
	other, inWork := "", ""
	planned := false
	for _, e := range entries {
		switch {
		case e.Name == RunName:
			f.Run, f.Err = ReadRun(s)
			if errors.Is(f.Err, fs.ErrNotExist) { // its process has just finished
				f.Err = nil
			}
		case e.Name == PlanName:
			planned = true
		case e.Name == ManifestName:
			if f.Manifest, err = ReadManifest(s); err != nil {
				other = e.Name
			}
		case strings.HasPrefix(e.Name, store.WorkPrefix):
			if _, ours := workFile(e.Name); (!ours || e.Size < 0) && inWork == "" {
				inWork = e.Name
			}
		case other == "":
			other = e.Name
		}
	}
	switch {
	case inWork != "":
		f.Kind, f.Other = Foreign, inWork
	case f.Err != nil:
		f.Kind = Broken
	case planned && f.Manifest == nil:
		f.Kind = Sharded
	case f.Run != nil && f.Manifest != nil:
		f.Kind = Partial
	case f.Run != nil:
		f.Kind = Unfinished
	case f.Manifest != nil && f.Manifest.Mode == Incremental:
		f.Kind = Syncs
	case f.Manifest != nil:
		f.Kind = Finished
	case other != "":
		f.Kind, f.Other = Foreign, other
	}
	return f, nil
}

// Usable returns an error for a store that no run, new or old, can use: a
// foreign or broken one.
func (f Found) Usable() error {
	switch {
	case f.Kind == Broken:
		return f.Err
	case f.Kind == Foreign && strings.HasPrefix(f.Other, store.WorkPrefix):
		return &store.Error{Store: f.Store, Problem: fmt.Sprintf("contains %q, which fauna-export did not create: move it away, or choose another folder", f.Other)}
	case f.Kind == Foreign:
		return &store.Error{Store: f.Store, Problem: fmt.Sprintf("is not empty (it contains %q): choose another folder", f.Other)}
	}
	return nil
}

// CheckNew returns a *store.Error or a *DamagedState if a new run can't start in
// the store. A store that does not exist yet is fine.
func CheckNew(s store.Store) error {
	f, err := Inspect(s)
	if err != nil {
		return err
	}
	switch f.Kind {
	case Unfinished, Partial:
		return &store.Error{Store: f.Store, Problem: "contains an unfinished run: resume it, or choose another folder", Resumable: true}
	case Finished, Syncs:
		return &store.Error{Store: f.Store, Problem: "contains a finished run: choose another folder"}
	case Sharded:
		return &store.Error{Store: f.Store, Problem: "contains the shards of a run: run them with --shard and then finish, or choose another folder"}
	}
	return f.Usable()
}

// Tidy removes a run's leftovers from the work folder: all that a run makes there for
// a data file, except the state of the last syncs. Anything else stays.
func Tidy(s store.Store, m *Manifest) error {
	left, err := leftovers(s, m)
	for _, name := range left {
		if err := s.Remove(name); err != nil {
			return fmt.Errorf("remove %s: %w", name, err)
		}
	}
	return err
}

// leftovers returns what Tidy removes.
func leftovers(s store.Store, m *Manifest) (names []string, err error) {
	states := make(map[string]bool)
	for _, e := range m.Latest() {
		states[PairsName(e.File)] = e.Sync > 0
	}
	entries, err := s.List()
	for _, e := range entries {
		if file, ours := workFile(e.Name); ours && file != "" && !states[e.Name] {
			names = append(names, e.Name)
		}
	}
	return names, err
}

// Sweep removes what a process left that was killed after it finished a run. If
// there is nothing to remove it writes nothing.
func Sweep(s store.Store, m *Manifest) error {
	if left, err := leftovers(s, m); err != nil || len(left) == 0 {
		return err
	}
	release, err := s.Lock()
	if err != nil {
		return err
	}
	return errors.Join(Tidy(s, m), s.Close(), release())
}
