package load

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// loadedTable is a target's record of a collection loaded before.
type loadedTable struct {
	Table *Table         `json:"table"`
	Loads map[int]string `json:"loads"` // hash of each sync's files
	// gone: the table does not exist any more; altered: it lacks columns that the
	// load made, so it may be another's.
	gone, altered bool
}

// sound reports whether a load can have written the record of a collection.
func (k *loadedTable) sound(collection string) bool {
	return k != nil && k.Table != nil && k.Table.Collection == collection && k.Table.Name != "" && !slices.Contains(k.Table.Columns, nil)
}

// job is what to send for one collection.
type job struct {
	last  archive.Entry
	files []archive.Entry // to read
	syncs []syncLoad      // not in the target yet
	old   *loadedTable    // the table to apply syncs to, nil to create one
	clear bool            // also remove rows that are not sent
	table *Table
	rows  iter.Seq2[row.Row, error]
	step  func(rows int64)
}

// format is the files' format.
func (j *job) format() row.Format { return row.Format(j.last.Format) }

// read is what is read of the files: what an increment removes, unless it sends
// all rows.
func (j *job) read() archive.Rows {
	return archive.Rows{Files: j.files, Text: row.RawText, Removals: j.old != nil && !j.clear}
}

// each shapes the rows for a target and passes them to send, and the ids of
// removals to remove.
func (j *job) each(d *dialect, remove func(id int64) error, send func(cells []cell) error) error {
	shape := newShaper(d, j.table, j.format())
	for one, err := range j.rows {
		if err != nil {
			return err
		}
		j.step(1)
		if one.Removed {
			err = remove(one.ID)
		} else if cells, bad := shape.row(one); bad != nil {
			err = bad
		} else {
			err = send(cells)
		}
		if err != nil {
			return at(j.table.Collection, one.ID, err)
		}
	}
	return nil
}

// syncLoad is the record of a loaded sync.
type syncLoad struct {
	sync   int
	sha256 string
	rows   int64
}

// target is a database or a folder of files.
type target interface {
	dialect() *dialect
	name() string
	// open connects, and returns an error if the target cannot be loaded into.
	// It changes nothing.
	open(ctx context.Context) error
	// state returns what was loaded before, by collection.
	state(ctx context.Context) (map[string]*loadedTable, error)
	// foreign returns the names that exist but were not created by a load.
	foreign(ctx context.Context, names []string) ([]string, error)
	// ready prepares the target for the jobs: it creates the state tables, and drops
	// the foreign keys that would keep jobs from changing rows. drop lists the
	// collections to remove.
	ready(ctx context.Context, all map[string]*loadedTable, jobs []*job, drop []*loadedTable) error
	// load performs one job, all or nothing, including its proof.
	load(ctx context.Context, j *job, proof *Proof) error
	// keys creates the foreign keys that hold, for all tables.
	keys(ctx context.Context, tables []*Table) error
	// definition returns the statements that create or change the table.
	definition(t *Table) string
	// constraints returns the statements to run after the rows of all tables.
	constraints(t *Table) string
	close()
}

// Proof is the result of reading the rows back.
type Proof struct {
	Collection string `json:"collection"`
	Table      string `json:"table"`
	Action     Action `json:"action"`
	Sent       int64  `json:"sent"`
	Removed    int64  `json:"removed,omitempty"`
	// Rows is the number of rows in the table now, Documents the number in the
	// manifest.
	Rows      int64  `json:"rows"`
	Documents int64  `json:"documents"`
	Hash      string `json:"hash"` // equal for the rows sent and read back
	// Seconds is the duration of the transaction; Copying is the part spent
	// reading and sending rows.
	Seconds float64 `json:"seconds"`
	Copying float64 `json:"copying"`
}

func (p *Proof) sent(s sum) { p.Sent, p.Hash = s.rows, s.String() }

// Kind classifies errors.
type Kind byte

// The kinds.
const (
	KindOther       Kind = iota
	KindUsage            // the target cannot be used as given
	KindRefused          // a password or a privilege is missing
	KindUnreachable      // the target does not answer
	KindPartial          // the run lacks some of its collections
)

// Error is an error that stops a load.
type Error struct {
	Kind Kind
	// Where is the target, or a collection and perhaps more.
	Where string
	What  string // what happened
	Do    string // what to do
	Err   error
}

// Error says what happened and what to do.
func (e *Error) Error() string {
	text := e.Where + ": " + e.What
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Do != "" {
		text += "; " + e.Do
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// explained wraps an error of a target, and has more added to it, unless it is
// an Error already.
func explained(where, doing string, err error, more func(e *Error)) error {
	if err == nil {
		return nil
	}
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	e := &Error{Where: where, What: doing, Err: err}
	more(e)
	return e
}

// ParseTarget parses a target. A password in it is an error, since other users
// can read command lines.
func ParseTarget(text string) error {
	_, err := newTarget(text, nil)
	return err
}

func newTarget(text string, password Password) (target, error) {
	scheme, rest, _ := strings.Cut(text, ":")
	switch scheme {
	case "postgres", "postgresql":
		return newPostgres(text, password)
	case "sqlite", "parquet", "csv":
		if rest == "" || strings.HasPrefix(rest, "//") {
			return nil, &Error{Kind: KindUsage, Where: scheme, What: "the path is missing", Do: "write it like " + scheme + ":PATH"}
		}
		rest, err := store.ExpandHome(rest) // the shell does not expand ~ after a colon
		if err != nil {
			return nil, err
		}
		if _, err := store.Clean(rest); err != nil || store.IsURL(rest) { // nobody means the local folder "s3:"
			return nil, &Error{Kind: KindUsage, Where: scheme, What: "a load can't write to a URL", Do: "give a path on this machine, and copy what is there"}
		}
		switch scheme {
		case "sqlite":
			return newSQLite(rest), nil
		case "csv":
			return &files{kind: csvFiles, dir: rest}, nil
		}
		return &files{kind: parquetFiles, dir: rest}, nil
	}
	return nil, &Error{Kind: KindUsage, Where: "the target", What: "it is not postgres://user@host/database, sqlite:FILE, parquet:DIR or csv:DIR", Do: "write it like one of these"}
}

// at adds the collection and document to an error.
func at(collection string, id int64, err error) error {
	return fmt.Errorf("%s, document %d: %w", collection, id, err)
}

// differ returns the error of a failed proof.
func differ(t *Table, what string, sent, back any) error {
	return &Error{Where: t.Collection, What: fmt.Sprintf("%s differ (%v and %v)", what, sent, back), Do: "nothing was loaded from it; load again, and report this if it happens twice"}
}
