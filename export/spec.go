package export

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// Mode is what a run reads.
type Mode = archive.Mode

// The modes of a run.
const (
	// Full reads every document of the collections.
	Full = archive.Full
	// Incremental reads what changed since the last run in the same folder.
	Incremental = archive.Incremental
)

// Limits of the options of a Spec.
const (
	// maxPageSize is the largest page that a server returns for collections of
	// any size. It accepts up to 100 000, but its limit on the width of a query
	// then fails on large collections.
	maxPageSize = 80_000
	// MaxWorkers is the largest number of requests in flight.
	MaxWorkers = 64
)

// Skipped is a collection that a run leaves out.
type Skipped = archive.Skipped

// Spec describes what to export and how. The zero value of a field is its default.
// A run stores it as JSON. A field tagged differ determines the content of the
// files, so it must stay the same when a run is resumed or shared; the tag names
// it in messages.
type Spec struct {
	// Endpoint is the server's address as text, for the manifest. It holds no
	// secret.
	Endpoint    string          `json:"endpoint" differ:"server"`
	Mode        Mode            `json:"mode" differ:"mode"`
	Collections []string        `json:"collections" differ:"collections"`
	Format      row.Format      `json:"format" differ:"format"`
	Compress    row.Compression `json:"compress" differ:"compression"`
	// Columns are the additional columns, by collection.
	Columns map[string][]row.Column `json:"columns,omitempty" differ:"columns"`
	// NoData leaves the data column out.
	NoData bool `json:"no_data,omitempty" differ:"no data"`
	// Strict fails a collection with a value that does not fit its column.
	Strict bool `json:"strict,omitempty" differ:"strict"`
	// Dir is the folder's name, for messages.
	Dir string `json:"-"`
	// At is the time to read at, in microseconds since 1970; 0 means now, by
	// the server's clock.
	At int64 `json:"at,omitempty" differ:"time"`
	// Parts is the number of files per collection, each with a range of ids. 0
	// and 1 mean one; AutoParts chooses by the collection's size.
	Parts int `json:"parts,omitempty" differ:"parts"`
	// Shard identifies this process in a run that several share.
	Shard Shard `json:"shard,omitzero" differ:"shard"`
	// NoSnapshot reads each page at its own time.
	NoSnapshot bool `json:"no_snapshot,omitempty" differ:"no snapshot"`
	// Workers is the number of requests in flight. 0 lets the engine tune it
	// between 2 and 16: more while that makes the run faster, fewer while
	// requests only slow each other down.
	Workers int `json:"workers,omitempty"`
	// PageSize is the number of documents per page, 0 for the engine's choice.
	PageSize int `json:"page_size,omitempty"`
	// MaxRate limits the documents per second, 0 for no limit.
	MaxRate int `json:"max_rate,omitempty"`
	// Deletions is the name of the deletion column of an incremental run; ""
	// means DefaultDeletion, and IgnoreDeletions leaves removals out.
	Deletions string `json:"deletions,omitempty" differ:"deletions"`
	// DDL is the database to write a load script for, next to the files; "" for
	// none.
	DDL Database `json:"ddl,omitempty"`
	// Indexes are the indexes of an incremental run, by collection. Their
	// values must be ts and ref. The default is NAME-ts. A full run searches the
	// ones named here for documents that the server's list of the collection lacks.
	Indexes map[string]string `json:"indexes,omitempty"`
	// Fast makes an incremental run read only the end of the indexes, and the
	// events. It does not detect backdated writes or expired documents.
	Fast bool `json:"fast,omitempty"`
	// Tool is the name and version of the program, for the manifest.
	Tool string `json:"tool"`
	// Skipped collections are listed in the manifest and make the run end as
	// Partial.
	Skipped []Skipped `json:"skipped,omitempty"`
	// Filtered lists collections in which a role's predicate may hide
	// documents; the manifest gets a warning.
	Filtered []string `json:"filtered,omitempty"`
	// Lives is how long a snapshot taken now stays readable, by collection, if
	// the caller knows it.
	Lives map[string]time.Duration `json:"-"`
	// RetryFor is how long a request with temporary failures is retried; 0
	// means five minutes.
	RetryFor time.Duration `json:"retry_for,omitempty"`
}

// SpecError is the error of an invalid Spec.
type SpecError struct {
	Problem string
}

// Error returns the problem in one line.
func (e *SpecError) Error() string { return e.Problem }

