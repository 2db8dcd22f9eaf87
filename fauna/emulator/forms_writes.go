package emulator

import "fmt"

func (t formTable) addWrites() {
	t.add("create:home params:object?", writes, createForm)
	t.add("update:ref params:object?", writes, func(c *call) value { return c.update(false) })
	t.add("replace:ref params:object?", writes, func(c *call) value { return c.update(true) })
	t.add("delete:ref", writes, deleteForm)
	t.add("insert:ref ts:time action:action params:object?", writes, insertForm)
	t.add("remove:ref ts:time action:action", writes, func(c *call) value {
		r, ts, _ := c.past()
		if h := r.item.coll.byID[r.id]; h != nil {
			c.tx.change(r.item.coll, h, func(h *history) { h.drop(ts) })
		}
		return nil
	})
	for cls := clsCollections; cls <= clsKeys; cls++ {
		t.add("create_"+classSingular[cls]+":object", writes, createClass(cls))
	}
	t.add("create_class:object", writes, createClass(clsCollections))
}

func createClass(cls class) func(c *call) value {
	return func(c *call) value { return c.createItem(cls, c.params(0), c.place(0)) }
}

// params are the parameters of a write, empty if they were not sent. They must not
// contain refs that are unresolved or point into another database. The error's fields
// are paths from the root of the request.
func (c *call) params(i int) *object {
	if !c.given(i) {
		return &object{}
	}
	o := c.args[i].(*object)
	measure(o)
	path := make(array, 0, 8)
	for _, step := range c.node.at.path() {
		path = append(path, fmt.Sprint(step))
	}
	var bad []failure
	eachRef(o, path, true, func(r *ref, path array) {
		if r.unresolved() {
			bad = append(bad, badReference(path...))
		} else if r.scope != nil {
			bad = append(bad, failure{path, "invalid reference", "Reference cannot be scoped."})
		}
	})
	validate(c.node.at, bad)
	return o
}

// overlay merges now over old: objects field by field; null removes a field.
func overlay(old, now *object) *object {
	out := old.clone()
	for i, k := range now.keys {
		v := now.vals[i]
		if v == nil {
			out.remove(k)
			continue
		}
		if deeper, ok := v.(*object); ok {
			if before, ok := out.get(k).(*object); ok {
				v = overlay(before, deeper)
			}
		}
		out.set(k, v)
	}
	return out
}

func createForm(c *call) value {
	in, place := c.params(1), c.place(0)
	r := c.named(0, clsCollections, place)
	switch {
	case r.scope != nil:
		panic(invalidArgument(place, "Cannot write a scoped ref."))
	case r.native:
		return c.createItem(r.class, in, place)
	case r.class != clsCollections && r.class != clsDocument:
		panic(alreadyExists(place, classTitles[r.class]))
	}
	// A predicate gets the new fields and, if the id was chosen, the ref.
	action, args := actCreateWithID, []value{newObject("data", in.get("data")), r}
	if r.class == clsCollections {
		r = &ref{class: clsDocument, item: r.item, id: -1}
		action, args = actCreate, args[:1]
	}
	c.mustAllow(r, action, place, args...)
	if r.id < 0 {
		r.id = c.tx.s.newID(c.tx.now)
	}
	if r.item.coll.byID[r.id].visible(c.tx.now, c.tx.now) != nil {
		panic(alreadyExists(place, "Document"))
	}
	c.mustWriteNow(place)
	v := newVersion(c.tx.now, c.fit(clsDocument, in, place))
	c.tx.weigh(v)
	c.tx.put(r, v)
	return &docValue{ref: r, version: v, created: true}
}

// mustAllow fails unless the caller may do something with a ref's target, given
// the arguments of a predicate.
func (e *env) mustAllow(r *ref, action string, at *position, args ...value) {
	if !e.allows(e.rule(r.collectionRef(), action), args...) {
		panic(denied(at))
	}
}

// mustWriteNow fails inside At.
func (e *env) mustWriteNow(at *position) {
	if e.at < e.tx.now {
		panic(invalidWriteTime(at))
	}
}

// put writes a version of a document and updates the indexes.
func (tx *txn) put(r *ref, v *version) {
	c := r.item.coll
	if days, ok := c.item.current().get("ttl_days").(int64); ok && v.expires == noExpiry && !v.deleted {
		v.expires = v.ts + min(days, maxDays)*dayMicros
	}
	tx.change(c, c.enter(r.id), func(h *history) { h.put(v) })
}

