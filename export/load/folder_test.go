package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// folder is a finished run written by a test.
type folder struct {
	t        testing.TB
	dir      string
	format   row.Format
	compress row.Compression
	deletion string
	columns  []row.Column
	m        archive.Manifest
}

func newFolder(t testing.TB, format row.Format) *folder {
	return &folder{t: t, dir: t.TempDir(), format: format, m: archive.Manifest{
		Version: 1, Tool: "test", Endpoint: "http://localhost:8443", Mode: "full", Consistency: archive.ConsistencySnapshot,
		Snapshot: "2026-01-02T03:04:05Z",
	}}
}

// document returns a document as the server sends it; data is wire JSON.
func document(collection string, id int64, data string) string {
	return fmt.Sprintf(`{"ref":{"@ref":{"id":"%d","collection":{"@ref":{"id":%s,"collection":{"@ref":{"id":"collections"}}}}}},"ts":%d,"data":%s}`,
		id, row.Quote(nil, []byte(collection)), 1700000000000000+id, data)
}

func ref(collection string, id int64) string {
	return fmt.Sprintf(`{"@ref":{"id":"%d","collection":{"@ref":{"id":%s,"collection":{"@ref":{"id":"collections"}}}}}}`, id, row.Quote(nil, []byte(collection)))
}

// add writes a collection's file: the data of its documents by id.
func (f *folder) add(collection string, data map[int64]string) { f.sync(0, collection, data, nil) }

// sync writes the file of a sync, with the removed documents.
func (f *folder) sync(sync int, collection string, data map[int64]string, gone []int64) {
	f.t.Helper()
	l := row.Layout{Collection: collection, Format: f.format, Compress: f.compress, Columns: f.columns}
	if sync > 0 {
		l.Deletion = f.deletion
	}
	s, err := row.NewSerializer(l)
	f.check(err)
	var b row.Batch
	ids := slices.AppendSeq(slices.Clone(gone), maps.Keys(data))
	slices.Sort(ids)
	for _, id := range ids {
		if slices.Contains(gone, id) {
			s.Removal(&b, id, 1700000000000001, 1700000000000002)
			continue
		}
		doc := document(collection, id, data[id])
		if len(f.columns) > 0 {
			doc = "[" + doc
			for range f.columns {
				doc += "," + data[id]
			}
			doc += "]"
		}
		f.check(s.Page(&b, []byte(`{"resource":{"data":[`+doc+`]}}`), nil))
	}
	file, err := row.NewFile(l)
	f.check(err)
	defer file.Close()
	out := slices.Clone(file.Begin())
	emit := func(p row.Piece) error { out = append(out, p.Bytes...); return nil }
	f.check(file.Append(&b, emit))
	f.check(file.Finish(emit))
	e := archive.Entry{Name: collection, Sync: sync, File: archive.FileName(collection) + "." + l.Extension(), Format: string(f.format), Compress: "none",
		Rows: int64(len(ids)), ExpectedRows: int64(len(ids)), Columns: l.Names(), Deletion: l.Deletion}
	if f.compress != "" {
		e.Compress = string(f.compress)
	}
	if sync > 1 {
		e.File = strconv.Itoa(sync) + "-" + e.File
	}
	for _, c := range f.columns {
		if e.Types == nil {
			e.Types = map[string]row.Type{}
		}
		e.Types[c.Name] = c.Type
	}
	if sync > 0 {
		e.Documents = e.Rows
		if last := f.m.Last(collection); last != nil {
			e.Documents = int64(len(f.current(collection, data, gone)))
		}
		f.m.Mode = "incremental"
		if !slices.ContainsFunc(f.m.Syncs, func(s archive.Sync) bool { return s.Sync == sync }) {
			f.m.Syncs = append(f.m.Syncs, archive.Sync{Sync: sync, Snapshot: f.m.Snapshot, Consistency: f.m.Consistency})
		}
	}
	f.write(e, out)
}

// current returns the ids after all files so far and one more.
func (f *folder) current(collection string, data map[int64]string, gone []int64) map[int64]bool {
	ids := map[int64]bool{}
	for one, err := range (&archive.Archive{Store: store.NewFolder(f.dir), Manifest: &f.m}).Rows(context.Background(), archive.Rows{Files: f.m.Chain(collection), FilesAlone: true}) {
		f.check(err)
		ids[one.ID] = true
	}
	for id := range data {
		ids[id] = true
	}
	for _, id := range gone {
		delete(ids, id)
	}
	return ids
}

// write writes a file and lists it in the manifest.
func (f *folder) write(e archive.Entry, content []byte) {
	f.t.Helper()
	sum := sha256.Sum256(content)
	e.Bytes, e.SHA256 = int64(len(content)), hex.EncodeToString(sum[:])
	f.check(os.WriteFile(filepath.Join(f.dir, e.File), content, 0o600))
	f.m.Collections = append(f.m.Collections, e)
	f.manifest()
}

func (f *folder) manifest() {
	f.t.Helper()
	text, err := f.m.Encode()
	f.check(err)
	f.check(os.WriteFile(filepath.Join(f.dir, archive.ManifestName), text, 0o600))
}

func (f *folder) check(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// load loads the folder and returns the results.
func (f *folder) load(into string, more ...func(*Options)) (*Load, *Result, error) {
	o := Options{From: store.NewFolder(f.dir), Into: into}
	for _, change := range more {
		change(&o)
	}
	l, err := Prepare(f.t.Context(), o)
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	r, err := l.Do(f.t.Context())
	return l, r, err
}

// must is load, but fails the test on an error.
func (f *folder) must(into string, more ...func(*Options)) *Result {
	f.t.Helper()
	_, r, err := f.load(into, more...)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// wants fails unless the text contains all the parts.
func wants(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}
