package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// state is the progress of one collection's file. It is written only after the
// bytes it describes are durable.
type state struct {
	// Finished: the file is complete, and has its final name or is about to get
	// it; Entry describes it.
	Finished bool           `json:"finished,omitempty"`
	Entry    *archive.Entry `json:"entry,omitempty"`

	// Next is the first id to read again. Rows up to Put are already in the
	// file, since the end of a compressed frame need not be the end of a chunk.
	Next     int64     `json:"next"`
	Put      int64     `json:"put"`
	Segments []segment `json:"segments"`
	// Offset is the length of the file, Hash the state of its SHA-256, File
	// that of its format.
	Offset int64   `json:"offset"`
	Hash   []byte  `json:"hash"`
	File   []byte  `json:"file,omitempty"`
	Rows   int64   `json:"rows"`
	First  int64   `json:"first"`
	Tally  settled `json:"tally"`
	// Mark is one of the documents in the file, and Count how many the server
	// counted, 0 for unknown. They reveal a key that reads other documents.
	Mark  mark  `json:"mark,omitzero"`
	Count int64 `json:"count,omitempty"`
	// Pages, Retries and Seconds are for the manifest.
	Pages   int64   `json:"pages"`
	Retries int64   `json:"retries"`
	Bytes   int64   `json:"wire_bytes"`
	Seconds float64 `json:"seconds"`
}

// mark is a document as it was read.
type mark struct {
	ID int64 `json:"id"`
	TS int64 `json:"ts"`
}

// settled is the tally of the documents before Next.
type settled struct {
	Expected int64      `json:"expected"`
	Gone     int64      `json:"gone"`
	GoneIDs  []int64    `json:"gone_ids,omitempty"`
	Appeared int64      `json:"appeared"`
	Changed  int64      `json:"changed"`
	Window   int64      `json:"window"`
	Counts   row.Counts `json:"counts"`
	Widest   int64      `json:"widest,omitempty"` // longest row, in uncompressed bytes
}

// maxGone is how many ids of missing documents are listed.
const maxGone = 1000

// add adds the outcome of a chunk.
func (s *settled) add(planned int, o outcome, counts row.Counts, widest int64) {
	s.Widest = max(s.Widest, widest)
	s.Expected += int64(planned)
	s.Gone += int64(len(o.gone))
	if n := maxGone - len(s.GoneIDs); n > 0 {
		s.GoneIDs = append(s.GoneIDs, o.gone[:min(n, len(o.gone))]...)
	}
	s.Appeared += o.appeared
	s.Changed += o.changed
	s.Window += int64(len(o.window))
	s.Counts.Merge(counts)
}

// saveRun writes run.json.
func (r *Run) saveRun() error {
	r.mu.Lock()
	st := archive.RunState{Times: r.mu.times, Started: r.began, Sync: r.sync, Made: r.made, Filtered: r.spec.Filtered, Bounds: r.bounds}
	st.Seconds, st.Retries = (r.mu.Earlier + r.env.Clock.Now().Sub(r.mu.Started)).Seconds(), r.mu.EarlierRetries+r.mu.Retries
	spec, err := json.Marshal(r.spec)
	r.mu.Unlock()
	if err != nil {
		return fmt.Errorf("encode the run: %w", err)
	}
	st.Spec = spec
	return diskError("write "+archive.RunName, archive.WriteRun(r.env.Store, st))
}

// SpecOf returns the Spec of the unfinished run in a store.
func SpecOf(s store.Store, run *archive.RunState) (Spec, error) {
	var spec Spec
	if err := json.Unmarshal(run.Spec, &spec); err != nil {
		return Spec{}, &archive.NotARun{Dir: s.Name(), Why: fmt.Sprintf("%s is damaged: %v", archive.RunName, err)}
	}
	if (run.Times[0] == 0) != spec.NoSnapshot {
		return Spec{}, &archive.DamagedState{Store: s.Name(), Name: archive.RunName, Why: "it reads at " + archive.FormatTime(run.Times[0])}
	}
	spec.Dir = s.Name()
	return spec, nil
}

// readState reads the progress of a collection's file; nil if it was not started,
// or if the state can't be trusted and the file must start over.
func readState(s store.Store, c *collection) (*state, error) {
	st := &state{}
	err := archive.ReadState(s, archive.StateName(c.file), st)
	_, damaged := errors.AsType[*archive.DamagedState](err)
	switch {
	case damaged, errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case st.check(c.file, c.part) != nil, st.usable(c.layout) != nil:
		return nil, nil
	}
	return st, nil
}

// usable returns an error for a state from which a file with that layout cannot
// resume.
func (st *state) usable(l row.Layout) error {
	if st.Finished {
		return nil
	}
	f, err := row.ResumeFile(l, st.File)
	if err != nil {
		return err
	}
	f.Close()
	return sha256.New().(encoding.BinaryUnmarshaler).UnmarshalBinary(st.Hash)
}

// fits reports whether a file still holds what was written before the state's
// offset. If the store hides a file until it is committed, that is assumed.
func (st *state) fits(ctx context.Context, s store.Store, name string) (bool, error) {
	f, size, err := s.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if size < st.Offset {
		return false, nil
	}
	h := sha256.New()
	for left := st.Offset; left > 0; {
		n, err := io.CopyN(h, f, min(left, 8<<20))
		if err != nil {
			return false, err
		}
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		left -= n
	}
	if st.Entry != nil {
		return hex.EncodeToString(h.Sum(nil)) == st.Entry.SHA256, nil
	}
	want := sha256.New()
	if err := want.(encoding.BinaryUnmarshaler).UnmarshalBinary(st.Hash); err != nil {
		return false, nil // not a state that we wrote
	}
	return bytes.Equal(h.Sum(nil), want.Sum(nil)), nil
}

// check returns an error for a state that contradicts itself.
func (st *state) check(file string, of part) error {
	t := st.Tally
	for _, n := range []int64{st.Offset, st.Rows, st.Next, t.Expected, t.Gone, t.Appeared, t.Changed, t.Window, st.Pages, st.Retries, st.Bytes, st.Count} {
		if n < 0 {
			return fmt.Errorf("a number is %d", n)
		}
	}
	if len(st.Segments) == 0 || st.Segments[0].From != of.lo || st.Next < of.lo || st.Rows > 0 && st.First < of.lo || of.hi > 0 && st.Put >= of.hi {
		return errors.New("it does not record at which times ids were read")
	}
	for i, s := range st.Segments {
		if s.At < 0 || i > 0 && (s.From < st.Segments[i-1].From || s.At <= st.Segments[i-1].At) {
			return fmt.Errorf("the range from id %d has the invalid time %d", s.From, s.At)
		}
	}
	switch {
	case st.Rows == 0 && (st.First >= 0 || st.Put >= 0), st.Rows > 0 && (st.First < 0 || st.Put < st.First || st.Put-st.First < st.Rows-1):
		return fmt.Errorf("%d rows from id %d to %d", st.Rows, st.First, st.Put)
	case st.Rows < t.Expected-t.Gone+t.Appeared:
		return fmt.Errorf("%d rows, with %d planned, %d gone and %d that appeared", st.Rows, t.Expected, t.Gone, t.Appeared)
	case st.Seconds < 0 || st.Seconds > 1e9:
		return fmt.Errorf("it took %g s", st.Seconds)
	case !st.Finished:
		return nil
	}
	e := st.Entry
	if e == nil || e.File != file || e.Bytes != st.Offset || e.Rows != st.Rows {
		return errors.New("its entry belongs to another file")
	}
	return nil
}
