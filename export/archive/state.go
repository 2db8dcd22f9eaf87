package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"fauna-export/export/row"
	"fauna-export/export/store"
)

const (
	// RunName is the file that describes an unfinished run.
	RunName = store.WorkPrefix + "run.json"

	stateEnd = ".state"
	pairsEnd = ".pairs"

	// stateVersion is the version of state files. Version 1, of the program's
	// first edition, had no checksum.
	stateVersion = 2
)

// PartName returns the name of a data file while it is being written.
func PartName(file string) string { return store.WorkPrefix + file + store.PartEnd }

// StateName returns the name of a data file's state while it is being written.
func StateName(file string) string { return store.WorkPrefix + file + stateEnd }

// PairsName returns the name of the pairs file that belongs to a data file's sync.
func PairsName(file string) string { return store.WorkPrefix + file + pairsEnd }

// workEnd matches the names of a run's other files in the work folder.
var workEnd = regexp.MustCompile(`^(.+)(\.part|\.state|\.pairs|\.pairs(\.ids)?\.run[0-9]+)(\.new)?$`)

// workFile returns the data file that a name in the work folder belongs to (see
// PartName), or "" for RunName; ok is false for a name that no run uses.
func workFile(name string) (file string, ok bool) {
	base, inWork := strings.CutPrefix(name, store.WorkPrefix)
	switch parts := workEnd.FindStringSubmatch(base); {
	case !inWork:
		return "", false
	case name == RunName, name == RunName+".new", shardFile.MatchString(base):
		return "", true
	case parts != nil && isDataFile(parts[1]):
		return parts[1], true
	}
	return "", false
}

// isDataFile reports whether a run may give a data file this name.
func isDataFile(name string) bool {
	for _, format := range row.Formats() {
		for _, compress := range []row.Compression{row.None, row.Gzip, row.Zstd} {
			end := "." + row.Layout{Format: format, Compress: compress}.Extension()
			if base, ok := strings.CutSuffix(name, end); ok && base != "" {
				return true
			}
		}
	}
	return false
}

// RunState is what a run needs to resume, in addition to the state of each
// collection.
type RunState struct {
	// Spec is what the run exports, as the engine writes it.
	Spec json.RawMessage `json:"spec"`
	// Times lists the times that the run reads at, in order; 0 without a
	// snapshot.
	Times []int64 `json:"times"`
	// Made is the ts of each collection's own settings at the first time, if the
	// key may know it. It reveals a different collection of the same name, for
	// instance in another database.
	Made map[string]int64 `json:"made,omitempty"`
	// Filtered lists the collections in which the role of the run's first key
	// hid documents with a predicate.
	Filtered []string `json:"filtered,omitempty"`
	// Bounds lists the ids at which the second and later parts of a collection
	// begin, by collection; none if it is undivided.
	Bounds map[string][]int64 `json:"bounds,omitempty"`
	// Sync is the number of a sync after the first, which starts over when
	// resumed.
	Sync    int    `json:"sync,omitempty"`
	Started string `json:"started"`
	// Seconds and Retries are for the processes that ended normally.
	Seconds float64 `json:"seconds,omitempty"`
	Retries int     `json:"retries,omitempty"`
}

// check returns an error for a state that no run writes.
func (st *RunState) check() error {
	if len(st.Times) == 0 {
		return errors.New("it has no time")
	}
	last := int64(-1)
	for i, at := range st.Times {
		if at <= last || at > maxMicros || at == 0 && (i > 0 || len(st.Times) > 1) {
			return fmt.Errorf("it has the invalid time %d", at)
		}
		last = at
	}
	if st.Sync < 0 || st.Retries < 0 || !(st.Seconds >= 0 && st.Seconds <= 1e9) {
		return fmt.Errorf("invalid values: sync %d, %g s, %d retries", st.Sync, st.Seconds, st.Retries)
	}
	for name, begins := range st.Bounds {
		for i, id := range begins {
			if id <= 0 || i > 0 && id <= begins[i-1] {
				return fmt.Errorf("part %d of %s begins with id %d", i+1, name, id)
			}
		}
	}
	if _, err := time.Parse(time.RFC3339Nano, st.Started); err != nil {
		return errors.New("it does not say when it started")
	}
	return nil
}

