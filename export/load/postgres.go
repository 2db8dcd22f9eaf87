package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Password prompts for the password of a user on a host.
type Password func(ctx context.Context, user, host string) (string, error)

// postgres is a schema of a Postgres database.
type postgres struct {
	relational
	config   *pgx.ConnConfig
	schema   string
	shown    string // the address without a password
	password Password
	conn     *pgx.Conn
	exists   bool // the schema does
}

func (p *postgres) foreign(ctx context.Context, names []string) ([]string, error) {
	return p.texts(ctx, "look for tables", `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY($2)
		UNION SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = $1 AND t.typname = ANY($2) ORDER BY 1`, p.schema, names)
}

// settings make a transaction independent of the configuration of the database,
// the role or a pooler.
const settings = `SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL client_encoding = 'UTF8'; SET LOCAL extra_float_digits = 1; SET LOCAL standard_conforming_strings = on; SET LOCAL client_min_messages = warning;
DO $$ BEGIN IF current_setting('server_version_num')::int >= 170000 THEN SET LOCAL transaction_timeout = 0; END IF; END $$`

// within runs work in a transaction that excludes other loads into this schema.
func (p *postgres) within(ctx context.Context, doing string, work func() error) error {
	tx, err := p.conn.Begin(ctx)
	if err != nil {
		return p.fail(doing, err)
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		tx.Rollback(end) // does nothing after a commit
	}()
	if err := p.exec(ctx, settings); err != nil {
		return p.fail(doing, err)
	}
	if err := p.exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('fauna-export'), hashtext($1))", p.schema); err != nil {
		return p.fail(doing, err)
	}
	if err := work(); err != nil {
		return p.fail(doing, err)
	}
	return p.fail(doing, tx.Commit(ctx))
}

// exec runs a statement; without parameters it may be several.
func (p *postgres) exec(ctx context.Context, sql string, args ...any) error {
	_, err := p.conn.Exec(ctx, sql, args...)
	return err
}

func (p *postgres) each(ctx context.Context, q query, row func() error) error {
	rows, err := p.conn.Query(ctx, q.sql, q.args...)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, q.into, row)
	return err
}

