package emulator

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"fauna-export/fauna/fql"
)

// A renderer writes values as the wire shows them.
type renderer struct {
	db      *database // its name is never shown
	legacy  bool      // API versions before 2.7 say class and instance
	version string
	renames int64
	depth   int
	steps   int
	check   func() // called now and then, if not nil
}

// The limits of rendering: values can share parts, so a few operations can
// build an answer of any size.
const (
	maxAnswer     = 1 << 30
	maxValueDepth = 20_000
	stepsPerCheck = 4096
)

func (r *renderer) value(b []byte, v value) []byte {
	if len(b) > maxAnswer || r.depth > maxValueDepth {
		panic(timedOut("Timeout rendering output response."))
	}
	if r.steps++; r.steps%stepsPerCheck == 0 && r.check != nil {
		r.check()
	}
	r.depth++
	b = r.render(b, v)
	r.depth--
	return b
}

func (r *renderer) render(b []byte, v value) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fql.AppendString(b, doubleText(v))
		}
		return append(b, doubleText(v)...)
	case string:
		return fql.AppendString(b, v)
	case array:
		b = append(b, '[')
		from := len(b)
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if i == 8 { // a long page: reserve memory for the rest, judging by the first elements
				b = slices.Grow(b, (len(b)-from)*(len(v)-i)/7)
			}
			b = r.value(b, e)
		}
		return append(b, ']')
	case *object:
		return r.object(b, v)
	case *page:
		return r.object(b, v.object())
	case *docValue:
		return r.document(b, v)
	case *ref:
		return r.ref(b, v)
	case time.Time:
		return append(fql.AppendTime(append(b, `{"@ts":"`...), v), `"}`...)
	case dateValue:
		return append(fql.AppendDate(append(b, `{"@date":"`...), v.time()), `"}`...)
	case bytesValue:
		b = append(b, `{"@bytes":"`...)
		b = base64.StdEncoding.AppendEncode(b, []byte(v))
		return append(b, `"}`...)
	case uuidValue:
		return append(append(append(b, `{"@uuid":"`...), v...), `"}`...)
	case *set:
		shown := v.shape(false)
		if o, ok := shown.(*object); ok {
			return r.plainObject(b, o)
		}
		return r.value(b, shown)
	case *lambda:
		return append(r.lambda(append(b, `{"@query":`...), v), '}')
	case bareLambda:
		return r.lambda(b, v.lambda)
	}
	return append(b, "null"...)
}

func (r *renderer) object(b []byte, o *object) []byte {
	for _, k := range o.keys {
		if strings.HasPrefix(k, "@") {
			return append(r.plainObject(append(b, `{"@obj":`...), o), '}')
		}
	}
	return r.plainObject(b, o)
}

func (r *renderer) plainObject(b []byte, o *object) []byte {
	return append(r.members(append(b, '{'), o), '}')
}

// members renders the members of an object.
func (r *renderer) members(b []byte, o *object) []byte {
	for i, k := range o.keys {
		if len(b) == 0 || b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(fql.AppendString(b, k), ':')
		b = r.value(b, o.vals[i])
	}
	return b
}

func (r *renderer) lambda(b []byte, l *lambda) []byte {
	o := &object{}
	if l.version != "" && apiNumber(l.version) > apiNumber("2.12") || apiNumber(r.version) > apiNumber("2.12") {
		o.add("api_version", l.version)
	}
	return r.plainObject(b, overlay(o, l.shown()))
}

func (r *renderer) document(b []byte, d *docValue) []byte {
	b = append(b, `{"ref":`...)
	b = r.ref(b, d.ref)
	b = append(b, `,"ts":`...)
	b = strconv.AppendInt(b, d.version.ts, 10)
	if d.fields == nil && !r.legacy && d.ref.scope == nil {
		if t := d.version.tail.Load(); t != nil && t.renames == r.renames {
			return append(b, t.bytes...)
		}
		if d.version.raw != nil && r.renames == 0 {
			b = append(append(b, `,"data":`...), d.version.raw...)
			if d.version.expires != noExpiry {
				b = r.value(append(b, `,"ttl":`...), d.version.ttl)
			}
			return append(b, '}')
		}
		from := len(b)
		b = r.tail(b, d.version.content())
		d.version.tail.Store(&renderedTail{renames: r.renames, bytes: bytes.Clone(b[from:])})
		return b
	}
	return r.tail(b, d.stored())
}

// tail renders the part of a document after its ts.
func (r *renderer) tail(b []byte, o *object) []byte { return append(r.members(b, o), '}') }

func (r *renderer) ref(b []byte, v *ref) []byte {
	b = append(b, `{"@ref":{"id":`...)
	switch {
	case v.native && v.class == clsCollections && r.legacy:
		b = append(b, `"classes"`...)
	case v.native || v.class.named():
		b = fql.AppendString(b, v.title())
	default:
		b = append(strconv.AppendInt(append(b, '"'), v.id, 10), '"')
	}
	if !v.native {
		parent := v.collectionRef()
		if v.class != clsDocument {
			parent.scope = nil
		}
		key := `,"collection":`
		if r.legacy {
			key = `,"class":`
		}
		b = r.ref(append(b, key...), parent)
	}
	if v.class != clsDocument {
		b = r.scope(b, v.scope)
	}
	return append(b, "}}"...)
}

// scope renders the databases between the query's own and db.
func (r *renderer) scope(b []byte, db *database) []byte {
	if db == nil || db == r.db || db.self == nil {
		return b
	}
	b = append(b, `,"database":`...)
	up := db.parent
	if up == r.db {
		up = nil
	}
	return r.ref(b, &ref{class: clsDatabases, item: db.self, scope: up})
}

// doubleText writes a number as Java's Double.toString does.
func doubleText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	abs := math.Abs(f)
	if abs == 0 || abs >= 1e-3 && abs < 1e7 {
		text := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	}
	if abs == math.SmallestNonzeroFloat64 {
		return strings.Repeat("-", number(f < 0)) + "4.9E-324"
	}
	text := strconv.FormatFloat(f, 'E', -1, 64)
	mantissa, exp, _ := strings.Cut(text, "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	return mantissa + "E" + strconv.Itoa(wholeNumber(exp))
}

// apiVersions are the versions of the API, in order.
var apiVersions = [...]string{"2.0", "2.1", "2.7", "2.12", "3", "4", "5", "UNSTABLE"}

// apiNumber orders API versions; an unknown one counts as the latest.
func apiNumber(version string) int {
	if i := slices.Index(apiVersions[:], cmp.Or(version, "2.1")); i >= 0 {
		return i
	}
	return len(apiVersions)
}
