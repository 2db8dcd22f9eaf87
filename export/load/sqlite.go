package load

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	driver "modernc.org/sqlite"
)

// sqlite is an SQLite file.
type sqlite struct {
	file string
	db   *sql.DB
	conn *sql.Conn
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
}

func (s *sqlite) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	e := &Error{Where: s.name(), What: doing, Err: err}
	if code, ok := errors.AsType[*driver.Error](err); ok {
		switch code.Code() & 0xff {
		case 13: // SQLITE_FULL
			e.Do = "the disk is full: make room and load again; it continues with what is missing"
		case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
			e.Do = "another program is using the file: close it and load again"
		case 14, 8, 3: // SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM
			e.Kind, e.Do = KindUsage, "check the path and that you may write there"
		case 26: // SQLITE_NOTADB
			e.Kind, e.Do = KindUsage, "the file is not an SQLite database: choose another name"
		}
	}
	return e
}

func (s *sqlite) open(ctx context.Context) error {
	var err error
	path := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: s.file}).EscapedPath()}).String()
	if s.db, err = sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(0)&_pragma=legacy_alter_table(1)&_pragma=cache_size(-16000)&_txlock=immediate"); err != nil {
		return s.fail("open", err)
	}
	s.db.SetMaxOpenConns(1)
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return s.fail("open", err)
	}
	var n int
	return s.fail("open", s.conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n))
}

func (s *sqlite) has(ctx context.Context, name string) (bool, error) {
	var n int
	err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE lower(name) = lower(?)", name).Scan(&n)
	return n > 0, err
}

func (s *sqlite) state(ctx context.Context) (map[string]*kept, error) {
	all := map[string]*kept{}
	if have, err := s.has(ctx, tablesTable); err != nil || !have {
		return all, s.fail("read what was loaded before", err)
	}
	doing := "read what was loaded before"
	rows, err := s.conn.QueryContext(ctx, "SELECT t.collection, t.plan, l.sync, l.sha256 FROM "+tablesTable+" t LEFT JOIN "+loadsTable+" l ON l.collection = t.collection")
	if err != nil {
		return nil, s.fail(doing, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, plan string
		var sync sql.NullInt64
		var hash sql.NullString
		if err := rows.Scan(&name, &plan, &sync, &hash); err != nil {
			return nil, s.fail(doing, err)
		}
		if all[name] == nil {
			all[name] = &kept{table: &Table{}, loads: map[int]string{}}
			if err := json.Unmarshal([]byte(plan), all[name].table); err != nil {
				return nil, s.fail(doing, err)
			}
		}
		if sync.Valid {
			all[name].loads[int(sync.Int64)] = hash.String
		}
	}
	return all, s.fail(doing, rows.Err())
}

func (s *sqlite) foreign(ctx context.Context, names []string) (found []string, err error) {
	for _, name := range names {
		have, err := s.has(ctx, name)
		if err != nil {
			return nil, s.fail("look for tables", err)
		}
		if have {
			found = append(found, name)
		}
	}
	return found, nil
}

// within does work in one transaction.
func (s *sqlite) within(ctx context.Context, doing string, work func(tx *sql.Tx) error) error {
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return s.fail(doing, err)
	}
	defer tx.Rollback() // does nothing after a commit
	if err := work(tx); err != nil {
		return s.fail(doing, err)
	}
	return s.fail(doing, tx.Commit())
}

func (s *sqlite) ready(ctx context.Context, _ map[string]*kept, jobs []*job, drop []*kept) error {
	if len(jobs) == 0 && len(drop) == 0 {
		return nil
	}
	return s.within(ctx, "create the tables of loads", func(tx *sql.Tx) error {
		sql := "CREATE TABLE IF NOT EXISTS " + tablesTable + " (collection TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, plan TEXT NOT NULL) STRICT;\n" +
			"CREATE TABLE IF NOT EXISTS " + loadsTable + " (collection TEXT, sync INTEGER, sha256 TEXT NOT NULL, rows INTEGER NOT NULL, loaded TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (collection, sync)) STRICT;\n"
		for _, k := range drop {
			name := literal(k.table.Collection)
			sql += "DROP TABLE IF EXISTS " + identifier(k.table.Name) + "; DELETE FROM " + tablesTable + " WHERE collection = " + name + "; DELETE FROM " + loadsTable + " WHERE collection = " + name + ";\n"
		}
		_, err := tx.ExecContext(ctx, sql)
		return err
	})
}

