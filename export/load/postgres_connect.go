package load

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// connectTimeout bounds the wait for a server that accepts connections and says
// nothing, unless the address sets another limit.
const connectTimeout = 30 * time.Second

func newPostgres(text string, password Password) (*postgres, error) {
	usage := func(what, do string) error {
		return &Error{Kind: KindUsage, Where: "postgres://…", What: what, Do: do}
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || !strings.Contains(text, "://") {
		return nil, usage("it is not the address of a database", "write it like postgres://user@host/database, or a socket as postgres:///database?host=/var/run/postgresql")
	}
	if strings.Contains(text, "#") { // part of a name to pgx, the end of the address to url.Parse
		return nil, usage("it contains a #, which can be read in two ways", "write %23 for it")
	}
	settings, rest, err := splitSettings(u.RawQuery)
	if err != nil {
		return nil, usage(err.Error(), "write it like postgres://user@host/database?schema=NAME")
	}
	_, has := u.User.Password()
	for name := range settings {
		has = has || strings.Contains(strings.ToLower(name), "password")
	}
	if has {
		return nil, usage("the address contains a password, which others can read", "take it out and set PGPASSWORD, write it to ~/.pgpass, or wait for the prompt")
	}
	if err := checkConnectionFiles(settings); err != nil {
		return nil, usage(err.Error(), "name a regular file")
	}
	p := &postgres{schema: settings["schema"], password: password}
	if len(p.schema) > postgresDialect.longestName || strings.ContainsRune(p.schema, 0) || !utf8.ValidString(p.schema) {
		return nil, usage(fmt.Sprintf("no schema can have the name %q", p.schema), fmt.Sprintf("give one of at most %d bytes", postgresDialect.longestName))
	}
	if strings.HasPrefix(p.schema, "pg_") || p.schema == "information_schema" {
		return nil, usage(fmt.Sprintf("the schema %q is Postgres's own", p.schema), "choose another one")
	}
	u.RawQuery = rest
	if p.config, err = pgx.ParseConfig(u.String()); err != nil {
		return nil, usage("it is not the address of a database: "+strings.TrimPrefix(err.Error(), "cannot parse "), "write it like postgres://user@host/database")
	}
	if p.schema == "" {
		p.schema = "public"
	}
	if _, set := settings["connect_timeout"]; !set && p.config.ConnectTimeout == 0 {
		p.config.ConnectTimeout = connectTimeout
	}
	// After ALTER a table's cached plan is wrong, so describe each time.
	p.config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	p.config.StatementCacheCapacity, p.config.DescriptionCacheCapacity = 0, 0
	p.config.RuntimeParams["client_encoding"] = "UTF8" // whatever the database, the role or the address says
	p.shown = fmt.Sprintf("Postgres %s on %s, schema %s", p.config.Database, p.config.Host, p.schema)
	p.relational = relational{engine: p, types: postgresDialect.types, fail: p.explain,
		table:       func(name string) string { return identifier(p.schema) + "." + identifier(name) },
		columnsArgs: []any{p.schema},
		columns: `SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped`}
	return p, nil
}

// splitSettings returns the settings in an address, and the query without the schema,
// which is ours. Unlike in a web address, + is a plus, as libpq has it.
func splitSettings(query string) (settings map[string]string, rest string, err error) {
	settings = map[string]string{}
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		name, bad := url.PathUnescape(key)
		text, wrong := url.PathUnescape(value)
		if bad != nil || wrong != nil {
			return nil, "", errors.New("its settings are not written as in a URL")
		}
		if _, twice := settings[name]; twice {
			return nil, "", fmt.Errorf("it sets %s twice", name)
		}
		if settings[name] = text; name != "schema" {
			kept = append(kept, part)
		}
	}
	return settings, strings.Join(kept, "&"), nil
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

// explain wraps a database error with advice.
func (p *postgres) explain(doing string, err error) error {
	return explained(p.shown, doing, err, func(e *Error) { p.advise(e, doing, err) })
}

func (p *postgres) advise(e *Error, doing string, err error) {
	again := "; nothing was partly loaded: load again to continue with what is missing"
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	if connecting {
		e.Err = lastCause(err)
	}
	pg, isPg := errors.AsType[*pgconn.PgError](err)
	if !isPg {
		if connecting {
			e.Kind, e.Do = KindUnreachable, "check the host, the port and that Postgres is running"
		} else if p.conn != nil && p.conn.IsClosed() {
			e.Kind, e.What, e.Do = KindUnreachable, "the connection was lost, "+doing, "check the database"+again
		}
		return
	}
	if pg.Detail != "" {
		e.Err = fmt.Errorf("%w (%s)", e.Err, pg.Detail)
	}
	switch code := pg.Code; {
	case code == "28P01" || strings.HasPrefix(code, "28"):
		e.Kind, e.Do = KindRefused, "check the user, and the password in PGPASSWORD or ~/.pgpass"
	case code == "42501":
		// Whether the user may create tables was asked at the start.
		e.Kind, e.Do = KindRefused, "load as the owner of its tables, who loaded before, or have an administrator grant what is missing"
	case code == "3D000":
		e.Kind, e.Do = KindUsage, "create the database first: createdb "+p.config.Database
	case code == "23505" && pg.TableName == loadsTable, code == "42P06", code == "42P07", code == "42701":
		e.Do = "another load into it was faster" + again
	case code == "53100" || code == "58030" || strings.Contains(pg.Message, "No space left"):
		e.Do = "the database's disk is full: free some space" + again
	case code == "53200":
		e.Do = "the database is out of memory" + again
	case code == "57014" || code == "55P03" || code == "25P03":
		e.Do = "the database cancelled the statement; see its timeouts" + again
	case code == "25006":
		e.Kind, e.Do = KindUsage, "the database is read-only: load into the primary"
	case strings.HasPrefix(code, "57P") || strings.HasPrefix(code, "08"):
		e.Kind, e.Do = KindUnreachable, "the database closed the connection"+again
	}
}

func (p *postgres) grant() string {
	return fmt.Sprintf("ask an administrator to run: GRANT USAGE, CREATE ON SCHEMA %s TO %s;", identifier(p.schema), identifier(p.config.User))
}

// lastCause returns the error of the last address tried, in one line.
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
	var replica, reads, may bool
	err = p.conn.QueryRow(ctx, `SELECT current_setting('server_encoding'), pg_is_in_recovery(), current_setting('transaction_read_only')::boolean,
		EXISTS (SELECT FROM pg_namespace WHERE nspname = $1),
		CASE WHEN EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)
		     THEN (SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1)
		     ELSE has_database_privilege(current_database(), 'CREATE') END`, p.schema).Scan(&encoding, &replica, &reads, &p.exists, &may)
	switch {
	case err != nil:
		return p.fail("inspect the database", err)
	case encoding != "UTF8":
		return &Error{Kind: KindUsage, Where: p.shown, What: "its encoding is " + encoding + ", which cannot hold all text", Do: "create a database with ENCODING 'UTF8'"}
	case replica:
		return &Error{Kind: KindUsage, Where: p.shown, What: "it is a replica and read-only", Do: "load into the primary"}
	case reads:
		return &Error{Kind: KindUsage, Where: p.shown, What: fmt.Sprintf("%s may only read there, as default_transaction_read_only is on", p.config.User), Do: "load as a user who may write, or have an administrator turn it off"}
	case !may:
		return &Error{Kind: KindRefused, Where: p.shown, What: fmt.Sprintf("%s has no privilege to create tables there", p.config.User), Do: p.grant()}
	}
	return nil
}
