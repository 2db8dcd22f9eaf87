package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"fauna-export/export/pairs"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// VerifyStatus is the progress of Verify.
type VerifyStatus struct {
	// File is the file being read.
	File string
	// Files of Total have been verified.
	Files, Total int
	// Bytes of Size have been read, over all files.
	Bytes, Size int64
}

// FileReport is the result of verifying one file.
type FileReport struct {
	Collection string
	File       string
	Rows       int64
	Bytes      int64
	// Problem is empty for a file that matches the manifest.
	Problem string

	sum pairs.Sum // sum of its rows
}

// Report is the result of Verify.
type Report struct {
	Manifest *Manifest
	Files    []FileReport
	// Problems concern the folder as a whole.
	Problems []string
	// Others lists files in the folder that don't belong to the run.
	Others []string
}

// OK reports whether everything matches the manifest.
func (r *Report) OK() bool { return len(r.Wrong()) == 0 }

// Wrong lists everything that does not match the manifest.
func (r *Report) Wrong() []string {
	all := append([]string{}, r.Problems...)
	for _, f := range r.Files {
		if f.Problem != "" {
			all = append(all, f.File+": "+f.Problem)
		}
	}
	return all
}

// Verify re-reads every file of a finished run, in its original folder or a copy,
// and compares its length, hash, rows and ids with the manifest. progress, unless
// nil, is called a few times a second. The error is a *NotARun for a folder
// without a manifest, or that of reading the folder; problems with the files are
// in the report.
func Verify(ctx context.Context, s store.Store, progress func(VerifyStatus)) (*Report, error) {
	return VerifyRun(ctx, s, nil, progress)
}

// VerifyRun is Verify for a run that has just finished; found has the files that
// were verified while written, which are not read again. Unless found is nil, the
// state of the syncs was just derived from the rows, so the files of a chain of
// syncs are not merged.
func VerifyRun(ctx context.Context, s store.Store, found map[string]*Reading, progress func(VerifyStatus)) (*Report, error) {
	m, text, err := readManifest(s)
	if err != nil {
		return nil, err
	}
	rep, err := (&verifier{Archive: &Archive{Store: s, Manifest: m}, found: found, progress: progress}).verify(ctx)
	if err != nil {
		return nil, err
	}
	rep.checkManifest(text)
	return rep, nil
}

// verifier compares the files of a run with its manifest.
type verifier struct {
	*Archive
	found    map[string]*Reading // results for files read earlier, by name; nil if there was no run
	progress func(VerifyStatus)  // may be nil
	status   VerifyStatus
	shown    time.Time
}

// show calls progress, unless that happened less than rest ago.
func (v *verifier) show(rest time.Duration) {
	if now := time.Now(); v.progress != nil && now.Sub(v.shown) >= rest {
		v.shown = now
		v.progress(v.status)
	}
}

func (v *verifier) verify(ctx context.Context) (*Report, error) {
	entries, err := v.Store.List()
	if err != nil {
		return nil, fmt.Errorf("list the files: %w", err)
	}
	sizes := make(map[string]*int64, len(entries))
	for _, e := range entries {
		sizes[e.Name] = &e.Size
	}
	m := v.Manifest
	rep := &Report{Manifest: m}
	known := map[string]bool{ManifestName: true, SumsName: true}
	wholes := make(map[string]pairs.Sum) // of each collection's first file
	v.status = VerifyStatus{Total: len(m.Collections), Size: m.Bytes()}
	for _, e := range m.Collections {
		known[e.File] = true
		v.status.File = e.File
		before := v.status.Bytes
		v.show(0)
		f := v.file(ctx, e, sizes[e.File])
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		v.status.Bytes = before + e.Bytes
		v.status.Files++
		rep.Files = append(rep.Files, f)
		if _, later := wholes[e.Name]; !later {
			wholes[e.Name] = f.sum
		}
	}
	v.show(0)
	rep.checkSums(v.Store)
	if rep.OK() {
		// Each file is correct; they must also match each other.
		rep.Problems = append(rep.Problems, m.wrongParts()...)
		for _, e := range m.Latest() {
			if e.Parts > 0 {
				continue
			}
			problem, err := v.chain(ctx, e, wholes[e.Name])
			if err != nil {
				return nil, fmt.Errorf("read the syncs of %s: %w", e.Name, err)
			}
			if problem != "" {
				rep.Problems = append(rep.Problems, problem)
			}
		}
	}
	for _, e := range entries {
		if !known[e.Name] && !strings.HasPrefix(e.Name, store.WorkPrefix) && !strings.HasPrefix(e.Name, store.MergedPrefix) {
			rep.Others = append(rep.Others, e.Name)
		}
	}
	return rep, nil
}

// checkSums compares the file of hashes with the manifest.
func (r *Report) checkSums(s store.Store) {
	sums, err := s.Read(SumsName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.Problems = append(r.Problems, SumsName+" is missing")
	case err != nil:
		r.Problems = append(r.Problems, err.Error())
	case string(sums) != string(r.Manifest.Sums()):
		r.Problems = append(r.Problems, SumsName+" differs from "+ManifestName)
	}
}

// file compares one file with its entry, reading it unless it has been read
// already. size is nil if the file does not exist.
func (v *verifier) file(ctx context.Context, e Entry, size *int64) FileReport {
	rep := FileReport{Collection: e.Name, File: e.File}
	problem := func(format string, args ...any) FileReport {
		rep.Problem = fmt.Sprintf(format, args...)
		return rep
	}
	switch {
	case size == nil:
		return problem("missing")
	case *size < 0:
		return problem("not a regular file")
	}
	rep.Bytes = *size
	if rep.Bytes != e.Bytes {
		return problem("%d bytes, the manifest says %d", rep.Bytes, e.Bytes)
	}
	found := v.found[e.File]
	if found == nil {
		found = v.read(ctx, e)
	}
	sum := found.Rows
	rep.sum = found.Pairs
	switch {
	case found.Failed != nil:
		return problem("%v", found.Failed)
	case found.SHA256 != e.SHA256:
		return problem("sha256 is %s, the manifest says %s", found.SHA256, e.SHA256)
	case found.Bad != nil:
		return problem("%v", found.Bad)
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

// read reads a whole file. Hashing runs in parallel to reading the rows, which
// takes longer.
func (v *verifier) read(ctx context.Context, e Entry) *Reading {
	f, err := openData(v.Store, e)
	if err != nil {
		return &Reading{Failed: err}
	}
	defer f.close()
	f.read = func(n int64) {
		v.status.Bytes += n
		v.show(200 * time.Millisecond)
	}
	found := &Reading{}
	var each func(row.Row) error
	if e.Sync > 0 {
		each = func(one row.Row) error {
			found.Pairs.Add(pairs.Pair{TS: one.TS, ID: one.ID})
			return nil
		}
	}
	found.Rows, found.Bad = row.Read(ctx, f.source(row.NoText), each)
	found.SHA256, found.Failed = f.sum(ctx)
	return found
}

func idText(id int64) string {
	if id < 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
