package export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"fauna-export/export/row"
)

// MergedDir is the folder, in that of a run, that Merge writes to.
const MergedDir = "merged"

// Merged is a file that Merge wrote.
type Merged struct {
	Collection string
	File       string // in the run's folder, with "/" between its parts
	Rows       int64
	// Removals tells whether the syncs noted removals: without, documents that
	// were removed are still in the file.
	Removals bool
}

// Unmergeable is a run whose files cannot be merged: exit code 2.
type Unmergeable struct {
	Dir string
	Why string
}

// Error says why.
func (e *Unmergeable) Error() string { return e.Dir + " cannot be merged: " + e.Why }

// Merge writes the current rows of every collection, by ascending id and without
// the deletion column, out of the full file and those of the later syncs. It
// needs no server. Rows of JSONL become DIR/merged/NAME.jsonl, plain also where
// the files are compressed; those of CSV and wire keep their form. Parquet is
// refused. A file replaces an earlier one when it is whole.
func Merge(ctx context.Context, dir string) (out []Merged, err error) {
	store := NewDirStore(dir)
	m, err := ReadManifest(store)
	if err != nil {
		return nil, err
	}
	release, err := store.Lock()
	if err != nil {
		return nil, err
	}
	defer func() {
		// The work folder goes again when there is nothing else in it.
		err = errors.Join(err, store.Close(), release())
	}()
	names := FileNames(collectionNames(m))
	for _, e := range m.Latest() {
		if row.Format(e.Format) == row.Parquet {
			return nil, &Unmergeable{Dir: dir, Why: "merging Parquet files is not supported; load them in the order of their syncs, the last row of an id counts"}
		}
	}
	folder := filepath.Join(dir, MergedDir)
	if err := os.MkdirAll(folder, dirMode); err != nil {
		return nil, fmt.Errorf("make the folder: %w", err)
	}
	for _, e := range m.Latest() {
		name := names[e.Name] + "." + e.Format
		one := Merged{Collection: e.Name, File: MergedDir + "/" + name, Removals: e.Deletion != "" || e.Sync <= 1}
		one.Rows, err = mergeOne(ctx, store, m.chain(e.Name), filepath.Join(folder, name))
		if err != nil {
			return out, fmt.Errorf("merge %s: %w", e.Name, err)
		}
		if one.Removals && one.Rows != e.Documents {
			return out, fmt.Errorf("merge %s: it comes to %d rows, the manifest says %d: verify the folder", e.Name, one.Rows, e.Documents)
		}
		out = append(out, one)
	}
	return out, syncDir(folder)
}

func collectionNames(m *Manifest) []string {
	var names []string
	for _, e := range m.Latest() {
		names = append(names, e.Name)
	}
	return names
}

// mergeOne writes the current rows of a collection to a file.
func mergeOne(ctx context.Context, s Store, chain []ManifestEntry, path string) (rows int64, err error) {
	files, err := openChain(s, chain)
	if err != nil {
		return 0, err
	}
	defer files.close()
	part := path + partEnd
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(part))
		}
	}()
	w := bufio.NewWriterSize(f, 256<<10)
	last := chain[len(chain)-1]
	if _, err := w.Write(last.layout().Header()); err != nil {
		return 0, err
	}
	if err := files.each(ctx, func(one row.Row) error {
		rows++
		_, err := w.Write(one.Text)
		return err
	}); err != nil {
		return 0, err
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	if err := f.Close(); err != nil {
		return 0, err
	}
	return rows, os.Rename(part, path)
}

// checkChain compares what the files of all syncs come to with what the manifest
// says of the last.
func checkChain(ctx context.Context, s Store, m *Manifest, last ManifestEntry) (problem string, err error) {
	if last.Sync <= 1 || last.Deletion == "" {
		return "", nil
	}
	files, err := openChain(s, m.chain(last.Name))
	if err != nil {
		return "", err
	}
	defer files.close()
	var rows int64
	if err := files.each(ctx, func(row.Row) error { rows++; return nil }); err != nil {
		return "", err
	}
	if rows != last.Documents {
		return fmt.Sprintf("%s: the syncs come to %d rows, the manifest says %d", last.Name, rows, last.Documents), nil
	}
	return "", nil
}
