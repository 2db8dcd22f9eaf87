// Package row turns pages of a Fauna (FQL v4) server into the rows of export
// files, and reads such files back.
//
// It is the last step of an export: a page's raw HTTP body goes in, the bytes
// of JSONL, CSV, Parquet or wire files come out. It knows nothing of servers,
// plans, retries or file systems.
//
//   - A [Layout] says what a file's rows look like.
//   - A [Serializer] rewrites the documents of one page into a [Batch]. Any
//     number of goroutines may share it, each with a Batch of its own.
//   - A [File] takes the batches of one collection in order and gives out the
//     file's bytes in pieces, after each of which an interrupted export can go
//     on. The bytes depend on the rows alone, not on how they were batched.
//   - [Check] reads a finished file back.
//
// # A row
//
// A row holds the document's id as "ref" (a string), "ts" (integer
// microseconds since 1970), "data" (an object, {} when the document has none),
// "ttl" (null or a time), then the additional columns in the order given, then
// the deletion column of an incremental sync. Any other top-level field of a
// document is counted and left out; [Wire] keeps it.
//
// # Values
//
// Values are copied from the page byte for byte: number text, key order and
// string bytes stay as they came. Only the tagged forms that Fauna wraps its
// types in are rewritten:
//
//	document ref    {"id":"1","collection":"users","type":"document"}
//	other ref       {"id":"x","type":T}, T one of collection, database, index,
//	                function, role, access_provider, key, token, credential
//	any other ref   {"id":"x","type":"unknown"}
//	bytes           base64url, padded
//	time, date      their text, unchanged
//	query, set      a string that holds the wire form
//	{"@obj":…}      the object inside, its keys the user's own
//
// Stored sets arrive escaped like a user's object with a key "@set", so such
// an object is a set only when it has exactly the keys of a set and a ref or
// set as operand. A user's own object of the very same shape cannot be told
// apart and is written as a set.
//
// An object whose first key begins with "@" and which is none of these is
// copied verbatim, whatever stands in it. Bytes that are not valid UTF-8 are
// copied too, and counted.
package row
