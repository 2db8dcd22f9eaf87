// Package archive determines what a store contains: an unfinished run, a finished
// one with its manifest, a chain of syncs, the shards of a run, or something
// else. It verifies and merges runs, joins shards, and decides which old runs to
// remove.
package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"fauna-export/export/row"
	"fauna-export/export/store"
)

const (
	// ManifestName is the manifest's name in the folder of a run.
	ManifestName = "manifest.json"
	// SumsName is the name of the file of hashes, in the format of sha256sum.
	SumsName = "SHA256SUMS"

	// Version is the manifest version that this program writes.
	Version = 2
)

// Mode is what a run reads.
type Mode string

const (
	// Full reads every document of the collections.
	Full Mode = "full"
	// Incremental reads what changed since the last run in the same folder.
	Incremental Mode = "incremental"
)

// Skipped is a collection that a run leaves out.
type Skipped struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Consistency says whether the rows of a run are from one point in time.
type Consistency string

const (
	// ConsistencySnapshot: all rows are from a single point in time.
	ConsistencySnapshot Consistency = "snapshot"
	// ConsistencyWindow: rows are from several points in time, all of them
	// listed.
	ConsistencyWindow Consistency = "window"
	// ConsistencyNone: each page was read at its own time.
	ConsistencyNone Consistency = "none"
)

// Manifest describes what a finished run wrote.
type Manifest struct {
	Version  int    `json:"version"`
	Tool     string `json:"tool"`
	Endpoint string `json:"endpoint"`
	Mode     Mode   `json:"mode"`
	// Snapshot is the time read at, to the microsecond; "" without a snapshot.
	Snapshot string `json:"snapshot,omitempty"`
	// Snapshots lists all times read at, if Consistency is window.
	Snapshots   []string    `json:"snapshots,omitempty"`
	Consistency Consistency `json:"consistency"`
	Started     string      `json:"started"`
	Finished    string      `json:"finished"`
	// Shard is the number, from 0, of this shard of a run with Shards shards. Its
	// manifest has only its own files.
	Shard       int     `json:"shard,omitempty"`
	Shards      int     `json:"shards,omitempty"`
	Collections []Entry `json:"collections"`
	// Syncs lists the syncs of an incremental run, in order.
	Syncs []Sync `json:"syncs,omitempty"`
	// Failed lists the collections without a file, with the reason.
	Failed []Skipped `json:"failed,omitempty"`
	// Skipped collections were left out from the start.
	Skipped []Skipped `json:"skipped,omitempty"`
}

// Entry is one file of a run.
type Entry struct {
	Name string `json:"name"`
	// Sync is the number of the sync in an incremental run.
	Sync int `json:"sync,omitempty"`
	// Part is the file's number, from 0, if the collection has several Parts. Ids
	// ascend from part to part.
	Part  int `json:"part,omitempty"`
	Parts int `json:"parts,omitempty"`
	// File is the name in the folder, with "/" as the separator.
	File     string `json:"file"`
	Format   string `json:"format"`
	Compress string `json:"compress"`
	Rows     int64  `json:"rows"`
	// ExpectedRows is the number first planned: Rows is ExpectedRows - Gone +
	// Appeared.
	ExpectedRows int64 `json:"expected_rows"`
	// Gone counts planned documents that had left the snapshot when they were
	// read.
	Gone int64 `json:"gone"`
	// Appeared counts documents that entered the snapshot after it was planned.
	Appeared int64 `json:"appeared"`
	// GoneIDs lists the first of the documents counted by Gone.
	GoneIDs []string `json:"gone_ids,omitempty"`
	// Unlisted counts those of ExpectedRows that only an index lists: the server
	// does not count them.
	Unlisted int64 `json:"unlisted,omitempty"`
	// Changed counts the ids that left or entered between planning and reading,
	// in a run without a snapshot.
	Changed int64 `json:"changed,omitempty"`
	// Bytes and SHA256 describe the file as stored.
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	// FirstID and LastID are empty for an empty file.
	FirstID string `json:"first_id,omitempty"`
	LastID  string `json:"last_id,omitempty"`
	// WidestRow is the length of the longest row, in uncompressed bytes.
	WidestRow int64 `json:"widest_row,omitempty"`
	// Snapshots lists the times read at and the first id of each, if there was
	// more than one.
	Snapshots []Segment `json:"snapshots,omitempty"`
	Columns   []string  `json:"columns"`
	// Types maps the additional columns to their types.
	Types map[string]row.Type `json:"types,omitempty"`
	// Paths maps the additional columns to their paths, in the form of
	// row.ParsePath.
	Paths map[string]string `json:"paths,omitempty"`
	// Made is the ts of the collection's own settings at the time read at, 0 if
	// unknown. It distinguishes collections of the same name, for instance in
	// another database.
	Made int64 `json:"made,omitempty"`
	// Filtered means that the key's role selected the documents with a predicate.
	Filtered bool `json:"filtered,omitempty"`
	// Deletion is the name of the column with the time of a document's removal.
	Deletion string `json:"deletion,omitempty"`
	// Documents is the number of documents after the sync, according to the rows
	// of all syncs so far.
	Documents int64 `json:"documents,omitempty"`
	// Removed counts documents removed since the previous sync. For TimeUnknown
	// of them the time is unknown; their rows have the time of the sync.
	Removed     int64    `json:"removed,omitempty"`
	TimeUnknown int64    `json:"time_unknown,omitempty"`
	Warnings    []string `json:"warnings,omitempty"`
	Pages       int64    `json:"pages"`
	Retries     int64    `json:"retries"`
	Seconds     float64  `json:"seconds"`
}

