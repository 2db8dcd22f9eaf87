// Package export is the engine: it reads the collections of a Fauna (FQL v4)
// database through a Source and leaves whole, verified files in a Store. It
// knows no user interface and no protocol; the package row makes the bytes.
//
// # How a run goes
//
// NewRun prepares a Run from a Spec; Do runs it:
//
//   - It asks whether all collections exist and may be read, and takes one
//     transaction time T that everything is read at. Nothing is written
//     before.
//   - Workers read pages of ids, ahead of the documents. From these, chunks of
//     consecutive ids are cut when a worker is free: so the totals are known,
//     and so is the exact content of every page.
//   - Workers read chunks as pages of documents, check that a page holds the
//     planned ids and no others, and turn it into rows.
//   - How many documents a page has follows from the bytes and the time of those
//     before, how many requests are in flight from what more or fewer of them
//     give, within a budget of bytes for all that is in memory.
//   - One writer a collection appends the rows in the order of their ids. The
//     bytes do not depend on the number of workers, on page sizes or timing.
//     Frames of gzip and zstd are compressed beside it.
//   - Every few hundred milliseconds a checkpoint is made: the file is synced,
//     and then a small state file says how far it is.
//   - A whole file is synced and renamed to its final name. The file of hashes
//     and the manifest come last.
//
// OpenRun goes on with a run that was interrupted, in whatever way: it ends
// with the same files as an undisturbed run, unless documents left the
// snapshot meanwhile, and then the manifest says so.
//
// # What a page that differs means
//
// A privilege taken away, a collection deleted and made again, a document
// whose ttl passed and a history that was rewritten all answer alike: a page,
// status 200, with other documents. So the engine asks before it judges:
//
//   - The collection was not there at T: it was made again. It is stopped
//     (*Remade).
//   - It may not be read any more: it is stopped (*PrivilegeLost).
//   - The ids at T are others now: new ones are planned and counted as
//     appeared; for the missing ones it asks what reading them answers. Denied
//     means hidden by the role: the collection is stopped (*Hidden). Not found
//     means gone, which is counted and named. Found means that the document
//     left T but lives: it is read as it is now, and the collection is no
//     snapshot any more.
//   - What is still not explained stops the collection (*Unexplained).
//
// A stopped collection has no file under its final name, and does not stop
// the others: the run ends as *Partial.
//
// # Time
//
// A server reads at T only for some minutes, or days where a collection's
// history_days say so. When T expires the rest is read at a new T; the
// manifest then says "window" and names the times.
//
// # Syncs
//
// An incremental run needs a SyncSource and an index of ts and ref of every
// collection. Its first sync is a full run. Each sync leaves, in .fauna-export, the
// state of each collection: the pairs of ts and id that the rows of all syncs come
// to, compressed. The next sync reads all pairs of the index at its own T and joins
// the two streams. A pair only the index has is a document that was made or changed,
// which is read; an id only the state has is one that went. This is exact whatever
// happened between, also for writes dated into the past, ttls that passed and
// history that is forgotten. Memory grows with the changes. Spec.Fast reads the end
// of the index and the events instead; the manifest names what that cannot see.
//
//   - A state that is missing or damaged is made anew of the files.
//   - At the end of the first sync its rows are compared with the index at the same
//     T; where they differ, or are not of one time, a second sync follows at once.
//   - T that expires while the index is compared begins the sync again at a new one.
//     T that expires while changes are read gives the rest a new one; that sync is a
//     window, and another follows at once. After five tries the run ends, resumable.
//   - A sync that is interrupted leaves nothing that counts: it begins again.
//   - A collection that was not there at the last sync's time was made again, or is
//     of another database: all of it is read, and all that was are removals.
//   - A collection that was another one at that time, or a role that hides documents
//     where the last sync's did not, is refused (*Changed), and so are other
//     columns, paths, types, formats and ways with removals.
//
// Merge writes the current rows out of the files of all syncs. Verify compares what
// these come to with the manifest, and with the state where it lies beside them.
//
// # Files
//
// Beside the data files a finished run leaves SHA256SUMS and manifest.json, which
// the package archive describes. An unfinished one has the folder .fauna-export
// with run.json (what the run is, and of which database), NAME.part (the file so
// far) and NAME.state (how far it is). A file of state carries a version and a
// checksum that is bound to its name. A damaged NAME.state makes that collection
// begin anew, a damaged run.json is an error (*archive.DamagedState). The secret is
// in none of them.
//
// # Events
//
// Run.Event and Run.Summary give the account of a run for machines, one JSON
// object a line. Version 1 has these fields; a later version only adds some.
//
//	v                  1
//	event              "progress", or "summary" as the last line
//	time               when, ISO 8601 with Z
//	phase              preparing, running, comparing (syncs), finishing, done, stopped
//	snapshot           the time read at, to the microsecond; absent before it is known and without one
//	snapshot_ends      when the server will refuse it
//	snapshots_renewed  how often an expired one was replaced
//	elapsed_s          seconds since this process began
//	rows               rows read
//	expected_rows      documents known of; all of them when expected_final
//	bytes_read         bytes of pages of documents
//	bytes_written      bytes of files
//	requests, retries  of this process
//	in_flight, workers requests now, and at most
//	rows_per_s, bytes_per_s  over the last 10 seconds
//	eta_s              seconds to the end, null when not known
//	waiting, next_try  the failure that is waited out, and until when
//	paused             true while paused
//	disk_free          bytes free on the disk
//	collections        a list: name, state (waiting, running, done, failed), file, rows, expected_rows,
//	                   expected_final, bytes_read, retries, rows_per_s, eta_s, error
//	outcome            of a summary: done, partial (see error and manifest), stopped
//	error              what ended the run
//	manifest           of a summary that has one: the content of manifest.json
package export
