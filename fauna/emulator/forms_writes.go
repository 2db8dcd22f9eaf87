package emulator

import "strings"

func (t formTable) addWrites() {
	t.add("create params?", strict(createForm)).changes()
	t.add("update params?", strict(updateForm(false))).changes()
	t.add("replace params?", strict(updateForm(true))).changes()
	t.add("delete", strict(deleteForm)).changes()
	t.add("insert ts action params?", strict(insertForm)).changes()
	t.add("remove ts action", strict(removeForm)).changes()
	for c := clsCollections; c <= clsKeys; c++ {
		t.add("create_"+classSingular[c], strict(func(e *env, n *node, args []value) (value, error) {
			return e.createItem(c, args[0], n.place(0), n.at)
		})).changes()
	}
	t.add("create_class", t["create_collection"][0].eval).changes()
}

// storable turns a value into what a document holds: no nulls, sets as
// objects, no refs into other databases. It lists what can't be stored.
func storable(v value, path []string) (value, []failure) {
	var bad []failure
	switch v := v.(type) {
	case array:
		out := make(array, 0, len(v))
		for i, el := range v {
			if el == nil {
				continue
			}
			in, fails := storable(el, append(path[:len(path):len(path)], doubleDigits(i)))
			bad = append(bad, fails...)
			out = append(out, in)
		}
		return out, bad
	case *page, *docValue:
		o, _ := asObject(v)
		return storable(o, path)
	case *object:
		out := &object{}
		for i, k := range v.keys {
			if v.vals[i] == nil {
				continue
			}
			in, fails := storable(v.vals[i], append(path[:len(path):len(path)], k))
			bad = append(bad, fails...)
			out.add(k, in)
		}
		return out, bad
	case *ref:
		if v.scope != nil {
			bad = append(bad, failure{append([]string{}, path...), "invalid reference", "Reference cannot be scoped."})
		}
		return v, bad
	case *set:
		if !v.storable() {
			return v, []failure{{field: path, code: unstorable}}
		}
		return storable(v.stored(), path)
	case *lambda:
		l := *v
		l.bound = nil
		return &l, nil
	}
	return v, nil
}

// unstorable marks a value that makes a real server fail with a 500.
const unstorable = "internal"

func doubleDigits(i int) string {
	return string(appendJSON(nil, &jsonValue{kind: jsonLong, long: int64(i)}))
}

// invalid makes the error for what can't be stored.
func invalid(at *position, fails []failure) error {
	for _, f := range fails {
		if f.code == unstorable {
			return internalError("java.lang.IllegalStateException: Unknown set.")
		}
	}
	return notValid(at, fails...)
}

// params reads the parameters of a write.
func params(v value, at *position) (*object, error) {
	if v == nil {
		return &object{}, nil
	}
	o, ok := asObject(v)
	if !ok {
		return nil, expected(at, "Object", v)
	}
	return o, measure(o)
}

// documentFields shapes the parameters of a document for the store: data and
// ttl first, credentials kept out.
func documentFields(o *object) (*object, []failure) {
	stored, bad := storable(o, nil)
	in := stored.(*object)
	out := &object{}
	if data, ok := in.field("data"); ok {
		if d, isObject := data.(*object); !isObject {
			bad = append(bad, failure{[]string{"data"}, "invalid type", "Invalid type " + typeName(data) + ", must be Object."})
		} else if len(d.keys) > 0 {
			out.add("data", d)
		}
	}
	if ttl, ok := in.field("ttl"); ok {
		if _, isTime := ttl.(timeValue); !isTime {
			bad = append(bad, failure{[]string{"ttl"}, "invalid type", "Invalid type " + typeName(ttl) + ", must be Time."})
		}
		out.add("ttl", ttl)
	}
	for i, k := range in.keys {
		switch k {
		case "data", "ttl", "ref", "ts", "credentials", "class":
		default:
			out.add(k, in.vals[i])
		}
	}
	return out, bad
}

// overlay merges new over old: objects field by field, null takes away.
func overlay(old, now *object) *object {
	out := old.clone()
	for i, k := range now.keys {
		v := now.vals[i]
		if v == nil {
			out.remove(k)
			continue
		}
		if deeper, ok := v.(*object); ok {
			before, _ := out.field(k)
			if b, ok := before.(*object); ok {
				v = overlay(b, deeper)
			}
		}
		out.set(k, v)
	}
	return out
}

