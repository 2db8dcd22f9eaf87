package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Password prompts for the password of a user on a host.
type Password func(ctx context.Context, user, host string) (string, error)

// postgres is a schema of a Postgres database.
type postgres struct {
	config   *pgx.ConnConfig
	schema   string
	shown    string // the address without a password
	password Password
	conn     *pgx.Conn
	stateful bool // the tables of state exist
}

func newPostgres(text string, password Password) (*postgres, error) {
	usage := func(what, do string) error {
		return &Error{Kind: KindUsage, Where: "postgres://…", What: what, Do: do}
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, usage("it is not the address of a database", "write it like postgres://user@host/database")
	}
	query := u.Query()
	if _, has := u.User.Password(); has || query.Has("password") || query.Has("sslpassword") {
		return nil, usage("the address contains a password, which others can read", "take it out and set PGPASSWORD, write it to ~/.pgpass, or wait for the prompt")
	}
	p := &postgres{schema: query.Get("schema"), password: password}
	query.Del("schema")
	u.RawQuery = query.Encode()
	if p.config, err = pgx.ParseConfig(u.String()); err != nil {
		return nil, usage("it is not the address of a database: "+strings.TrimPrefix(err.Error(), "cannot parse "), "write it like postgres://user@host/database")
	}
	if p.schema == "" {
		p.schema = "public"
	}
	// A cached plan of a table is wrong after ALTER, so describe each time.
	p.config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	p.config.StatementCacheCapacity, p.config.DescriptionCacheCapacity = 0, 0
	p.shown = fmt.Sprintf("Postgres %s on %s, schema %s", p.config.Database, p.config.Host, p.schema)
	return p, nil
}

func (p *postgres) dialect() *dialect { return postgresDialect }
func (p *postgres) name() string      { return p.shown }

func (p *postgres) close() {
	if p.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		p.conn.Close(ctx)
	}
}

// fail wraps an error of the database with what can be done about it.
func (p *postgres) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	e := &Error{Where: p.shown, What: doing, Err: err}
	again := "; nothing was half loaded: load again and it goes on with what is missing"
	pg, isPg := errors.AsType[*pgconn.PgError](err)
	if !isPg {
		if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
			e.Err = lastCause(err)
			e.Kind, e.Do = KindUnreachable, "check the host, the port and that Postgres is running"
		} else if p.conn != nil && p.conn.IsClosed() {
			e.Kind, e.What, e.Do = KindUnreachable, "the connection was lost, "+doing, "check the database"+again
		}
		return e
	}
	if pg.Detail != "" {
		e.Err = fmt.Errorf("%w (%s)", err, pg.Detail)
	}
	switch code := pg.Code; {
	case code == "28P01" || strings.HasPrefix(code, "28"):
		e.Kind, e.Do = KindRefused, "check the user, and the password in PGPASSWORD or ~/.pgpass"
	case code == "42501":
		e.Kind, e.Do = KindRefused, fmt.Sprintf("ask an administrator for: GRANT USAGE, CREATE ON SCHEMA %s TO %s;", identifier(p.schema), identifier(p.config.User))
	case code == "3D000":
		e.Kind, e.Do = KindUsage, "create the database first: createdb "+p.config.Database
	case code == "53100" || code == "58030" || strings.Contains(pg.Message, "No space left"):
		e.Do = "the database's disk is full: make room" + again
	case code == "53200":
		e.Do = "the database is out of memory" + again
	case code == "57014" || code == "55P03" || code == "25P03":
		e.Do = "the database cancelled the statement; see its timeouts" + again
	case code == "25006":
		e.Kind, e.Do = KindUsage, "the database is read-only: load into the primary"
	case strings.HasPrefix(code, "57P") || strings.HasPrefix(code, "08"):
		e.Kind, e.Do = KindUnreachable, "the database closed the connection"+again
	}
	return e
}

// lastCause returns the error of the last address that was tried, in one line.
func lastCause(err error) error {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return errors.New(strings.TrimSpace(lines[len(lines)-1]))
}

