// Package emulator is an embedded server that answers FQL v4 as a real Fauna
// does, as far as an exporter can notice. It serves the demo, the tests of the
// client, and people who want to try the tool without a database.
//
// It is not a database. Everything is in memory and lost when the process ends;
// a write blocks all other queries; old versions are never removed; a query
// runs to its end even if its client disconnects; keys are stored unhashed.
//
// # What it covers
//
// Child databases, collections, documents with their history, At, ttl,
// history_days and the minimum time of a snapshot, keys that expire or are
// deleted, the built-in key roles, scoped secrets (secret:database:role), roles
// with privileges that are unconditional or a predicate, indexes with terms,
// values and a build time, the sets Documents, Match, Events, Range, Union,
// Intersection, Difference, Distinct, Reverse, Join, Filter and Singleton,
// pages with cursors in both directions, set and document events, Insert and
// Remove in the past, user functions, the limits on width, compute and written
// bytes, the query timeout, and errors with their codes and positions.
//
// Its answers are compared with two recordings of a real server. Of the first
// (testdata/recorded.jsonl, what an exporter sends) 477 of 481 answers are
// equal; the other four are internal errors whose text names Java objects. Of
// the second (testdata/recorded-2.jsonl, 61 forms with arguments of every kind)
// all 604 are equal.
//
// # How it differs
//
// A real server takes longer. Each document read counts as at least 50 µs
// towards X-Query-Timeout, so that queries can time out. Documents that a key
// may not read take time as well: a page skips them in steps of the page size.
// 20 000 of them take 14 s in pages of 1 and 0.1 s in pages of 80 000, as on a
// real server. The emulator really waits that long, also in the demo and in
// serve, so that a client that reads them in small pages notices. Options.Wait
// replaces the wait.
//
// An index over more than 128 documents is active after 2 seconds of the
// server's clock. Transaction times are not rounded to 10 ms. A double is shown
// with its shortest digits, which the real server's Java 17 does not always
// find. The sizes at which a page is too wide are observed ones, not computed.
// The messages of errors that were never recorded are guesses; their status and
// code are not. A query's values take at most 1 GiB of memory, and so does its
// answer.
//
// # What it does not cover
//
// FQL v10 and anything created with it, tokens, credentials and identities
// (their refs exist), Login, Logout and Identify, membership of roles, access
// providers beyond their document, unique indexes, bindings of indexes,
// wildcard sources, most functions of strings, times and mathematics, type
// tests, events of intersections, differences and joins, the changes of API
// version 5, streams, the REST paths, the export endpoint, h2c by Upgrade
// (prior knowledge works), CORS headers, TLS, an Expect other than
// 100-continue, several nodes. Forms that it does not know fail like unknown
// forms on a real server.
//
// # How it is built
//
// The HTTP side (server.go) passes a request to query (query.go). Its body
// becomes JSON that keeps the order of its keys (json.go), then nodes with
// positions (parse.go, forms*.go), which are evaluated (eval.go) to values
// (value.go) against the store (store.go) at one transaction time, and rendered
// (render.go). Sets (set.go, index.go) are scanned one element at a time and
// paged (paginate.go, event.go); each element is checked against the caller's
// roles (role.go). Package fault makes the server fail on purpose.
package emulator
