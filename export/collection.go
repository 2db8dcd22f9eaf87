package export

import (
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
)

// collection is one collection of a run, or a part of one. Run.mu guards its
// fields, except those that never change after the run started.
type collection struct {
	name   string
	part   part   // the whole collection, or a range of its ids
	file   string // final name in the store
	layout row.Layout
	paths  [][]any
	rows   *row.Serializer

	state CollectionState
	err   error
	life  time.Duration // how long its snapshot stays readable; decides the order

	oneOfMany bool // it is counted only if it does not fit on one page

	// The plan: ids from scanFrom on are not known yet.
	at       int64     // the time read at; 0 is the present
	segments []segment // what was read at which time
	queue    []int64   // known ids that are in no chunk yet
	scanFrom int64     // first id of the next page of ids, -1 when all are known
	idPage   int       // ids of the next page of ids, 0 before the first
	cut      bool      // a chunk was cut, so the next one is not the collection's first
	chunks   int       // chunks cut
	counting bool      // a worker is requesting the count
	tallied  bool      // count is known
	count    int64     // the server's count, for confirm
	unlisted []int64   // ids in an index but not in the server's list, ascending
	scanned  bool      // a page of ids was read at this time
	scanning bool      // a worker is reading a page of ids

	// The chunks, ascending, starting with the next one for the writer.
	pending     []*chunk
	spare       []*chunk  // those of pending that no worker has
	inflight    int       // workers busy with this collection
	fetching    int       // of these, reading documents
	renewals    int       // times that expired since renewedFrom last advanced
	renewedFrom int64     // first unread id at the last renewal
	answered    time.Time // when the server last answered about it
	lastChecked time.Time // when the reason for its silence was last checked
	renewing    bool      // the time expired: wait for the workers, then take a new one
	writing     bool      // a writer was started

	size sizer

	planned  int64 // ids planned, minus those dropped again
	read     int64 // rows read
	gone     int64
	appeared int64
	bytes    int64 // wire bytes
	pages    int64
	retries  int64
	speed    meter
	begun    time.Time
	ended    time.Time
	before   time.Duration // time spent by earlier processes

	changes *changes // its changes in a later sync

	proof *proof // verifies its file while it is written

	saved *state // how far an earlier process got
	// earlierCount is how many documents the server counted for earlier processes, 0
	// for unknown.
	earlierCount int64
	named        bool // an earlier process may have given its file the final name
	entry        *archive.Entry
	put          settled // what the writer has written
}

// segment is a range of the plan that is read at one time.
type segment struct {
	From int64 `json:"from"`
	At   int64 `json:"at"`
}

// complete reports whether all documents have been read and taken by the
// writer.
func (c *collection) complete() bool {
	return c.scanFrom < 0 && len(c.queue) == 0 && len(c.pending) == 0 && !c.renewing && c.inflight == 0 && !c.uncounted()
}

// allRequested reports whether all documents have been read; the writer may still be
// busy.
func (c *collection) allRequested() bool {
	return c.scanFrom < 0 && len(c.queue) == 0 && len(c.spare) == 0 && c.fetching == 0 && !c.renewing
}