func createForm(e *env, n *node, args []value) (value, error) {
	r, ok := args[0].(*ref)
	if !ok {
		return nil, expected(n.place(0), "Ref", args[0])
	}
	in, err := params(args[1], n.place(1))
	if err != nil {
		return nil, err
	}
	if r.native {
		return e.createItem(r.class, in, n.place(0), n.at)
	}
	if r.class != clsCollections && r.class != clsDocument {
		return nil, expected(n.place(0), "Collection or Document Ref", args[0])
	}
	if _, _, missing := r.undefined(); missing {
		return nil, undefinedRef(n.place(0), r)
	}
	if r.class == clsCollections {
		r = &ref{class: clsDocument, item: r.item, scope: r.scope, id: -1}
	}
	data, _ := in.field("data")
	if rule := e.rule(r.resource(), actCreate); rule.never() || !e.allows(rule, newObject("data", data)) {
		return nil, denied(n.place(0))
	}
	if r.id < 0 {
		r.id = e.tx.s.newID(e.tx.now)
	}
	c := r.item.coll
	if h := c.history(r.id); h != nil && h.visible(e.tx.now, e.tx.now) != nil {
		return nil, alreadyExists(n.place(0), "Document")
	}
	fields, bad := documentFields(in)
	if len(bad) > 0 {
		return nil, invalid(n.at, bad)
	}
	v := newVersion(e.tx.now, fields)
	if err := e.tx.weigh(v); err != nil {
		return nil, err
	}
	e.tx.put(c, r.id, v)
	return &docValue{ref: r, version: v, created: true}, nil
}

// put writes a version of a document and keeps the indexes.
func (tx *txn) put(c *collection, id int64, v *version) {
	if days, ok := c.item.current().field("ttl_days"); ok && v.expires == noExpiry && !v.deleted {
		if n, ok := days.(int64); ok {
			v.expires = v.ts + n*dayMicros
		}
	}
	tx.change(c, c.enter(id), func(h *history) { h.put(v) })
}

// weigh counts the bytes of a version that is about to be written.
func (tx *txn) weigh(v *version) error {
	r := &renderer{db: tx.db, version: "4", renames: tx.s.renames}
	tail := r.fields(nil, v.content())
	v.tail.Store(&renderedTail{renames: r.renames, bytes: tail})
	if len(tail) > maxVersion {
		return badRequest("Version is too large: got %d bytes, limit %d bytes", len(tail), maxVersion)
	}
	tx.outBytes += int64(len(tail))
	if tx.outBytes > maxWritten {
		return badRequest("Transaction exceeded limit: got %d bytes, limit %d bytes", tx.outBytes, maxWritten)
	}
	return nil
}

// change alters a document's history so that it can be undone.
func (tx *txn) change(c *collection, h *history, f func(h *history)) {
	before, mortal := h.versions, h.mortal
	f(h)
	after := h.versions
	for _, ix := range c.indexes {
		ix.swap(c.item, h, before, after)
	}
	tx.note(func() {
		for _, ix := range c.indexes {
			ix.swap(c.item, h, after, before)
		}
		h.versions, h.mortal = before, mortal
	})
	tx.writeOps++
}

// note remembers how to take back a step of this transaction.
func (tx *txn) note(undo func()) {
	tx.wrote = true
	tx.undo = append(tx.undo, undo)
}

