package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"fauna-export/export/row"
)

const (
	runName    = WorkPrefix + "run.json"
	partEnd    = ".part"
	stateEnd   = ".state"
	runVersion = 1
)

func partName(file string) string  { return WorkPrefix + file + partEnd }
func stateName(file string) string { return WorkPrefix + file + stateEnd }

// runState is what a run needs to go on, beside the state of each
// collection: what it is, and the times it reads at.
type runState struct {
	Version int      `json:"version"`
	Spec    specText `json:"spec"`
	Times   []int64  `json:"times"`
	// Sync is the number of a sync behind the first: it begins again.
	Sync    int    `json:"sync,omitempty"`
	Started string `json:"started"`
}

// specText is a Spec as it is kept on disk.
type specText struct {
	Endpoint    string                  `json:"endpoint"`
	Mode        Mode                    `json:"mode"`
	Collections []string                `json:"collections"`
	Format      row.Format              `json:"format"`
	Compress    row.Compression         `json:"compress"`
	Columns     map[string][]columnText `json:"columns,omitempty"`
	NoData      bool                    `json:"no_data,omitempty"`
	Strict      bool                    `json:"strict,omitempty"`
	At          int64                   `json:"at,omitempty"`
	NoSnapshot  bool                    `json:"no_snapshot,omitempty"`
	Workers     int                     `json:"workers,omitempty"`
	PageSize    int                     `json:"page_size,omitempty"`
	MaxRate     int                     `json:"max_rate,omitempty"`
	Deletions   string                  `json:"deletions,omitempty"`
	DDL         Database                `json:"ddl,omitempty"`
	Indexes     map[string]string       `json:"indexes,omitempty"`
	Fast        bool                    `json:"fast,omitempty"`
	Tool        string                  `json:"tool"`
	Skipped     []Skipped               `json:"skipped,omitempty"`
	Filtered    []string                `json:"filtered,omitempty"`
	RetryFor    time.Duration           `json:"retry_for,omitempty"`
}

type columnText struct {
	Name string   `json:"name"`
	Path []any    `json:"path"`
	Type row.Type `json:"type"`
}

func (s Spec) text() specText {
	t := specText{
		Endpoint: s.Endpoint, Mode: s.Mode, Collections: s.Collections, Format: s.Format, Compress: s.Compress,
		NoData: s.NoData, Strict: s.Strict, At: s.At, NoSnapshot: s.NoSnapshot, Workers: s.Workers, PageSize: s.PageSize,
		MaxRate: s.MaxRate, Deletions: s.Deletions, DDL: s.DDL, Indexes: s.Indexes, Fast: s.Fast, Tool: s.Tool, Skipped: s.Skipped, Filtered: s.Filtered, RetryFor: s.RetryFor,
	}
	for name, columns := range s.Columns {
		if t.Columns == nil {
			t.Columns = make(map[string][]columnText)
		}
		for _, c := range columns {
			t.Columns[name] = append(t.Columns[name], columnText(c))
		}
	}
	return t
}

// spec is the Spec that a text was made of. The numbers in paths, which JSON
// has as texts here, are positions.
func (t specText) spec() (Spec, error) {
	s := Spec{
		Endpoint: t.Endpoint, Mode: t.Mode, Collections: t.Collections, Format: t.Format, Compress: t.Compress,
		NoData: t.NoData, Strict: t.Strict, At: t.At, NoSnapshot: t.NoSnapshot, Workers: t.Workers, PageSize: t.PageSize,
		MaxRate: t.MaxRate, Deletions: t.Deletions, DDL: t.DDL, Indexes: t.Indexes, Fast: t.Fast, Tool: t.Tool, Skipped: t.Skipped, Filtered: t.Filtered, RetryFor: t.RetryFor,
	}
	for name, columns := range t.Columns {
		if s.Columns == nil {
			s.Columns = make(map[string][]row.Column)
		}
		for _, c := range columns {
			for i, step := range c.Path {
				if n, ok := step.(json.Number); ok {
					at, err := strconv.ParseInt(n.String(), 10, 64)
					if err != nil {
						return Spec{}, fmt.Errorf("column %s: the path holds %s", c.Name, n)
					}
					c.Path[i] = at
				}
			}
			s.Columns[name] = append(s.Columns[name], row.Column(c))
		}
	}
	return s, nil
}

