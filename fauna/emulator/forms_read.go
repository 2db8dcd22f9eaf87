package emulator

import "strconv"

func (t formTable) addReads() {
	t.add("get ts?", strict(func(e *env, n *node, args []value) (value, error) {
		in, err := e.timed(n, args, 1)
		if err != nil {
			return nil, err
		}
		if s, ok := asSet(args[0]); ok {
			return in.first(s, n)
		}
		r, ok := args[0].(*ref)
		if !ok {
			return nil, expected(n.place(0), "Ref or Set", args[0])
		}
		return in.get(r, n.at, n.place(0))
	}))
	t.add("exists ts?", strict(func(e *env, n *node, args []value) (value, error) {
		in, err := e.timed(n, args, 1)
		if err != nil {
			return nil, err
		}
		if s, ok := asSet(args[0]); ok {
			found := false
			err := s.scan(in, scan{}, func(element) bool { found = true; return false })
			return found, placed(err, n.place(0))
		}
		r, ok := args[0].(*ref)
		if !ok {
			return nil, expected(n.place(0), "Ref or Set", args[0])
		}
		return in.exists(r)
	}))
	t.add("paginate after? ts? size? events? sources?", strict(paginate))
	t.add("paginate before ts? size? events? sources?", strict(paginate))
	t.add("paginate cursor ts? size? events? sources?", strict(paginate))
	t.add("select from default?", selectForm).uncounted()
	t.add("now", func(e *env, _ *node) (value, error) { return microsTime(e.tx.now), nil })
}

// timed returns the env at the time given by the i-th argument, if it was sent.
func (e *env) timed(n *node, args []value, i int) (*env, error) {
	if !n.given(i) {
		return e, nil
	}
	at, err := asMicros(args[i], n.place(i))
	if err != nil {
		return nil, err
	}
	return e.read(at), nil
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
		return &it.history, e.tx.now - graceMicros
	}
	return nil, e.tx.now - graceMicros
}

// tooOld is the error for a read below the minimum.
func (e *env) tooOld(minimum int64) error {
	if e.at >= minimum {
		return nil
	}
	return badRequest("Requested timestamp %s less than minimum allowed timestamp %s.",
		appendTime(nil, microsTime(e.at)), appendTime(nil, microsTime(minimum)))
}

// get reads one document. The privilege is checked before its existence.
func (e *env) get(r *ref, at, place *position) (value, error) {
	if _, _, missing := r.undefined(); missing {
		return nil, undefinedRef(place, r)
	}
	if !e.may(r, actRead) {
		return nil, denied(at)
	}
	h, minimum := e.history(r)
	if err := e.tooOld(minimum); err != nil {
		return nil, err
	}
	e.tx.charged += readCost
	if h != nil {
		if v := h.visible(e.at, e.tx.now); v != nil {
			e.tx.readOps++
			return e.document(r, v), nil
		}
	}
	return nil, notFound(at, e.title(r.class))
}

// title returns the word for an instance in errors of the query's API version.
func (e *env) title(c class) string {
	if e.tx.legacy {
		if c == clsCollections {
			return "Class"
		}
		return "Instance"
	}
	return classTitles[c]
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

func (e *env) exists(r *ref) (value, error) {
	if _, _, missing := r.undefined(); missing || !e.may(r, actRead) {
		return false, nil
	}
	h, minimum := e.history(r)
	if err := e.tooOld(minimum); err != nil {
		return nil, err
	}
	e.tx.readOps++
	return h != nil && h.visible(e.at, e.tx.now) != nil, nil
}

// first gets the document of a set's first element.
func (e *env) first(s *set, n *node) (value, error) {
	var found *ref
	err := s.scan(e, scan{}, func(el element) bool { found = el.ref; return false })
	if err != nil {
		return nil, placed(err, n.place(0))
	}
	if found == nil {
		return nil, notFound(n.at, "Set")
	}
	return e.get(found, n.at, n.place(0))
}

// placed adds the position to a denied privilege inside a set.
func placed(err error, at *position) error {
	if err == errDenied {
		return denied(at)
	}
	return err
}

func selectForm(e *env, n *node) (value, error) {
	args, err := e.first2(n)
	if err != nil {
		return nil, err
	}
	path, ok := args[0].(array)
	if !ok {
		path = array{args[0]}
	}
	for i, step := range path {
		switch step.(type) {
		case string, int64:
		default:
			at := n.place(0)
			if ok {
				at = at.nth(i)
			}
			return nil, expected(at, "Integer or String", step)
		}
	}
	v := args[1]
	if r, ok := v.(*ref); ok && r.unresolved() {
		return nil, undefinedRef(n.place(1), r)
	}
	for _, step := range path {
		next, found := stepInto(v, step)
		if !found {
			if n.given(2) {
				return e.eval(n.args[2])
			}
			return nil, &queryError{at: n.place(1), code: "value not found", text: "Value not found at path " + pathText(path) + ".", status: 404}
		}
		v = next
	}
	return v, nil
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
		case step == "id" && in.native:
			return classNames[in.class], true
		case step == "id" && in.class.named():
			return in.title(), true
		case step == "id":
			return strconv.FormatInt(in.id, 10), true
		case (step == "collection" || step == "class") && !in.native:
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

// first2 evaluates the first two arguments of a form.
func (e *env) first2(n *node) ([2]value, error) {
	var out [2]value
	for i := range out {
		v, err := e.eval(n.args[i])
		if err != nil {
			return out, err
		}
		out[i] = v
	}
	return out, nil
}