func updateForm(whole bool) evalFunc {
	return func(e *env, n *node, args []value) (value, error) {
		r, err := asRef(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		in, err := params(args[1], n.place(1))
		if err != nil {
			return nil, err
		}
		old, err := e.target(r, actWrite, n.place(0), newObject("data", nil))
		if err != nil {
			return nil, err
		}
		if r.class != clsDocument {
			return e.updateItem(r, in, whole, n.place(0), n.at)
		}
		base := old.content()
		if whole {
			base = &object{}
		}
		fields, bad := documentFields(overlay(base, in))
		if len(bad) > 0 {
			return nil, invalid(n.at, bad)
		}
		v := newVersion(e.tx.now, fields)
		if err := e.tx.weigh(v); err != nil {
			return nil, err
		}
		e.tx.put(r.item.coll, r.id, v)
		return &docValue{ref: r, version: v}, nil
	}
}

// target finds the version that a write is about, if the caller may do it.
func (e *env) target(r *ref, action string, at *position, fresh value) (*version, error) {
	if r.native {
		return nil, expected(at, "Ref", r)
	}
	if _, _, missing := r.undefined(); missing {
		return nil, undefinedRef(at, r)
	}
	h, _ := e.history(r)
	var old *version
	if h != nil {
		old = h.visible(e.tx.now, e.tx.now)
	}
	rule := e.rule(r.resource(), action)
	args := []value{r}
	if action == actWrite && old != nil {
		data, _ := old.content().field("data")
		args = []value{newObject("data", data), fresh, r}
	}
	if rule.never() || !e.allows(rule, args...) {
		return nil, denied(at)
	}
	if old == nil {
		return nil, notFound(at, e.title(r.class))
	}
	return old, nil
}

func deleteForm(e *env, n *node, args []value) (value, error) {
	r, err := asRef(args[0], n.place(0))
	if err != nil {
		return nil, err
	}
	old, err := e.target(r, actDelete, n.place(0), nil)
	if err != nil {
		return nil, err
	}
	if r.class != clsDocument {
		return e.deleteItem(r, old)
	}
	e.tx.put(r.item.coll, r.id, &version{ts: e.tx.now, deleted: true, expires: noExpiry})
	return &docValue{ref: r, version: old}, nil
}

// past reads what Insert and Remove share: a document, a time and an action.
func (e *env) past(n *node, args []value) (r *ref, ts int64, action string, err error) {
	if r, err = asRef(args[0], n.place(0)); err != nil {
		return nil, 0, "", err
	}
	if ts, err = asMicros(args[1], n.place(1)); err != nil {
		return nil, 0, "", err
	}
	if action, err = asString(args[2], n.place(2)); err != nil {
		return nil, 0, "", err
	}
	if r.class != clsDocument {
		return nil, 0, "", expected(n.place(0), "Document Ref", r)
	}
	if _, _, missing := r.undefined(); missing {
		return nil, 0, "", undefinedRef(n.place(0), r)
	}
	action = strings.ToLower(action)
	switch action {
	case "add":
		action = "create"
	case "remove":
		action = "delete"
	case "create", "update", "delete":
	default:
		return nil, 0, "", invalidArgument(n.place(2), "'%s' is not a valid event action.", args[2])
	}
	if rule := e.rule(r.resource(), actHistoryWrite); rule.never() || !e.allows(rule, r) {
		return nil, 0, "", denied(n.place(0))
	}
	if ts > e.tx.now {
		return nil, 0, "", &queryError{at: n.at, code: "invalid write time", text: "Cannot write outside of snapshot time.", status: 400}
	}
	return r, ts, action, nil
}

// insertForm writes into the past, whatever has been read of it.
func insertForm(e *env, n *node, args []value) (value, error) {
	r, ts, action, err := e.past(n, args)
	if err != nil {
		return nil, err
	}
	in, err := params(args[3], n.place(3))
	if err != nil {
		return nil, err
	}
	c := r.item.coll
	v := &version{ts: ts, deleted: true, expires: noExpiry}
	var last *version
	if h := c.history(r.id); h != nil {
		last = h.at(ts)
	}
	if action != "delete" {
		base := &object{}
		if action == "update" && last != nil {
			base = last.content()
		}
		fields, bad := documentFields(overlay(base, in))
		if len(bad) > 0 {
			return nil, invalid(n.at, bad)
		}
		v = newVersion(ts, fields)
		if err := e.tx.weigh(v); err != nil {
			return nil, err
		}
	}
	e.tx.put(c, r.id, v)
	ev := e.versionEvent(r, last, v)
	ev.set("action", action)
	return ev, nil
}

// removeForm takes a version out of the past.
func removeForm(e *env, n *node, args []value) (value, error) {
	r, ts, _, err := e.past(n, args)
	if err != nil {
		return nil, err
	}
	if h := r.item.coll.history(r.id); h != nil {
		e.tx.change(r.item.coll, h, func(h *history) { h.drop(ts) })
	}
	return nil, nil
}