// weigh checks the size of a version before it is written.
func (tx *txn) weigh(v *version) {
	r := &renderer{db: tx.db, version: "4", renames: tx.s.renames}
	tail := r.tail(nil, v.content())
	v.tail.Store(&renderedTail{renames: r.renames, bytes: tail})
	if len(tail) > maxVersion {
		panic(badRequest("Version is too large: got %d bytes, limit %d bytes", len(tail), maxVersion))
	}
	tx.outBytes += int64(len(tail))
	if tx.outBytes > maxWritten {
		panic(badRequest("Transaction exceeded limit: got %d bytes, limit %d bytes", tx.outBytes, maxWritten))
	}
}

// change changes a document's history and records how to undo that.
func (tx *txn) change(c *collection, h *history, f func(h *history)) {
	before := h.versions
	f(h)
	after := h.versions
	for _, ix := range c.indexes {
		ix.swap(c.item, h, before, after)
	}
	tx.note(func() {
		for _, ix := range c.indexes {
			ix.swap(c.item, h, after, before)
		}
		h.versions = before
	})
	tx.writeOps++
}

// note records how to undo a step of the transaction.
func (tx *txn) note(undo func()) {
	tx.wrote = true
	tx.undo = append(tx.undo, undo)
}

// update changes the fields of a document or a schema item, or replaces them all.
func (c *call) update(whole bool) value {
	r := c.target()
	in := c.params(1)
	if r.native {
		panic(invalidArgument(c.place(0), "Cannot update a schema meta collection."))
	}
	old := c.present(r)
	if old == nil {
		panic(notFound(c.place(0), c.title(r.class)))
	}
	// A predicate gets the old data, the new data and the ref.
	c.mustAllow(r, actWrite, c.node.at, newObject("data", old.content().get("data")), newObject("data", in.get("data")), r)
	c.mustWriteNow(c.node.at)
	if r.class != clsDocument {
		return c.updateItem(r, in, whole, c.node.at)
	}
	base := old.content()
	if whole {
		base = &object{}
	}
	v := newVersion(c.tx.now, c.fit(clsDocument, overlay(base, in), c.node.at))
	c.tx.weigh(v)
	c.tx.put(r, v)
	return &docValue{ref: r, version: v}
}

// target is the first argument of Update, Replace and Delete: a ref into this
// database.
func (c *call) target() *ref {
	r := c.args[0].(*ref)
	if r.scope != nil {
		panic(invalidArgument(c.place(0), "Cannot write a scoped ref."))
	}
	return r
}

// present returns the current version of a document, or nil.
func (e *env) present(r *ref) *version {
	h, _ := e.history(r)
	return h.visible(e.tx.now, e.tx.now)
}

func deleteForm(c *call) value {
	r := c.target()
	if r.native {
		panic(notFound(c.node.at, c.title(clsCollections)))
	}
	old := c.present(r)
	if old == nil {
		panic(notFound(c.node.at, c.title(r.class)))
	}
	c.mustAllow(r, actDelete, c.node.at, r)
	if r.class != clsDocument {
		return c.deleteItem(r, old)
	}
	c.tx.put(r, &version{ts: c.tx.now, deleted: true, expires: noExpiry})
	return &docValue{ref: r, version: old}
}

// past reads the arguments that Insert and Remove share.
func (c *call) past() (r *ref, ts int64, action string) {
	r, ts, action = c.args[0].(*ref), c.args[1].(int64), c.args[2].(string)
	verb := c.node.form.keys[0]
	switch {
	case verb == "insert" && ts > c.tx.now:
		panic(invalidWriteTime(c.node.at))
	case r.scope != nil:
		panic(invalidArgument(c.place(0), "Cannot write a scoped ref."))
	case r.class != clsDocument:
		panic(invalidArgument(c.node.at, "Cannot %s event for specified ref.", verb))
	}
	c.mustAllow(r, actHistoryWrite, c.node.at, r)
	return r, ts, action
}

// insertForm writes into the past, even below what has been read.
func insertForm(c *call) value {
	r, ts, action := c.past()
	in := c.params(3)
	v := &version{ts: ts, deleted: true, expires: noExpiry}
	var last, same *version
	if h := r.item.coll.byID[r.id]; h != nil {
		last, same = h.at(ts), h.exactly(ts)
	}
	if action != "delete" {
		base := &object{}
		if action == "update" && last != nil {
			base = last.content()
		}
		v = newVersion(ts, c.fit(clsDocument, overlay(base, in), c.node.at))
		c.tx.weigh(v)
		v.torn = action == "update" && same != nil && same.deleted
	}
	ev := c.versionEvent(r, last, v)
	if v.deleted && same != nil && same.inserted == "update" {
		v = newVersion(ts, same.content())
		v.torn = true
	}
	v.inserted = action
	c.tx.put(r, v)
	ev.set("action", action)
	return ev
}
