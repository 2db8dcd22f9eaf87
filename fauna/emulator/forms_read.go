package emulator

import (
	"fmt"
	"strconv"
	"strings"
)

func (t formTable) addReads() {
	t.add("get ts?", reads, func(c *call) value {
		in := c.timed(1)
		r, s := c.refOrSet(0)
		if s == nil {
			return in.get(r, c.node.at, c.place(0))
		}
		first := s.first(in, c.place(0))
		if first == nil {
			panic(notFound(c.node.at, "Set"))
		}
		return in.get(first, c.node.at, c.place(0))
	})
	t.add("exists ts?", reads, func(c *call) value {
		in := c.timed(1)
		r, s := c.refOrSet(0)
		if s == nil {
			return in.exists(r)
		}
		return s.first(in, c.place(0)) != nil
	})
	for _, cursor := range []string{"after?", "before", "cursor"} {
		t.add("paginate "+cursor+" ts? size? events? sources?", reads, paginate)
	}
	t.add("select from default?", lazy|uncounted, selectForm)
}

// refOrSet is an argument that is a set, or else a ref.
func (c *call) refOrSet(i int) (*ref, *set) {
	if s, ok := asSet(c.args[i]); ok {
		return nil, s
	}
	r := as[*ref](c.args[i], "Ref or Set", c.place(i))
	if c.node.form.keys[0] != "exists" {
		r.mustExist(c.place(i))
	}
	return r, nil
}

// history returns the versions of a ref, nil if there are none, and the earliest
// time at which they can be read.
func (e *env) history(r *ref) (h *history, minimum int64) {
	switch {
	case r.class == clsDocument:
		c := r.item.coll
		return c.history(r.id), c.minimum(e.tx.now)
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
			appendTime(nil, microsTime(e.at)), appendTime(nil, microsTime(minimum))))
	}
}

// get reads one document. The privilege is checked before its existence.
func (e *env) get(r *ref, at, place *position) value {
	r.mustExist(place)
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
	steps, v := c.eval(c.node.args[0]), c.eval(c.node.args[1])
	path, many := steps.(array)
	if !many {
		path = array{steps}
	}
	each(path, func(i int, step value) {
		switch step.(type) {
		case string, int64:
			return
		}
		at := c.place(0)
		if many {
			at = at.nth(i)
		}
		panic(expected(at, "String or Integer", step))
	})
	if r, ok := v.(*ref); ok && r.unresolved() {
		panic(undefinedRef(c.place(1), r))
	}
	if found, ok := follow(v, path); ok {
		return found
	}
	if c.given(2) {
		return c.eval(c.node.args[2])
	}
	text := make([]string, len(path))
	for i, step := range path {
		text[i] = fmt.Sprint(step)
	}
	panic(&queryError{at: c.place(1), code: "value not found", text: "Value not found at path [" + strings.Join(text, ",") + "].", status: 404})
}

// follow returns what is at a path inside a value.
func follow(v value, path array) (value, bool) {
	for _, step := range path {
		var ok bool
		if v, ok = stepInto(v, step); !ok {
			return nil, false
		}
	}
	return v, true
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
		case step == "database" && in.scope != nil && in.class != clsDocument:
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
