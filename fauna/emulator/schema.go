package emulator

import "slices"

// createItem creates a schema item or a key. Errors get the given position.
func (e *env) createItem(c class, in *object, at *position) value {
	e.mustAllow(&ref{class: c, native: true}, actCreate, at, in)
	e.mustWriteNow(at)
	if !c.named() && c != clsKeys {
		panic(internalError("java.lang.UnsupportedOperationException: " + classNames[c] + "."))
	}
	fields, name := e.itemFields(c, nil, defaults[c], in, at)
	db, it := e.tx.db, &item{db: e.tx.db, class: c, name: name}
	var shown *object // with the secret, which only this answer contains
	switch c {
	case clsKeys:
		it.id = db.server.newID(e.tx.now)
		key, _, _ := db.readKey(fields)
		key.secret = db.server.newSecret(it.id)
		it.key, shown = &key, fields.clone()
		fields.set("hashed_secret", hashedSecret(key.secret))
		shown.add("secret", key.secret)
		shown.set("hashed_secret", fields.get("hashed_secret"))
	case clsDatabases:
		it.child = newDatabase(db.server, db)
		it.child.self, it.child.globalID = it, db.server.newGlobalID()
		fields.set("global_id", it.child.globalID)
	case clsAccessProviders:
		fields.set("audience", "https://db.fauna.com/db/"+db.globalID)
	case clsCollections:
		it.coll = &collection{item: it, byID: map[int64]*history{}}
		if _, ok := fields.field("history_days"); !ok {
			it.coll.floor = e.tx.now
		}
	case clsIndexes:
		it.index = newIndex(it, fields, e.tx.now)
		fields.set("active", true)
		if partitions := int64(8); fields.get("partitions") == nil {
			if len(it.index.terms) > 0 {
				partitions = 1
			}
			fields.add("partitions", partitions)
		}
	}
	v := newVersion(e.tx.now, fields)
	it.put(v)
	e.tx.enter(it)
	d := e.document(it.ref(), v)
	d.created = true
	if shown != nil {
		d.fields = shown
	}
	return d
}

// itemFields changes the fields of an item and checks them. before are those of an
// existing one.
func (e *env) itemFields(c class, existing *item, before, in *object, at *position) (fields *object, name string) {
	fields = e.fit(c, overlay(before, in), at)
	name, _ = fields.get("name").(string) // a key has none
	if other := e.tx.db.find(c, name); other != nil && other != existing {
		panic(alreadyExists(at, classTitles[c]))
	}
	return fields, name
}

// item returns the item of a ref.
func (tx *txn) item(r *ref) *item {
	if r.class.named() {
		return r.item
	}
	return tx.db.stores[r.class].byID[r.id]
}

// enter adds an item to its database.
func (tx *txn) enter(it *item) {
	st := &it.db.stores[it.class]
	tx.s.nextSeq++
	it.seq = tx.s.nextSeq
	assign(tx, &st.items, append(slices.Clip(st.items), it))
	if it.class.named() {
		enterKey(tx, st.byName, it.name, it)
	} else {
		enterKey(tx, st.byID, it.id, it)
	}
	if it.index != nil {
		for _, src := range it.index.sources {
			assign(tx, &src.coll.indexes, append(slices.Clip(src.coll.indexes), it.index))
		}
	}
	if it.key != nil {
		enterKey(tx, tx.s.secrets, it.key.secret, it)
	}
}

// assign sets a variable, until the transaction fails.
func assign[T any](tx *txn, p *T, v T) {
	old := *p
	*p = v
	tx.note(func() { *p = old })
}

// enterKey sets what a map holds under a key, until the transaction fails; nil
// deletes it.
func enterKey[K comparable](tx *txn, m map[K]*item, key K, it *item) {
	old := m[key]
	set := func(it *item) {
		if m[key] = it; it == nil {
			delete(m, key)
		}
	}
	set(it)
	tx.note(func() { set(old) })
}

// updateItem changes a schema item or a key, whose secret stays.
func (e *env) updateItem(r *ref, in *object, whole bool, at *position) value {
	it := e.tx.item(r)
	before := it.current()
	if whole { // what only the server sets stays, and what an item can't be without
		before = mask{"name": nil, "history_days": nil, "active": nil, "unique": nil, "partitions": nil, "global_id": nil, "audience": nil, "hashed_secret": nil}.of(before)
	}
	fields, name := e.itemFields(r.class, it, before, in, at)
	if it.key != nil {
		key, _, _ := it.db.readKey(fields)
		key.secret = it.key.secret
		assign(e.tx, it.key, key)
	}
	if days, ok := it.historyDays(); ok && it.coll != nil {
		assign(e.tx, &it.coll.floor, max(it.coll.floor, e.tx.now-days*dayMicros))
	}
	v := newVersion(e.tx.now, fields)
	e.tx.putItem(it, v)
	e.tx.rename(it, name)
	return e.document(r, v)
}

// putItem writes a version of an item.
func (tx *txn) putItem(it *item, v *version) {
	assign(tx, &it.history, it.history)
	it.put(v)
}

// rename renames an item; old refs to it are rendered with the new name.
func (tx *txn) rename(it *item, name string) {
	if name == it.name {
		return
	}
	byName := it.db.stores[it.class].byName
	enterKey(tx, byName, it.name, nil)
	enterKey(tx, byName, name, it)
	tx.s.renames++
	tx.note(func() { tx.s.renames++ })
	assign(tx, &it.name, name)
}

// deleteItem deletes a schema item or a key. Indexes over only that collection are
// deleted with it.
func (e *env) deleteItem(r *ref, old *version) value {
	it := e.tx.item(r)
	shown := e.document(r, old)
	if it.coll != nil {
		for _, ix := range slices.Clone(it.coll.indexes) {
			if len(ix.sources) == 1 {
				e.tx.end(ix.item)
			}
		}
	}
	e.tx.end(it)
	return shown
}

func (tx *txn) end(it *item) {
	tx.putItem(it, &version{ts: tx.now, deleted: true, expires: noExpiry})
	assign(tx, &it.gone, true)
	if it.class.named() {
		enterKey(tx, it.db.stores[it.class].byName, it.name, nil)
	}
	if it.index != nil {
		for _, src := range it.index.sources {
			without := slices.DeleteFunc(slices.Clone(src.coll.indexes), func(o *index) bool { return o == it.index })
			assign(tx, &src.coll.indexes, without)
		}
	}
	tx.writeOps++
}
