// Package fauna is a client for FQL version 4, as spoken by the open-source
// core of Fauna that people run themselves since the hosted service closed on
// 30 May 2025. It parses addresses and secrets as people type and paste them,
// finds out what a key may read, and reads pages of documents as raw bytes. FQL
// text for people is in fauna/fql.
//
// A [Client] sends requests to one server with one secret. Its reading methods
// implement the engine's export.Source; it does not deal with files.
// Expressions are built with the Fauna driver. It decodes no answers, since it
// fails on or changes some values: it loses the order of keys, reads an object
// whose first key is "" as empty, drops invalid base64, and fails the whole page
// on a stored set and on a key that starts with @.
//
// The rest of this page describes the protocol as the code relies on it, from
// the core's source and observations of a real server.
//
// # HTTP
//
// A query is POSTed to "/" as one JSON expression. The server speaks HTTP/1.1
// and HTTP/2, in cleartext with prior knowledge (h2c); its default port is
// 8443, unencrypted unless it has a certificate. Answers are never compressed and
// have a Content-Length. Idle connections are closed after 5 seconds. Requests may
// have up to 8 MiB.
//
// The headers: Authorization is "Bearer SECRET". X-FaunaDB-API-Version must be
// sent, since without it the server speaks version 2.1. X-Query-Timeout, 1 to
// 600 000 milliseconds, is when the server gives up; it must be sent, because
// the server continues after a client has disconnected. X-Last-Seen-Txn, in
// microseconds, is the transaction time that the answer must not be older than.
// A User-Agent that contains "curl" or "HTTPie" gets indented answers, which
// cost more. X-Txn-Time of an answer is its transaction time.
//
// # Answers and errors
//
// A success is {"resource": VALUE} with status 200, or 201 for a new document.
// Errors come in three shapes:
//
//	{"errors":[{"code":…,"description":…}]}                    of the protocol
//	{"errors":[{"position":[…],"code":…,"description":…,…}]}   of the query
//	{"error":"bad request"}                                    of the channel: 400, 408, 500
//
// Anything else comes from a proxy or another program; classifyProblem says what
// statuses and codes mean. Wrong, deleted and expired secrets all get a 401. A 429
// never has a Retry-After. One document in a page can cause a 500.
//
// With several errors the status is that of the worst: 404, and 400 for missing
// things, rank below 403, which ranks below other 400s. "No key found for
// secret …" repeats the secret, so secrets are removed from all messages.
//
// If the whole query is an array, the errors of all its elements are reported,
// with the element's number first in each position. So one request can do a
// thousand probes. Inside other expressions evaluation stops at the first
// error.
//
// # Pages
//
// Paginate returns 64 elements by default and at most 100 000; above 80 000 it
// fails on large collections ("Query exceeds max width"). A page is
// {"before":…,"after":…,"data":[…]}; after is absent on the last page;
// otherwise it is the first element of the next one. Documents(Collection(c))
// is sorted by id as a number, 0 to 2^63-1; its cursor is [Ref(collection,
// id)], inclusive, and the document need not exist. Invalid cursors are not
// errors: null gives an empty page, a bare number or string starts again at the
// first id.
//
// A document has up to 8 MiB as stored, so a page of unknown documents can take
// gigabytes. Count() fails above about 600 000 documents.
//
// A page has objects' keys in stored order, but objects built by a query come
// back sorted by name, so columns are read as arrays. Select(path, document,
// null) is null for anything missing; steps other than names and integers fail
// the whole page.
//
// # Time
//
// At(time, …) reads a snapshot, inclusive of what was written at that time. Two
// pages without it are from two snapshots. A time in the future silently reads
// the present, unless X-Last-Seen-Txn makes the server wait for it. Now() must
// be requested without that header, since it would return the header's time.
//
// History is kept for 15 minutes plus the collection's history_days, which is 0
// by default; null means forever. Older reads fail with an error that names the
// oldest readable time, so any key can find it with At(0, …). Raising
// history_days before the snapshot expires stops that time from advancing;
// raising it later brings nothing back, and lowering it takes effect at once.
//
// A read at a time before the collection was created, or of one that was
// deleted and recreated, is an empty page with status 200. At(time,
// Get(Collection(c))) detects this: it is a 404 if the collection did not
// exist.
//
// Expired documents (by ttl) disappear from old snapshots too, without an
// event, and from snapshots before the ttl was cleared. Administrators can
// backdate writes, which changes snapshots.
//
// # Privileges
//
// A page of a collection that the key can't read is empty, with status 200,
// never an error; revoking a privilege has this effect at once. Get of any
// document detects it, because privileges are checked before existence: 403
// means denied, 404 or 200 allowed. A role can hide documents with a predicate,
// which is evaluated on current data even inside At. If the predicate reads
// data, Get of a missing document is then 403 although some documents can be
// read; a predicate on ids cannot be detected. A role with only
// unrestricted_read lists ids, but reads nothing.
//
// Listing collections and reading their settings needs read on Collections();
// settings of indexes need read on Indexes(); reading an index needs read on it
// and on its collection.
//
// # Indexes
//
// An index over more than 128 documents is built in the background and cannot
// be read until its field active is true. Its settings are returned as they
// were given: a field as a string or an array, a source as a ref, in an array,
// or in an object.
package fauna