func (p *postgres) stateTables() string {
	sql := fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (collection text PRIMARY KEY, name text NOT NULL UNIQUE, plan json NOT NULL);
CREATE TABLE IF NOT EXISTS %s (collection text, sync integer, sha256 text NOT NULL, rows bigint NOT NULL, loaded timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (collection, sync))`,
		p.table(tablesTable), p.table(loadsTable))
	if !p.exists {
		sql = "CREATE SCHEMA " + identifier(p.schema) + ";\n" + sql
	}
	return sql
}

func (p *postgres) clear(ctx context.Context, all map[string]*loadedTable, jobs []*job, drop []*loadedTable) error {
	if err := p.viewsInTheWay(ctx, jobs); err != nil {
		return err
	}
	return p.fail("drop the foreign keys during the load", p.dropKeys(ctx, all, jobs, drop))
}

// viewsInTheWay returns an error if a view uses a column whose type must
// change.
func (p *postgres) viewsInTheWay(ctx context.Context, jobs []*job) error {
	for _, j := range jobs {
		for _, c := range j.table.Changes {
			if c.From == "" {
				continue
			}
			views, err := p.texts(ctx, "look for views", `SELECT DISTINCT v.oid::regclass::text FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
				JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
				WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = $1::regclass AND a.attname = $2`, p.table(j.table.Name), c.Column.Name)
			if err != nil {
				return err
			}
			if len(views) > 0 {
				return &Error{Kind: KindUsage, Where: j.table.Collection + "." + c.Column.Field, What: fmt.Sprintf("its type must change from %s to %s, but the view %s uses it", postgresDialect.types[c.From], postgresDialect.types[c.Column.Type], strings.Join(views, ", ")),
					Do: "drop the view, load again, and create it again; nothing was changed"}
			}
		}
	}
	return nil
}

// dropKeys drops our keys from and to the tables that will change, because refs
// may dangle between the transactions of the collections. keys recreates them.
func (p *postgres) dropKeys(ctx context.Context, all map[string]*loadedTable, jobs []*job, drop []*loadedTable) error {
	touched := map[string]bool{}
	for _, j := range jobs {
		if j.table.Action == Apply {
			touched[j.table.Collection] = true
		}
	}
	for _, k := range drop {
		touched[k.Table.Collection] = true
	}
	for _, k := range all {
		var keys []string
		for _, c := range k.Table.Columns {
			if touched[k.Table.Collection] || touched[c.Collection] {
				keys = append(keys, c.Key)
			}
		}
		for _, c := range k.Table.Changes {
			keys = append(keys, c.Key)
		}
		for _, key := range keys {
			if key == "" {
				continue
			}
			if err := p.exec(ctx, fmt.Sprintf("ALTER TABLE IF EXISTS %s DROP CONSTRAINT IF EXISTS %s", p.table(k.Table.Name), identifier(key))); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyIn sends the rows of a job to a table, and returns the ids of removals.
func (p *postgres) copyIn(ctx context.Context, j *job, table string) (sent sum, gone []int64, err error) {
	from, to := io.Pipe()
	var failed error
	var sending sync.WaitGroup
	sending.Go(func() {
		sent, gone, failed = sendRows(to, j)
		to.CloseWithError(failed)
	})
	tag, err := p.conn.PgConn().CopyFrom(ctx, from, "COPY "+table+" ("+columnList(j.table, "")+") FROM STDIN (FORMAT binary)")
	from.Close() // a lost connection ends the statement, but not the sending
	sending.Wait()
	switch {
	case failed != nil && !errors.Is(failed, io.ErrClosedPipe):
		err = failed
	case err == nil && (failed != nil || tag.RowsAffected() != sent.rows):
		err = differ(j.table, "rows sent and received", sent.rows, tag.RowsAffected())
	}
	return sent, gone, err
}

// fill sends the rows of a job, for an increment by way of a table of their own,
// and reads them back.
func (p *postgres) fill(ctx context.Context, j *job, proof *Proof) error {
	table := p.table(j.table.Name)
	into, from, settle := table, table+" t", p.primaryKey(j.table)
	if j.table.Action == Apply {
		into = "pg_temp.fauna_export_rows"
		from += " JOIN " + into + " r ON r.ref = t.ref"
		list := columnList(j.table, "")
		var may bool
		if err := p.one(ctx, "SELECT has_database_privilege(current_database(), 'TEMP')", nil, &may); err != nil {
			return err
		}
		if !may {
			return &Error{Kind: KindRefused, Where: p.shown, What: fmt.Sprintf("%s may not create temporary tables, which a load of changes needs", p.config.User),
				Do: fmt.Sprintf("ask an administrator for: GRANT TEMPORARY ON DATABASE %s TO %s;", identifier(p.config.Database), identifier(p.config.User))}
		}
		settle = fmt.Sprintf("ANALYZE %s; INSERT INTO %s (%s) SELECT %s FROM %s%s", into, table, list, list, into, updateList(j.table))
		// Not LIKE, which has the columns that others added, NOT NULL but without their defaults.
		if err := p.exec(ctx, "CREATE TEMP TABLE fauna_export_rows ON COMMIT DROP AS SELECT "+list+" FROM "+table+" WITH NO DATA"); err != nil {
			return err
		}
	}
	began := time.Now()
	sent, gone, err := p.copyIn(ctx, j, into)
	if err != nil {
		return err
	}
	proof.Copying, proof.Removed = time.Since(began).Seconds(), int64(len(gone))
	if len(gone) > 0 {
		if err := p.exec(ctx, "DELETE FROM "+table+" WHERE ref = ANY($1)", gone); err != nil {
			return err
		}
	}
	if err := p.exec(ctx, settle); err != nil {
		return err
	}
	proof.sent(sent)
	rows, err := p.conn.Query(ctx, "SELECT "+columnList(j.table, "t.")+" FROM "+from, pgx.QueryResultFormats{pgx.BinaryFormatCode})
	if err != nil {
		return err
	}
	back := newRowEncoder(j.table)
	for rows.Next() {
		back.sum(rows.RawValues())
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return back.rows.same(j.table, sent)
}

func (p *postgres) keys(ctx context.Context, tables []*Table) error {
	have := map[[2]string]bool{}
	var table, name string
	err := p.each(ctx, query{"SELECT r.relname, c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace WHERE c.contype = 'f' AND n.nspname = $1", []any{p.schema}, []any{&table, &name}}, func() error {
		have[[2]string{table, name}] = true
		return nil
	})
	if err != nil {
		return p.fail("look for foreign keys", err)
	}
	for _, t := range tables {
		for _, c := range t.Columns {
			if !c.keyed() || have[[2]string{t.Name, c.Key}] {
				continue
			}
			err := p.within(ctx, fmt.Sprintf("add the foreign key of %s.%s", t.Collection, c.Field), func() error {
				before := c.Missing
				if err := p.countMissing(ctx, t, c); err != nil {
					return err
				}
				if c.Missing == 0 {
					if err := p.exec(ctx, p.foreignKey(t, c)); err != nil {
						return err
					}
				}
				if before == c.Missing {
					return nil
				}
				return p.keep(ctx, t)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
