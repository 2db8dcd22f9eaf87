package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"fauna-export/export/pairs"
	"fauna-export/export/row"
)

// The state of incremental syncs is, for each collection, the (ts, id) pairs of
// the rows of all syncs so far.

// StateUnfit is the error of a state that cannot be used.
type StateUnfit struct {
	why     string
	missing bool
}

// Error says why.
func (e *StateUnfit) Error() string { return e.why }

func notOfTheFiles(last Entry) error {
	return &StateUnfit{why: PairsName(last.File) + " does not belong to the last sync's files"}
}

// OpenState opens the state that belongs to a file of the last sync; the error is
// a *StateUnfit if it is missing, damaged, or belongs to something else.
func (a *Archive) OpenState(last Entry) (*pairs.Reader, func(), error) {
	name := PairsName(last.File)
	state, shut, err := pairs.Open(a.Store, name)
	_, damaged := errors.AsType[*pairs.Damaged](err)
	switch {
	case damaged:
		return nil, nil, &StateUnfit{why: name + ": " + err.Error()}
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, &StateUnfit{why: name + " is missing", missing: true}
	case err != nil:
		return nil, nil, err
	}
	is, m := state.Meta, a.Manifest
	if is.Endpoint != m.Endpoint || is.Collection != last.Name || is.Sync != max(1, last.Sync) || is.At != m.SnapshotOf(last) {
		shut()
		return nil, nil, notOfTheFiles(last)
	}
	return state, shut, nil
}

// HidesRemovals reports whether the files may still contain rows of documents
// that were removed before this sync.
func (e *Entry) HidesRemovals() bool { return e.Deletion == "" && e.Sync > 1 }

// present reduces rows, which must include all documents in the state of the last
// sync, to those documents.
func (a *Archive) present(last Entry, rows iter.Seq2[row.Row, error]) iter.Seq2[row.Row, error] {
	return func(yield func(row.Row, error) bool) {
		byID := pairs.NewSorter(a.Store, PairsName(last.File)+".ids")
		if err := a.sortState(last, byID); err != nil {
			yield(row.Row{}, err)
			return
		}
		order := func(one row.Row, there pairs.Pair) int { return cmp.Compare(one.ID, there.TS) }
		for both, err := range pairs.Align(order, rows, byID.All()) {
			switch {
			case err != nil:
			case !both.InB:
				continue // it was removed
			case !both.InA || both.A.TS != both.B.ID:
				err = notOfTheFiles(last)
			}
			if !yield(both.A, err) || err != nil {
				return
			}
		}
	}
}

// sortState adds the state of the last sync to a sorter, with times and ids
// swapped.
func (a *Archive) sortState(last Entry, byID *pairs.Sorter) error {
	state, shut, err := a.OpenState(last)
	if err != nil {
		return err
	}
	defer shut()
	if state.Meta.Guess {
		return &StateUnfit{why: PairsName(last.File) + " was rebuilt from the files, which do not list removals"}
	}
	for p, err := range state.All() {
		if err != nil {
			return &StateUnfit{why: PairsName(last.File) + ": " + err.Error()}
		}
		if err := byID.Add(pairs.Pair{TS: p.ID, ID: p.TS}); err != nil {
			return err
		}
	}
	return nil
}

// chain compares the files of all syncs with the manifest's entry of the last
// one, and with the state if there is one; a copy without it counts as complete.
// whole is the sum of the rows of the first file. If the state was just derived
// from the rows, it does not read several files again.
func (v *verifier) chain(ctx context.Context, last Entry, whole pairs.Sum) (problem string, err error) {
	if last.Sync == 0 {
		return "", nil
	}
	chain := v.Manifest.Chain(last.Name)
	if problem := v.Manifest.gap(chain); problem != "" {
		return problem, nil
	}
	if v.found != nil && len(chain) > 1 {
		kept, _, err := v.stateSum(last)
		if _, unfit := errors.AsType[*StateUnfit](err); !unfit {
			if err == nil && kept.N != last.Documents {
				problem = fmt.Sprintf("%s: the state of the syncs holds %d documents, the manifest says %d", last.Name, kept.N, last.Documents)
			}
			return problem, err
		}
	}
	rows := whole
	if len(chain) > 1 {
		if rows, err = v.sumOf(ctx, chain); err != nil {
			return "", err
		}
	}
	if !last.HidesRemovals() && rows.N != last.Documents || rows.N < last.Documents {
		return fmt.Sprintf("%s: the syncs add up to %d rows, the manifest says %d", last.Name, rows.N, last.Documents), nil
	}
	return v.checkState(last, rows)
}

// sumOf returns the sum of a chain's current rows, using only the files.
func (a *Archive) sumOf(ctx context.Context, chain []Entry) (sum pairs.Sum, err error) {
	for one, err := range a.Rows(ctx, Rows{Files: chain, FilesAlone: true}) {
		if err != nil {
			return sum, err
		}
		sum.Add(pairs.Pair{TS: one.TS, ID: one.ID})
	}
	return sum, nil
}

// gap describes how the syncs of a collection's files differ from the manifest's,
// "" if they don't.
func (m *Manifest) gap(chain []Entry) string {
	known := make(map[int]bool)
	for _, s := range m.AllSyncs() {
		known[s.Sync] = true
	}
	before := 0
	for _, e := range chain {
		if !known[e.Sync] || e.Sync <= before {
			return fmt.Sprintf("%s: %s is of sync %d, after sync %d: the manifest contradicts itself", e.Name, e.File, e.Sync, before)
		}
		before = e.Sync
	}
	return ""
}

const stateRemedy = "; remove it, and the next sync recreates it"

// checkState compares the state after a collection's last sync, if there is
// one, with the files' current rows.
func (a *Archive) checkState(last Entry, rows pairs.Sum) (problem string, err error) {
	kept, guess, err := a.stateSum(last)
	unfit, bad := errors.AsType[*StateUnfit](err)
	switch {
	case bad && unfit.missing:
		return "", nil
	case bad:
		return unfit.why + stateRemedy, nil
	case err != nil:
		return "", err
	case last.HidesRemovals() && (kept.N == last.Documents || guess):
		return "", nil // some of the rows belong to removed documents
	case kept != rows:
		return notOfTheFiles(last).Error() + stateRemedy, nil
	}
	return "", nil
}

// stateSum returns the sum of the state after a collection's last sync, and
// whether that is a guess; the error is a *StateUnfit if the state cannot be
// used.
func (a *Archive) stateSum(last Entry) (sum pairs.Sum, guess bool, err error) {
	state, shut, err := a.OpenState(last)
	if err != nil {
		return sum, false, err
	}
	defer shut()
	for p, err := range state.All() {
		if err != nil {
			return sum, false, &StateUnfit{why: PairsName(last.File) + ": " + err.Error()}
		}
		sum.Add(p)
	}
	return sum, state.Meta.Guess, nil
}
