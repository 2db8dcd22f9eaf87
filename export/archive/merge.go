package archive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"fauna-export/export/row"
	"fauna-export/export/store"
)

// Merged is a file written by Merge.
type Merged struct {
	Collection string `json:"collection"`
	File       string `json:"file"` // in the run's folder, with "/" as the separator
	Rows       int64  `json:"rows"`
	// Warnings say what the rows lack, each after a file's name: what a CSV or
	// Parquet file cannot represent, according to the manifest, and which parts
	// of a wire file rows leave out.
	Warnings []string `json:"warnings,omitempty"`
}

// Unmergeable is the error of a run whose files cannot be merged: exit code 2.
type Unmergeable struct {
	Dir string
	Why string
}

// Error says why.
func (e *Unmergeable) Error() string { return e.Dir + " cannot be merged: " + e.Why }

// Merge combines the full file and those of later syncs into the current rows of
// every collection, by ascending id and without the deletion column, as
// DIR/merged/NAME.jsonl. It needs no server. The files may have any format and
// compression. For JSONL and wire files the result equals a full JSONL export;
// for CSV and Parquet it does as far as they can represent the data (see
// row.Read).
//
// If removals were left out of the files, the state of the syncs shows which
// documents are gone; without it a chain of such syncs is an *Unmergeable.
//
// A file replaces an earlier one once it is complete. SHA256SUMS is removed first
// and written last, so a folder that has it is the result of a single merge.
func Merge(ctx context.Context, s store.Store) (out []Merged, err error) {
	a, err := Open(s)
	if err == nil {
		err = a.Complete()
	}
	if err != nil {
		return nil, err
	}
	m := a.Manifest
	release, err := s.Lock()
	if err != nil {
		return nil, err
	}
	defer func() {
		if store.Full(err) {
			err = fmt.Errorf("%w: free some space, and merge again; the files of the run are unchanged", err)
		}
	}()
	defer func() {
		// Remove the work folder if it is empty; a run that can be resumed needs
		// its uploads.
		if _, bad := s.Read(RunName); errors.Is(bad, fs.ErrNotExist) {
			err = errors.Join(err, s.Close())
		}
		err = errors.Join(err, release())
	}()
	const sumsName = store.MergedPrefix + SumsName
	if err := CheckOwn(s, sumsName); err != nil {
		return nil, err
	}
	latest := m.Latest()
	collections := make([]string, len(latest))
	for i, e := range latest {
		collections[i] = e.Name
	}
	names := FileNames(collections)
	for _, name := range names {
		if err := CheckOwn(s, store.MergedPrefix+name+"."+string(row.JSONL)); err != nil {
			return nil, err
		}
	}
	if err := s.Remove(sumsName); err != nil {
		return nil, fmt.Errorf("remove the hashes of the last merge: %w", err)
	}
	var sums bytes.Buffer
	out = make([]Merged, 0, len(latest)) // --json prints no null
	for _, e := range latest {
		name := names[e.Name] + "." + string(row.JSONL)
		chain := m.Chain(e.Name)
		rows, hash, lacks, err := mergeOne(ctx, a, chain, store.MergedPrefix+name)
		if unfit, ok := errors.AsType[*StateUnfit](err); ok {
			return out, &Unmergeable{Dir: s.Name(), Why: fmt.Sprintf("the files of %s leave out removals, and %s; another sync into the folder rebuilds it", e.Name, unfit.why)}
		}
		if err != nil {
			return out, fmt.Errorf("merge %s: %w", e.Name, err)
		}
		if rows != e.Documents {
			return out, fmt.Errorf("merge %s: the files have %d current rows, the manifest says %d: verify the folder", e.Name, rows, e.Documents)
		}
		fmt.Fprintf(&sums, "%s  %s\n", hash, name)
		out = append(out, Merged{Collection: e.Name, File: store.MergedPrefix + name, Rows: rows, Warnings: lacks})
	}
	if err := s.Write(sumsName, sums.Bytes()); err != nil {
		return out, fmt.Errorf("write the hashes: %w", err)
	}
	return out, nil
}

// warnings lists what the rows of the files lack, after they were read.
func (q Rows) warnings() []string {
	var out []string
	for i, e := range q.Files {
		warnings := q.lacks[i].Warnings()
		if !row.Format(e.Format).Can().Exact {
			warnings = e.Warnings
		}
		for _, w := range warnings {
			out = append(out, e.File+": "+w)
		}
	}
	return out
}

// mergeOne writes the current rows of a collection to a file. It returns their
// number, the file's SHA-256, and what the rows lack.
func mergeOne(ctx context.Context, a *Archive, chain []Entry, name string) (rows int64, hash string, lacks []string, err error) {
	part := name + store.PartEnd
	f, err := a.Store.Append(part, 0)
	if err != nil {
		return 0, "", nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
			err = errors.Join(err, a.Store.Remove(part))
		}
	}()
	sum := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(f, sum), 256<<10)
	q := Rows{Files: chain, Text: row.JSONText, lacks: make([]row.Counts, len(chain))}
	for one, err := range a.Rows(ctx, q) {
		if err == nil {
			rows++
			_, err = w.Write(one.Text)
		}
		if err != nil {
			return rows, "", nil, err
		}
	}
	for _, step := range []func() error{w.Flush, f.Sync, f.Close, func() error { return a.Store.Commit(part, name) }} {
		if err = step(); err != nil {
			break
		}
	}
	return rows, hex.EncodeToString(sum.Sum(nil)), q.warnings(), err
}
