package load

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"fauna-export/export/row"
)

const (
	// maxColumns are the fields of data that become columns; the others stay in data.
	maxColumns = 200
	// maxSeen are the fields of a collection that are told apart at all.
	maxSeen = 4096
	// maxName is how long, in bytes, the name of a field may be that becomes a column.
	maxName = 1024
	// rare: a type is kept when one value of so many, or fewer, does not fit it.
	rare = 1000
	// maxTargets are the collections that the refs of a field are told apart by.
	maxTargets = 8
)

// found is what pass one knows of a field. It is kept in the target, so that a later
// load knows what the column holds already.
type found struct {
	Counts [classes]int64   `json:"counts"`
	Refs   map[string]int64 `json:"refs,omitempty"` // refs by their collection, "" for those beyond maxTargets
	first  int              // when the field was met
}

func (f *found) add(j judged, v *row.Value) {
	f.Counts[j.class]++
	if j.class != isRef {
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

// merge adds what another pass found.
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

// values are all but nulls.
func (f *found) values() int64 {
	var n int64
	for _, k := range f.Counts[isNull+1:] {
		n += k
	}
	return n
}

// mainRef is the quoted collection that most refs lead to.
func (f *found) mainRef() (name string, n int64) {
	for _, candidate := range slices.Sorted(maps.Keys(f.Refs)) {
		if candidate != "" && f.Refs[candidate] > n {
			name, n = candidate, f.Refs[candidate]
		}
	}
	return name, n
}

// Type is what a column holds.
type Type string

// The types. What a database calls them is its own matter.
const (
	Bool    Type = "bool"
	Int     Type = "integer"
	Double  Type = "double"
	Numeric Type = "numeric"
	Time    Type = "time"
	Date    Type = "date"
	Bytes   Type = "bytes"
	Ref     Type = "ref"
	Text    Type = "text"
	JSONB   Type = "jsonb" // JSON, by its values
	JSON    Type = "json"  // JSON, byte for byte
	Raw     Type = "raw"   // the bytes of JSON that no JSON type takes
)

// holds are the classes that fit a type. Refs are counted apart.
func (t Type) holds(d *dialect, c class) bool {
	switch t {
	case Bool:
		return c == isBool
	case Int:
		return c == isInt53 || c == isInt64
	case Double:
		return c == isInt53 || c == isDouble || c == isMinusZero && d.minusZero
	case Numeric:
		return c == isInt53 || c == isInt64 || c == isHuge || c == isDouble || c == isDecimal
	case Time:
		return c == isTime
	case Date:
		return c == isDate
	case Bytes:
		return c == isBytes
	case Ref:
		return c == isRef
	case Text:
		return c == isText || c == isTime || c == isOddTime || c == isDate || c == isOddDate
	case JSONB:
		return c != isOddText && c != isOddTree && c != isOutsize && c != isMinusZero && c != isBad && c != isNull
	case JSON:
		return c != isBad && c != isNull
	}
	return c != isNull // Raw
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

// typ is the type that a column of these values gets: the first that holds them all;
// else one that all but a few fit, which then stay in data; else JSON.
func (f *found) typ(d *dialect) Type {
	typed := []Type{Bool, Int, Double, Numeric, Time, Date, Bytes, Ref, Text}
	if !d.times {
		typed = []Type{Bool, Int, Double, Numeric, Bytes, Ref, Text}
	}
	for _, share := range []int64{0, f.values() / rare} {
		for _, t := range typed {
			if f.misfits(d, t) <= share {
				return t
			}
		}
	}
	if f.misfits(d, JSONB) <= f.values()/rare {
		return JSONB
	}
	return JSON
}

// ownType is the type of a field that stands in the row beside data: nothing of it
// can stay in data.
func (f *found) ownType(d *dialect) Type {
	for _, t := range []Type{Bool, Int, Double, Numeric, Ref, Text, JSONB, JSON} {
		if f.misfits(d, t) == 0 {
			return t
		}
	}
	return Raw
}

// survey is what pass one knows of the rows of a collection.
type survey struct {
	rows      int64
	size      int64 // of the rows' texts, in bytes
	fields    map[string]*found
	own       map[string]*found
	ownOrder  []string
	unseen    int64 // values of fields beyond maxSeen
	ttl       found
	badRest   bool // something that may stay in data is isBad
	otherData int64
	hash      sum // of the rows as they were read
	scratch   []byte
}

func newSurvey() *survey {
	return &survey{fields: map[string]*found{}, own: map[string]*found{}}
}

// add takes up a row.
func (s *survey) add(one row.Row, f *row.Fields) {
	s.rows++
	s.size += int64(len(one.Text))
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
		j := judge(&field.Value, &s.scratch)
		if field.Own {
			of := s.own[string(field.Name)]
			if of == nil {
				of = &found{first: len(s.own)}
				name := strings.Clone(string(field.Name))
				s.own[name] = of
				s.ownOrder = append(s.ownOrder, name)
			}
			of.add(j, &field.Value)
			continue
		}
		if j.class == isBad {
			s.badRest = true
		}
		of := s.fields[string(field.Name)]
		if of == nil {
			if len(s.fields) >= maxSeen || !plainName(field.Name) {
				s.unseen++
				s.badRest = s.badRest || !utf8.Valid(field.Key)
				continue
			}
			of = &found{first: len(s.fields)}
			s.fields[string(field.Name)] = of
		}
		of.add(j, &field.Value)
	}
}

// plainName reports whether a column can be named after a field.
func plainName(name []byte) bool {
	return name != nil && len(name) <= maxName && utf8.Valid(name) && bytes.IndexByte(name, 0) < 0
}

// judgeTTL reads a ttl, which is a time in every format.
func judgeTTL(v *row.Value, scratch *[]byte) judged {
	if v.Kind == row.KindString {
		v.Kind = row.KindTime
	}
	return judge(v, scratch)
}

// columns are the fields that become columns, in the order in which they came; the
// most frequent ones where there are too many.
func (s *survey) columns() []string {
	names := slices.Collect(maps.Keys(s.fields))
	names = slices.DeleteFunc(names, func(name string) bool { return s.fields[name].values() == 0 })
	if len(names) > maxColumns {
		slices.SortFunc(names, func(a, b string) int {
			x, y := s.fields[a], s.fields[b]
			return cmp.Or(cmp.Compare(y.values(), x.values()), cmp.Compare(x.first, y.first))
		})
		names = names[:maxColumns]
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(s.fields[a].first, s.fields[b].first) })
	return names
}