// definition creates a table with its keys: SQLite cannot add keys later, but
// accepts them while rows are missing.
func (s *sqlite) definition(t *Table) string {
	if t.Action == Apply && !t.rebuilt() {
		var b strings.Builder
		for _, c := range t.Changes {
			if c.From != "" {
				continue // another type of ours, the same of SQLite's
			}
			fmt.Fprintf(&b, "ALTER TABLE %s ADD COLUMN %s %s;\n", identifier(t.Name), identifier(c.Column.Name), sqliteDialect.types[c.Column.Type])
		}
		return b.String()
	}
	return s.create(t, t.Name)
}

// rebuilt reports whether the table must be recreated, since SQLite cannot
// change types.
func (t *Table) rebuilt() bool {
	for _, c := range t.Changes {
		if c.From != "" && sqliteDialect.types[c.From] != sqliteDialect.types[c.Column.Type] || c.From == Text && c.Column.Type != Text || c.From == Numeric {
			return true
		}
	}
	return false
}

// constraints returns none: they are part of the table.
func (s *sqlite) constraints(*Table) string { return "" }

func (s *sqlite) create(t *Table, name string) string {
	var lines []string
	for _, c := range t.all() {
		line := "  " + identifier(c.Name) + " " + sqliteDialect.types[c.Type]
		switch {
		case c.Name == "ref":
			line += " PRIMARY KEY"
		case c.Name == "ts":
			line += " NOT NULL"
		case c.Key != "" && c.Missing == 0 && c.target != "":
			line += " REFERENCES " + identifier(c.target) + " (ref)"
		}
		lines = append(lines, line)
	}
	return "CREATE TABLE " + identifier(name) + " (\n" + strings.Join(lines, ",\n") + "\n) STRICT;\n"
}

// rebuild recreates a table with its rows, indexes and triggers.
func (s *sqlite) rebuild(ctx context.Context, tx *sql.Tx, t *Table) error {
	var again []string
	rows, err := tx.QueryContext(ctx, "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL", t.Name)
	if err != nil {
		return err
	}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			rows.Close()
			return err
		}
		again = append(again, text)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	changes := map[string]Change{}
	for _, c := range t.Changes {
		changes[c.Column.Name] = c
	}
	var values []string
	for _, c := range t.all() {
		value := "t." + identifier(c.Name)
		if change, ok := changes[c.Name]; ok {
			value = sqliteUsing(value, change)
		}
		values = append(values, value)
	}
	const made = "fauna_export_rebuilt"
	sql := s.create(t, made) + fmt.Sprintf("INSERT INTO %s SELECT %s FROM %s t;\nDROP TABLE %s;\nALTER TABLE %s RENAME TO %s;\n", made, strings.Join(values, ", "), identifier(t.Name), identifier(t.Name), made, identifier(t.Name))
	_, err = tx.ExecContext(ctx, sql+strings.Join(again, ";\n"))
	return err
}

// sqliteUsing converts a column's values to its new type, exactly.
func sqliteUsing(value string, c Change) string {
	number := func(v string) string {
		return "CASE typeof(" + v + ") WHEN 'real' THEN printf('%!.17g', " + v + ") ELSE CAST(" + v + " AS TEXT) END"
	}
	asJSON := number(value)
	switch c.From {
	case "":
		return "NULL"
	case Bool:
		asJSON = "CASE " + value + " WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"
	case Ref:
		asJSON = "CASE WHEN " + value + " IS NOT NULL THEN '{\"id\":\"' || " + value + " || '\",\"collection\":' || json_quote(" + literal(c.Left) + ") || ',\"type\":\"document\"}' END"
	case Text:
		asJSON = "CASE WHEN " + value + " IS NOT NULL THEN json_quote(" + value + ") END"
	case JSON, JSONB, Numeric:
		asJSON = value
	}
	switch c.Column.Type {
	case Double:
		return "CAST(" + value + " AS REAL)"
	case Numeric:
		return number(value)
	case Raw:
		return "CAST(" + asJSON + " AS BLOB)"
	}
	return asJSON
}

