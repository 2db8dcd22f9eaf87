package load

import (
	"fmt"
	"slices"
	"strings"
)

// Action is what a load does with a collection.
type Action string

// The actions.
const (
	Create Action = "create" // create and fill its table
	Apply  Action = "apply"  // apply the changes of later syncs
	Skip   Action = "skip"   // the target already has it
)

// Plan is what a load will do.
type Plan struct {
	Target string   `json:"target"` // its name, without a password
	Tables []*Table `json:"tables"`
}

// Rows returns the number of rows to send.
func (p *Plan) Rows() int64 {
	var n int64
	for _, t := range p.Tables {
		n += t.Rows
	}
	return n
}

// Table is a collection in the target. Its JSON is stored in the target.
type Table struct {
	Collection string `json:"collection"`
	// Name is the table's name, or the file's without its extension.
	Name string `json:"name"`
	// PrimaryKey is the name of the key's constraint.
	PrimaryKey string    `json:"primary_key"`
	Columns    []*Column `json:"columns"`
	// TTL is the type of the ttl column, Data that of the data column.
	TTL  Type `json:"ttl"`
	Data Type `json:"data"`
	// Mode is how data is loaded.
	Mode Columns `json:"mode"`

	Action Action `json:"-"`
	Rows   int64  `json:"-"` // to send
	// Documents is the number of rows in the table afterwards.
	Documents int64 `json:"-"`
	// Notes say what stays in data, and why.
	Notes []string `json:"-"`
	// Changes lists the columns that an increment adds or widens.
	Changes []Change `json:"-"`

	Ends found `json:"ttl_found"`
}

// Column is a field in the target.
type Column struct {
	Field string `json:"field"`
	// Own marks a field of the row itself, next to data.
	Own  bool   `json:"own,omitempty"`
	Name string `json:"name"`
	Type Type   `json:"type"`
	// Collection is the one that all refs of the column refer to; Key is the
	// name of the foreign key, "" for none.
	Collection string `json:"collection,omitempty"`
	Key        string `json:"key,omitempty"`
	// Missing counts rows with dangling refs, which rule out the key.
	Missing int64 `json:"missing,omitempty"`
	// Keyed means that the table has the key. Only SQLite uses it, where keys are
	// part of the table's definition.
	Keyed  bool   `json:"keyed,omitempty"`
	target string // the table that the key references
	Found  found  `json:"found"`
}

// Change is what an increment does to a column.
type Change struct {
	Column *Column
	From   Type // "" for a new column
	// Left is the collection that its refs used to refer to, and Key the foreign
	// key to drop.
	Left, Key string
}

// Columns is how data is loaded.
type Columns string

// The ways to load data.
const (
	ColumnsAuto Columns = "auto" // one column per field
	ColumnsJSON Columns = "json" // data is one column, byte for byte
)

// ParseColumns parses the name of a way to load data.
func ParseColumns(text string) (Columns, error) {
	switch c := Columns(text); c {
	case ColumnsAuto, ColumnsJSON:
		return c, nil
	case "":
		return ColumnsAuto, nil
	}
	return "", fmt.Errorf("unknown way to load data %q: it is auto or json", text)
}

// fixed lists the columns of every table.
var fixed = []string{"ref", "ts", "ttl", "data"}

// fill plans the table of a collection that the target does not have.
func (t *Table) fill(d *dialect, s *survey) {
	t.Action, t.TTL, t.Data, t.Ends = Create, d.ttlType(&s.ttl), JSON, s.ttl
	if s.badRest {
		t.Data = Raw
	}
	t.addColumns(d, s)
	t.notes(d, s)
}

func (d *dialect) ttlType(f *found) Type {
	if f.misfits(d, Time) == 0 && d.times {
		return Time
	}
	return Text
}

// addColumns adds and returns a column for each field without one.
func (t *Table) addColumns(d *dialect, s *survey) (added []*Column) {
	taken := slices.Clone(fixed)
	have := map[fieldKey]bool{}
	fields := 0
	for _, c := range t.Columns {
		taken = append(taken, c.Name)
		have[c.key()] = true
		if !c.Own {
			fields++
		}
	}
	names := newNamer(d, d.refusedColumn, taken...)
	for _, key := range s.columns(t.Mode) {
		if have[key] || !key.own && fields >= maxColumns {
			continue
		}
		if !key.own {
			fields++
		}
		f := s.fields[key]
		c := &Column{Field: key.name, Own: key.own, Name: names.name(key.name), Found: *f}
		if c.Type = c.fitting(d, f); c.Type == Ref {
			quoted, _ := f.mainRef()
			c.Collection = unquoted(quoted)
		}
		t.Columns = append(t.Columns, c)
		added = append(added, c)
	}
	return added
}

func (c *Column) key() fieldKey { return fieldKey{c.Own, c.Field} }

// fitting returns the type for values of the column.
func (c *Column) fitting(d *dialect, f *found) Type {
	if c.Own {
		return f.ownType(d)
	}
	return f.typ(d)
}