// Validate checks a Spec without a server. Its errors are *SpecError or those
// of row.Layout.Validate.
func (s Spec) Validate() error {
	bad := func(format string, args ...any) error {
		return &SpecError{Problem: fmt.Sprintf(format, args...)}
	}
	switch s.Mode {
	case "", Full:
	case Incremental:
		if s.At != 0 || s.NoSnapshot {
			return bad("an incremental sync always reads a snapshot of the current time")
		}
		if s.DDL != "" {
			return bad("a load script needs a full run: merge the syncs first, then load the merged files")
		}
	default:
		return bad("mode %q is neither full nor incremental", s.Mode)
	}
	if len(s.Collections) == 0 {
		return bad("no collection given")
	}
	seen := make(map[string]bool, len(s.Collections))
	for _, name := range s.Collections {
		if name == "" {
			return bad("a collection has no name")
		}
		if seen[name] {
			return bad("collection %q is listed twice", name)
		}
		seen[name] = true
	}
	for name := range s.Columns {
		if !seen[name] {
			return bad("there is a column for collection %q, which is not exported", name)
		}
	}
	if s.Mode != Incremental && (s.Fast || s.Deletions != "") {
		return bad("fast and deletions are for incremental syncs")
	}
	switch {
	case s.At < 0:
		return bad("the time must not be before 1970")
	case s.At != 0 && s.NoSnapshot:
		return bad("a time to read at needs a snapshot")
	case s.Workers < 0 || s.Workers > MaxWorkers:
		return bad("workers must be 1 to %d", MaxWorkers)
	case s.PageSize < 0 || s.PageSize > maxPageSize:
		return bad("a page size must be 1 to %d", maxPageSize)
	case s.Parts < AutoParts || s.Parts > maxParts:
		return bad("parts must be 1 to %d", maxParts)
	case s.Parts != 0 && s.Parts != 1 && s.Mode == Incremental:
		return bad("an incremental sync writes one file per collection: leave out --parts")
	case s.MaxRate < 0:
		return bad("the maximum rate must be at least 1")
	case s.RetryFor < 0:
		return bad("the time for retries must not be negative")
	}
	if s.DDL != "" {
		if _, err := ParseDatabase(string(s.DDL)); err != nil {
			return bad("%v", err)
		}
		if err := s.DDL.Loads(s.Format); err != nil {
			return bad("%v", err)
		}
	}
	var errs []error
	for _, name := range s.Collections {
		if err := s.layout(name).Validate(); err != nil {
			errs = append(errs, err)
			break
		}
	}
	return errors.Join(errs...)
}

// index returns the name of a collection's index.
func (s Spec) index(collection string) string {
	return cmp.Or(s.Indexes[collection], collection+"-ts")
}

// layout returns the layout of one collection's file.
func (s Spec) layout(collection string) row.Layout {
	return row.Layout{
		Collection: collection,
		Format:     s.Format,
		Compress:   s.Compress,
		Columns:    s.Columns[collection],
		NoData:     s.NoData,
		Strict:     s.Strict,
		Deletion:   s.deletion(),
	}
}

// withDefaults fills in what the caller left to the engine.
func (s Spec) withDefaults() Spec {
	s.Mode = cmp.Or(s.Mode, Full)
	if s.Mode == Incremental {
		s.Deletions = cmp.Or(s.Deletions, DefaultDeletion)
	}
	s.Parts = cmp.Or(s.Parts, 1)
	s.Format = cmp.Or(s.Format, row.JSONL)
	s.Compress = cmp.Or(s.Compress, row.None)
	s.RetryFor = cmp.Or(s.RetryFor, retryFor)
	s.Collections = slices.Clone(s.Collections)
	s.Columns = maps.Clone(s.Columns)
	maps.DeleteFunc(s.Columns, func(_ string, c []row.Column) bool { return len(c) == 0 })
	if len(s.Columns) == 0 {
		s.Columns = nil
	}
	return s
}

// MemoryLimit returns the soft limit, in bytes, that a program that only runs
// this export should pass to debug.SetMemoryLimit: 72 MiB for plain JSON lines,
// CSV and wire, 128 MiB with compression or an S3 store, which buffers a part of
// each file before sending it.
func (s Spec) MemoryLimit() int64 {
	if s.packed() || store.IsURL(s.Dir) {
		return 128 << 20
	}
	return 72 << 20
}

// packed reports whether rows are compressed.
func (s Spec) packed() bool {
	return !s.Format.Can().Compresses || cmp.Or(s.Compress, row.None) != row.None
}