// state is how far the file of one collection is. It is written after the
// bytes that it speaks of are durable.
type state struct {
	Version int `json:"version"`
	// Finished: the file is whole, under its final name or about to be
	// renamed to it; Entry describes it.
	Finished bool           `json:"finished,omitempty"`
	Entry    *ManifestEntry `json:"entry,omitempty"`

	// Next is the first id to read again. Rows up to Put are in the file
	// already: a compressed file ends in the middle of what was read.
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
	// Pages, Retries and Seconds are for the manifest.
	Pages   int64   `json:"pages"`
	Retries int64   `json:"retries"`
	Bytes   int64   `json:"wire_bytes"`
	Seconds float64 `json:"seconds"`
}

// settled is what is told of the documents before Next.
type settled struct {
	Expected int64      `json:"expected"`
	Gone     int64      `json:"gone"`
	GoneIDs  []int64    `json:"gone_ids,omitempty"`
	Appeared int64      `json:"appeared"`
	Changed  int64      `json:"changed"`
	Window   int64      `json:"window"`
	Counts   row.Counts `json:"counts"`
}

// mostGone is how many ids of documents that had gone are named.
const mostGone = 1000

// add counts what a chunk came to.
func (s *settled) add(planned int, o outcome, counts row.Counts) {
	s.Expected += int64(planned)
	s.Gone += int64(len(o.gone))
	if n := mostGone - len(s.GoneIDs); n > 0 {
		s.GoneIDs = append(s.GoneIDs, o.gone[:min(n, len(o.gone))]...)
	}
	s.Appeared += o.appeared
	s.Changed += o.changed
	s.Window += int64(len(o.window))
	s.Counts.Merge(counts)
}

// decodeState reads a state and refuses one of another version.
func decodeState(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return err
	}
	return nil
}

// saveRun writes what the run is.
func (r *Run) saveRun() error {
	r.mu.Lock()
	st := runState{Version: runVersion, Spec: r.spec.text(), Times: r.times, Started: r.began, Sync: r.sync}
	data, err := json.Marshal(st)
	r.mu.Unlock()
	if err != nil {
		return fmt.Errorf("encode the run: %w", err)
	}
	if err := r.env.Store.Write(runName, data); err != nil {
		return r.diskError("write "+runName, err)
	}
	return nil
}

// readRun reads what the run is; fs.ErrNotExist when there is none.
func readRun(s Store) (*runState, Spec, error) {
	data, err := s.Read(runName)
	if err != nil {
		return nil, Spec{}, err
	}
	st := &runState{}
	if err := decodeState(data, st); err != nil {
		return nil, Spec{}, &NotARun{Dir: storeName(s), Why: runName + " is damaged: " + err.Error()}
	}
	if st.Version != runVersion {
		return nil, Spec{}, &NotARun{Dir: storeName(s), Why: fmt.Sprintf("%s has version %d, this program reads version %d", runName, st.Version, runVersion)}
	}
	spec, err := st.Spec.spec()
	if err != nil {
		return nil, Spec{}, &NotARun{Dir: storeName(s), Why: runName + " is damaged: " + err.Error()}
	}
	spec.Dir = storeName(s)
	return st, spec, nil
}

// readState reads how far a collection's file is, nil when it was not begun.
func readState(s Store, file string) (*state, error) {
	data, err := s.Read(stateName(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	st := &state{}
	if err := decodeState(data, st); err != nil {
		return nil, &NotARun{Dir: storeName(s), Why: stateName(file) + " is damaged: " + err.Error()}
	}
	if st.Version != runVersion {
		return nil, &NotARun{Dir: storeName(s), Why: fmt.Sprintf("%s has version %d, this program reads version %d", stateName(file), st.Version, runVersion)}
	}
	return st, nil
}
