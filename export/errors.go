package export

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"fauna-export/export/archive"
)

// CollectionError is the error that stopped one collection. The others
// continue.
type CollectionError struct {
	Collection string
	Err        error
}

// Error names the collection and what stopped it.
func (e *CollectionError) Error() string { return e.Collection + ": " + e.Err.Error() }

// Unwrap returns what stopped the collection.
func (e *CollectionError) Unwrap() error { return e.Err }

// Partial is the error of a run that finished without all documents, or not as
// one snapshot: exit code 3. The files it wrote are complete, and the manifest
// verifies them.
type Partial struct {
	// Failures are the collections that were stopped; they have no file.
	// Resuming the run retries them.
	Failures []*CollectionError
	// Window names the collections that were read at more than one time.
	Window []string
	// Skipped collections were left out from the start.
	Skipped []Skipped
}

// Error says what is missing.
func (e *Partial) Error() string {
	var parts []string
	for _, f := range e.Failures {
		parts = append(parts, f.Error())
	}
	if len(e.Window) > 0 {
		parts = append(parts, "not from a single point in time: "+strings.Join(e.Window, ", "))
	}
	for _, s := range e.Skipped {
		parts = append(parts, s.Name+" left out: "+s.Why)
	}
	return "finished, but incomplete: " + strings.Join(parts, "; ")
}

// orNil returns the error, nil if nothing is missing.
func (e *Partial) orNil() error {
	if len(e.Failures)+len(e.Window)+len(e.Skipped) == 0 {
		return nil
	}
	return e
}

// Unwrap returns the failures.
func (e *Partial) Unwrap() []error {
	errs := make([]error, len(e.Failures))
	for i, f := range e.Failures {
		errs[i] = f
	}
	return errs
}

// Denied reports whether a privilege revoked during the run stopped a
// collection: exit code 4.
func (e *Partial) Denied() bool {
	_, lost := errors.AsType[*PrivilegeLost](e)
	_, hidden := errors.AsType[*Hidden](e)
	return lost || hidden
}

// Missing is the error of collections that do not exist: exit code 2, before
// any file is written.
type Missing struct {
	Collections []string
}

// Error names them.
func (e *Missing) Error() string {
	return "no such collection: " + strings.Join(e.Collections, ", ")
}

// Unreadable is the error of collections that the key can't read: exit code
// 4, before any file is written.
type Unreadable struct {
	Collections []string
}

// Error names them.
func (e *Unreadable) Error() string {
	return "the key can't read: " + strings.Join(e.Collections, ", ")
}

// AtError is the error of a time that cannot be read at: exit code 2 for one in
// the future, otherwise 1; before any file is written.
type AtError struct {
	At     int64
	Future bool
	// Now is the server's time.
	Now int64
	// Minimum is the oldest time that Collection can be read at, if At is
	// older.
	Minimum    int64
	Collection string
	// Absent lists collections that exist now but did not at At.
	Absent []string
}

// Error says why.
func (e *AtError) Error() string {
	at := archive.FormatTime(e.At)
	switch {
	case e.Future:
		return fmt.Sprintf("%s is in the future: the server's time is %s", at, archive.FormatTime(e.Now))
	case len(e.Absent) > 0:
		return fmt.Sprintf("collection %s did not exist at %s (created later, or deleted and recreated): use a later time", strings.Join(e.Absent, ", "), at)
	default:
		return fmt.Sprintf("%s is too old for collection %s: the server keeps its history only since %s", at, e.Collection, archive.FormatTime(e.Minimum))
	}
}

// Changed is the error of resuming a run whose server, collections or options
// have changed: exit code 2.
type Changed struct {
	Differences []string
}

// Error lists the differences.
func (e *Changed) Error() string {
	return "this does not match the run in the folder: " + strings.Join(e.Differences, "; ") +
		". Use the same server, key and options, or choose another folder"
}

// Recreated is the error of a collection that was deleted, or deleted and
// recreated, while it was read.
type Recreated struct{ At int64 }

// Error names the snapshot.
func (e *Recreated) Error() string {
	if e.At == 0 {
		return "the collection was deleted"
	}
	return fmt.Sprintf("the collection read at %s was deleted, or deleted and recreated", archive.FormatTime(e.At))
}

// PrivilegeLost is the error of a collection that the key could read at first
// and no longer can.
type PrivilegeLost struct{}

func (e *PrivilegeLost) Error() string { return "the privilege to read it was revoked" }

// Hidden is the error of documents that the role's predicate hides now but did
// not when they were planned.
type Hidden struct{ IDs []int64 }

// Error names the first of them.
func (e *Hidden) Error() string {
	return fmt.Sprintf("the role hides %d documents that it showed before, the first is %d", len(e.IDs), e.IDs[0])
}

// Unexplained is the error of a page that differs from its plan without
// explanation from the server.
type Unexplained struct {
	// From is the first id of the page.
	From int64
	// Planned and Got are the numbers of documents.
	Planned, Got int
	// Why says what is wrong if the numbers agree.
	Why string
}

// Error gives both numbers.
func (e *Unexplained) Error() string {
	msg := fmt.Sprintf("the page from id %d should contain %d documents, but contains %d", e.From, e.Planned, e.Got)
	if e.Why != "" {
		msg += ": " + e.Why
	}
	return msg + ", and the server gives no explanation"
}

// BadDocument is the error of a document that makes every page with it fail.
type BadDocument struct {
	ID  int64
	Err error
}

// Error names the document.
func (e *BadDocument) Error() string {
	return fmt.Sprintf("document %d cannot be read: %v", e.ID, e.Err)
}

// Unwrap returns the error of reading it.
func (e *BadDocument) Unwrap() error { return e.Err }

// GaveUp is the error of a request that kept failing for as long as retries are
// allowed. The run stops and can be resumed.
type GaveUp struct {
	After time.Duration
	Tries int
	Err   error
}

// Error says how long it was retried.
func (e *GaveUp) Error() string {
	return fmt.Sprintf("%v (gave up after %d tries in %s)", e.Err, e.Tries, e.After.Round(time.Second))
}

// Unwrap returns the last failure.
func (e *GaveUp) Unwrap() error { return e.Err }

// NoSpace is the error of a disk that is full, or too small for the rest of the
// run. The run stops and can be resumed.
type NoSpace struct {
	// Need is the expected size of the rest in bytes, 0 if unknown.
	Need int64
	Free int64
	Err  error
}

// Error says how much is needed and how much is free.
func (e *NoSpace) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("the disk is full: %v", e.Err)
	}
	return fmt.Sprintf("not enough disk space: about %d MB still needed, %d MB free", (e.Need+999_999)/1_000_000, e.Free/1_000_000)
}

// Unwrap returns the file system's error.
func (e *NoSpace) Unwrap() error { return e.Err }
