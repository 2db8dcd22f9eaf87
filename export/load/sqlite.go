package load

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	driver "modernc.org/sqlite"

	"fauna-export/export/store"
)

// sqlite is an SQLite file.
type sqlite struct {
	relational
	file string // as given
	path string // of the file, also where a link leads
	made bool   // by this load
	db   *sql.DB
	conn *sql.Conn
}

func newSQLite(file string) *sqlite {
	s := &sqlite{file: file, path: resolved(file)}
	s.relational = relational{engine: s, types: sqliteDialect.types, table: identifier, fail: s.explain,
		// A virtual table, which has no root page, is none of ours, and its module may
		// not be there.
		columns: "SELECT s.name, c.name FROM sqlite_schema s JOIN pragma_table_info(CASE WHEN s.rootpage > 0 THEN s.name END) c WHERE s.type = 'table'"}
	return s
}

func (s *sqlite) dialect() *dialect { return sqliteDialect }
func (s *sqlite) name() string      { return "SQLite " + s.file }

func (s *sqlite) close() {
	if s.conn != nil {
		s.conn.Close()
	}
	if s.db != nil {
		s.db.Close()
	}
	if info, err := os.Lstat(s.path); s.made && err == nil && info.Size() == 0 {
		os.Remove(s.path) // nothing was loaded
	}
}

func (s *sqlite) explain(doing string, err error) error {
	return explained(s.name(), doing, err, func(e *Error) {
		code, ok := errors.AsType[*driver.Error](err)
		if !ok {
			return
		}
		faster := "another load into it was faster: load again to continue with what is missing"
		switch code.Code() & 0xff {
		case 1: // SQLITE_ERROR
			if strings.Contains(code.Error(), "already exists") {
				e.Do = faster
			}
		case 19: // SQLITE_CONSTRAINT
			if strings.Contains(code.Error(), loadsTable) {
				e.Do = faster
			}
		case 13: // SQLITE_FULL
			e.Do = "the disk is full: free some space and load again; it continues with what is missing"
		case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
			e.Do = "another program is using the file: close it and load again"
		case 14, 8, 3: // SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM
			e.Kind, e.Do = KindUsage, "check the path and that you may write there"
		case 26: // SQLITE_NOTADB
			e.Kind, e.Do = KindUsage, "the file is not an SQLite database: choose another name"
		}
	})
}

func (s *sqlite) open(ctx context.Context) error {
	if s.file == ":memory:" {
		return &Error{Kind: KindUsage, Where: s.name(), What: "it would be gone when the load ends", Do: "name a file"}
	}
	info, err := os.Stat(s.file)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return &Error{Kind: KindUsage, Where: s.name(), What: "it is not a regular file", Do: "choose another name"}
	case errors.Is(err, fs.ErrNotExist): // as private as the files it is loaded from
		if f, err := os.OpenFile(s.file, os.O_CREATE|os.O_WRONLY, 0o600); err == nil { // also where a link leads
			f.Close()
			s.made = true
		}
	}
	path := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: s.file}).EscapedPath()}).String()
	if s.db, err = sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(0)&_pragma=legacy_alter_table(1)&_pragma=cache_size(-16000)&_txlock=immediate"); err != nil {
		return s.fail("open", err)
	}
	s.db.SetMaxOpenConns(1)
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return s.fail("open", err)
	}
	if err := s.exec(ctx, "SELECT count(*) FROM sqlite_schema"); err != nil {
		return s.fail("open", err)
	}
	// Its journal lies beside it.
	if err := store.MayCreate(filepath.Dir(s.path)); err != nil {
		return &Error{Kind: KindUsage, Where: s.name(), What: "open", Err: err, Do: "check that you may write there"}
	}
	tx, err := s.conn.BeginTx(ctx, nil) // takes the lock for writing, and changes nothing
	if err != nil {
		return s.fail("open", err)
	}
	return s.fail("open", tx.Rollback())
}

func (s *sqlite) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.conn.ExecContext(ctx, sql, args...)
	return err
}

