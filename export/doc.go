// Package export is the engine: it reads the collections of a Fauna (FQL v4)
// database through a Source and leaves complete, verified files in a Store. It
// has no user interface and does not know the protocol; the package row makes
// the bytes.
//
// # How a run works
//
// NewRun prepares a Run from a Spec; Do runs it:
//
//   - It checks that all collections exist and are readable, and takes one
//     transaction time T to read everything at. Nothing is written before that.
//   - Workers read pages of ids ahead of the documents. The ids are cut into
//     chunks of consecutive ids, so the totals and the exact content of every
//     page of documents are known in advance.
//   - Workers read each chunk as a page of documents, check that it holds exactly
//     the planned ids, and turn it into rows.
//   - The page size adapts to the bytes and the duration of earlier pages, the
//     number of requests in flight to the speed it gives, within a fixed memory
//     budget.
//   - One writer per file appends the rows in the order of their ids. The bytes
//     do not depend on the number of workers, page sizes or timing. Frames of
//     gzip and zstd are compressed in parallel.
//   - Every few hundred milliseconds there is a checkpoint: once the bytes are
//     durable, a small state file records how far the file is. A Store decides
//     when bytes are durable (Cut): a folder at once, S3 after a whole part.
//   - When a collection is read, its rows are compared with the server's own
//     count of documents. If they differ, its ids are read again and compared
//     with the file, and the collection is read again if rows are missing. If no
//     id was listed and none counted, one page of documents is requested to make
//     sure. A readable ts index is counted too, and read if the counts differ.
//   - A complete file is synced and renamed to its final name. The file of hashes
//     and then the manifest come last.
//   - Run.Verify reads the files a second time and compares them with the
//     manifest. Uncompressed files of full runs in JSONL, CSV and wire format are
//     read again while they are written, as far as they are durable.
//
// OpenRun resumes an interrupted run, however it was interrupted. It ends with
// the same files as an undisturbed run unless documents have left the snapshot
// meanwhile, which the manifest then records.
//
// # Parts and shards
//
// With Spec.Parts a collection is divided into ranges of ids. Each part has its
// own file, NAME-00000-of-00008.jsonl and so on, and its own plan and checkpoint.
// The ranges come from counting the collection page by page, and cover all ids
// whatever was counted.
//
// NewShard divides the parts of a run among processes, perhaps on several
// machines, that share a Store. The first writes a plan with T, the ranges and
// the counts; each shard then runs, and can be resumed, on its own. A plan that
// cannot finish before T expires, even if every shard is served as fast as one
// alone, is an error (*TooLong); so is a shard that starts too late for its
// share. archive.Finish checks that all shards are complete, verifies their
// files, and publishes one manifest.
//
// # Retries
//
// A request that fails temporarily (network, overload, contention) is retried for
// up to Spec.RetryFor, with growing, randomized pauses. After that the run stops
// with *GaveUp and can be resumed. A page that may be too large is split. A
// damaged or implausible answer is requested again a few times. When the server
// is overloaded, all workers pause and fewer requests are in flight. A document
// that fails on its own stops its collection (*BadDocument).
//
// # When a page differs from its plan
//
// A revoked privilege, a recreated collection, an expired document and rewritten
// history all look alike: a page with status 200 and other documents. So the
// engine asks the server before it decides:
//
//   - The collection did not exist at T: it was recreated, and is stopped
//     (*Recreated).
//   - The key may no longer read it: it is stopped (*PrivilegeLost).
//   - The ids at T have changed: new ones are planned and counted as appeared.
//     Missing ones are looked up one by one. Denied means hidden by the role: the
//     collection is stopped (*Hidden). Not found means gone, which is counted and
//     listed. Found means that the document left T but still exists: it is read
//     as it is now, and the collection no longer counts as a snapshot.
//   - Any other difference stops the collection (*Unexplained).
//
// A stopped collection has no file under its final name. The others continue, and
// the run ends as *Partial.
//
// # Time
//
// A server can read at T only for some minutes, or for days if a collection's
// history_days allow it. When T expires the rest is read at a new T; the manifest
// then says "window" and lists the times.
//
// # Syncs
//
// An incremental run needs a SyncSource and, for every collection, an index of ts
// and ref. Its first sync is a full run. Each sync stores in .fauna-export the
// state of each collection: the (ts, id) pairs of all rows so far, compressed. The
// next sync reads all pairs of the index at its own T and joins the two streams. A
// pair only in the index is a created or changed document, which is read; an id
// only in the state is a removed one. This is exact whatever happened in between,
// including backdated writes, expired documents and forgotten history. Memory
// grows only with the changes. Spec.Fast reads the end of the index and the events
// instead; the manifest says what that cannot detect.
//
//   - A missing or damaged state is rebuilt from the files.
//   - After the first sync its rows are compared with the index at the same T. If
//     they differ, or were read at several times, a second sync follows at once.
//   - If T expires while the index is compared, the sync starts over at a new one.
//     If it expires while changes are read, the rest gets a new T; that sync is a
//     window, and another follows at once. After five attempts the run ends and can
//     be resumed.
//   - What was read must match what was found: each document has the ts of its
//     pair, and the numbers of documents agree. Otherwise the sync starts over with
//     the whole index, and after three attempts the collection fails. Only when
//     everything matches do files get their names.
//   - An interrupted sync leaves nothing that counts, and starts over.
//   - A collection that did not exist at the last sync's time was recreated, or
//     belongs to another database: all of it is read, and all earlier documents
//     count as removed.
//   - A collection replaced since that time, a role that now hides documents with
//     a predicate, and changed columns, paths, types, formats or handling of
//     removals are rejected (*Changed).
//
// archive.Merge writes the current rows from the files of all syncs. archive.Verify
// compares them with the manifest, and with the state if there is one.
//
// # Files
//
// Next to the data files a finished run leaves SHA256SUMS and manifest.json, which
// the package archive describes. An unfinished run has the folder .fauna-export
// with run.json (what the run is, and of which database), NAME.part (the file so
// far) and NAME.state (how far it is). State files carry a version and a checksum
// bound to their name. A damaged NAME.state makes that collection start over; a
// damaged run.json is an error (*archive.DamagedState). None of them contains the
// secret.
//
// # Events
//
// Run.Event and Run.Summary report a run for machines, as one JSON object per
// line. Version 1 has the fields of Event; later versions only add some.
package export