func (p *postgres) open(ctx context.Context) error {
	var err error
	p.conn, err = pgx.ConnectConfig(ctx, p.config)
	if pg, ok := errors.AsType[*pgconn.PgError](err); (ok && strings.HasPrefix(pg.Code, "28") || err != nil && strings.Contains(err.Error(), "password")) && p.config.Password == "" && p.password != nil {
		if p.config.Password, err = p.password(ctx, p.config.User, p.config.Host); err != nil {
			return err
		}
		p.conn, err = pgx.ConnectConfig(ctx, p.config)
	}
	if err != nil {
		return p.fail("connect", err)
	}
	var encoding string
	var replica, schema, may bool
	err = p.conn.QueryRow(ctx, `SELECT current_setting('server_encoding'), pg_is_in_recovery(),
		EXISTS (SELECT FROM pg_namespace WHERE nspname = $1),
		CASE WHEN EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) THEN has_schema_privilege((SELECT oid FROM pg_namespace WHERE nspname = $1), 'CREATE, USAGE')
		     ELSE has_database_privilege(current_database(), 'CREATE') END`, p.schema).Scan(&encoding, &replica, &schema, &may)
	switch {
	case err != nil:
		return p.fail("look at the database", err)
	case encoding != "UTF8":
		return &Error{Kind: KindUsage, Where: p.shown, What: "its encoding is " + encoding + ", which cannot hold all text", Do: "create a database with ENCODING 'UTF8'"}
	case replica:
		return &Error{Kind: KindUsage, Where: p.shown, What: "it is a replica and read-only", Do: "load into the primary"}
	case !may:
		return &Error{Kind: KindRefused, Where: p.shown, What: fmt.Sprintf("%s may not create tables there", p.config.User), Do: fmt.Sprintf("ask an administrator for: GRANT USAGE, CREATE ON SCHEMA %s TO %s;", identifier(p.schema), identifier(p.config.User))}
	}
	err = p.conn.QueryRow(ctx, `SELECT count(*) = 2 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname IN ('`+loadsTable+`', '`+tablesTable+`')`, p.schema).Scan(&p.stateful)
	return p.fail("look at the database", err)
}

// table is a table's name as statements have it.
func (p *postgres) table(name string) string { return identifier(p.schema) + "." + identifier(name) }

func (p *postgres) state(ctx context.Context) (map[string]*kept, error) {
	all := map[string]*kept{}
	if !p.stateful {
		return all, nil
	}
	rows, err := p.conn.Query(ctx, "SELECT collection, plan::text FROM "+p.table(tablesTable))
	if err != nil {
		return nil, p.fail("read what was loaded before", err)
	}
	var name, plan, hash string
	var sync int
	if _, err = pgx.ForEachRow(rows, []any{&name, &plan}, func() error {
		k := &kept{table: &Table{}, loads: map[int]string{}}
		all[name] = k
		return json.Unmarshal([]byte(plan), k.table)
	}); err != nil {
		return nil, p.fail("read what was loaded before", err)
	}
	rows, err = p.conn.Query(ctx, "SELECT collection, sync, sha256 FROM "+p.table(loadsTable))
	if err != nil {
		return nil, p.fail("read what was loaded before", err)
	}
	_, err = pgx.ForEachRow(rows, []any{&name, &sync, &hash}, func() error {
		if k := all[name]; k != nil {
			k.loads[sync] = hash
		}
		return nil
	})
	return all, p.fail("read what was loaded before", err)
}

