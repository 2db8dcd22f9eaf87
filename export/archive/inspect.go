package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"fauna-export/export/store"
)

const (
	// RunName is where an unfinished run says what it is.
	RunName = store.WorkPrefix + "run.json"

	stateEnd = ".state"

	stateVersion = 1
)

// PartName is where a file is while it is written.
func PartName(file string) string { return store.WorkPrefix + file + store.PartEnd }

// StateName is where the state of a file that is being written stands.
func StateName(file string) string { return store.WorkPrefix + file + stateEnd }

// RunState is what a run needs to go on, beside the state of each collection:
// what it is, and the times it reads at.
type RunState struct {
	Version int `json:"version"`
	// Spec is what the run exports, as the engine writes it.
	Spec  json.RawMessage `json:"spec"`
	Times []int64         `json:"times"`
	// Sync is the number of a sync after the first: it begins again.
	Sync    int    `json:"sync,omitempty"`
	Started string `json:"started"`
}

// NotARun is a store that holds no run: exit code 2.
type NotARun struct {
	Dir string
	Why string
}

// Error says so.
func (e *NotARun) Error() string {
	if e.Why == "" {
		return e.Dir + " holds no export"
	}
	return e.Dir + " holds no export: " + e.Why
}

// WriteRun writes what a run is.
func WriteRun(s store.Store, st RunState) error { return WriteState(s, RunName, &st) }

// ReadRun reads what the run in a store is; fs.ErrNotExist when there is none.
func ReadRun(s store.Store) (*RunState, error) {
	st := &RunState{}
	if err := ReadState(s, RunName, st); err != nil {
		return nil, err
	}
	if st.Version != stateVersion {
		return nil, &NotARun{Dir: s.Name(), Why: fmt.Sprintf("%s has version %d, this program reads version %d", RunName, st.Version, stateVersion)}
	}
	return st, nil
}

// WriteState writes a file of state.
func WriteState(s store.Store, name string, state any) error {
	data, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return s.Write(name, data)
}

// ReadState reads a file of state; fs.ErrNotExist when there is none, a *NotARun
// for one that is damaged.
func ReadState(s store.Store, name string, into any) error {
	data, err := s.Read(name)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return &NotARun{Dir: s.Name(), Why: name + " is damaged: " + err.Error()}
	}
	return nil
}

// Found is what a store holds.
type Found struct {
	// Run is that of a run that is not finished, or finished without some of its
	// collections, and can be resumed.
	Run *RunState
	// Manifest is that of a finished run.
	Manifest *Manifest
	// Other is the name of a file that belongs to no run.
	Other string
}

// Inspect finds out what a store holds; the zero Found when it is empty.
func Inspect(s store.Store) (Found, error) {
	var f Found
	entries, err := s.List()
	if err != nil {
		return f, err
	}
	for _, e := range entries {
		switch {
		case e.Name == RunName:
			if f.Run, err = ReadRun(s); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return Found{}, err
			}
		case e.Name == ManifestName:
			if m, err := ReadManifest(s); err == nil {
				f.Manifest = m
			} else {
				f.Other = e.Name
			}
		case strings.HasPrefix(e.Name, store.WorkPrefix):
			// Left by a process that was killed before it began.
		case f.Other == "":
			f.Other = e.Name
		}
	}
	if f.Run != nil || f.Manifest != nil {
		f.Other = ""
	}
	return f, nil
}

// CheckNew answers a *store.Error for a store in which a new run cannot begin,
// since it holds a run or anything else; nil also when it does not exist yet.
func CheckNew(s store.Store) error {
	f, err := Inspect(s)
	if err != nil {
		return err
	}
	switch name := s.Name(); {
	case f.Run != nil:
		return &store.Error{Store: name, Problem: "holds a run that is not finished: resume it, or choose another folder", Resumable: true}
	case f.Manifest != nil:
		return &store.Error{Store: name, Problem: "holds a finished run: choose another folder"}
	case f.Other != "":
		return &store.Error{Store: name, Problem: fmt.Sprintf("is not empty (it holds %q): choose another folder", f.Other)}
	}
	return nil
}
