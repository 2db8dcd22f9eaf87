package export

import "io"

// Store is where a run leaves its files: a flat set of names, of which those
// that begin with WorkPrefix belong to a run that is not finished. The
// engine asks nothing else of a file system, so that the same engine can
// write elsewhere. A method may be called for different names at once.
type Store interface {
	// Lock makes the store if need be and keeps every other process out until
	// release is called. It answers a *DirError when another holds it.
	Lock() (release func() error, err error)
	// List names all entries, none when the store does not exist yet.
	List() ([]Entry, error)
	// Read is the whole content of a small file. An error matches
	// fs.ErrNotExist when there is none.
	Read(name string) ([]byte, error)
	// Write replaces a small file at once and durably: after a crash it is
	// the old one or the new one.
	Write(name string, data []byte) error
	// Append opens a file for appending behind its first size bytes and
	// drops what stands after them; it makes the file when size is 0.
	Append(name string, size int64) (Appender, error)
	// Commit gives a synced file its final name, at once and durably.
	Commit(from, to string) error
	// Remove deletes a file; one that is not there is no error.
	Remove(name string) error
	// Close takes away what a finished run does not need any more.
	Close() error
	// Free is the space left in bytes, -1 when unknown.
	Free() (int64, error)
}

// WorkPrefix begins the names of what only an unfinished run needs.
const WorkPrefix = ".fauna-export/"

// Entry is one file of a Store.
type Entry struct {
	Name string
	Size int64
}

// Appender is a file being written.
type Appender interface {
	io.Writer
	// Sync makes what was written durable.
	Sync() error
	Close() error
}
