// Package store is where a run keeps its files: a folder, a stream, S3, or anything
// else that fulfils the contract of Store. Nothing else in the
// program opens, creates, renames or removes a file of a run.
package store

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Store is a flat set of named files. Names use "/" as the separator; those that
// start with WorkPrefix belong to an unfinished run, those that start with
// MergedPrefix to a merge. A Store creates folders for such names as needed.
//
// Every Store guarantees the following, and storetest.Test checks it:
//
//   - A file written with Append can be opened, and List reports its size, once it
//     was synced and closed; some Stores allow it earlier. A file whose name ends
//     with PartEnd may be readable only after Commit.
//   - After a crash at least what was synced, and what precedes the last durable
//     Cut, exists; what follows is undefined. Append with one of these sizes, or
//     any other that the Store still has, drops what follows.
//   - Write and Commit are atomic, and durable when they return: after a crash the
//     name has the old content or the new, never part of one. After an error it
//     may be either.
//   - A file whose name ends with PartEnd has as its final name the same without
//     PartEnd and without a leading WorkPrefix.
//   - Commit replaces any file with the final name. Committing a missing file is
//     fs.ErrNotExist.
//   - Several goroutines may use different names concurrently. One name may have
//     one writer and any number of readers.
//   - While one process holds the Lock, no other gets it. A lock ends with its
//     process, at once or after a limited time.
//
// No method takes a context, because the last checkpoint is written after a run's
// context has ended. A Store on a network must limit each request itself.
type Store interface {
	// Name returns the store's name for messages, such as a path or URL.
	Name() string
	// Lock creates the store if needed and excludes all other processes until
	// release is called. The error is an *Error if another process holds it.
	Lock() (release func() error, err error)
	// List returns all entries in ascending order, none if the store does not
	// exist yet. It omits the lock.
	List() ([]Entry, error)
	// Open opens a file for reading, sequentially or at any position; size is
	// its length. The error matches fs.ErrNotExist if there is none.
	Open(name string) (file File, size int64, err error)
	// Read returns the content of a small file, of at most MaxSmall bytes. The
	// error matches fs.ErrNotExist if there is none.
	Read(name string) ([]byte, error)
	// Write replaces a small file, atomically and durably.
	Write(name string, data []byte) error
	// Append opens a file for appending after its first size bytes and drops
	// what follows them; it creates the file if size is 0. A size beyond what
	// is durable is an error. If a Store needs some bytes after size again and
	// gets different ones, Write returns a *Diverged.
	Append(name string, size int64) (Appender, error)
	// Commit gives a synced and closed file its final name, atomically and
	// durably.
	Commit(from, to string) error
	// Remove deletes a file. A missing one is not an error.
	Remove(name string) error
	// Close removes what a finished run no longer needs.
	Close() error
	// Free returns the space left in bytes, -1 for unknown.
	Free() (int64, error)
}

const (
	// WorkPrefix is the prefix of files that only an unfinished run, or the
	// next sync, needs.
	WorkPrefix = ".fauna-export/"
	// MergedPrefix is the prefix of files that a merge writes.
	MergedPrefix = "merged/"
	// PartEnd is the suffix of a file's name until it is committed.
	PartEnd = ".part"
)

// MaxSmall is the largest size of a file that Read reads.
const MaxSmall = 256 << 20

// CheckName returns an error for a name that is not flat, apart from a store's
// prefixes, or that some system would split.
func CheckName(name string) error {
	base := name
	for _, prefix := range []string{WorkPrefix, MergedPrefix} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			base = rest
			break
		}
	}
	if base == "" || base == "." || base == ".." || strings.ContainsAny(base, "/\\:\x00") {
		return fmt.Errorf("%q is not the name of a file in a store", name)
	}
	return nil
}

// Entry is one file of a Store.
type Entry struct {
	Name string
	Size int64 // -1 for anything but a regular file
}

// File is a file being read.
type File interface {
	io.Reader
	io.ReaderAt
	io.Closer
}

// Appender is a file being written.
type Appender interface {
	io.Writer
	// Cut marks the end of what was written so far as a position from which
	// Append can continue. It returns a function that makes durable what precedes
	// the mark, as far as possible now, and reports whether all of it is. It may
	// be called again, and in parallel to Write. A Store with parts of a fixed
	// size returns false until the part with the mark is complete.
	Cut() (durable func() (bool, error))
	// Sync makes everything written durable, at any cost: for the end of a file
	// or process.
	Sync() error
	Close() error
}

// Shared is a Store in which several processes, perhaps on several machines, work
// at the same time, each on its own files. A folder shared by machines needs locks
// and hard links that work across them.
type Shared interface {
	Store
	// Create creates a small file that must not exist yet, and the store if
	// needed, atomically and durably. Of several callers one succeeds; the others
	// get fs.ErrExist.
	Create(name string, data []byte) error
	// LockFor is like Lock, but excludes only processes that use the same name
	// (of letters, digits and "-").
	LockFor(name string) (release func() error, err error)
}

// lockEnd is the suffix of the names of LockFor's locks.
const lockEnd = ".lock"

// lockFile matches the names of locks in the work folder.
var lockFile = regexp.MustCompile(`^([A-Za-z0-9-]+\.)?lock$`)

// isLock reports whether a file in the work folder is a lock.
func isLock(base string) bool { return lockFile.MatchString(base) }
