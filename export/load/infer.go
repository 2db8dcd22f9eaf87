package load

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"unicode/utf8"

	"fauna-export/export/row"
)

const (
	// maxColumns is how many fields of data become columns; the others stay in
	// data.
	maxColumns = 200
	// maxSeen is how many different fields of a collection are tracked.
	maxSeen = 4096
	// maxName is the longest name, in bytes, of a field that becomes a column.
	maxName = 1024
	// rare: a type is kept if at most one in this many values does not fit it.
	rare = 1000
	// maxTargets is how many collections are tracked for the refs of a field.
	maxTargets = 8
)

// found counts the values of a field, from the first pass. It is stored in the
// target, so that a later load knows what the column already contains.
type found struct {
	Counts [classes]int64   `json:"counts"`
	Refs   map[string]int64 `json:"refs,omitempty"` // refs by collection, "" for any beyond maxTargets
	first  int              // order of first appearance
}

func (f *found) add(c cell, v *row.Value) {
	f.Counts[c.class]++
	if c.class != isRef {
		return
	}
	if n, ok := f.Refs[string(v.Collection)]; ok {
		f.Refs[string(v.Collection)] = n + 1
		return
	}
	if f.Refs == nil {
		f.Refs = map[string]int64{}
	}
	if len(f.Refs) >= maxTargets {
		f.Refs[""]++
		return
	}
	f.Refs[string(v.Collection)] = 1
}

// merge adds the counts of another pass.
func (f *found) merge(o *found) {
	for c := range f.Counts {
		f.Counts[c] += o.Counts[c]
	}
	for name, n := range o.Refs {
		if f.Refs == nil {
			f.Refs = map[string]int64{}
		}
		f.Refs[name] += n
	}
}

// values returns the number of values other than null.
func (f *found) values() int64 {
	var n int64
	for _, k := range f.Counts[isNull+1:] {
		n += k
	}
	return n
}

// mainRef returns the quoted collection that most refs refer to.
func (f *found) mainRef() (name string, n int64) {
	for _, candidate := range slices.Sorted(maps.Keys(f.Refs)) {
		if candidate != "" && f.Refs[candidate] > n {
			name, n = candidate, f.Refs[candidate]
		}
	}
	return name, n
}

// misfits counts the values that do not fit a type.
func (f *found) misfits(d *dialect, t Type) int64 {
	var n int64
	for c, k := range f.Counts {
		if c != int(isNull) && !t.holds(d, class(c)) {
			n += k
		}
	}
	if t == Ref {
		_, fit := f.mainRef()
		n += f.Counts[isRef] - fit
	}
	return n
}

// survey is what the first pass learned about a collection's rows.
type survey struct {
	rows      int64
	fields    map[fieldKey]*found
	unseen    int64 // values of fields beyond maxSeen
	ttl       found
	badRest   bool // a value that would stay in data is isBad
	otherData int64
	hash      sum // of the rows as read
	scratch   []byte
}

// fieldKey is a field of data or, if own, of the row itself.
type fieldKey struct {
	own  bool
	name string
}

func newSurvey() *survey { return &survey{fields: map[fieldKey]*found{}} }

// add adds a row.
func (s *survey) add(one row.Row, f *row.Fields) {
	s.rows++
	s.scratch = s.scratch[:0]
	if f.TTL.Kind != row.KindNull {
		s.ttl.add(judgeTTL(&f.TTL, &s.scratch), &f.TTL)
	}
	if f.Data != nil {
		s.otherData++
		if judgeTree(f.Data) == isBad {
			s.badRest = true
		}
	}
	for i := range f.List {
		field := &f.List[i]
		c := judge(&field.Value, &s.scratch)
		if c.class == isBad && !field.Own {
			s.badRest = true
		}
		of := s.fields[fieldKey{field.Own, string(field.Name)}]
		if of == nil {
			if !field.Own && (len(s.fields) >= maxSeen || !plainName(field.Name)) {
				s.unseen++
				s.badRest = s.badRest || !utf8.Valid(field.Key)
				continue
			}
			of = &found{first: len(s.fields)}
			s.fields[fieldKey{field.Own, string(field.Name)}] = of
		}
		of.add(c, &field.Value)
	}
}

// plainName reports whether a column can be named after a field.
func plainName(name []byte) bool {
	return name != nil && len(name) <= maxName && utf8.Valid(name) && bytes.IndexByte(name, 0) < 0
}

// judgeTTL reads a ttl, which is a time in every format.
func judgeTTL(v *row.Value, scratch *[]byte) cell {
	if v.Kind == row.KindString {
		v.Kind = row.KindTime
	}
	return judge(v, scratch)
}

// columns returns the fields that become columns, those of data before the row's
// own, in order of first appearance; of those of data, only the most frequent if
// there are too many.
func (s *survey) columns(mode Columns) []fieldKey {
	first := func(a, b fieldKey) int { return cmp.Compare(s.fields[a].first, s.fields[b].first) }
	var data, own []fieldKey
	for key, f := range s.fields {
		switch {
		case key.own:
			own = append(own, key)
		case f.values() > 0 && mode == ColumnsAuto:
			data = append(data, key)
		}
	}
	if len(data) > maxColumns {
		slices.SortFunc(data, func(a, b fieldKey) int {
			return cmp.Or(cmp.Compare(s.fields[b].values(), s.fields[a].values()), first(a, b))
		})
		data = data[:maxColumns]
	}
	slices.SortFunc(data, first)
	slices.SortFunc(own, first)
	return append(data, own...)
}
