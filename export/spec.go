package export

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// Mode says what a run reads.
type Mode = archive.Mode

// The modes of a run.
const (
	// Full reads every document of the collections.
	Full = archive.Full
	// Incremental reads what changed since the last run in the same folder.
	Incremental = archive.Incremental
)

// Bounds of the options of a Spec.
const (
	// MaxPageSize is the largest page that a server answers for collections
	// of any size: it clamps sizes to 100 000 but its own limit on the width
	// of a query refuses those on larger collections.
	MaxPageSize = 80_000
	// MaxWorkers is the largest number of requests in flight.
	MaxWorkers = 64
)

// Skipped names a collection that a run leaves out.
type Skipped = archive.Skipped

// Spec says what a run exports and how. The zero value of a field is its
// default.
type Spec struct {
	// Endpoint is the server's address as text, for the manifest. It holds no
	// secret.
	Endpoint    string
	Mode        Mode
	Collections []string
	Format      row.Format
	Compress    row.Compression
	// Columns are the additional columns, by collection.
	Columns map[string][]row.Column
	// NoData leaves the data column out.
	NoData bool
	// Strict fails a collection with a value that does not fit its column.
	Strict bool
	// Dir is the folder's name, for messages.
	Dir string
	// At is the time to read at; 0 takes the server's present.
	At int64
	// Parts is the number of files of a collection, each of a range of ids; 0 and
	// 1 are one, AutoParts as many as the collection's size asks for.
	Parts int
	// Shard is the part that this process has of a run that several share.
	Shard Shard
	// NoSnapshot reads each page at its own time.
	NoSnapshot bool
	// Workers is the number of requests in flight. 0 lets the engine find it:
	// 2 to 16, more while that makes the run faster, fewer while they only
	// wait for each other.
	Workers int
	// PageSize is the number of documents a page, 0 for the engine's choice.
	PageSize int
	// MaxRate is the largest number of documents a second, 0 for any.
	MaxRate int
	// Deletions names the deletion column of an incremental run; empty is
	// DefaultDeletion, and IgnoreDeletions leaves removals out.
	Deletions string
	// DDL is the database that a script for loading the files is written for
	// beside them; empty for none.
	DDL Database
	// Indexes are the indexes of an incremental run, by collection: of every
	// document its ts and its ref. One that is not named is NAME-ts.
	Indexes map[string]string
	// Fast makes an incremental run read only the end of the indexes, and the
	// events: it does not see writes dated into the past nor ttls that passed.
	Fast bool
	// Tool is the name and version of the program, for the manifest.
	Tool string
	// Skipped collections are named in the manifest and make the run end as
	// Partial.
	Skipped []Skipped
	// Filtered names collections of which a role's predicate may hide
	// documents: a warning in the manifest.
	Filtered []string
	// Lives is how long a snapshot taken now can be read, by collection,
	// where the caller knows it.
	Lives map[string]time.Duration
	// RetryFor is how long a request is repeated while it fails with what
	// may pass; 0 is five minutes.
	RetryFor time.Duration
}

// SpecError is a Spec that cannot be run.
type SpecError struct {
	Problem string
}

// Error is the problem in one line.
func (e *SpecError) Error() string { return e.Problem }

// Validate checks a Spec by itself, without a server. Its errors are
// *SpecError or those of row.Layout.Validate.
func (s Spec) Validate() error {
	bad := func(format string, args ...any) error {
		return &SpecError{Problem: fmt.Sprintf(format, args...)}
	}
	switch s.Mode {
	case "", Full:
	case Incremental:
		if s.At != 0 || s.NoSnapshot {
			return bad("an incremental sync reads at the server's present, as one snapshot")
		}
		if s.DDL != "" {
			return bad("a script for loading goes with a full run: merge a chain of syncs, and load what that gives")
		}
	default:
		return bad("mode %q is none of full, incremental", s.Mode)
	}
	if len(s.Collections) == 0 {
		return bad("no collection is named")
	}
	seen := make(map[string]bool, len(s.Collections))
	for _, name := range s.Collections {
		if name == "" {
			return bad("a collection has no name")
		}
		if seen[name] {
			return bad("collection %q is named twice", name)
		}
		seen[name] = true
	}
	for name := range s.Columns {
		if !seen[name] {
			return bad("a column is given for collection %q, which is not exported", name)
		}
	}
	if s.Mode != Incremental && (s.Fast || s.Deletions != "") {
		return bad("fast and deletions are for incremental syncs")
	}
	switch {
	case s.At < 0:
		return bad("a time before 1970 cannot be read at")
	case s.At != 0 && s.NoSnapshot:
		return bad("a time to read at and no snapshot exclude each other")
	case s.Workers < 0 || s.Workers > MaxWorkers:
		return bad("workers must be 1 to %d", MaxWorkers)
	case s.PageSize < 0 || s.PageSize > MaxPageSize:
		return bad("a page size must be 1 to %d", MaxPageSize)
	case s.Parts < AutoParts || s.Parts > MaxParts:
		return bad("parts must be 1 to %d", MaxParts)
	case s.Parts != 0 && s.Parts != 1 && s.Mode == Incremental:
		return bad("an incremental sync writes one file a collection: leave out the parts")
	case s.MaxRate < 0:
		return bad("the largest rate must be 1 or more")
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

// index is the name of a collection's index.
func (s Spec) index(collection string) string {
	if name := s.Indexes[collection]; name != "" {
		return name
	}
	return collection + "-ts"
}

// layout is the form of one collection's file.
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

// withDefaults fills what the caller left to the engine.
func (s Spec) withDefaults() Spec {
	if s.Mode == "" {
		s.Mode = Full
	}
	if s.Mode == Incremental && s.Deletions == "" {
		s.Deletions = DefaultDeletion
	}
	if s.Parts == 0 {
		s.Parts = 1
	}
	if s.Format == "" {
		s.Format = row.JSONL
	}
	if s.Compress == "" {
		s.Compress = row.None
	}
	if s.RetryFor == 0 {
		s.RetryFor = retryFor
	}
	s.Collections = slices.Clone(s.Collections)
	return s
}

// MemoryLimit is the soft limit, in bytes, that a program which does nothing
// beside this run should give to debug.SetMemoryLimit: 72 MiB for plain JSON
// lines, CSV and wire, 128 MiB where data is compressed; to an S3 store, which
// gathers a part of each file before it sends it, 128 MiB.
func (s Spec) MemoryLimit() int64 {
	if s.packed() || store.IsS3(s.Dir) {
		return 128 << 20
	}
	return 72 << 20
}

// packed tells whether rows go through a compressor.
func (s Spec) packed() bool {
	return !s.Format.Can().Compresses || (s.Compress != "" && s.Compress != row.None)
}
