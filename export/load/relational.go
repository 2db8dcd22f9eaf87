package load

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// engine is a connection, and what differs between Postgres and SQLite.
type engine interface {
	// within does work in one transaction.
	within(ctx context.Context, doing string, work func() error) error
	// exec runs a statement in the present transaction; without parameters it
	// may be several. Parameters are $1, $2 ….
	exec(ctx context.Context, sql string, args ...any) error
	// each runs a query and calls row after each row was scanned into q's variables.
	each(ctx context.Context, q query, row func() error) error
	foreign(ctx context.Context, names []string) ([]string, error)
	// stateTables returns the statements that make the tables of loads.
	stateTables() string
	// clear drops the foreign keys that would keep the jobs from changing rows, or
	// tables from being dropped.
	clear(ctx context.Context, all map[string]*loadedTable, jobs []*job, drop []*loadedTable) error
	// change creates or changes the table.
	change(ctx context.Context, t *Table) error
	// fill sends the rows of a job, and compares them with the rows read back.
	fill(ctx context.Context, j *job, proof *Proof) error
}

type query struct {
	sql  string
	args []any
	into []any
}

// relational is what Postgres and SQLite share: the record of what was loaded,
// and the statements that both understand.
type relational struct {
	engine
	types map[Type]string
	table func(name string) string // returns a table's name in statements
	fail  func(doing string, err error) error
	// columns is a query of the name of each table and each of its columns.
	columns     string
	columnsArgs []any
}

// one reads a single row.
func (d *relational) one(ctx context.Context, sql string, args []any, into ...any) error {
	return d.each(ctx, query{sql, args, into}, func() error { return nil })
}

// texts returns the only column of a query.
func (d *relational) texts(ctx context.Context, doing, sql string, args ...any) (found []string, err error) {
	var text string
	err = d.each(ctx, query{sql, args, []any{&text}}, func() error {
		found = append(found, text)
		return nil
	})
	return found, d.fail(doing, err)
}

func (d *relational) state(ctx context.Context) (map[string]*loadedTable, error) {
	all := map[string]*loadedTable{}
	if have, err := d.foreign(ctx, []string{tablesTable}); err != nil || len(have) == 0 {
		return all, err
	}
	var name, plan, hash string
	var sync int
	sql := fmt.Sprintf("SELECT t.collection, CAST(t.plan AS text), coalesce(l.sync, 0), coalesce(l.sha256, '') FROM %s t LEFT JOIN %s l ON l.collection = t.collection", d.table(tablesTable), d.table(loadsTable))
	err := d.each(ctx, query{sql, nil, []any{&name, &plan, &sync, &hash}}, func() error {
		if all[name] == nil {
			all[name] = &loadedTable{Table: &Table{}, Loads: map[int]string{}}
			if err := json.Unmarshal([]byte(plan), all[name].Table); err != nil {
				return err
			}
			if !all[name].sound(name) {
				return &Error{Kind: KindUsage, Where: tablesTable, What: fmt.Sprintf("its plan of %q was not written by a load", name), Do: "load into another place"}
			}
		}
		if sync > 0 {
			all[name].Loads[sync] = hash
		}
		return nil
	})
	if err == nil {
		err = d.compareTables(ctx, all)
	}
	return all, d.fail("read what was loaded before", err)
}

// compareTables finds out which of the tables that loads made are still there.
func (d *relational) compareTables(ctx context.Context, all map[string]*loadedTable) error {
	have := map[[2]string]bool{}
	var table, column string
	err := d.each(ctx, query{d.columns, d.columnsArgs, []any{&table, &column}}, func() error {
		have[[2]string{table, column}], have[[2]string{table, ""}] = true, true
		return nil
	})
	for _, k := range all {
		k.gone = !have[[2]string{k.Table.Name, ""}]
		for _, c := range k.Table.all() {
			k.altered = k.altered || !have[[2]string{k.Table.Name, c.Name}]
		}
	}
	return err
}

func (d *relational) ready(ctx context.Context, all map[string]*loadedTable, jobs []*job, drop []*loadedTable) error {
	if len(jobs) == 0 && len(drop) == 0 {
		return nil
	}
	return d.within(ctx, "create the tables that record loads", func() error {
		if err := d.exec(ctx, d.stateTables()); err != nil {
			return err
		}
		if err := d.clear(ctx, all, jobs, drop); err != nil {
			return err
		}
		for _, k := range drop {
			if err := d.drop(ctx, k.Table); err != nil {
				return d.fail("drop the table of "+k.Table.Collection, err)
			}
		}
		return nil
	})
}

