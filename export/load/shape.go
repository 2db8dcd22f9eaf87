package load

import (
	"fauna-export/export/row"
)

// shaper turns rows into table cells. It is not safe for concurrent use.
type shaper struct {
	d             *dialect
	t             *Table
	fields        *row.Fields
	columns       map[fieldKey]int
	quoted        []string // the quoted collection of a ref column
	cells         []cell
	set           []bool
	scratch, rest []byte
}

func newShaper(d *dialect, t *Table, format row.Format) *shaper {
	s := &shaper{d: d, t: t, fields: row.NewFields(format), columns: map[fieldKey]int{}}
	s.fields.WholeData = t.Mode == ColumnsJSON
	for i, c := range t.Columns {
		s.columns[c.key()] = i
		s.quoted = append(s.quoted, string(row.Quote(nil, []byte(c.Collection))))
	}
	s.cells = make([]cell, len(t.Columns)+4)
	s.set = make([]bool, len(t.Columns))
	return s
}

// row returns the cells of a row, valid until the next call: ref, ts, ttl, the
// table's columns, and data.
func (s *shaper) row(one row.Row) ([]cell, error) {
	f := s.fields
	if err := f.Split(one.Text); err != nil {
		return nil, err
	}
	clear(s.cells)
	clear(s.set)
	s.scratch, s.rest = s.scratch[:0], s.rest[:0]
	s.cells[0] = cell{class: isInt64, n: one.ID}
	s.cells[1] = cell{class: isInt64, n: one.TS}
	if f.TTL.Kind != row.KindNull {
		s.cells[2] = judgeTTL(&f.TTL, &s.scratch).as(s.t.TTL, &f.TTL)
	}
	for i := range f.List {
		field := &f.List[i]
		k, found := s.columns[fieldKey{field.Own, string(field.Name)}]
		if found = found && field.Name != nil && !s.set[k]; found {
			c := judge(&field.Value, &s.scratch)
			if field.Own && c.class == isNull {
				continue // the path does not exist
			}
			t := s.t.Columns[k].Type
			if t.holds(s.d, c.class) && (t != Ref || s.quoted[k] == string(field.Collection)) {
				s.cells[3+k], s.set[k] = c.as(t, &field.Value), true
				continue
			}
		}
		s.addToData(field)
	}
	data := &s.cells[len(s.cells)-1]
	switch {
	case f.Data != nil:
		*data = cell{class: isTree, text: f.Data}
	case len(s.rest) > 0:
		s.rest = append(s.rest, '}')
		*data = cell{class: isTree, text: s.rest}
	}
	return s.cells, nil
}

// addToData adds a field to data.
func (s *shaper) addToData(f *row.Field) {
	if len(s.rest) == 0 {
		s.rest = append(s.rest, '{')
	} else {
		s.rest = append(s.rest, ',')
	}
	s.rest = append(append(append(s.rest, f.Key...), ':'), f.JSON...)
}

// as returns a value in the form for a column of type t.
func (c cell) as(t Type, v *row.Value) cell {
	if t != Text && t != Bytes {
		c.text = v.JSON
	}
	return c
}
