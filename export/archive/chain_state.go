package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"fauna-export/export/pairs"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// The state of incremental syncs is, for each collection, the (ts, id) pairs of
// the rows of all syncs.

// StateUnfit is the error of a last sync's state that cannot be used.
type StateUnfit struct {
	why     string
	missing bool
}

// Error says why.
func (e *StateUnfit) Error() string { return e.why }

func notOfTheFiles(last Entry) error {
	return &StateUnfit{why: PairsName(last.File) + " is not of the last sync's files"}
}

// isOf reports whether pairs are the state after a file of the last sync.
func isOf(p pairs.Meta, m *Manifest, last Entry) bool {
	return p.Endpoint == m.Endpoint && p.Collection == last.Name && p.Sync == max(1, last.Sync) && p.At == m.SnapshotOf(last)
}

// OpenState opens the state after a file of the last sync; the error is a
// *StateUnfit if it is missing, damaged, or of something else.
func OpenState(s store.Store, m *Manifest, last Entry) (*pairs.Reader, func(), error) {
	name := PairsName(last.File)
	state, shut, err := pairs.Open(s, name)
	_, damaged := errors.AsType[*pairs.Damaged](err)
	switch {
	case damaged:
		return nil, nil, &StateUnfit{why: name + ": " + err.Error()}
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, &StateUnfit{why: name + " is missing", missing: true}
	case err != nil:
		return nil, nil, err
	case !isOf(state.Meta, m, last):
		shut()
		return nil, nil, notOfTheFiles(last)
	}
	return state, shut, nil
}

// HidesRemovals reports whether the files' rows may still include documents
// that were removed before this sync.
func (e *Entry) HidesRemovals() bool { return e.Deletion == "" && e.Sync > 1 }

// eachPresent yields the rows of the documents in the state of the last sync.
// Each of these must have a row.
func eachPresent(ctx context.Context, s store.Store, m *Manifest, last Entry, files *chainFiles, give func(row.Row) error) error {
	state, shut, err := OpenState(s, m, last)
	if err != nil {
		return err
	}
	defer shut()
	if state.Meta.Guess {
		return &StateUnfit{why: PairsName(last.File) + " was made of the files, which do not tell what was removed"}
	}
	// To sort by id, swap times and ids.
	sorter := pairs.NewSorter(s, PairsName(last.File)+".ids")
	for p, err := range state.All() {
		if err != nil {
			return &StateUnfit{why: PairsName(last.File) + ": " + err.Error()}
		}
		if err := sorter.Add(pairs.Pair{TS: p.ID, ID: p.TS}); err != nil {
			return err
		}
	}
	next, stop := iter.Pull2(sorter.All())
	defer stop()
	head, err, more := next()
	if err != nil {
		return err
	}
	err = files.each(ctx, func(one row.Row) error {
		switch {
		case !more || one.ID < head.TS:
			return nil // it was removed
		case one.ID > head.TS || one.TS != head.ID:
			return notOfTheFiles(last)
		}
		if err := give(one); err != nil {
			return err
		}
		head, err, more = next()
		return err
	})
	if err == nil && more {
		return notOfTheFiles(last)
	}
	return err
}

// checkChain compares the files of all syncs with the manifest's entry of the
// last one, and with the state if there is one; a copy without the state is
// complete too. whole is the sum of the rows of the first file.
func checkChain(ctx context.Context, s store.Store, m *Manifest, last Entry, whole pairs.Sum) (problem string, err error) {
	if last.Sync == 0 {
		return "", nil
	}
	chain := m.Chain(last.Name)
	if problem := m.gap(chain); problem != "" {
		return problem, nil
	}
	rows := whole
	if len(chain) > 1 {
		if rows, err = sumOf(ctx, s, chain); err != nil {
			return "", err
		}
	}
	if !last.HidesRemovals() && rows.N != last.Documents || rows.N < last.Documents {
		return fmt.Sprintf("%s: the syncs come to %d rows, the manifest says %d", last.Name, rows.N, last.Documents), nil
	}
	return checkState(s, m, last, rows)
}

// checkDerived is checkChain without reading the files of several syncs: if
// there is a state it compares that with the manifest's number of documents.
func checkDerived(ctx context.Context, s store.Store, m *Manifest, last Entry, whole pairs.Sum) (problem string, err error) {
	if len(m.Chain(last.Name)) < 2 {
		return checkChain(ctx, s, m, last, whole)
	}
	if problem := m.gap(m.Chain(last.Name)); problem != "" {
		return problem, nil
	}
	kept, _, err := stateSum(s, m, last)
	_, unfit := errors.AsType[*StateUnfit](err)
	switch {
	case unfit:
		return checkChain(ctx, s, m, last, whole)
	case err == nil && kept.N != last.Documents:
		return fmt.Sprintf("%s: the state of the syncs holds %d documents, the manifest says %d", last.Name, kept.N, last.Documents), nil
	}
	return "", err
}

// sumOf returns the sum of a chain's current rows.
func sumOf(ctx context.Context, s store.Store, chain []Entry) (sum pairs.Sum, err error) {
	for one, err := range FileRows(ctx, s, chain) {
		if err != nil {
			return sum, err
		}
		sum.Add(pairs.Pair{TS: one.TS, ID: one.ID})
	}
	return sum, nil
}

// FileRows iterates over a collection's current rows according to the files
// alone. If removals were left out of them, it includes removed documents.
func FileRows(ctx context.Context, s store.Store, files []Entry) iter.Seq2[row.Row, error] {
	return func(yield func(row.Row, error) bool) {
		c, err := openChain(s, files)
		if err != nil {
			yield(row.Row{}, err)
			return
		}
		defer c.close()
		err = c.each(ctx, func(one row.Row) error {
			if !yield(one, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(row.Row{}, err)
		}
	}
}

// gap describes how the syncs of a collection's files differ from those of the
// manifest, "" if they don't.
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

const stateRemedy = "; remove it, and the next sync makes it anew"

// checkState compares the state after a collection's last sync, if there is
// one, with the files' current rows.
func checkState(s store.Store, m *Manifest, last Entry, rows pairs.Sum) (problem string, err error) {
	kept, guess, err := stateSum(s, m, last)
	unfit, bad := errors.AsType[*StateUnfit](err)
	switch {
	case bad && unfit.missing:
		return "", nil
	case bad:
		return unfit.why + stateRemedy, nil
	case err != nil:
		return "", err
	case last.HidesRemovals() && (kept.N == last.Documents || guess):
		return "", nil // some of the rows are of removed documents
	case kept != rows:
		return notOfTheFiles(last).Error() + stateRemedy, nil
	}
	return "", nil
}

// stateSum returns the sum of the state after a collection's last sync, and
// whether that is a guess; the error is a *StateUnfit if the state cannot be
// used.
func stateSum(s store.Store, m *Manifest, last Entry) (sum pairs.Sum, guess bool, err error) {
	state, shut, err := OpenState(s, m, last)
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
