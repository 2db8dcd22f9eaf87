package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"fauna-export/export/archive"
)

// Event is one line of the machine-readable progress of a run. Times are text as
// FormatMoment writes them, durations are in seconds.
type Event struct {
	Version int    `json:"v"`     // 1
	Event   string `json:"event"` // "progress", "error", or "summary" as the last line
	Time    string `json:"time"`  // when, ISO 8601 with Z

	Phase         Phase             `json:"phase,omitempty"`
	Snapshot      string            `json:"snapshot,omitempty"`      // the time read at, to the microsecond; absent before it is known and without one
	SnapshotEnds  string            `json:"snapshot_ends,omitempty"` // when the server will refuse it
	Renewed       int               `json:"snapshots_renewed,omitempty"`
	Elapsed       float64           `json:"elapsed_s"` // since this process began
	Rows          int64             `json:"rows"`      // read
	Expected      int64             `json:"expected_rows"`
	ExpectedFinal bool              `json:"expected_final"` // expected_rows are all
	Bytes         int64             `json:"bytes_read"`     // of pages of documents
	Written       int64             `json:"bytes_written"`  // of files
	Requests      int               `json:"requests"`       // of this process, as retries
	Retries       int               `json:"retries"`
	InFlight      int               `json:"in_flight"`
	Workers       int               `json:"workers"`            // requests in flight, at most
	Rate          float64           `json:"rows_per_s"`         // over the last 10 seconds
	BytesRate     float64           `json:"bytes_per_s"`        // the same
	ETA           *float64          `json:"eta_s"`              // null if not known
	Waiting       string            `json:"waiting,omitempty"`  // the failure that is waited out
	NextTry       string            `json:"next_try,omitempty"` // and until when
	Paused        bool              `json:"paused,omitempty"`
	Free          *int64            `json:"disk_free,omitempty"` // bytes
	Collections   []EventCollection `json:"collections,omitempty"`

	Outcome  string            `json:"outcome,omitempty"`  // of a summary: "done", "partial" (see error and manifest) or "stopped"
	Error    string            `json:"error,omitempty"`    // what ended the run
	Manifest *archive.Manifest `json:"manifest,omitempty"` // of a summary that has one
}

// EventCollection is one collection of an Event.
type EventCollection struct {
	CollectionStatus
	ETA   *float64 `json:"eta_s"`
	Error string   `json:"error,omitempty"`
}

const eventVersion = 1

// Event returns the run's current progress.
func (r *Run) Event() Event {
	return newEvent("progress", r.Status(), r.env.Clock.Now())
}

// Summary returns the last event of a run, given the results of Do.
func (r *Run) Summary(m *archive.Manifest, err error) Event {
	e := newEvent("summary", r.Status(), r.env.Clock.Now())
	e.Manifest = m
	switch _, partial := errors.AsType[*Partial](err); {
	case err == nil:
		e.Outcome = "done"
	case partial:
		e.Outcome = "partial"
	default:
		e.Outcome = "stopped"
	}
	if err != nil {
		e.Error = err.Error()
	}
	return e
}

// WriteEvent writes an event as one line of JSON.
func WriteEvent(w io.Writer, e Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode an event: %w", err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	return nil
}

func newEvent(kind string, s Status, now time.Time) Event {
	e := Event{
		Version: eventVersion, Event: kind, Time: eventTime(now), Phase: s.Phase, SnapshotEnds: eventTime(s.SnapshotEnds),
		Renewed: s.Renewed, Elapsed: tidy(s.Elapsed.Seconds()), Rows: s.Rows, Expected: s.Expected, ExpectedFinal: s.ExpectedFinal,
		Bytes: s.Bytes, Written: s.Written, Requests: s.Requests, Retries: s.Retries, InFlight: s.InFlight, Workers: s.Workers,
		Rate: tidy(s.Rate), BytesRate: tidy(s.BytesRate), ETA: seconds(s.ETA), NextTry: eventTime(s.NextTry), Paused: s.Paused,
	}
	if s.Waiting != nil {
		e.Waiting = s.Waiting.Error()
	}
	if s.Snapshot != 0 {
		e.Snapshot = archive.FormatTime(s.Snapshot)
	}
	if s.Free >= 0 {
		e.Free = &s.Free
	}
	for _, c := range s.Collections {
		ec := EventCollection{CollectionStatus: c, ETA: seconds(c.ETA)}
		ec.Rate = tidy(c.Rate)
		if c.Err != nil {
			ec.Error = c.Err.Error()
		}
		e.Collections = append(e.Collections, ec)
	}
	return e
}

// eventTime formats a time, "" for the zero time.
func eventTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return archive.FormatMoment(t)
}

// seconds returns a duration in seconds, nil if unknown.
func seconds(d time.Duration) *float64 {
	if d < 0 {
		return nil
	}
	s := tidy(d.Seconds())
	return &s
}

// tidy rounds to three decimals.
func tidy(f float64) float64 { return math.Round(f*1000) / 1000 }
