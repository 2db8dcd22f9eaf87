package export

import (
	"context"
	"errors"
)

// Source is what the engine needs from a server. Times are microseconds since
// 1970, ids are 0 to 2^63-1; an at of 0 means the present. Methods must be safe
// for concurrent use, return when ctx ends, and wrap a Failure in the error of
// a failed request.
type Source interface {
	// Now returns the server's transaction time.
	Now(ctx context.Context) (int64, error)
	// CollectionTimes returns the ts of each collection's own settings at a
	// time, in the order given. at is never 0. The ts is -1 for a collection
	// that did not exist then, or that was deleted, or deleted and recreated,
	// since; 0 if the key may not know.
	CollectionTimes(ctx context.Context, collections []string, at int64) ([]int64, error)
	// Unreadable returns the collections that the key can't read now, and
	// those that do not exist: both look like empty ones when read. In filtered
	// ones the key's role hides documents with a predicate.
	Unreadable(ctx context.Context, collections []string) (unreadable, missing, filtered []string, err error)
	// MinimumTime returns the oldest time at which the collection can be read.
	MinimumTime(ctx context.Context, collection string) (int64, error)
	// IDs returns a page of ids from an id on, ascending; next is the first id
	// of the following page, -1 for none.
	IDs(ctx context.Context, p PageRequest) (ids []int64, next int64, err error)
	// Count returns the number of documents at a time, determined without
	// reading their ids.
	Count(ctx context.Context, collection string, at int64) (int64, error)
	// CountPage returns the number of documents of one page from an id on; next is
	// the first id of the following page, -1 for none.
	CountPage(ctx context.Context, p PageRequest) (n, next int64, err error)
	// Documents returns the raw body of one page of documents from an id on.
	Documents(ctx context.Context, p PageRequest) ([]byte, error)
	// Presence groups documents by the result of reading them now.
	Presence(ctx context.Context, collection string, ids []int64) (alive, gone, hidden []int64, err error)
}

// A PageRequest asks for a page of a collection's documents or of their ids. It
// is an alias, so that a client can name the same type without importing this
// package.
type PageRequest = struct {
	Collection string
	At         int64 // microseconds since 1970; 0 is the present
	From       int64 // the first id, which need not exist
	Size       int
	Paths      [][]any // per document an array of these fields; an empty path is the document; nil: documents only
	Buf        []byte  // memory for the answer
}

// Failure is an error of a Source that says what can be done about it.
type Failure interface {
	error
	// Retry: temporary, retry the same request after a pause.
	Retry() bool
	// Smaller: request fewer documents.
	Smaller() bool
	// Expired: the server no longer keeps the time read at.
	Expired() bool
	// Refused: the secret was rejected, or a privilege is missing.
	Refused() bool
	// Slow: the server is overloaded; all requests should pause.
	Slow() bool
	// Missing: a document or a collection does not exist.
	Missing() bool
}

// failureOf returns the Failure in an error, nil for none.
func failureOf(err error) Failure {
	if f, ok := errors.AsType[Failure](err); ok {
		return f
	}
	return nil
}
