package export

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"fauna-export/export/row"
)

// The state of incremental syncs is, of each collection, the pairs of ts and id
// that the rows of all syncs come to.

// pairsName is where the pairs are kept as they are after a file's sync.
func pairsName(file string) string { return WorkPrefix + file + ".pairs" }

// missingFile tells whether an error is that of a file that is not there.
func missingFile(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// stateUnfit is a state of the last sync that cannot be used.
type stateUnfit struct {
	why     string
	missing bool
}

func (e *stateUnfit) Error() string { return e.why }

func notOfTheFiles(last ManifestEntry) error {
	return &stateUnfit{why: pairsName(last.File) + " is not of the last sync's files"}
}

// of tells whether the pairs are those behind a file of the last sync.
func (p pairsMeta) of(m *Manifest, last ManifestEntry) bool {
	return p.Endpoint == m.Endpoint && p.Collection == last.Name && p.Sync == max(1, last.Sync) && p.At == last.at(m)
}

// openStateOf opens the state behind a file of the last sync; its error is a
// *stateUnfit when it is missing, damaged, or of something else.
func openStateOf(s Store, m *Manifest, last ManifestEntry) (*pairReader, func(), error) {
	name := pairsName(last.File)
	state, shut, err := openPairs(s, name)
	_, damaged := errors.AsType[*damagedPairs](err)
	switch {
	case damaged:
		return nil, nil, &stateUnfit{why: name + ": " + err.Error()}
	case missingFile(err):
		return nil, nil, &stateUnfit{why: name + " is missing", missing: true}
	case err != nil:
		return nil, nil, err
	case !state.meta.of(m, last):
		shut()
		return nil, nil, notOfTheFiles(last)
	}
	return state, shut, nil
}

// hidesRemovals tells whether documents that were removed before this sync may
// still be among the rows of the files.
func (e *ManifestEntry) hidesRemovals() bool { return e.Deletion == "" && e.Sync > 1 }

// eachPresent gives those of the rows whose documents the state of the last sync
// holds. All of its documents must be among them.
func eachPresent(ctx context.Context, s Store, m *Manifest, last ManifestEntry, files *chainFiles, give func(row.Row) error) error {
	state, shut, err := openStateOf(s, m, last)
	if err != nil {
		return err
	}
	defer shut()
	if state.meta.Guess {
		return &stateUnfit{why: pairsName(last.File) + " was made of the files, which do not tell what was removed"}
	}
	// Sorted by id: the sorter's times are ids here, and its ids times.
	sorter := newPairSorter(s, pairsName(last.File)+".ids", mostSorted)
	for {
		p, more, err := state.next()
		if err != nil {
			return &stateUnfit{why: pairsName(last.File) + ": " + err.Error()}
		}
		if !more {
			break
		}
		if err := sorter.add(pair{ts: p.id, id: p.ts}); err != nil {
			return err
		}
	}
	next, stop := iter.Pull2(func(yield func(pair, error) bool) {
		err := sorter.each(func(p pair) error {
			if !yield(pair{ts: p.id, id: p.ts}, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(pair{}, err)
		}
	})
	defer stop()
	head, err, more := next()
	if err != nil {
		return err
	}
	err = files.each(ctx, func(one row.Row) error {
		switch {
		case !more || one.ID < head.id:
			return nil // it was removed
		case one.ID > head.id || one.TS != head.ts:
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

// pairSum is a sum of pairs that does not depend on their order.
type pairSum struct {
	n    int64
	a, b uint64
}

func (s *pairSum) add(p pair) {
	h := mixed(uint64(p.ts) ^ mixed(uint64(p.id)+1))
	s.n++
	s.a += h
	s.b += mixed(h)
}

// mixed is a number every bit of which depends on every bit of x.
func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// checkChain compares what the files of all syncs come to with what the manifest
// says of the last, and with the state, where there is one: a copy of the files
// alone is whole too. whole is the sum of the rows of the first file.
func checkChain(ctx context.Context, s Store, m *Manifest, last ManifestEntry, whole pairSum) (problem string, err error) {
	if last.Sync == 0 {
		return "", nil
	}
	chain := m.chain(last.Name)
	if problem := m.gap(chain); problem != "" {
		return problem, nil
	}
	rows := whole
	if len(chain) > 1 {
		if rows, err = sumOf(ctx, s, chain); err != nil {
			return "", err
		}
	}
	if !last.hidesRemovals() && rows.n != last.Documents || rows.n < last.Documents {
		return fmt.Sprintf("%s: the syncs come to %d rows, the manifest says %d", last.Name, rows.n, last.Documents), nil
	}
	return checkState(s, m, last, rows)
}

// checkDerived is checkChain without reading the files of several syncs, where
// there is a state: it is compared with the manifest's number of documents.
func checkDerived(ctx context.Context, s Store, m *Manifest, last ManifestEntry, whole pairSum) (problem string, err error) {
	if len(m.chain(last.Name)) < 2 {
		return checkChain(ctx, s, m, last, whole)
	}
	if problem := m.gap(m.chain(last.Name)); problem != "" {
		return problem, nil
	}
	pairs, _, err := stateSum(s, m, last)
	_, unfit := errors.AsType[*stateUnfit](err)
	switch {
	case unfit:
		return checkChain(ctx, s, m, last, whole)
	case err == nil && pairs.n != last.Documents:
		return fmt.Sprintf("%s: the state of the syncs holds %d documents, the manifest says %d", last.Name, pairs.n, last.Documents), nil
	}
	return "", err
}

// sumOf is the sum of what the files of a chain come to.
func sumOf(ctx context.Context, s Store, chain []ManifestEntry) (sum pairSum, err error) {
	files, err := openChain(s, chain)
	if err != nil {
		return sum, err
	}
	defer files.close()
	err = files.each(ctx, func(one row.Row) error { sum.add(pair{one.TS, one.ID}); return nil })
	return sum, err
}

// gap says which syncs of a collection's files are not those of the manifest, ""
// for none.
func (m *Manifest) gap(chain []ManifestEntry) string {
	known := make(map[int]bool)
	for _, s := range m.firstSyncs() {
		known[s.Sync] = true
	}
	before := 0
	for _, e := range chain {
		if !known[e.Sync] || e.Sync <= before {
			return fmt.Sprintf("%s: %s is of sync %d, behind sync %d: the manifest contradicts itself", e.Name, e.File, e.Sync, before)
		}
		before = e.Sync
	}
	return ""
}

const stateRemedy = "; remove it, and the next sync makes it anew"

// checkState compares the state behind a collection's last sync, where there is
// one, with what its files come to.
func checkState(s Store, m *Manifest, last ManifestEntry, rows pairSum) (problem string, err error) {
	pairs, guess, err := stateSum(s, m, last)
	unfit, bad := errors.AsType[*stateUnfit](err)
	switch {
	case bad && unfit.missing:
		return "", nil
	case bad:
		return unfit.why + stateRemedy, nil
	case err != nil:
		return "", err
	case last.hidesRemovals() && (pairs.n == last.Documents || guess):
		return "", nil // some of the rows are of documents that went
	case pairs != rows:
		return notOfTheFiles(last).Error() + stateRemedy, nil
	}
	return "", nil
}

// stateSum is the sum of the state behind a collection's last sync, and whether
// that is a guess; its error is a *stateUnfit where the state cannot be used.
func stateSum(s Store, m *Manifest, last ManifestEntry) (sum pairSum, guess bool, err error) {
	state, shut, err := openStateOf(s, m, last)
	if err != nil {
		return sum, false, err
	}
	defer shut()
	for {
		p, more, err := state.next()
		if err != nil {
			return sum, false, &stateUnfit{why: pairsName(last.File) + ": " + err.Error()}
		}
		if !more {
			return sum, state.meta.Guess, nil
		}
		sum.add(p)
	}
}