// notes describes what stays in data.
func (t *Table) notes(d *dialect, s *survey) {
	columns := map[fieldKey]*Column{}
	for _, c := range t.Columns {
		columns[c.key()] = c
	}
	note := func(format string, args ...any) { t.Notes = append(t.Notes, fmt.Sprintf(format, args...)) }
	var left, values int64
	for key, f := range s.fields {
		c := columns[key]
		if c == nil {
			if f.values() > 0 && t.Mode == ColumnsAuto {
				left++
				values += f.values()
			}
			continue
		}
		if n := f.misfits(d, c.Type); n > 0 {
			note("%s.%s: %s of %s values do not fit %s and stay in data (%s)", t.Collection, c.Field, count(n), count(f.values()), d.types[c.Type], f.whatMisfits(d, c.Type))
		}
	}
	if left > 0 {
		note("%s: %s fields past the first %d stay in data (%s values)", t.Collection, count(left), maxColumns, count(values))
	}
	if s.unseen > 0 {
		note("%s: %s values of fields that can't become columns, or are past the first %d, stay in data", t.Collection, count(s.unseen), maxSeen)
	}
	if s.otherData > 0 {
		note("%s: %s documents have data that is not an object; it is kept in the data column", t.Collection, count(s.otherData))
	}
	if t.Data == Raw {
		note("%s: data is stored as bytes instead of JSON, since a value is not valid UTF-8 or nested too deeply", t.Collection)
	}
	if t.TTL == Text && d.times {
		note("%s: ttl is text, since some time does not fit %s", t.Collection, d.types[Time])
	}
	for _, c := range t.Columns {
		if c.Type == Text && d.times && !c.Own {
			if n := c.Found.Counts[isOddTime] + c.Found.Counts[isOddDate]; n > 0 {
				note("%s.%s: text, since %s of its times or dates are finer than a microsecond or out of range", t.Collection, c.Field, count(n))
			}
		}
	}
	slices.Sort(t.Notes)
}

// whatMisfits names the classes of the values that do not fit a type.
func (f *found) whatMisfits(d *dialect, t Type) string {
	var what []string
	for c, n := range f.Counts {
		if n > 0 && class(c) != isNull && !t.holds(d, class(c)) {
			what = append(what, class(c).String())
		}
	}
	if t == Ref && len(f.Refs) > 1 {
		what = append(what, "ref into another collection")
	}
	return strings.Join(what, ", ")
}

// widening returns the type that holds the column's values and those of another
// survey, if the target can convert the stored values to it without loss;
// otherwise it returns the column's current type.
func (c *Column) widening(d *dialect, more *found) Type {
	var all found
	all.merge(&c.Found)
	all.merge(more)
	if more.misfits(d, c.Type) == 0 && !(c.Type == Ref && more.leadsElsewhere(c.Collection)) {
		if c.Type != Double || all.Counts[isInt64]+all.Counts[isHuge] == 0 {
			return c.Type
		}
	}
	want := c.fitting(d, &all)
	lossy := want == Double && all.Counts[isInt64] > 0 || (want == Numeric || want == JSONB) && all.Counts[isMinusZero] > 0
	switch {
	case slices.Contains(widenings[c.Type], want) && !lossy, c.Own && want == Raw:
		return want
	case c.Own && want != c.Type: // its values can't stay in data
		return JSON
	}
	return c.Type
}

func (f *found) leadsElsewhere(collection string) bool {
	for quoted := range f.Refs {
		if quoted == "" || unquoted(quoted) != collection {
			return true
		}
	}
	return false
}

// grow extends an existing table's plan by what an increment adds.
func (t *Table) grow(d *dialect, s *survey) {
	t.Action = Apply
	for _, c := range t.Columns {
		f := s.fields[c.key()]
		if f == nil {
			continue
		}
		if to := c.widening(d, f); to != c.Type {
			t.Changes = append(t.Changes, Change{Column: c, From: c.Type, Left: c.Collection, Key: c.Key})
			c.Type = to
			if to != Ref {
				c.Collection, c.Key = "", ""
			}
		}
		c.Found.merge(f)
	}
	for _, c := range t.addColumns(d, s) {
		t.Changes = append(t.Changes, Change{Column: c})
	}
	if s.badRest && t.Data == JSON {
		t.Data = Raw
		t.Changes = append(t.Changes, Change{Column: &Column{Name: "data", Type: Raw}, From: JSON})
	}
	if t.TTL == Time && s.ttl.misfits(d, Time) > 0 {
		t.TTL = Text
		t.Changes = append(t.Changes, Change{Column: &Column{Name: "ttl", Type: Text}, From: Time})
	}
	t.Ends.merge(&s.ttl)
	t.notes(d, s)
}

// all returns the columns of the table in order.
func (t *Table) all() []Column {
	out := []Column{{Name: "ref", Type: Int}, {Name: "ts", Type: Int}, {Name: "ttl", Type: t.TTL}}
	for _, c := range t.Columns {
		out = append(out, *c)
	}
	return append(out, Column{Name: "data", Type: t.Data})
}

// optional reports whether a column may be null.
func (c Column) optional() bool { return c.Name != "ref" && c.Name != "ts" }