// keep stores a table's plan.
func (d *relational) keep(ctx context.Context, t *Table) error {
	plan, _ := json.Marshal(t) // texts and numbers can't fail
	return d.exec(ctx, "INSERT INTO "+d.table(tablesTable)+" (collection, name, plan) VALUES ($1, $2, $3) ON CONFLICT (collection) DO UPDATE SET plan = excluded.plan", t.Collection, t.Name, string(plan))
}

// drop removes a table created by a load.
func (d *relational) drop(ctx context.Context, t *Table) error {
	if err := d.exec(ctx, "DROP TABLE IF EXISTS "+d.table(t.Name)); err != nil {
		return err
	}
	for _, table := range []string{tablesTable, loadsTable} {
		if err := d.exec(ctx, "DELETE FROM "+d.table(table)+" WHERE collection = $1", t.Collection); err != nil {
			return err
		}
	}
	return nil
}

func (d *relational) load(ctx context.Context, j *job, proof *Proof) error {
	return d.within(ctx, "load "+j.table.Collection, func() error {
		if err := d.change(ctx, j.table); err != nil {
			return err
		}
		if j.clear {
			if err := d.exec(ctx, "DELETE FROM "+d.table(j.table.Name)); err != nil {
				return err
			}
		}
		if err := d.fill(ctx, j, proof); err != nil {
			return err
		}
		return d.finish(ctx, j, proof)
	})
}

// finish compares a table's rows with the manifest and records the load.
func (d *relational) finish(ctx context.Context, j *job, proof *Proof) error {
	t := j.table
	if err := d.one(ctx, "SELECT count(*) FROM "+d.table(t.Name), nil, &proof.Rows); err != nil {
		return err
	}
	if t.Action == Apply && proof.Rows != t.Documents {
		return &Error{Where: t.Collection, What: fmt.Sprintf("with these changes the rows of the table would be %s, and the export has %s: something else changed the table", count(proof.Rows), count(t.Documents)),
			Do: "nothing was loaded from it; undo that, or load the whole table again with --replace"}
	}
	if proof.Rows != t.Documents {
		return differ(t, "row counts of manifest and table", t.Documents, proof.Rows)
	}
	if err := d.keep(ctx, t); err != nil {
		return err
	}
	for _, s := range j.syncs {
		if err := d.exec(ctx, "INSERT INTO "+d.table(loadsTable)+" (collection, sync, sha256, rows) VALUES ($1, $2, $3, $4)", t.Collection, s.sync, s.sha256, s.rows); err != nil {
			return err
		}
	}
	return nil
}

// countMissing counts the rows with dangling refs.
func (d *relational) countMissing(ctx context.Context, t *Table, c *Column) error {
	name := identifier(c.Name)
	return d.one(ctx, fmt.Sprintf("SELECT count(*) FROM %s t WHERE t.%s IS NOT NULL AND NOT EXISTS (SELECT 1 FROM %s o WHERE o.ref = t.%s)", d.table(t.Name), name, d.table(c.target), name), nil, &c.Missing)
}

// create returns the statement that creates a table; more returns the end of a
// column's line.
func (d *relational) create(t *Table, name string, more func(Column) string) string {
	var lines []string
	for _, c := range t.all() {
		lines = append(lines, "  "+identifier(c.Name)+" "+d.types[c.Type]+more(c))
	}
	return "CREATE TABLE " + name + " (\n" + strings.Join(lines, ",\n") + "\n)"
}

// columnList lists the columns of a table, each with a prefix.
func columnList(t *Table, prefix string) string {
	var names []string
	for _, c := range t.all() {
		names = append(names, prefix+identifier(c.Name))
	}
	return strings.Join(names, ", ")
}

// updateList sets every column but the key to the value of the row sent.
func updateList(t *Table) string {
	var set []string
	for _, c := range t.all()[1:] {
		set = append(set, identifier(c.Name)+" = excluded."+identifier(c.Name))
	}
	return " ON CONFLICT (ref) DO UPDATE SET " + strings.Join(set, ", ")
}

// keyed reports whether a column may have a foreign key.
func (c *Column) keyed() bool { return c.Type == Ref && c.Key != "" && c.target != "" }