func (s *sqlite) each(ctx context.Context, q query, row func() error) error {
	rows, err := s.conn.QueryContext(ctx, q.sql, q.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(q.into...); err != nil {
			return err
		}
		if err := row(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *sqlite) foreign(ctx context.Context, names []string) ([]string, error) {
	list, _ := json.Marshal(names) // texts can't fail
	return s.texts(ctx, "look for tables", "SELECT name FROM sqlite_schema WHERE lower(name) IN (SELECT lower(value) FROM json_each($1))", string(list))
}

// within runs work in one transaction on the connection.
func (s *sqlite) within(ctx context.Context, doing string, work func() error) error {
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return s.fail(doing, err)
	}
	defer tx.Rollback() // does nothing after a commit
	if err := work(); err != nil {
		return s.fail(doing, err)
	}
	return s.fail(doing, tx.Commit())
}

func (s *sqlite) stateTables() string {
	return "CREATE TABLE IF NOT EXISTS " + tablesTable + " (collection TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, plan TEXT NOT NULL) STRICT;\n" +
		"CREATE TABLE IF NOT EXISTS " + loadsTable + " (collection TEXT, sync INTEGER, sha256 TEXT NOT NULL, rows INTEGER NOT NULL, loaded TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (collection, sync)) STRICT;\n"
}

func (s *sqlite) clear(context.Context, map[string]*loadedTable, []*job, []*loadedTable) error {
	return nil
}

func (s *sqlite) change(ctx context.Context, t *Table) error {
	if t.Action == Apply && t.rebuilt() {
		return s.rebuild(ctx, t)
	}
	return s.exec(ctx, s.definition(t))
}

// fill sends the rows of a job and reads them back: of an increment only those
// sent, since the table has other rows too.
func (s *sqlite) fill(ctx context.Context, j *job, proof *Proof) error {
	t := j.table
	columns := t.all()
	table := identifier(t.Name)
	text := "INSERT INTO " + table + " (" + columnList(t, "") + ") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"
	if t.Action == Apply {
		text += updateList(t)
	}
	insert, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return err
	}
	defer insert.Close()
	remove, err := s.conn.PrepareContext(ctx, "DELETE FROM "+table+" WHERE ref = ?")
	if err != nil {
		return err
	}
	defer remove.Close()
	var sent sum
	var ids []int64
	values := make([]any, len(columns))
	var buf []byte
	err = j.each(sqliteDialect, func(id int64) error {
		proof.Removed++
		_, err := remove.ExecContext(ctx, id)
		return err
	}, func(cells []cell) error {
		for i, c := range cells {
			values[i] = sqliteValue(columns[i].Type, c)
		}
		buf = sent.addValues(buf, values)
		if t.Action == Apply {
			ids = append(ids, cells[0].n)
		}
		_, err := insert.ExecContext(ctx, values...)
		return err
	})
	if err != nil {
		return err
	}
	proof.sent(sent)
	return s.prove(ctx, t, ids, sent)
}

// sqliteValue returns a cell in the driver's form.
func sqliteValue(t Type, c cell) any {
	switch {
	case c.class == isNull:
		return nil
	case t == Bool || t == Int || t == Ref:
		return c.n
	case t == Double:
		return c.f
	case t == Bytes || t == Raw:
		return append([]byte{}, c.text...) // never nil, which means null
	}
	return string(c.text)
}

// prove reads back all rows, or those with ids, and compares them with those sent.
func (s *sqlite) prove(ctx context.Context, t *Table, ids []int64, sent sum) error {
	values := make([]any, len(t.all()))
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	var back sum
	var buf []byte
	take := func() error {
		buf = back.addValues(buf, values)
		return nil
	}
	sql := "SELECT " + columnList(t, "t.") + " FROM " + identifier(t.Name) + " t"
	if t.Action == Create {
		if err := s.each(ctx, query{sql, nil, into}, take); err != nil {
			return err
		}
		return back.same(t, sent)
	}
	one, err := s.conn.PrepareContext(ctx, sql+" WHERE t.ref = ?")
	if err != nil {
		return err
	}
	defer one.Close()
	for _, id := range ids {
		if err := one.QueryRowContext(ctx, id).Scan(into...); err != nil {
			return at(t.Collection, id, err)
		}
		if err := take(); err != nil {
			return err
		}
	}
	return back.same(t, sent)
}

// keys drops the keys of columns with dangling refs, and creates keys that were
// left out earlier and hold now.
func (s *sqlite) keys(ctx context.Context, tables []*Table) error {
	for _, t := range tables {
		var changed, rebuild bool
		for _, c := range t.Columns {
			if !c.keyed() {
				continue
			}
			before := c.Missing
			if err := s.countMissing(ctx, t, c); err != nil {
				return s.fail("check the foreign keys of "+t.Collection, err)
			}
			holds := c.Missing == 0
			changed = changed || before != c.Missing
			rebuild = rebuild || holds != c.Keyed
			c.Keyed = holds
		}
		if !changed && !rebuild {
			continue
		}
		t.Changes = nil
		err := s.within(ctx, "create the foreign keys of "+t.Collection, func() error {
			if rebuild {
				if err := s.rebuild(ctx, t); err != nil {
					return err
				}
			}
			return s.keep(ctx, t)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
