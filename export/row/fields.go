package row

import (
	"bytes"
	"errors"
	"time"
)

// Kind is the type of a value. Only wire files distinguish times, dates, bytes
// and texts from strings.
type Kind byte

// The kinds.
const (
	KindNull Kind = iota
	KindBool
	KindInt    // a number without a point or exponent
	KindNumber // any other number
	KindString
	KindTime
	KindDate
	KindBytes // base64url
	KindText  // a query or a set, as a string
	KindRef   // to a document
	KindObject
	KindArray
)

// Value is a value of a row.
type Value struct {
	Kind Kind
	// JSON is the value as written in a JSONL file.
	JSON []byte
	// Collection (quoted) and ID are set for a ref to a document.
	Collection []byte
	ID         int64
}

// Field is a field of a row other than ref, ts and ttl.
type Field struct {
	// Name is the field's name, nil if it has an unpaired surrogate. Key is the
	// name as received, in quotes.
	Name, Key []byte
	// Own marks a field of the row itself, such as an additional column, rather
	// than of data.
	Own bool
	Value
}

// Fields splits rows into fields. It holds those of the last row, valid until
// the next call of Split. It is not safe for concurrent use.
type Fields struct {
	TTL  Value // null if there is none
	List []Field
	// Data is all of data as written in a JSONL file. It is set if WholeData is,
	// or if data is not an object; then List has none of its fields.
	Data []byte
	// WholeData means not to split data into fields.
	WholeData bool

	wire  bool
	work  work
	names []byte
	out   []byte
}

// NewFields returns Fields for rows read as RawText from a file of that format.
func NewFields(f Format) *Fields { return &Fields{wire: !f.Can().Columns} }

// Split splits a row's text into fields.
func (f *Fields) Split(text []byte) error {
	if f.split(text) {
		return nil
	}
	err := errors.New(f.work.why)
	if f.split(compact(nil, text)) { // no file of ours has white space
		return nil
	}
	return err
}

func (f *Fields) split(src []byte) bool {
	w := &f.work
	f.TTL, f.List, f.Data = Value{JSON: nullText[:]}, f.List[:0], nil
	f.names, f.out = f.names[:0], f.out[:0]
	end := w.object(src, 0, func(key span, i int) int {
		name := f.name(key.of(src))
		switch string(name) {
		case "ref", "ts":
			return w.skip(src, i)
		case "data":
			return f.data(src, i)
		case "ttl":
			var end int
			f.TTL, end = f.value(src, i)
			return end
		}
		return f.field(src, Field{Key: key.of(src), Name: name, Own: true}, i)
	})
	if end < 0 {
		return false
	}
	if space(src, end) != len(src) {
		w.fail(end, "text after the row")
		return false
	}
	return true
}

// name unquotes a key; nil if it has an unpaired surrogate.
func (f *Fields) name(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	start := len(f.names)
	var ok bool
	if f.names, ok = Unquote(f.names, quoted); !ok {
		return nil
	}
	return f.names[start:len(f.names):len(f.names)]
}

// data splits the data at i into fields.
func (f *Fields) data(src []byte, i int) (end int) {
	w := &f.work
	whole := f.WholeData || !hasPrefix(src, i, "{")
	inner := i
	if !whole && f.wire && hasPrefix(src, i, `{"@obj"`) {
		w.forget()
		verdict, end := w.verdict(src, i)
		if end < 0 {
			return -1
		}
		whole = verdict != verdictObject
		inner += len(`{"@obj":`)
	}
	if whole {
		if f.Data, end = f.json(src, i); !f.WholeData && string(f.Data) == "null" {
			f.Data = nil
		}
		return end
	}
	end = w.object(src, inner, func(key span, i int) int {
		return f.field(src, Field{Key: key.of(src), Name: f.name(key.of(src))}, i)
	})
	if end >= 0 && inner > i {
		end++ // the brace around it
	}
	return end
}

// field adds a field, whose value is at i.
func (f *Fields) field(src []byte, field Field, i int) (end int) {
	field.Value, end = f.value(src, i)
	f.List = append(f.List, field)
	return end
}