// maxMicros is the end of the year 9999.
const maxMicros = 253_402_300_800_000_000

// DamagedState is the error of a state file that was modified or contradicts
// itself.
type DamagedState struct {
	Store string
	Name  string
	Why   string
}

// Error says what is wrong and what to do.
func (e *DamagedState) Error() string {
	return fmt.Sprintf("%s: %s is damaged (%s): start again in a new folder", e.Store, e.Name, e.Why)
}

// NotARun is the error of a store without a run: exit code 2.
type NotARun struct {
	Dir string
	Why string
}

// Error says what is missing.
func (e *NotARun) Error() string {
	if e.Why == "" {
		return e.Dir + " contains no export"
	}
	return e.Dir + " contains no finished export: " + e.Why
}

// WriteRun writes the state of a run.
func WriteRun(s store.Store, st RunState) error { return WriteState(s, RunName, &st) }

// ReadRun reads the state of the run in a store. The error is fs.ErrNotExist if
// there is none, a *DamagedState if it is damaged, and a *store.Error if it is
// from the program's first edition.
func ReadRun(s store.Store) (*RunState, error) { return readChecked(s, RunName, &RunState{}) }

// readChecked is ReadState for a state that says what is wrong with it.
func readChecked[T interface{ check() error }](s store.Store, name string, into T) (none T, err error) {
	if err := ReadState(s, name, into); err != nil {
		return none, err
	}
	if err := into.check(); err != nil {
		return none, &DamagedState{Store: s.Name(), Name: name, Why: err.Error()}
	}
	return into, nil
}

// envelope holds a state with its version and checksum. The checksum includes the
// file's name, to detect a state copied over another one.
type envelope struct {
	Version int             `json:"version"`
	SHA256  string          `json:"sha256"`
	State   json.RawMessage `json:"state"`
}

func stateSHA256(name string, state []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00", name)
	h.Write(state)
	return hex.EncodeToString(h.Sum(nil))
}

// EncodeState returns the content of a state file of that name.
func EncodeState(name string, state any) ([]byte, error) {
	text, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	data := fmt.Appendf(nil, `{"version":%d,"sha256":"%s","state":`, stateVersion, stateSHA256(name, text))
	return append(append(data, text...), '}', '\n'), nil
}

// WriteState writes a state file.
func WriteState(s store.Store, name string, state any) error {
	data, err := EncodeState(name, state)
	if err != nil {
		return err
	}
	return s.Write(name, data)
}

// ReadState reads a state file. The error is fs.ErrNotExist if there is none, a
// *DamagedState if it is damaged, and a *store.Error if it is from the program's
// first edition.
func ReadState(s store.Store, name string, into any) error {
	data, err := s.Read(name)
	if _, irregular := errors.AsType[*store.NotRegular](err); err != nil && !irregular {
		return err // it names the file
	}
	var e envelope
	why := ""
	switch {
	case err != nil:
		why = err.Error()
	case json.Unmarshal(data, &e) != nil:
		why = "it is truncated, or not JSON"
	case e.Version == 1 && e.SHA256 == "":
		return &store.Error{Store: s.Name(), Problem: "contains an unfinished run of version 1 of this program: finish it with that version, or start over in a new folder"}
	case e.Version != stateVersion:
		why = fmt.Sprintf("it has version %d, this program reads version %d", e.Version, stateVersion)
	case e.SHA256 != stateSHA256(name, e.State):
		why = "its checksum does not match"
	default:
		dec := json.NewDecoder(bytes.NewReader(e.State))
		dec.UseNumber()
		if err := dec.Decode(into); err != nil {
			why = err.Error()
		}
	}
	if why != "" {
		return &DamagedState{Store: s.Name(), Name: name, Why: why}
	}
	return nil
}
