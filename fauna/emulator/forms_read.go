package emulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fauna-export/fauna/fql"
)

func (t formTable) addReads() {
	t.add("get:identifier ts:time?", reads, func(c *call) value {
		in := c.timed(1)
		r, isRef := c.args[0].(*ref)
		if !isRef {
			if r = c.args[0].(*set).first(in, c.place(0)); r == nil {
				panic(notFound(c.node.at, "Set"))
			}
		}
		return in.get(r, c.node.at)
	})
	t.add("exists:unresolved ts:time?", reads, func(c *call) value {
		in := c.timed(1)
		if r, isRef := c.args[0].(*ref); isRef {
			return in.exists(r)
		}
		return c.args[0].(*set).first(in, c.place(0)) != nil
	})
	for _, cursor := range []string{"after?", "before", "cursor"} {
		t.add("paginate:identifier "+cursor+" ts:time? size:integer? events:boolean? sources:boolean?", reads, paginate)
	}
	t.add("select from all? default?", lazy|uncounted, selectForm)
}

// history returns the versions of a ref, nil if there are none, and the earliest
// time at which they can be read.
func (e *env) history(r *ref) (h *history, minimum int64) {
	switch {
	case r.class == clsDocument:
		c := r.item.coll
		return c.byID[r.id], c.minimum(e.tx.now)
	case r.class.named():
		return &r.item.history, 0
	}
	db := e.tx.db
	if r.scope != nil {
		db = r.scope
	}
	if it := db.stores[r.class].byID[r.id]; it != nil {
		h = &it.history
	}
	return h, e.tx.now - graceMicros
}

// checkAge fails for a read below the minimum.
func (e *env) checkAge(minimum int64) {
	if e.at < minimum {
		panic(badRequest("Requested timestamp %s less than minimum allowed timestamp %s.",
			fql.AppendTime(nil, microsTime(e.at)), fql.AppendTime(nil, microsTime(minimum))))
	}
}

// get reads one document. The privilege is checked before its existence.
func (e *env) get(r *ref, at *position) value {
	if !e.may(r, actRead) {
		panic(denied(at))
	}
	h, minimum := e.history(r)
	e.checkAge(minimum)
	e.tx.charged += readCost
	if v := h.visible(e.at, e.tx.now); v != nil {
		e.tx.readOps++
		return e.document(r, v)
	}
	panic(notFound(at, e.title(r.class)))
}

// title returns the word for an instance in errors of the query's API version.
func (e *env) title(c class) string {
	switch {
	case !e.tx.legacy:
		return classTitles[c]
	case c == clsCollections:
		return "Class"
	}
	return "Instance"
}

// document returns a version as Get returns it.
func (e *env) document(r *ref, v *version) *docValue {
	d := &docValue{ref: r, version: v}
	if r.class == clsIndexes && r.item != nil && r.item.index != nil && !r.item.index.active(e.tx.now) {
		d.fields = v.content().clone()
		d.fields.set("active", false)
	}
	return d
}

func (e *env) exists(r *ref) bool {
	if r.missing() || !e.may(r, actRead) {
		return false
	}
	h, minimum := e.history(r)
	e.checkAge(minimum)
	e.tx.readOps++
	return h.visible(e.at, e.tx.now) != nil
}

func selectForm(c *call) value {
	steps, from, every := c.eval(c.node.args[0]), c.eval(c.node.args[1]), value(false)
	if c.given(2) {
		every = c.eval(c.node.args[2])
	}
	path := asArray(steps)
	if steps == nil || slices.ContainsFunc(path, func(step value) bool { return !isStep(step) }) {
		accept("String or Integer", isStep).each(false)(steps, c.place(0))
	}
	all := every == true
	if !is[bool](every) {
		panic(expected(c.place(2), "Boolean", every))
	}
	if r, ok := from.(*ref); ok && r.unresolved() {
		panic(undefinedRef(c.place(1), r))
	}
	found, ok := follow(from, path, all)
	_, isArray := found.(array)
	switch {
	case all && !ok:
		return array{}
	case all && !isArray:
		return array{found}
	case ok:
		return found
	case c.given(3):
		return c.eval(c.node.args[3])
	}
	text := make([]string, len(path))
	for i, step := range path {
		text[i] = fmt.Sprint(step)
	}
	panic(&queryError{at: c.place(1), code: "value not found", text: "Value not found at path [" + strings.Join(text, ",") + "].", status: 404})
}

func isStep(v value) bool { return is[string](v) || is[int64](v) }

// follow returns the value at a path inside a value. With all, the rest of the path
// is followed in every element of an array, unless it begins with a number, and
// what is found there is one array.
func follow(v value, path array, all bool) (value, bool) {
	for i, step := range path {
		list, isArray := v.(array)
		if _, isIndex := step.(int64); all && isArray && !isIndex {
			return followAll(list, path[i:]), true
		}
		var ok bool
		if v, ok = stepInto(v, step); !ok {
			return nil, false
		}
	}
	if list, isArray := v.(array); all && isArray {
		return followAll(list, nil), true
	}
	return v, true
}

func followAll(list, path array) array {
	out := array{}
	for _, v := range list {
		if found, ok := follow(v, path, true); !ok {
			continue
		} else if inner, isArray := found.(array); isArray {
			out = append(out, inner...)
		} else {
			out = append(out, found)
		}
	}
	return out
}

// stepInto follows one step of a path.
func stepInto(v value, step value) (value, bool) {
	switch in := v.(type) {
	case array:
		i, ok := step.(int64)
		if ok && i >= 0 && i < int64(len(in)) {
			return in[i], true
		}
		return nil, false
	case *ref:
		switch {
		case step == "id" && (in.native || in.class.named()):
			return in.title(), true
		case step == "id":
			return strconv.FormatInt(in.id, 10), true
		case (step == "collection" || step == "class") && in.native:
			return &ref{class: clsCollections, native: true, scope: in.scope}, true
		case step == "collection" || step == "class":
			return in.collectionRef(), true
		case step == "database" && in.scope != nil:
			return &ref{class: clsDatabases, item: in.scope.self}, true
		}
		return nil, false
	case fielded:
		if key, ok := step.(string); ok {
			return in.field(key)
		}
		if p, ok := in.(*page); ok {
			return stepInto(p.data, step)
		}
	}
	return nil, false
}
