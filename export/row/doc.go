// Package row turns pages of a Fauna (FQL v4) server into the rows of export
// files, and reads such files back.
//
// It is the last step of an export: it takes a page's raw HTTP body and produces
// the bytes of JSONL, CSV, Parquet or wire files. It knows nothing of servers,
// plans, retries or file systems.
//
//   - A [Layout] defines what a file's rows look like.
//   - A [Serializer] turns the documents of one page into a [Batch]. Any number
//     of goroutines may share it, each with its own Batch.
//   - A [File] takes the batches of one collection in order and emits the
//     file's bytes in pieces. An interrupted export can resume after each
//     piece. The bytes depend only on the rows, not on how they were batched.
//   - [Read] reads a finished file back.
//
// # A row
//
// A row holds the document's id as "ref" (a string), "ts" (integer microseconds
// since 1970), "data" (an object, {} if the document has none), "ttl" (null or a
// time), then the additional columns in the order given, then the deletion column
// of an incremental sync. Any other top-level field of a document is counted and
// left out; [Wire] keeps it.
//
// # Values
//
// Values are copied from the page byte for byte: number text, key order and
// string bytes do not change. Only the tagged forms in which Fauna wraps its
// types are rewritten:
//
//	document ref    {"id":"1","collection":"users","type":"document"}
//	other ref       {"id":"x","type":T}, T one of collection, database, index,
//	                function, role, access_provider, key, token, credential
//	any other ref   {"id":"x","type":"unknown"}
//	bytes           base64url, padded
//	time, date      their text, unchanged
//	query, set      a string with the wire form
//	{"@obj":…}      the object inside, with the user's own keys
//
// Stored sets arrive escaped like a user's object with a key "@set". Such an
// object is taken for a set only if it has exactly the keys of a set, with a ref
// or set as operand. A user's own object of exactly this shape can't be
// distinguished and is written as a set.
//
// An object whose first key begins with "@" and that is none of these is copied
// verbatim, whatever it contains. Bytes that are not valid UTF-8 are copied too,
// and counted.
//
// # Columns of a type
//
// Additional columns are selected by the server, so a path that does not exist is
// null, just like a stored null. JSONL keeps the value whatever the column's
// type; CSV and Parquet store null for a value that does not fit. Misfits are
// counted in every format; under Layout.Strict they are errors. Type json fits
// everything: it is JSON text, in CSV and Parquet too, where a string keeps its
// quotes; type string is the bare text.
//
// # Formats
//
// CSV has a header, "\n" line ends and RFC 4180 quoting. Null is an empty field
// and the empty string is "", so Postgres reads it with COPY … (FORMAT csv,
// HEADER). Times and dates are text, of any year and precision.
//
// Parquet stores ref as a string, ts and ttl as microsecond timestamps in UTC,
// data as JSON, and typed columns as JSON, string, int64, double, boolean,
// timestamp and date. Times more precise than a microsecond are truncated and
// counted; times outside the timestamp's range are null and counted as misfits.
// Pages are compressed with zstd. A row group ends after 16384 rows or 16 MiB of
// rows, whichever comes first.
//
// gzip and zstd files consist of independent frames; each ends after the row that
// passes 4 MiB of uncompressed bytes.
package row