func (s *sqlite) load(ctx context.Context, j *job) (proof Proof, err error) {
	t := j.table
	began := time.Now()
	proof = Proof{Collection: t.Collection, Table: t.Name, Action: t.Action, Documents: t.Documents}
	err = s.within(ctx, "load "+t.Collection, func(tx *sql.Tx) error {
		if t.Action == Apply && t.rebuilt() {
			if err := s.rebuild(ctx, tx, t); err != nil {
				return err
			}
		} else if sql := s.definition(t); sql != "" {
			if _, err := tx.ExecContext(ctx, sql); err != nil {
				return err
			}
		}
		if j.clear {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+identifier(t.Name)); err != nil {
				return err
			}
		}
		ids, sent, err := s.insert(ctx, tx, j, &proof)
		if err != nil {
			return err
		}
		if err := s.prove(ctx, tx, t, ids, sent); err != nil {
			return err
		}
		proof.Sent, proof.Hash = sent.rows, sent.String()
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM "+identifier(t.Name)).Scan(&proof.Rows); err != nil {
			return err
		}
		if proof.Rows != t.Documents {
			return differ(t, "the rows of the manifest and of the table", t.Documents, proof.Rows)
		}
		if err := s.keep(ctx, tx, t); err != nil {
			return err
		}
		for _, one := range j.syncs {
			if _, err := tx.ExecContext(ctx, "INSERT INTO "+loadsTable+" (collection, sync, sha256, rows) VALUES (?, ?, ?, ?)", t.Collection, one.sync, one.sha256, one.rows); err != nil {
				return err
			}
		}
		return nil
	})
	proof.Seconds = time.Since(began).Seconds()
	return proof, err
}

func (s *sqlite) keep(ctx context.Context, tx *sql.Tx, t *Table) error {
	plan, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO "+tablesTable+" (collection, name, plan) VALUES (?, ?, ?) ON CONFLICT (collection) DO UPDATE SET plan = excluded.plan", t.Collection, t.Name, string(plan))
	return err
}

// insert sends the rows of a job. For an increment it returns the ids sent,
// since the table has other rows too.
func (s *sqlite) insert(ctx context.Context, tx *sql.Tx, j *job, proof *Proof) (ids []int64, sent sum, err error) {
	t := j.table
	columns := t.all()
	text := "INSERT INTO " + identifier(t.Name) + " (" + columnList(t, "") + ") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"
	if t.Action == Apply {
		var set []string
		for _, c := range columns[1:] {
			set = append(set, identifier(c.Name)+" = excluded."+identifier(c.Name))
		}
		text += " ON CONFLICT (ref) DO UPDATE SET " + strings.Join(set, ", ")
	}
	insert, err := tx.PrepareContext(ctx, text)
	if err != nil {
		return nil, sent, err
	}
	defer insert.Close()
	remove, err := tx.PrepareContext(ctx, "DELETE FROM "+identifier(t.Name)+" WHERE ref = ?")
	if err != nil {
		return nil, sent, err
	}
	defer remove.Close()
	shape := newShaper(sqliteDialect, t, j.format)
	args := make([]any, len(columns))
	var buf []byte
	for one, err := range j.rows {
		if err != nil {
			return nil, sent, err
		}
		j.step(1)
		if one.Removed {
			proof.Removed++
			if _, err := remove.ExecContext(ctx, one.ID); err != nil {
				return nil, sent, at(t.Collection, one.ID, err)
			}
			continue
		}
		cells, err := shape.row(one)
		if err != nil {
			return nil, sent, at(t.Collection, one.ID, err)
		}
		for i, c := range cells {
			args[i] = sqliteValue(columns[i].Type, c)
		}
		buf = compareValues(buf[:0], args)
		sent.add(buf)
		if t.Action == Apply {
			ids = append(ids, one.ID)
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return nil, sent, at(t.Collection, one.ID, err)
		}
	}
	return ids, sent, nil
}

