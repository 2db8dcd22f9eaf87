// Package fauna speaks to a server of Fauna's query language FQL in its
// version 4: the open-source core that people run themselves, as the hosted
// service closed on 30 May 2025. It reads addresses and secrets as people type
// and paste them, finds out what a key may read, and reads pages of documents as
// the bytes that the server sends. The texts of FQL that people see are in
// fauna/fql.
//
// A [Client] asks one server with one secret. Its reading methods have the
// form that the export's engine wants of a source; it knows nothing of files.
// Expressions are built with the Fauna driver. Answers about set-up and schema
// are decoded by the driver; documents never are, since it fails on or changes
// some values: it loses the order of keys, takes an object whose first key is
// "" for an empty one, turns bad base64 into nothing, and fails the whole page
// on a stored set and on a key that begins with @.
//
// What follows are the facts about the protocol that the code relies on, as
// read in the core's source and seen on a real server.
//
// # HTTP
//
// A query is POSTed to "/" as one JSON expression. The server speaks HTTP/1.1
// and HTTP/2, in cleartext with prior knowledge (h2c); its own port is 8443,
// plain unless it was given a certificate. For pages of documents the two cost
// the server the same, and HTTP/1.1 costs the client about half the processor
// time, over TLS two thirds of it; so it is what we speak, and HTTP/2 to a server
// that takes nothing else over TLS. Answers are never compressed and have a Content-Length. Idle
// connections are closed after 5 seconds. Requests may have 8 MiB.
//
// The headers: Authorization is "Bearer SECRET". X-FaunaDB-API-Version must be
// sent, since without it the server speaks version 2.1. X-Query-Timeout, 1 to
// 600 000 milliseconds, is when the server gives up; it must be sent, because
// the server works on for a client that has hung up. X-Last-Seen-Txn, in
// microseconds, is the transaction time that the answer must not be older
// than. A User-Agent that contains "curl" or "HTTPie" gets indented answers,
// which cost more. X-Txn-Time of an answer is its transaction time.
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
// Anything else was written by a proxy, or by another program. Statuses and
// codes, and what they are taken for:
//
//	400 bad request            "… less than minimum allowed timestamp …": KindExpired;
//	                           "exceeds max width", "does too much compute": KindTooLarge
//	400 invalid ref            a collection or index that is not there: KindMissing
//	404 instance not found     a document that is not there: KindMissing
//	401 unauthorized           wrong, deleted and expired look the same: KindSecretRefused
//	404 not found              of the router, not of a query: KindNotFauna
//	403 permission denied      KindDenied; also 410, an account that was closed
//	409 contended transaction  KindBusy
//	413 request too large      KindQuery
//	429 too many requests      KindThrottled; there is never a Retry-After
//	440, 503 time out          KindTimeout; also 408
//	500 internal server error  KindServer; one document in a page can cause it
//	502, 504, 52x, 540         KindBusy
//
// The status of several errors is that of the worst: 404 and 400 of missing
// things under 403, under other 400s. "No key found for secret …" repeats the
// secret, which is therefore cut out of every text.
//
// An array that is the whole query reports the errors of all its elements, each
// with the element's number first in its position, so a thousand probes are
// one request. Inside other expressions evaluation ends at the first error.
//
// # Pages
//
// Paginate gives 64 elements unless asked for more, at most 100 000; above
// 80 000 it fails on large collections ("Query exceeds max width"). A page is
// {"before":…,"after":…,"data":[…]}; after is absent on the last one and is the
// first element of the next. Documents(Collection(c)) is sorted by id as a
// number, 0 to 2^63-1; its cursor is [Ref(collection, id)], inclusive, and the
// document need not exist. Wrong cursors are answered all the same: null is an
// empty page, a bare number or text starts again at the first id.
//
// A document has up to 8 MiB as stored, so a page of unknown documents can have
// gigabytes. Count() fails above some 600 000 documents.
//
// A page holds objects' keys in the order in which they were stored, but an
// object that a query builds comes back sorted by name, so columns are read as
// arrays. Select(path, document, null) is null for whatever is not there; steps
// other than names and integers fail the whole page.
//
// # Time
//
// At(time, …) reads a snapshot, inclusive of what was written at that time. Two
// pages without it are two snapshots. A time after the present is silently read
// at the present, unless X-Last-Seen-Txn makes the server wait for it. Now()
// must be asked for without that header, since it would return the header's
// time.
//
// History is kept for 15 minutes and the collection's history_days, which is 0
// unless set, and without end when it is null. Older reads fail with the oldest
// time that can be read; so At(0, …) tells it, to every key. Raising
// history_days before the snapshot expires stops that time where it is; raising
// it later brings nothing back, and lowering it acts at once.
//
// A read at a time before the collection was made, or of one that was deleted
// and made again, is an empty page with status 200. At(time, Get(Collection(c)))
// tells: 404 when it was not there.
//
// Documents whose ttl has passed leave old snapshots too, without an event. A
// ttl that was cleared later still takes the document out of snapshots before
// that. Administrators can write into the past, which changes snapshots.
//
// # Privileges
//
// A page of a collection that the key may not read is empty, with status 200,
// never an error; a privilege taken away has that effect at once. Get of any
// document tells: 403 denied, 404 or 200 allowed, checked before existence. A
// role may hide documents by a predicate, which is judged on the present even
// inside At: then Get of a missing document is 403 while some documents can be
// read, if the predicate reads data; a predicate on ids does not show. A role
// with unrestricted_read alone lists ids, but reads nothing.
//
// Listing collections and reading their settings needs read on Collections();
// settings of indexes need read on Indexes(); reading an index needs read on it
// and on its collection.
//
// # Set-up
//
// A role must exist in an earlier query than the key that is made for it. The
// name of a key is accepted and not stored, so keys are found by their role. A
// role that exists answers CreateRole with 400 "instance already exists".
// Names are letters, marks and digits of any script and ; @ + $ - _ . ! ~ %,
// but not a single "_".
//
// An index over more than 128 documents is built in the background and cannot
// be read until its field active is true. Its settings come back as they were
// given: a field as text or as an array, a source as a ref, in an array, or in
// an object.
package fauna
