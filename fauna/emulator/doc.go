// Package emulator is an embedded server that answers FQL v4 as a real Fauna
// does, as far as an exporter can see. It serves the demo, the tests of the
// client, and people who want to try the tool without a database.
//
// It is not a database. Everything lives in memory and is gone when the
// process ends; writers exclude each other and all readers; old versions are
// never thrown away; a client that hangs up is not noticed before its query
// ends; keys are kept as they are.
//
// # What it covers
//
// Databases as scopes, collections, documents with their history, At, ttl,
// history_days and the minimum time of a snapshot, keys that expire or are
// deleted, the built-in key roles, secrets scoped behind colons, roles with
// privileges that are true or a predicate, indexes with terms, values and a
// time of building, the sets Documents, Match, Events, Range, Union,
// Intersection, Difference, Distinct, Reverse, Join, Filter and Singleton,
// pages with cursors both ways, set and document events, Insert and Remove in
// the past, user functions, the limits on width, compute and written bytes,
// the query timeout, and errors with their codes and positions.
//
// The answers are held against a record of exchanges with a real server
// (testdata/recorded.jsonl): 477 of 481 are equal; the other four are internal
// errors of that server, whose text names Java objects.
//
// # What differs
//
// A real server takes long; here X-Query-Timeout is charged at least 50 µs a
// document read, so that time outs can be had. An index over more than 128
// documents is active after 2 seconds of the server's clock. Transaction times
// are not rounded to 10 ms. A number is shown in its shortest text, which the
// real server's Java 17 does not always find. Sizes at which a page is too wide
// are those that were seen, not computed. Texts of errors that nobody recorded
// are guesses; their status and code are not. The memory of a query's values is
// bounded at 1 GiB, its answer too.
//
// # What it does not cover
//
// Tokens, credentials and identities (their refs exist), Login, Logout and
// Identify, membership of roles, access providers beyond their document,
// unique indexes, bindings of indexes, wildcard sources, ngrams, casefold,
// regular expressions and Format, events of intersections, differences and
// joins, what API version 5 changes, streams, the REST paths, the paths of FQL
// X and of its export, h2c by Upgrade (prior knowledge works), CORS headers,
// TLS, an Expect other than 100-continue, several nodes. A form that it does
// not know is answered as a real server answers an unknown form.
//
// # How it is built
//
// A request's body becomes JSON that remembers the order of its keys
// (json.go), then nodes with positions (parse.go, forms*.go), which are
// evaluated (eval.go) to values (value.go) against the store (store.go) at one
// transaction time, and rendered (render.go). Sets (set.go, index.go) are
// scanned one element at a time and paged (paginate.go, event.go); roles
// (role.go) are asked on the way. The HTTP side (server.go) calls query
// (query.go).
package emulator