// sqliteValue returns a cell in the driver's form.
func sqliteValue(t Type, c cell) any {
	switch {
	case c.null:
		return nil
	case t == Bool || t == Int || t == Ref:
		return c.n
	case t == Double:
		return c.f
	case t == Bytes || t == Raw:
		return append([]byte{}, c.text...) // never nil, which is null
	}
	return string(c.text)
}

// compareValues appends values so that only equal ones give equal bytes.
func compareValues(out []byte, values []any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			out = append(out, 'n')
		case int64:
			out = binary.LittleEndian.AppendUint64(append(out, 'i'), uint64(v))
		case float64:
			out = binary.LittleEndian.AppendUint64(append(out, 'f'), math.Float64bits(v))
		case []byte:
			out = append(binary.LittleEndian.AppendUint64(append(out, 'b'), uint64(len(v))), v...)
		case string:
			out = append(binary.LittleEndian.AppendUint64(append(out, 's'), uint64(len(v))), v...)
		default:
			out = fmt.Appendf(append(out, '?'), "%T", v)
		}
	}
	return out
}

// prove reads rows back and compares them with those sent: all, or those of ids.
func (s *sqlite) prove(ctx context.Context, tx *sql.Tx, t *Table, ids []int64, sent sum) error {
	columns := t.all()
	values, scan := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		scan[i] = &values[i]
	}
	var back sum
	var buf []byte
	query := "SELECT " + columnList(t, "t.") + " FROM " + identifier(t.Name) + " t"
	if t.Action == Create {
		rows, err := tx.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := rows.Scan(scan...); err != nil {
				return err
			}
			buf = compareValues(buf[:0], values)
			back.add(buf)
		}
		if err := rows.Err(); err != nil {
			return err
		}
	} else {
		one, err := tx.PrepareContext(ctx, query+" WHERE t.ref = ?")
		if err != nil {
			return err
		}
		defer one.Close()
		for _, id := range ids {
			if err := one.QueryRowContext(ctx, id).Scan(scan...); err != nil {
				return at(t.Collection, id, err)
			}
			buf = compareValues(buf[:0], values)
			back.add(buf)
		}
	}
	if back != sent {
		return differ(t, "rows", fmt.Sprintf("%d rows, %s", sent.rows, sent.String()), fmt.Sprintf("%d rows, %s", back.rows, back.String()))
	}
	return nil
}

// keys drops the keys of columns with dangling refs, and creates keys left out
// earlier that hold now.
func (s *sqlite) keys(ctx context.Context, tables []*Table) error {
	byCollection := map[string]*Table{}
	for _, t := range tables {
		byCollection[t.Collection] = t
	}
	for _, t := range tables {
		var changed bool
		for _, c := range t.Columns {
			to := byCollection[c.Collection]
			if c.Type != Ref || c.Key == "" || to == nil {
				continue
			}
			before := *c
			c.target = to.Name
			column := identifier(c.Name)
			err := s.conn.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM %s t WHERE t.%s IS NOT NULL AND NOT EXISTS (SELECT 1 FROM %s o WHERE o.ref = t.%s)", identifier(t.Name), column, identifier(to.Name), column)).Scan(&c.Missing)
			if err != nil {
				return s.fail("check the foreign keys of "+t.Collection, err)
			}
			holds := c.Missing == 0
			changed = changed || holds != c.Keyed || before.Missing != c.Missing
			if holds != c.Keyed {
				c.Keyed = holds
				c.rekey = true
			}
		}
		if !changed {
			continue
		}
		t.Changes = nil
		err := s.within(ctx, "make the foreign keys of "+t.Collection, func(tx *sql.Tx) error {
			for _, c := range t.Columns {
				if c.rekey {
					if err := s.rebuild(ctx, tx, t); err != nil {
						return err
					}
					break
				}
			}
			return s.keep(ctx, tx, t)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