func (p *postgres) foreign(ctx context.Context, names []string) ([]string, error) {
	rows, err := p.conn.Query(ctx, `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY($2)
		UNION SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = $1 AND t.typname = ANY($2) ORDER BY 1`, p.schema, names)
	if err != nil {
		return nil, p.fail("look for tables", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return found, p.fail("look for tables", err)
}

// settings make a transaction independent of the configuration of the database,
// the role or a pooler.
const settings = `SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL client_encoding = 'UTF8'; SET LOCAL extra_float_digits = 1; SET LOCAL standard_conforming_strings = on; SET LOCAL client_min_messages = warning;
DO $$ BEGIN IF current_setting('server_version_num')::int >= 170000 THEN SET LOCAL transaction_timeout = 0; END IF; END $$`

// within does work in a transaction, excluding other loads into this schema.
func (p *postgres) within(ctx context.Context, doing string, work func(tx pgx.Tx) error) error {
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
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('fauna-export'), hashtext($1))", p.schema); err != nil {
		return p.fail(doing, err)
	}
	if err := work(tx); err != nil {
		return p.fail(doing, err)
	}
	return p.fail(doing, tx.Commit(ctx))
}

// exec runs statements without parameters.
func (p *postgres) exec(ctx context.Context, sql string) error {
	_, err := p.conn.PgConn().Exec(ctx, sql).ReadAll()
	return err
}

