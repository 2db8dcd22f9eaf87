package export

import (
	"context"
	"errors"
)

// Source is what the engine needs of a server. Times are microseconds since
// 1970, ids are 0 to 2^63-1; an at of 0 is the present. Every method may be
// called by several goroutines at once, stops when ctx ends, and answers a
// server's refusal with an error that holds a Failure.
type Source interface {
	// Now is the server's transaction time.
	Now(ctx context.Context) (int64, error)
	// CollectionTimes is the ts of each collection's own settings at a time,
	// never 0, in the order given: -1 for one that was not there, also because
	// it was deleted, or deleted and made again later; 0 where the key may not
	// know.
	CollectionTimes(ctx context.Context, collections []string, at int64) ([]int64, error)
	// Unreadable names those of the collections that the key may not read now,
	// and those that are not there: both answer pages like an empty one. Of
	// filtered ones the key's role hides documents by a predicate.
	Unreadable(ctx context.Context, collections []string) (unreadable, missing, filtered []string, err error)
	// MinimumTime is the oldest time at which the collection can be read.
	MinimumTime(ctx context.Context, collection string) (int64, error)
	// IDs is a page of ids from an id on, ascending; next is the first id of
	// the page after it, -1 when there is none.
	IDs(ctx context.Context, collection string, at, from int64, size int) (ids []int64, next int64, err error)
	// Count is the number of documents at a time, found another way than by
	// reading their ids.
	Count(ctx context.Context, collection string, at int64) (int64, error)
	// Documents is the raw body of one page of documents from an id on,
	// appended to buf[:0]. With paths each element is the array of those
	// fields, an empty path being the whole document.
	Documents(ctx context.Context, collection string, at, from int64, size int, paths [][]any, buf []byte) ([]byte, error)
	// Presence sorts documents by what reading each of them now answers.
	Presence(ctx context.Context, collection string, ids []int64) (alive, gone, hidden []int64, err error)
}

// Failure is an error of a Source that tells what can be done about it.
type Failure interface {
	error
	// Retry: it may pass; the same again after a pause.
	Retry() bool
	// Smaller: ask for fewer documents.
	Smaller() bool
	// Expired: the time read at is older than the server still knows.
	Expired() bool
	// Refused: the secret is not accepted, or a privilege is missing.
	Refused() bool
	// Slow: the server is overloaded; all requests should pause.
	Slow() bool
	// Missing: a document or a collection that is not there.
	Missing() bool
}

// failureOf finds the Failure in an error, nil when it holds none.
func failureOf(err error) Failure {
	if f, ok := errors.AsType[Failure](err); ok {
		return f
	}
	return nil
}
