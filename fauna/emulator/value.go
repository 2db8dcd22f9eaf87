package emulator

import (
	"cmp"
	"reflect"
	"slices"
	"time"
)

// A value is what an expression evaluates to: nil for null, bool, int64,
// float64, string, array, *object, *ref, time.Time, dateValue, bytesValue,
// *set, *lambda, *page or *docValue.
type value any

type array []value

// bytesValue is a string so that it is comparable.
type bytesValue string

// uuidValue is a UUID in lower case.
type uuidValue string

// An object keeps its keys in the order in which they were given.
type object struct {
	keys []string
	vals []value
}

func newObject(pairs ...any) *object {
	o := &object{}
	for i := 0; i < len(pairs); i += 2 {
		o.add(pairs[i].(string), pairs[i+1])
	}
	return o
}

func (o *object) add(key string, v value) {
	o.keys = append(o.keys, key)
	o.vals = append(o.vals, v)
}

// set sets key to v; an existing key keeps its place.
func (o *object) set(key string, v value) {
	if i := slices.Index(o.keys, key); i >= 0 {
		o.vals[i] = v
		return
	}
	o.add(key, v)
}

func (o *object) remove(key string) {
	if i := slices.Index(o.keys, key); i >= 0 {
		o.keys = slices.Delete(o.keys, i, i+1)
		o.vals = slices.Delete(o.vals, i, i+1)
	}
}

func (o *object) clone() *object {
	return &object{keys: slices.Clone(o.keys), vals: slices.Clone(o.vals)}
}

// fielded is a value with named fields.
type fielded interface {
	field(key string) (value, bool)
}

func (o *object) field(key string) (value, bool) {
	for i, k := range o.keys {
		if k == key {
			return o.vals[i], true
		}
	}
	return nil, false
}

// get returns the value of a field, nil if there is none.
func (o *object) get(key string) value {
	v, _ := o.field(key)
	return v
}

// A page is what Paginate returns.
type page struct {
	hasBefore, hasAfter bool
	before, after       value
	data                array
	of                  *set      // the page's set, nil for a page of events
	elements            []element // before they were mapped
}

func (p *page) field(key string) (value, bool) { return p.object().field(key) }

func (p *page) object() *object {
	o := &object{}
	if p.hasBefore {
		o.add("before", p.before)
	}
	if p.hasAfter {
		o.add("after", p.after)
	}
	o.add("data", p.data)
	return o
}

// A docValue is a document as Get returns it.
type docValue struct {
	ref     *ref
	version *version
	// fields replaces the version's fields if the answer differs from what is
	// stored: a key's secret, an index's active state.
	fields  *object
	created bool // by this query, so the status is 201
}

func (d *docValue) stored() *object {
	if d.fields != nil {
		return d.fields
	}
	return d.version.content()
}

func (d *docValue) field(key string) (value, bool) {
	switch key {
	case "ref":
		return d.ref, true
	case "class":
		return d.ref.collectionRef(), true
	case "ts":
		return d.version.ts, true
	}
	return d.stored().field(key)
}

func (d *docValue) object() *object {
	o := newObject("ref", d.ref, "ts", d.version.ts)
	for i, k := range d.stored().keys {
		o.add(k, d.stored().vals[i])
	}
	return o
}

// asFields returns the fields of an object or a document. A page does not count
// as an object here.
func asFields(v value) (*object, bool) {
	if _, isPage := v.(*page); isPage {
		return nil, false
	}
	return asObject(v)
}

// asObject returns the fields of an object, a document or a page.
func asObject(v value) (*object, bool) {
	switch v := v.(type) {
	case *object:
		return v, true
	case *page:
		return v.object(), true
	case *docValue:
		return v.object(), true
	}
	return nil, false
}

// A lambda is a function, inline or stored as a query.
type lambda struct {
	params  []string
	tuple   bool // params were given as an array
	body    *node
	at      *position
	version string   // of the API it was made with
	bound   *binding // variables in scope of an inline lambda
}

// A bareLambda is a lambda that is shown without its tag: the predicate of a
// set that a query returns.
type bareLambda struct{ *lambda }

// typeNames are the names of types in errors; all others are Object.
var typeNames = map[reflect.Type]string{
	reflect.TypeFor[bool]():       "Boolean",
	reflect.TypeFor[int64]():      "Integer",
	reflect.TypeFor[float64]():    "Double",
	reflect.TypeFor[string]():     "String",
	reflect.TypeFor[array]():      "Array",
	reflect.TypeFor[time.Time]():  "Time",
	reflect.TypeFor[dateValue]():  "Date",
	reflect.TypeFor[bytesValue](): "Bytes",
	reflect.TypeFor[uuidValue]():  "UUID",
	reflect.TypeFor[*set]():       "Set",
	reflect.TypeFor[*lambda]():    "Lambda",
	reflect.TypeFor[*page]():      "Page",
}

// typeName returns a type's name as used in errors.
func typeName(v value) string {
	if v == nil {
		return "Null"
	}
	if r, ok := v.(*ref); ok {
		return r.typeName()
	}
	return cmp.Or(typeNames[reflect.TypeOf(v)], "Object")
}
