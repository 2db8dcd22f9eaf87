package load

import (
	"context"
	"fmt"
	"iter"
	"strings"
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
	stateful bool // the tables of state exist
}

func (p *postgres) state(ctx context.Context) (map[string]*kept, error) {
	if !p.stateful {
		return map[string]*kept{}, nil
	}
	return p.relational.state(ctx)
}

func (p *postgres) foreign(ctx context.Context, names []string) ([]string, error) {
	return p.texts(ctx, "look for tables", `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY($2)
		UNION SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = $1 AND t.typname = ANY($2) ORDER BY 1`, p.schema, names)
}

// texts returns the one column of a query.
func (p *postgres) texts(ctx context.Context, doing, sql string, args ...any) ([]string, error) {
	rows, err := p.conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, p.fail(doing, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return found, p.fail(doing, err)
}

// settings make a transaction independent of the configuration of the database,
// the role or a pooler.
const settings = `SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL client_encoding = 'UTF8'; SET LOCAL extra_float_digits = 1; SET LOCAL standard_conforming_strings = on; SET LOCAL client_min_messages = warning;
DO $$ BEGIN IF current_setting('server_version_num')::int >= 170000 THEN SET LOCAL transaction_timeout = 0; END IF; END $$`

// within does work in a transaction, excluding other loads into this schema.
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
	if err := p.script(ctx, settings); err != nil {
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

// script runs several statements without parameters.
func (p *postgres) script(ctx context.Context, sql string) error {
	_, err := p.conn.PgConn().Exec(ctx, sql).ReadAll()
	return err
}

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

func (p *postgres) ready(ctx context.Context, all map[string]*kept, jobs []*job, drop []*kept) error {
	if len(jobs) == 0 && len(drop) == 0 {
		return nil
	}
	if !p.stateful {
		err := p.within(ctx, "create the tables of loads", func() error {
			sql := fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (collection text PRIMARY KEY, name text NOT NULL UNIQUE, plan json NOT NULL);
CREATE TABLE IF NOT EXISTS %s (collection text, sync integer, sha256 text NOT NULL, rows bigint NOT NULL, loaded timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (collection, sync))`,
				p.table(tablesTable), p.table(loadsTable))
			if p.schema != "public" {
				sql = "CREATE SCHEMA IF NOT EXISTS " + identifier(p.schema) + ";\n" + sql
			}
			return p.script(ctx, sql)
		})
		if err != nil {
			return err
		}
		p.stateful = true
	}
	if err := p.viewsInTheWay(ctx, jobs); err != nil {
		return err
	}
	return p.dropKeys(ctx, all, jobs, drop)
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
// may be dangling between the collections' transactions. keys creates them
// again.
func (p *postgres) dropKeys(ctx context.Context, all map[string]*kept, jobs []*job, drop []*kept) error {
	touched := map[string]bool{}
	for _, j := range jobs {
		if j.table.Action == Apply {
			touched[j.table.Collection] = true
		}
	}
	for _, k := range drop {
		touched[k.table.Collection] = true
	}
	if len(touched) == 0 {
		return nil
	}
	return p.within(ctx, "drop the foreign keys for the time of the load", func() error {
		for _, k := range all {
			var keys []string
			for _, c := range k.table.Columns {
				if touched[k.table.Collection] || touched[c.Collection] {
					keys = append(keys, c.Key)
				}
			}
			for _, c := range k.table.Changes {
				keys = append(keys, c.Key)
			}
			for _, key := range keys {
				if key == "" {
					continue
				}
				if err := p.exec(ctx, fmt.Sprintf("ALTER TABLE IF EXISTS %s DROP CONSTRAINT IF EXISTS %s", p.table(k.table.Name), identifier(key))); err != nil {
					return err
				}
			}
		}
		for _, k := range drop {
			if err := p.drop(ctx, k.table); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *postgres) load(ctx context.Context, j *job, proof *Proof) error {
	t := j.table
	return p.within(ctx, "load "+t.Collection, func() error {
		if err := p.script(ctx, p.definition(t)); err != nil {
			return err
		}
		fill := p.fillNew
		if t.Action == Apply {
			fill = p.apply
		}
		if err := fill(ctx, j, proof); err != nil {
			return err
		}
		return p.finish(ctx, j, proof)
	})
}

// copyIn sends the rows of a job to a table.
func (p *postgres) copyIn(ctx context.Context, j *job, table string, removed func(id int64)) (sum, error) {
	source := &copySource{job: j, shape: newShaper(postgresDialect, j.table, j.format), encode: newRowEncoder(j.table), removed: removed}
	next, stop := iter.Pull2(j.rows)
	defer stop()
	source.next = next
	tag, err := p.conn.PgConn().CopyFrom(ctx, source, "COPY "+table+" ("+columnList(j.table, "")+") FROM STDIN (FORMAT binary)")
	source.end()
	switch {
	case source.failed != nil:
		return sum{}, source.failed
	case err != nil:
		return sum{}, err
	case !source.done || tag.RowsAffected() != source.sent.rows:
		return sum{}, differ(j.table, "rows", source.sent.rows, tag.RowsAffected())
	}
	return source.sent, nil
}

// prove reads rows back and compares them with those sent.
func (p *postgres) prove(ctx context.Context, t *Table, from string, sent sum) error {
	sink := &copySink{encode: newRowEncoder(t)}
	if _, err := p.conn.PgConn().CopyTo(ctx, sink, "COPY ("+"SELECT "+columnList(t, "t.")+" FROM "+from+") TO STDOUT (FORMAT binary)"); err != nil {
		return err
	}
	if !sink.ended {
		return differ(t, "rows", sent.rows, sink.back.rows)
	}
	return sink.back.same(t, sent)
}

func (p *postgres) fillNew(ctx context.Context, j *job, proof *Proof) error {
	table := p.table(j.table.Name)
	began := time.Now()
	sent, err := p.copyIn(ctx, j, table, func(int64) {})
	if err != nil {
		return err
	}
	proof.Copying = time.Since(began).Seconds()
	if err := p.script(ctx, p.primaryKey(j.table)); err != nil {
		return err
	}
	proof.sent(sent)
	return p.prove(ctx, j.table, table+" t", sent)
}

// apply applies the changes of later syncs to a table.
func (p *postgres) apply(ctx context.Context, j *job, proof *Proof) error {
	table := p.table(j.table.Name)
	if j.clear {
		if err := p.exec(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	if err := p.script(ctx, "CREATE TEMP TABLE fauna_export_rows (LIKE "+table+") ON COMMIT DROP; CREATE TEMP TABLE fauna_export_gone (ref bigint) ON COMMIT DROP"); err != nil {
		return err
	}
	var gone []int64
	sent, err := p.copyIn(ctx, j, "pg_temp.fauna_export_rows", func(id int64) { gone = append(gone, id) })
	if err != nil {
		return err
	}
	if _, err := p.conn.CopyFrom(ctx, pgx.Identifier{"pg_temp", "fauna_export_gone"}, []string{"ref"}, pgx.CopyFromSlice(len(gone), func(i int) ([]any, error) { return []any{gone[i]}, nil })); err != nil {
		return err
	}
	proof.Removed = int64(len(gone))
	list := columnList(j.table, "")
	sql := fmt.Sprintf("ANALYZE pg_temp.fauna_export_rows; ANALYZE pg_temp.fauna_export_gone; DELETE FROM %s t USING pg_temp.fauna_export_gone g WHERE t.ref = g.ref; INSERT INTO %s (%s) SELECT %s FROM pg_temp.fauna_export_rows%s",
		table, table, list, list, updateList(j.table))
	if err := p.script(ctx, sql); err != nil {
		return err
	}
	proof.sent(sent)
	return p.prove(ctx, j.table, table+" t JOIN pg_temp.fauna_export_rows r ON r.ref = t.ref", sent)
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
					if err := p.script(ctx, p.foreignKey(t, c)); err != nil {
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
