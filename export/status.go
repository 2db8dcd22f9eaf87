package export

import "time"

// Phase is the part of its way that a run is in.
type Phase string

const (
	// Preparing asks the server what can be read, before any file is made.
	Preparing Phase = "preparing"
	// Running reads and writes.
	Running Phase = "running"
	// Comparing: an incremental sync looks for what changed.
	Comparing Phase = "comparing"
	// Finishing writes the manifest.
	Finishing Phase = "finishing"
	// Done is a run that ended with a manifest.
	Done Phase = "done"
	// Stopped is a run that ended without one.
	Stopped Phase = "stopped"
)

// CollectionState is how far one collection is.
type CollectionState string

const (
	// CollectionWaiting has not begun.
	CollectionWaiting CollectionState = "waiting"
	// CollectionRunning is being read.
	CollectionRunning CollectionState = "running"
	// CollectionDone has its file under its final name.
	CollectionDone CollectionState = "done"
	// CollectionFailed was stopped by an error.
	CollectionFailed CollectionState = "failed"
)

// Status is what a run knows of its progress at one moment.
type Status struct {
	Phase Phase
	// Snapshot is the time all is read at, in microseconds; 0 before it is
	// known and for a run without one.
	Snapshot int64
	// SnapshotEnds is when the server will refuse to read at Snapshot for
	// the first collection still to be read; zero when that is unknown.
	SnapshotEnds time.Time
	// Renewed counts how often an expired snapshot was replaced.
	Renewed int
	Started time.Time
	Elapsed time.Duration
	// Rows are written, or read and about to be.
	Rows int64
	// Expected is the number of documents known so far, all of them when
	// ExpectedFinal.
	Expected      int64
	ExpectedFinal bool
	// Bytes came from the server in pages of documents.
	Bytes int64
	// Written are the bytes of the files.
	Written  int64
	Requests int
	Retries  int
	InFlight int
	Workers  int
	// Rate is rows a second over the last seconds.
	Rate float64
	// BytesRate is wire bytes a second over the last seconds.
	BytesRate float64
	// ETA is the time to the end at Rate; negative when unknown.
	ETA time.Duration
	// Waiting is what the run waits for before it tries again, or empty.
	Waiting string
	// NextTry is when it tries again.
	NextTry time.Time
	Paused  bool
	// Free is the space left on the disk, Need what the rest is expected to
	// take; -1 when unknown.
	Free, Need  int64
	Collections []CollectionStatus
}

// CollectionStatus is the progress of one collection.
type CollectionStatus struct {
	Name          string
	State         CollectionState
	Rows          int64
	Expected      int64
	ExpectedFinal bool
	Bytes         int64
	Rate          float64
	ETA           time.Duration
	Retries       int
	// File is the name of its file in the folder, of the first one of parts.
	File string
	// Err is what stopped it.
	Err error
}
