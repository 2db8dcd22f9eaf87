package emulator

func (t formTable) addWrites() {
	t.add("create params?", strict(createForm)).changes()
	t.add("update params?", strict(updateForm(false))).changes()
	t.add("replace params?", strict(updateForm(true))).changes()
	t.add("delete", strict(deleteForm)).changes()
	t.add("insert ts action params?", strict(insertForm)).changes()
	t.add("remove ts action", strict(removeForm)).changes()
	for c := clsCollections; c <= clsKeys; c++ {
		t.add("create_"+classSingular[c], strict(func(e *env, n *node, args []value) (value, error) {
			in, ok := asFields(args[0])
			if !ok {
				return nil, expected(n.place(0), "Object", args[0])
			}
			if err := measure(in); err != nil {
				return nil, err
			}
			if err := checkRefs(in, n.at); err != nil {
				return nil, err
			}
			return e.createItem(c, in, n.place(0))
		})).changes()
	}
	t.add("create_class", t["create_collection"][0].eval).changes()
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
	if name, ok := args[0].(string); ok {
		args[0] = e.tx.db.named(clsCollections, name)
	}
	r, ok := args[0].(*ref)
	if !ok {
		return nil, expected(n.place(0), "String or Ref", args[0])
	}
	if _, _, missing := r.undefined(); missing {
		return nil, undefinedRef(n.place(0), r)
	}
	in, err := params(n, args, 1)
	if err != nil {
		return nil, err
	}
	if err := checkRefs(in, n.at); err != nil {
		return nil, err
	}
	switch {
	case r.scope != nil:
		return nil, invalidArgument(n.place(0), "Cannot write a scoped ref.")
	case r.native:
		return e.createItem(r.class, in, n.place(0))
	case r.class != clsCollections && r.class != clsDocument:
		return nil, expected(n.place(0), "Collection Ref", args[0])
	}
	action := actCreateWithID
	if r.class == clsCollections {
		r = &ref{class: clsDocument, item: r.item, id: -1}
		action = actCreate
	}
	data, _ := in.field("data")
	if rule := e.rule(r.resource(), action); rule.never() || !e.allows(rule, createArgs(action, data, r)...) {
		return nil, denied(n.place(0))
	}
	if r.id < 0 {
		r.id = e.tx.s.newID(e.tx.now)
	}
	c := r.item.coll
	if h := c.history(r.id); h != nil && h.visible(e.tx.now, e.tx.now) != nil {
		return nil, alreadyExists(n.place(0), "Document")
	}
	if err := e.writable(n.place(0)); err != nil {
		return nil, err
	}
	fields, err := documentFields(in, n.place(0))
	if err != nil {
		return nil, err
	}
	v := newVersion(e.tx.now, fields)
	if err := e.tx.weigh(v); err != nil {
		return nil, err
	}
	e.tx.put(c, r.id, v)
	return &docValue{ref: r, version: v, created: true}, nil
}

// createArgs are the arguments of a predicate on create: the new fields and, if
// the id was chosen, the ref.
func createArgs(action string, data value, r *ref) []value {
	fields := newObject("data", data)
	if action == actCreateWithID {
		return []value{fields, r}
	}
	return []value{fields}
}

// writable returns an error for writes inside At.
func (e *env) writable(at *position) error {
	if e.at < e.tx.now {
		return &queryError{at: at, code: "invalid write time", text: "Cannot write outside of snapshot time.", status: 400}
	}
	return nil
}

// put writes a version of a document and updates the indexes.
func (tx *txn) put(c *collection, id int64, v *version) {
	if days, ok := c.item.current().field("ttl_days"); ok && v.expires == noExpiry && !v.deleted {
		if n, ok := days.(int64); ok {
			v.expires = v.ts + n*dayMicros
		}
	}
	tx.change(c, c.enter(id), func(h *history) { h.put(v) })
}

// weigh checks the size of a version before it is written.
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

// change changes a document's history and records how to undo that.
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

// note records how to undo a step of the transaction.
func (tx *txn) note(undo func()) {
	tx.wrote = true
	tx.undo = append(tx.undo, undo)
}

func updateForm(whole bool) evalFunc {
	return func(e *env, n *node, args []value) (value, error) {
		r, in, err := e.writeArgs(n, args)
		if err != nil {
			return nil, err
		}
		old := e.present(r)
		if old == nil {
			return nil, notFound(n.place(0), e.title(r.class))
		}
		if err := e.mayWrite(r, old, in, n.at); err != nil {
			return nil, err
		}
		if err := e.writable(n.at); err != nil {
			return nil, err
		}
		if r.class != clsDocument {
			return e.updateItem(r, in, whole, n.at)
		}
		base := old.content()
		if whole {
			base = &object{}
		}
		fields, err := documentFields(overlay(base, in), n.at)
		if err != nil {
			return nil, err
		}
		v := newVersion(e.tx.now, fields)
		if err := e.tx.weigh(v); err != nil {
			return nil, err
		}
		e.tx.put(r.item.coll, r.id, v)
		return &docValue{ref: r, version: v}, nil
	}
}

// writeArgs reads the arguments that Update, Replace and Delete share: a ref into
// this database, and parameters.
func (e *env) writeArgs(n *node, args []value) (*ref, *object, error) {
	r, err := asRef(args[0], n.place(0))
	if err != nil {
		return nil, nil, err
	}
	if _, _, missing := r.undefined(); missing {
		return nil, nil, undefinedRef(n.place(0), r)
	}
	in := &object{}
	if len(args) > 1 {
		if in, err = params(n, args, 1); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case r.scope != nil:
		return nil, nil, invalidArgument(n.place(0), "Cannot write a scoped ref.")
	case r.native:
		return nil, nil, invalidArgument(n.place(0), "Cannot %s a schema meta collection.", n.form.keys[0])
	}
	return r, in, checkRefs(in, n.at)
}

// present returns the current version of a document, or nil.
func (e *env) present(r *ref) *version {
	h, _ := e.history(r)
	if h == nil {
		return nil
	}
	return h.visible(e.tx.now, e.tx.now)
}

// mayWrite checks the privilege to change a document. A predicate gets the old
// data, the new data and the ref.
func (e *env) mayWrite(r *ref, old *version, in *object, at *position) error {
	rule := e.rule(r.resource(), actWrite)
	before, _ := old.content().field("data")
	data, _ := in.field("data")
	if rule.never() || !e.allows(rule, newObject("data", before), newObject("data", data), r) {
		return denied(at)
	}
	return nil
}

func deleteForm(e *env, n *node, args []value) (value, error) {
	r, _, err := e.writeArgs(n, args)
	if err != nil {
		return nil, err
	}
	old := e.present(r)
	if old == nil {
		return nil, notFound(n.at, e.title(r.class))
	}
	if rule := e.rule(r.resource(), actDelete); rule.never() || !e.allows(rule, r) {
		return nil, denied(n.at)
	}
	if r.class != clsDocument {
		return e.deleteItem(r, old)
	}
	e.tx.put(r.item.coll, r.id, &version{ts: e.tx.now, deleted: true, expires: noExpiry})
	return &docValue{ref: r, version: old}, nil
}
