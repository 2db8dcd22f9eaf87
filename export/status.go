package export

import "time"

// Phase is the stage a run has reached.
type Phase string

const (
	// Preparing asks the server what can be read, before any file is written.
	Preparing Phase = "preparing"
	// Running reads and writes.
	Running Phase = "running"
	// Comparing finds what changed, in an incremental sync.
	Comparing Phase = "comparing"
	// Finishing writes the manifest.
	Finishing Phase = "finishing"
	// Done is a run that ended with a manifest.
	Done Phase = "done"
	// Stopped is a run that ended without one.
	Stopped Phase = "stopped"
)

// CollectionState is the progress of one collection.
type CollectionState string

const (
	// CollectionWaiting has not started.
	CollectionWaiting CollectionState = "waiting"
	// CollectionRunning is being read.
	CollectionRunning CollectionState = "running"
	// CollectionDone has its file under its final name.
	CollectionDone CollectionState = "done"
	// CollectionFailed was stopped by an error.
	CollectionFailed CollectionState = "failed"
)

// Status is a run's progress at one moment.
type Status struct {
	Phase Phase
	// Snapshot is the time everything is read at, in microseconds since 1970; 0
	// before it is known and for a run without one.
	Snapshot int64
	// SnapshotEnds is when Snapshot expires for the first of the collections
	// still to be read; zero if unknown.
	SnapshotEnds time.Time
	// Renewed counts how often an expired snapshot was replaced.
	Renewed int
	// Started and Elapsed are for this process; Earlier and EarlierRetries for
	// the earlier processes of a resumed run. One that was killed counts only
	// what its checkpoints recorded.
	Started        time.Time
	Elapsed        time.Duration
	Earlier        time.Duration
	EarlierRetries int
	// Rows counts rows written, or read and about to be written.
	Rows int64
	// Expected is the number of documents known so far; it is final if
	// ExpectedFinal.
	Expected      int64
	ExpectedFinal bool
	// Bytes counts bytes received in pages of documents.
	Bytes int64
	// Written counts the bytes of the files.
	Written  int64
	Requests int
	Retries  int
	InFlight int
	Workers  int
	// Rate is rows per second over the last seconds.
	Rate float64
	// BytesRate is received bytes per second over the last seconds.
	BytesRate float64
	// ETA is the remaining time at Rate; negative if unknown.
	ETA time.Duration
	// Waiting is the failure being waited out, or nil.
	Waiting error
	// NextTry is the time of the next try, zero during a try, and if the server is
	// only silent.
	NextTry time.Time
	Paused  bool
	// Free is the space left on the disk and Need the expected size of the
	// rest, in bytes; -1 if unknown.
	Free, Need  int64
	Collections []CollectionStatus
}

// CollectionStatus is the progress of one collection.
type CollectionStatus struct {
	Name          string          `json:"name"`
	State         CollectionState `json:"state"`
	File          string          `json:"file"` // of its first part, if it has several
	Rows          int64           `json:"rows"`
	Expected      int64           `json:"expected_rows"`
	ExpectedFinal bool            `json:"expected_final"`
	Bytes         int64           `json:"bytes_read"`
	Retries       int             `json:"retries"`
	Rate          float64         `json:"rows_per_s"`
	ETA           time.Duration   `json:"-"`
	Err           error           `json:"-"` // what stopped it
}
