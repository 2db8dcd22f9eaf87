// Package emulator is an embedded server that answers FQL v4 as a real Fauna
// does, as far as an exporter can see. It serves the demo, the tests of the
// client, and people who want to try the tool without a database.
//
// It is not a database. Everything lives in memory and is gone when the
// process ends; writers exclude each other and all readers; old versions are
// never thrown away; secrets are made to look right, not to be safe.
//
// # What it covers
//
// Databases as scopes, collections, documents with their history, At, ttl,
// history_days and the minimum time of a snapshot, keys that expire or are
// deleted, the built-in key roles, roles with privileges that are true or a
// predicate, indexes with terms, values and an inactive time, the sets
// Documents, Match, Events, Range, Union, Intersection, Difference, Distinct,
// Reverse, Join, Filter and Singleton, pages with cursors both ways, set and
// document events, Insert and Remove in the past, the limits on width and
// compute, the query timeout, and errors with their codes and positions. The
// answers are held against a record of exchanges with a real server
// (testdata/recorded.jsonl).
//
// # What it does not cover
//
// Tokens, credentials and identities, Login and Logout, streams, access
// providers beyond their document, the REST paths, ngrams, casefold, regular
// expressions, bindings of indexes, transactions over several nodes, and the
// cost accounting beyond the figures that limit a query. A form that it does
// not know is answered as a real server answers an unknown form.
//
// # How it is built
//
// A request's body becomes JSON that remembers the order of its keys
// (json.go), then nodes with positions (parse.go, forms_*.go), which are
// evaluated to values (value.go) against the store (store.go) at one
// transaction time, and rendered (render.go).
package emulator