func (p *postgres) ready(ctx context.Context, all map[string]*kept, jobs []*job, drop []*kept) error {
	if len(jobs) == 0 && len(drop) == 0 {
		return nil
	}
	if !p.stateful {
		err := p.within(ctx, "create the tables of loads", func(pgx.Tx) error {
			sql := fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (collection text PRIMARY KEY, name text NOT NULL UNIQUE, plan json NOT NULL);
CREATE TABLE IF NOT EXISTS %s (collection text, sync integer, sha256 text NOT NULL, rows bigint NOT NULL, loaded timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (collection, sync))`,
				p.table(tablesTable), p.table(loadsTable))
			if p.schema != "public" {
				sql = "CREATE SCHEMA IF NOT EXISTS " + identifier(p.schema) + ";\n" + sql
			}
			return p.exec(ctx, sql)
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
			rows, err := p.conn.Query(ctx, `SELECT DISTINCT v.oid::regclass::text FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
				JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
				WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = $1::regclass AND a.attname = $2`, p.table(j.table.Name), c.Column.Name)
			if err != nil {
				return p.fail("look for views", err)
			}
			views, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				return p.fail("look for views", err)
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
	return p.within(ctx, "drop the foreign keys for the time of the load", func(pgx.Tx) error {
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
			if err := p.exec(ctx, "DROP TABLE IF EXISTS "+p.table(k.table.Name)); err != nil {
				return err
			}
			for _, table := range []string{tablesTable, loadsTable} {
				if _, err := p.conn.Exec(ctx, "DELETE FROM "+p.table(table)+" WHERE collection = $1", k.table.Collection); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (p *postgres) load(ctx context.Context, j *job) (proof Proof, err error) {
	t := j.table
	began := time.Now()
	proof = Proof{Collection: t.Collection, Table: t.Name, Action: t.Action, Documents: t.Documents}
	err = p.within(ctx, "load "+t.Collection, func(tx pgx.Tx) error {
		if err := p.exec(ctx, p.definition(t)); err != nil {
			return err
		}
		var err error
		if t.Action == Create {
			err = p.fillNew(ctx, j, &proof)
		} else {
			err = p.apply(ctx, j, &proof)
		}
		if err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT count(*) FROM "+p.table(t.Name)).Scan(&proof.Rows); err != nil {
			return err
		}
		if proof.Rows != t.Documents {
			return differ(t, "the rows of the manifest and of the table", t.Documents, proof.Rows)
		}
		if err := p.keep(ctx, t); err != nil {
			return err
		}
		for _, s := range j.syncs {
			if _, err := tx.Exec(ctx, "INSERT INTO "+p.table(loadsTable)+" (collection, sync, sha256, rows) VALUES ($1, $2, $3, $4)", t.Collection, s.sync, s.sha256, s.rows); err != nil {
				return err
			}
		}
		return nil
	})
	proof.Seconds = time.Since(began).Seconds()
	return proof, err
}

// keep stores the table's plan in our table.
func (p *postgres) keep(ctx context.Context, t *Table) error {
	plan, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = p.conn.Exec(ctx, "INSERT INTO "+p.table(tablesTable)+" (collection, name, plan) VALUES ($1, $2, $3::text::json) ON CONFLICT (collection) DO UPDATE SET plan = excluded.plan", t.Collection, t.Name, string(plan))
	return err
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
func (p *postgres) prove(ctx context.Context, t *Table, from string, sent sum, proof *Proof) error {
	sink := &copySink{encode: newRowEncoder(t)}
	if _, err := p.conn.PgConn().CopyTo(ctx, sink, "COPY ("+"SELECT "+columnList(t, "t.")+" FROM "+from+") TO STDOUT (FORMAT binary)"); err != nil {
		return err
	}
	if !sink.ended || sink.back != sent {
		return differ(t, "rows", fmt.Sprintf("%d rows, %s", sent.rows, sent.String()), fmt.Sprintf("%d rows, %s", sink.back.rows, sink.back.String()))
	}
	proof.Sent, proof.Hash = sent.rows, sent.String()
	return nil
}

func (p *postgres) fillNew(ctx context.Context, j *job, proof *Proof) error {
	table := p.table(j.table.Name)
	began := time.Now()
	sent, err := p.copyIn(ctx, j, table, func(int64) {})
	if err != nil {
		return err
	}
	proof.Copying = time.Since(began).Seconds()
	if err := p.exec(ctx, p.primaryKey(j.table)); err != nil {
		return err
	}
	return p.prove(ctx, j.table, table+" t", sent, proof)
}

// apply applies the changes of later syncs to a table.
func (p *postgres) apply(ctx context.Context, j *job, proof *Proof) error {
	table := p.table(j.table.Name)
	if j.clear {
		if err := p.exec(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	if err := p.exec(ctx, "CREATE TEMP TABLE fauna_export_rows (LIKE "+table+") ON COMMIT DROP; CREATE TEMP TABLE fauna_export_gone (ref bigint) ON COMMIT DROP"); err != nil {
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
	var set []string
	for _, c := range j.table.all()[1:] {
		set = append(set, identifier(c.Name)+" = excluded."+identifier(c.Name))
	}
	list := columnList(j.table, "")
	sql := fmt.Sprintf("ANALYZE pg_temp.fauna_export_rows; ANALYZE pg_temp.fauna_export_gone; DELETE FROM %s t USING pg_temp.fauna_export_gone g WHERE t.ref = g.ref; INSERT INTO %s (%s) SELECT %s FROM pg_temp.fauna_export_rows ON CONFLICT (ref) DO UPDATE SET %s",
		table, table, list, list, strings.Join(set, ", "))
	if err := p.exec(ctx, sql); err != nil {
		return err
	}
	return p.prove(ctx, j.table, table+" t JOIN pg_temp.fauna_export_rows r ON r.ref = t.ref", sent, proof)
}

// columnList are the columns of a table, each after a prefix.
func columnList(t *Table, prefix string) string {
	var names []string
	for _, c := range t.all() {
		names = append(names, prefix+identifier(c.Name))
	}
	return strings.Join(names, ", ")
}

func (p *postgres) definition(t *Table) string {
	table := p.table(t.Name)
	if t.Action == Apply {
		var lines []string
		for _, c := range t.Changes {
			name := identifier(c.Column.Name)
			if c.From == "" {
				lines = append(lines, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s;\n", table, name, postgresDialect.types[c.Column.Type]))
				continue
			}
			lines = append(lines, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %s;\n", table, name, postgresDialect.types[c.Column.Type], using(name, c)))
		}
		return strings.Join(lines, "")
	}
	var lines []string
	for _, c := range t.all() {
		line := "  " + identifier(c.Name) + " " + postgresDialect.types[c.Type]
		if c.Name == "ref" || c.Name == "ts" {
			line += " NOT NULL"
		}
		lines = append(lines, line)
	}
	return "CREATE TABLE " + table + " (\n" + strings.Join(lines, ",\n") + "\n);\n"
}

func (p *postgres) primaryKey(t *Table) string {
	return fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s PRIMARY KEY (ref);\n", p.table(t.Name), identifier(t.PrimaryKey))
}

func (p *postgres) foreignKey(t *Table, c *Column) string {
	return fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (ref);\n", p.table(t.Name), identifier(c.Key), identifier(c.Name), p.table(c.target))
}

// constraints returns the keys that a load adds after the rows: a foreign key
// only if no ref is dangling.
func (p *postgres) constraints(t *Table) string {
	text := ""
	if t.Action == Create {
		text = p.primaryKey(t)
	}
	for _, c := range t.Columns {
		if c.Key != "" && c.target != "" {
			text += p.foreignKey(t, c)
		}
	}
	return text
}

// using converts a column's values to its new type, exactly.
func using(name string, c Change) string {
	asJSON := "to_jsonb(" + name + ")"
	utc := "(" + name + " AT TIME ZONE 'UTC')"
	sign := func(year string) string {
		return "CASE WHEN extract(year FROM " + year + ") > 9999 THEN '+' ELSE '' END || "
	}
	text := name + "::text"
	switch c.From {
	case Time:
		us := "to_char(" + utc + ", 'US')"
		text = sign(utc) + "to_char(" + utc + ", 'YYYY-MM-DD\"T\"HH24:MI:SS') || CASE WHEN " + us + " = '000000' THEN '' WHEN right(" + us + ", 3) = '000' THEN '.' || left(" + us + ", 3) ELSE '.' || " + us + " END || 'Z'"
		asJSON = "to_jsonb(" + text + ")"
	case Date:
		text = sign(name) + "to_char(" + name + ", 'YYYY-MM-DD')"
		asJSON = "to_jsonb(" + text + ")"
	case Ref:
		asJSON = "CASE WHEN " + name + " IS NOT NULL THEN jsonb_build_object('id', " + name + "::text, 'collection', " + literal(c.Left) + ", 'type', 'document') END"
	case JSON, JSONB:
		asJSON = name
	}
	switch c.Column.Type {
	case Double:
		return name + "::double precision"
	case Numeric:
		return name + "::text::numeric" // a cast without text rounds to 15 digits
	case Text:
		return text
	case JSONB:
		return asJSON
	case JSON:
		return "(" + asJSON + ")::json"
	}
	return "convert_to((" + asJSON + ")::text, 'UTF8')"
}

func (p *postgres) keys(ctx context.Context, tables []*Table) error {
	rows, err := p.conn.Query(ctx, "SELECT c.conrelid::bigint, r.relname, c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace WHERE c.contype = 'f' AND n.nspname = $1", p.schema)
	if err != nil {
		return p.fail("look for foreign keys", err)
	}
	have := map[[2]string]bool{}
	var oid int64
	var table, name string
	if _, err := pgx.ForEachRow(rows, []any{&oid, &table, &name}, func() error {
		have[[2]string{table, name}] = true
		return nil
	}); err != nil {
		return p.fail("look for foreign keys", err)
	}
	byCollection := map[string]*Table{}
	for _, t := range tables {
		byCollection[t.Collection] = t
	}
	for _, t := range tables {
		for _, c := range t.Columns {
			to := byCollection[c.Collection]
			if c.Type != Ref || c.Key == "" || to == nil || have[[2]string{t.Name, c.Key}] {
				continue
			}
			err := p.within(ctx, fmt.Sprintf("add the foreign key of %s.%s", t.Collection, c.Field), func(tx pgx.Tx) error {
				before := c.Missing
				column := identifier(c.Name)
				if err := tx.QueryRow(ctx, fmt.Sprintf("SELECT count(*) FROM %s t WHERE t.%s IS NOT NULL AND NOT EXISTS (SELECT FROM %s o WHERE o.ref = t.%s)", p.table(t.Name), column, p.table(to.Name), column)).Scan(&c.Missing); err != nil {
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
