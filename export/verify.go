package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fauna-export/export/row"
)

// VerifyStatus is how far Verify is.
type VerifyStatus struct {
	// File is the one being read.
	File string
	// Files are done of Total.
	Files, Total int
	// Bytes are read of Size, over all files.
	Bytes, Size int64
}

// FileReport is what Verify found of one file.
type FileReport struct {
	Collection string
	File       string
	Rows       int64
	Bytes      int64
	// Problem is empty for a file that is as the manifest says.
	Problem string

	sum pairSum // of its rows
}

// Report is what Verify found.
type Report struct {
	Manifest *Manifest
	Files    []FileReport
	// Problems are those of the folder as a whole.
	Problems []string
	// Others are files in the folder that are not of the run.
	Others []string
}

// OK tells whether everything is as the manifest says.
func (r *Report) OK() bool {
	for _, f := range r.Files {
		if f.Problem != "" {
			return false
		}
	}
	return len(r.Problems) == 0
}

// Verify reads every file of a finished run again, here or wherever the
// folder was copied, and compares its length, hash, rows and ids with the
// manifest. progress, when not nil, is called a few times a second. The
// error is a *NotARun for a folder without a manifest, or that of reading
// the folder; what is wrong with the files stands in the report.
func Verify(ctx context.Context, dir string, progress func(VerifyStatus)) (*Report, error) {
	return verify(ctx, dir, nil, checkChain, progress)
}

// Verify is the function Verify for the folder of a run that Do has finished,
// less the reading of those files that Do itself read again while it wrote
// them; of a chain of syncs, whose state Do has just derived from the files' rows,
// the files are not read side by side once more.
func (r *Run) Verify(ctx context.Context, progress func(VerifyStatus)) (*Report, error) {
	r.mu.Lock()
	found := r.found
	r.mu.Unlock()
	return verify(ctx, storeName(r.env.Store), found, checkDerived, progress)
}

// chainCheck finds what is wrong with the files of a collection's syncs together.
type chainCheck func(ctx context.Context, s Store, m *Manifest, last ManifestEntry, whole pairSum) (problem string, err error)

func verify(ctx context.Context, dir string, found map[string]*reading, chain chainCheck, progress func(VerifyStatus)) (*Report, error) {
	m, err := ReadManifest(NewDirStore(dir))
	if err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(VerifyStatus) {}
	}
	rep := &Report{Manifest: m}
	known := map[string]bool{ManifestName: true, SumsName: true, strings.TrimSuffix(WorkPrefix, "/"): true, MergedDir: true}
	wholes := make(map[string]pairSum) // of the first file of each collection
	st := VerifyStatus{Total: len(m.Collections), Size: m.Bytes()}
	for _, e := range m.Collections {
		known[e.File] = true
		st.File = e.File
		before := st.Bytes
		last := time.Now()
		progress(st)
		f := verifyFile(ctx, dir, e, found[e.File], func(n int64) {
			st.Bytes += n
			if now := time.Now(); now.Sub(last) > 200*time.Millisecond {
				last = now
				progress(st)
			}
		})
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		st.Bytes = before + e.Bytes
		st.Files++
		rep.Files = append(rep.Files, f)
		if _, later := wholes[e.Name]; !later {
			wholes[e.Name] = f.sum
		}
	}
	progress(st)
	rep.checkSums(dir)
	if rep.OK() {
		// Each file is right; together they must be right too.
		for _, e := range m.Latest() {
			problem, err := chain(ctx, NewDirStore(dir), m, e, wholes[e.Name])
			if err != nil {
				return nil, fmt.Errorf("read the syncs of %s: %w", e.Name, err)
			}
			if problem != "" {
				rep.Problems = append(rep.Problems, problem)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list the folder: %w", err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			rep.Others = append(rep.Others, e.Name())
		}
	}
	return rep, nil
}