// Segment is a range of a collection that was read at one time.
type Segment struct {
	// FromID is the first id of the range, as text.
	FromID string `json:"from_id"`
	Time   string `json:"time"`
}

// Rows returns the number of rows in all files.
func (m *Manifest) Rows() int64 {
	var n int64
	for _, e := range m.Collections {
		n += e.Rows
	}
	return n
}

// Bytes returns the total size of the files.
func (m *Manifest) Bytes() int64 {
	var n int64
	for _, e := range m.Collections {
		n += e.Bytes
	}
	return n
}

// Encode returns the manifest in the form in which it is stored.
func (m *Manifest) Encode() ([]byte, error) {
	content, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode the manifest: %w", err)
	}
	sum, _, err := checksum(content)
	if err != nil {
		return nil, fmt.Errorf("encode the manifest: %w", err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(stored{m, sum}); err != nil {
		return nil, fmt.Errorf("encode the manifest: %w", err)
	}
	return b.Bytes(), nil
}

// Sums returns the content of the file of hashes.
func (m *Manifest) Sums() []byte {
	var b bytes.Buffer
	for _, e := range m.Collections {
		fmt.Fprintf(&b, "%s  %s\n", e.SHA256, e.File)
	}
	return b.Bytes()
}

// Publish writes the hashes of a run's files and then its manifest, which
// finishes the run.
func Publish(s store.Store, m *Manifest) error {
	data, err := m.Encode()
	if err != nil {
		return err
	}
	if err := s.Write(SumsName, m.Sums()); err != nil {
		return fmt.Errorf("write %s: %w", SumsName, err)
	}
	if err := s.Write(ManifestName, data); err != nil {
		return fmt.Errorf("write %s: %w", ManifestName, err)
	}
	return nil
}

// ReadManifest reads the manifest of the run in a store, of this version or an
// earlier one. The error is a *NotARun if there is no valid manifest.
func ReadManifest(s store.Store) (*Manifest, error) {
	m, _, err := readManifest(s)
	return m, err
}

// readManifest is ReadManifest, with the text of the manifest.
func readManifest(s store.Store) (m *Manifest, data []byte, err error) {
	data, err = s.Read(ManifestName)
	if errors.Is(err, fs.ErrNotExist) {
		why := "no " + ManifestName
		if _, err := s.Read(RunName); err == nil {
			why = "its run is unfinished, resume it first"
		}
		return nil, nil, &NotARun{Dir: s.Name(), Why: why}
	}
	if _, irregular := errors.AsType[*store.NotRegular](err); irregular {
		return nil, nil, &NotARun{Dir: s.Name(), Why: err.Error()}
	}
	if err != nil {
		return nil, nil, err // it names the file
	}
	m, err = decodeManifest(data)
	if err != nil {
		return nil, nil, &NotARun{Dir: s.Name(), Why: err.Error()}
	}
	return m, data, nil
}

// migrations upgrade a manifest by one version each: migrations[n] turns version
// n+1 into n+2.
var migrations = []func(m *Manifest){
	// Version 2 added parts, which version 1 would take for syncs, and the ts of
	// collections.
	func(m *Manifest) {
		for i := range m.Collections {
			m.Collections[i].Part, m.Collections[i].Parts, m.Collections[i].Made = 0, 0, 0
		}
	},
}

// decodeManifest decodes a manifest of any version. It returns an error for one
// that no run writes.
func decodeManifest(data []byte) (*Manifest, error) {
	m := &Manifest{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%s is not a manifest: %w", ManifestName, err)
	}
	if m.Version < 1 || m.Version > Version {
		return nil, fmt.Errorf("%s has version %d, this program reads versions 1 to %d", ManifestName, m.Version, Version)
	}
	for ; m.Version < Version; m.Version++ {
		migrations[m.Version-1](m)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%s %w", ManifestName, err)
	}
	return m, nil
}

// maxBytes is more than any run has, yet small enough that sums don't overflow.
const maxBytes = 1 << 60

// check returns an error for a manifest with files outside its folder or
// impossible numbers.
func (m *Manifest) check() error {
	seen := make(map[string]bool, len(m.Collections))
	var rows, size int64
	for _, e := range m.Collections {
		switch {
		case !localName(e.File):
			return fmt.Errorf("lists a file outside its folder: %q", e.File)
		case seen[e.File]:
			return fmt.Errorf("lists %q twice", e.File)
		case e.Name == "":
			return fmt.Errorf("does not say which collection %q belongs to", e.File)
		case e.Sync < 0 || e.Part < 0 || e.Parts < 0 || e.Parts > 0 && e.Part >= e.Parts:
			return fmt.Errorf("lists %q as part %d of %d in sync %d", e.File, e.Part, e.Parts, e.Sync)
		}
		seen[e.File] = true
		for _, n := range []int64{e.Rows, e.Bytes, e.ExpectedRows, e.Gone, e.Appeared, e.Documents, e.Removed} {
			if n < 0 || n > maxBytes {
				return fmt.Errorf("gives %q the number %d", e.File, n)
			}
		}
		if rows, size = rows+e.Rows, size+e.Bytes; rows > maxBytes || size > maxBytes {
			return errors.New("contains numbers that are too large")
		}
	}
	last := 0
	for _, s := range m.Syncs {
		if s.Sync <= last {
			return fmt.Errorf("lists sync %d after sync %d", s.Sync, last)
		}
		last = s.Sync
	}
	return nil
}

// localName reports whether a name is valid for a data file: inside the folder
// on every system, and not one of the run's other files.
func localName(name string) bool {
	return store.CheckName(name) == nil && !strings.Contains(name, "/") && name != ManifestName && name != SumsName &&
		name+"/" != store.WorkPrefix && name+"/" != store.MergedPrefix
}
