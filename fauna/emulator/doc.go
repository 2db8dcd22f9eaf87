// Package emulator is an embedded server that answers FQL v4 as a real Fauna
// does, as far as an exporter can notice. It serves the demo, the tests of the
// client, and people who want to try the tool without a database. Its answers
// are compared with two recordings of a real server, 1 085 exchanges; all are
// equal except four internal errors whose text names Java objects.
//
// It is not a database. Everything is in memory and lost when the process ends;
// a write blocks all other queries; old versions are never removed; a query
// runs to its end even if its client disconnects; keys are stored unhashed.
//
// # How it differs
//
// A real server takes longer. Each document read counts as at least 50 µs
// towards X-Query-Timeout, so that queries can time out. Documents that a key
// may not read take time as well, as on a real server: a page skips them in
// steps of its size. 20 000 of them take 14 s in pages of 1 and 0.1 s in pages of
// 80 000. The emulator really waits that long, so that a client that reads them
// in small pages notices. Options.Wait replaces the wait.
//
// An index over more than 128 documents is active after 2 seconds of the
// server's clock. Transaction times are not rounded to 10 ms. The sizes at which
// a page is too wide are observed, not computed. What was never recorded
// follows the rules of the open-source core. Merge keeps the order of keys, which a
// real server loses in objects of more than four.
//
// It lacks FQL v10, tokens, credentials and identities (their refs exist),
// membership of roles, unique indexes and those with bindings or wildcards,
// events of native classes, intersections, differences and joins, API version 5,
// streams, TLS, and most functions for strings, times and mathematics. Forms that
// it does not know fail like unknown forms on a real server.
//
// # How it is built
//
// The HTTP side (server.go) passes a request to query (query.go). Its body
// becomes nodes with positions (parse.go, forms*.go), which are evaluated
// (eval.go, casts.go) to values (value.go) against the store (store.go) at one
// transaction time, and rendered (render.go). An error ends the evaluation by a
// panic, which is caught where the answer is built (error.go). Sets (set.go,
// index.go) are scanned one element at a time and paged (paginate.go, event.go);
// each element is checked against the caller's roles (role.go). Package fault
// makes the server fail on purpose.
package emulator