// checkSums compares the file of hashes with the manifest.
func (r *Report) checkSums(dir string) {
	sums, err := os.ReadFile(filepath.Join(dir, SumsName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.Problems = append(r.Problems, SumsName+" is missing")
	case err != nil:
		r.Problems = append(r.Problems, err.Error())
	case string(sums) != string(r.Manifest.sums()):
		r.Problems = append(r.Problems, SumsName+" differs from "+ManifestName)
	}
}

// verifyFile compares one file with its entry, reading it unless it has been
// read already; read is told of the bytes.
func verifyFile(ctx context.Context, dir string, e ManifestEntry, found *reading, read func(int64)) FileReport {
	rep := FileReport{Collection: e.Name, File: e.File}
	problem := func(format string, args ...any) FileReport {
		rep.Problem = fmt.Sprintf(format, args...)
		return rep
	}
	path := filepath.Join(dir, filepath.FromSlash(e.File))
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return problem("missing")
	case err != nil:
		return problem("%v", err)
	case !info.Mode().IsRegular():
		return problem("not a regular file")
	}
	rep.Bytes = info.Size()
	if rep.Bytes != e.Bytes {
		return problem("%d bytes, the manifest says %d", rep.Bytes, e.Bytes)
	}
	if found == nil {
		found = readFile(ctx, path, e, read)
	}
	sum := found.sum
	rep.sum = found.pairs
	switch {
	case found.failed != nil:
		return problem("%v", found.failed)
	case found.sha256 != e.SHA256:
		return problem("sha256 is %s, the manifest says %s", found.sha256, e.SHA256)
	case found.bad != nil:
		return problem("%v", found.bad)
	}
	rep.Rows = sum.Rows
	if sum.Rows != e.Rows {
		return problem("%d rows, the manifest says %d", sum.Rows, e.Rows)
	}
	if e.Rows != e.ExpectedRows-e.Gone+e.Appeared {
		return problem("the manifest contradicts itself: %d rows, %d expected, %d gone, %d appeared", e.Rows, e.ExpectedRows, e.Gone, e.Appeared)
	}
	if first, last := idText(sum.FirstID), idText(sum.LastID); first != e.FirstID || last != e.LastID {
		return problem("ids from %s to %s, the manifest says %s to %s", first, last, e.FirstID, e.LastID)
	}
	return rep
}

// readFile reads a whole file. It is hashed beside the reading of its rows,
// which takes longer.
func readFile(ctx context.Context, path string, e ManifestEntry, read func(int64)) *reading {
	f, err := os.Open(path)
	if err != nil {
		return &reading{failed: err}
	}
	defer f.Close()
	found := &reading{}
	h := sha256.New()
	hashed := make(chan struct{})
	go func() {
		defer close(hashed)
		_, found.failed = io.Copy(h, &watchedReader{ctx: ctx, r: io.NewSectionReader(f, 0, e.Bytes), read: read})
	}()
	var each func(row.Row) error
	if e.Sync > 0 {
		each = func(one row.Row) error {
			found.pairs.add(pair{one.TS, one.ID})
			return nil
		}
	}
	found.sum, found.bad = row.Read(ctx, e.layout(), f, e.Bytes, each)
	<-hashed
	found.sha256 = hex.EncodeToString(h.Sum(nil))
	return found
}

// columnsOf are the columns of a file by name and type, which is all that
// reading it back needs.
func columnsOf(e ManifestEntry) (noData bool, columns []row.Column) {
	noData = row.Format(e.Format).Can().Columns
	for _, name := range e.Columns {
		switch name {
		case "ref", "ts", "ttl":
		case "data":
			noData = false
		case e.Deletion:
		default:
			columns = append(columns, row.Column{Name: name, Path: []any{"data", name}, Type: e.Types[name]})
		}
	}
	return noData, columns
}

func idText(id int64) string {
	if id < 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// watchedReader stops when ctx ends and tells how much was read.
type watchedReader struct {
	ctx  context.Context
	r    io.Reader
	read func(int64)
}

func (w *watchedReader) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.r.Read(p)
	w.read(int64(n))
	return n, err
}

// Counter counts a collection's documents at a time, 0 being the present.
type Counter interface {
	Count(ctx context.Context, collection string, at int64) (int64, error)
}

// CountReport compares one collection's rows with the server.
type CountReport struct {
	Collection string
	Rows       int64
	// Count is the server's number at the run's time, -1 when it is not
	// known.
	Count int64
	// Why tells why it is not known: the time expired, or the collection was
	// not read at one time.
	Why string
}

// Counts compares the rows of each collection with the server's count at the
// run's time, while that can still be read. It stops at an error that is not
// about the time.
func (m *Manifest) Counts(ctx context.Context, server Counter) ([]CountReport, error) {
	var out []CountReport
	for _, e := range m.Latest() {
		rep := CountReport{Collection: e.Name, Rows: e.Documents, Count: -1}
		switch {
		case m.Consistency == ConsistencyNone:
			rep.Why = "it was read without a snapshot"
		case len(e.Snapshots) > 1:
			rep.Why = "it was read at more than one time"
		default:
			text := m.Snapshot
			if e.Sync > 0 {
				text = FormatTime(m.SnapshotOf(e))
			}
			if len(e.Snapshots) == 1 {
				text = e.Snapshots[0].Time
			}
			at, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				return nil, fmt.Errorf("the manifest's snapshot %q is not a time", text)
			}
			n, err := server.Count(ctx, e.Name, at.UnixMicro())
			if fail := failureOf(err); fail != nil && fail.Expired() {
				rep.Why = "the snapshot has expired"
			} else if err != nil {
				return out, fmt.Errorf("count %s: %w", e.Name, err)
			} else {
				rep.Count = n
			}
		}
		out = append(out, rep)
	}
	return out, nil
}