// json returns the value at i in the form that rows use.
func (f *Fields) json(src []byte, i int) ([]byte, int) {
	if !f.wire {
		end := f.work.skip(src, i)
		if end < 0 {
			return nil, -1
		}
		return src[i:end], end
	}
	start := len(f.out)
	var end int
	if f.out, end = f.work.rewrite(src, i, f.out); end < 0 {
		return nil, -1
	}
	return f.out[start:len(f.out):len(f.out)], end
}

// value reads the value at i and determines its kind.
func (f *Fields) value(src []byte, i int) (v Value, end int) {
	w := &f.work
	if v.JSON, end = f.json(src, i); end < 0 {
		return v, -1
	}
	switch src[i] {
	case '{':
		v.Kind = KindObject
		switch {
		case !f.wire:
			v.rowRef(w)
		case v.JSON[0] == '"':
			v.Kind = taggedKind(src, i)
		case hasPrefix(src, i, refStart):
			// A ref into another database has more keys and stays an object.
			if _, usual := w.usualRef(src, i+len(refStart)); usual {
				v.rowRef(w)
			}
		}
	case '[':
		v.Kind = KindArray
	case '"':
		v.Kind = KindString
	case 't', 'f':
		v.Kind = KindBool
	case 'n':
		v.Kind = KindNull
	default:
		v.Kind = KindInt
		if bytes.ContainsAny(v.JSON, ".eE") {
			v.Kind = KindNumber
		}
	}
	return v, end
}

// taggedKind returns the kind of a value that is an object on the wire and a string
// in rows.
func taggedKind(src []byte, i int) Kind {
	switch {
	case hasPrefix(src, i, `{"@ts":"`):
		return KindTime
	case hasPrefix(src, i, `{"@date":"`):
		return KindDate
	case hasPrefix(src, i, `{"@bytes":"`):
		return KindBytes
	}
	return KindText
}

const rowRefHead, rowRefMiddle, rowRefTail = `{"id":"`, `,"collection":"`, `,"type":"document"}`

// rowRef turns v into a ref if the object is one in the form that rows use.
func (v *Value) rowRef(w *work) {
	if !hasPrefix(v.JSON, 0, rowRefHead) {
		return
	}
	idEnd := w.scanner.text(v.JSON, len(rowRefHead))
	if idEnd < 0 || !hasPrefix(v.JSON, idEnd, rowRefMiddle) {
		return
	}
	from := idEnd + len(rowRefMiddle) - 1
	end := w.scanner.text(v.JSON, from+1)
	if end < 0 || string(v.JSON[end:]) != rowRefTail {
		return
	}
	if id, ok := parseID(v.JSON[len(rowRefHead)-1 : idEnd]); ok {
		v.Kind, v.ID, v.Collection = KindRef, id, v.JSON[from:end]
	}
}

// Micros parses a time as microseconds since 1970. It is not ok if the time is
// more precise, out of range, or not in the server's form, so FormatTime always
// returns the same text again.
func Micros(text []byte) (int64, bool) {
	m, ok := parseTime(text)
	if !ok {
		return 0, false
	}
	micros, finer, inRange := m.micros()
	if finer || !inRange {
		return 0, false
	}
	if n := len(text); text[n-1] == 'Z' && text[0]-'0' <= 9 {
		switch n { // most times: no need to format them again
		case len("2006-01-02T15:04:05Z"):
			return micros, true
		case len("2006-01-02T15:04:05.000Z"):
			return micros, micros%1_000_000 != 0
		case len("2006-01-02T15:04:05.000000Z"):
			return micros, micros%1000 != 0
		}
	}
	return micros, FormatTime(micros) == string(text)
}

// Days parses a date as days since 1970. It is not ok if the date is not in the
// server's form, so FormatDate always returns the same text again.
func Days(text []byte) (int64, bool) {
	m, ok := parseDate(text)
	return m.days, ok && m.days == int64(int32(m.days)) && FormatDate(m.days) == string(text)
}

// FormatDate formats days since 1970 as the server formats a date.
func FormatDate(days int64) string {
	return formatYears(time.Unix(days*86400, 0).UTC(), time.DateOnly)
}
