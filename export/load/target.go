package load

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"fauna-export/export/row"
)

// kept is what a target says of a collection that was loaded before.
type kept struct {
	table *Table
	loads map[int]string // the hash of the files of each sync
}

// job is what is sent of one collection.
type job struct {
	table *Table
	rows  iter.Seq2[row.Row, error]
	// format is that of the files.
	format row.Format
	syncs  []syncLoad
	// clear: rows that are there and not sent go too.
	clear bool
	step  func(rows int64)
}

// syncLoad is what is kept of a sync that was loaded.
type syncLoad struct {
	sync   int
	sha256 string
	rows   int64
}

// target is a database or a folder of files.
type target interface {
	dialect() *dialect
	name() string
	// open connects and refuses what cannot be loaded into. It changes nothing.
	open(ctx context.Context) error
	// state is what was loaded before, by collection.
	state(ctx context.Context) (map[string]*kept, error)
	// foreign names those of the names that stand for something of somebody else.
	foreign(ctx context.Context, names []string) ([]string, error)
	// ready makes what the jobs need: the tables of state, and tables whose keys and
	// views do not stand in the way. drop are collections to be taken away.
	ready(ctx context.Context, all map[string]*kept, jobs []*job, drop []*kept) error
	// load does one job, all or nothing, with its proof.
	load(ctx context.Context, j *job) (Proof, error)
	// keys makes the foreign keys that can be made of all tables.
	keys(ctx context.Context, tables []*Table) error
	// definition is what makes the table, or changes it.
	definition(t *Table) string
	// constraints are what is added once the rows of all tables are there.
	constraints(t *Table) string
	close()
}

// Proof is what reading back gave.
type Proof struct {
	Collection string `json:"collection"`
	Table      string `json:"table"`
	Action     Action `json:"action"`
	Sent       int64  `json:"sent"`
	Removed    int64  `json:"removed,omitempty"`
	// Rows are in the table now, Documents by the manifest.
	Rows      int64  `json:"rows"`
	Documents int64  `json:"documents"`
	Hash      string `json:"hash"` // of the rows sent and of those read back: they are equal
	// Seconds are those of the transaction; Copying are those of them that the rows
	// took to be read and sent.
	Seconds float64 `json:"seconds"`
	Copying float64 `json:"copying"`
}

// Kind is what sort of thing went wrong.
type Kind byte

// The kinds.
const (
	KindOther       Kind = iota
	KindUsage            // the target cannot be used as it was named
	KindRefused          // a password or a right is missing
	KindUnreachable      // the target does not answer
	KindPartial          // the run lacks some of its collections
)

// Error is a load that cannot go on.
type Error struct {
	Kind Kind
	// Where is the target, or a collection and more.
	Where string
	What  string // what happened
	Do    string // what to do
	Err   error
}

// Error says what happened, and what to do.
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

// ParseTarget reads where to load to, and refuses a password in it: a command line
// can be read by others.
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
		if scheme == "sqlite" {
			return &sqlite{file: rest}, nil
		}
		return newFiles(scheme, rest), nil
	}
	return nil, &Error{Kind: KindUsage, Where: "the target", What: "it is none of postgres://user@host/database, sqlite:FILE, parquet:DIR and csv:DIR", Do: "write it like one of these"}
}

// at is the error of a row.
func at(collection string, id int64, err error) error {
	return fmt.Errorf("%s, document %d: %w", collection, id, err)
}

// differ is a proof that failed.
func differ(t *Table, what string, sent, back any) error {
	return &Error{Where: t.Collection, What: fmt.Sprintf("%s sent and read back differ (%v and %v)", what, sent, back), Do: "nothing of it was loaded; load again, and report this if it happens twice"}
}
