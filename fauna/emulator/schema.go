package emulator

import (
	"fmt"
	"regexp"
	"slices"
)

var namePattern = regexp.MustCompile(`^[;@+$\-_.!~%\pL\pM\p{Nd}\p{Pc}]+$`)

// missing is the failure of a required field.
func missing(field string) failure {
	return failure{[]string{field}, "value required", "Required value not found."}
}

// checkName finds what is wrong with a schema item's name.
func checkName(o *object) (string, []failure) {
	v := o.get("name")
	name, ok := v.(string)
	switch {
	case v == nil:
		return "", []failure{missing("name")}
	case !ok:
		return "", []failure{{[]string{"name"}, "invalid type", wrongType(v, "Name").text}}
	case name == "_":
		return "", []failure{{[]string{"name"}, "reserved name", "Invalid name _. Reserved names: _."}}
	case !namePattern.MatchString(name):
		return "", []failure{{[]string{"name"}, "invalid characters",
			fmt.Sprintf(`The name %s uses invalid characters. Valid characters must match: [;@+$\-_.!~%%\w]+`, name)}}
	}
	return name, nil
}

// createItem creates a schema item or a key. Errors get the given position.
func (e *env) createItem(c class, in *object, at *position) value {
	e.mustAllow(&ref{class: c, native: true}, actCreate, at, in)
	e.mustWriteNow(at)
	if c == clsKeys {
		return e.createKey(in, at)
	}
	if !c.named() {
		panic(internalError("java.lang.UnsupportedOperationException: " + classNames[c] + "."))
	}
	fields := e.itemFields(c, nil, in, at)
	db, name := e.tx.db, fields.get("name").(string)
	it := &item{db: db, class: c, name: name}
	switch c {
	case clsDatabases:
		it.child = newDatabase(db.server, db)
		it.child.self, it.child.globalID = it, db.server.newGlobalID()
		fields.add("global_id", it.child.globalID)
	case clsAccessProviders:
		fields.add("audience", "https://db.fauna.com/db/"+db.globalID)
	case clsCollections:
		it.coll = &collection{item: it, byID: map[int64]*history{}}
		if _, ok := fields.field("history_days"); !ok {
			it.coll.floor = e.tx.now
		}
	case clsIndexes:
		it.index = newIndex(it, fields, e.tx.now)
	}
	v := newVersion(e.tx.now, fields)
	it.put(v)
	e.tx.enter(it)
	d := e.document(it.ref(), v)
	d.created = true
	return d
}

// itemFields checks the fields of a schema item that is new or an existing one,
// and puts them into a real server's order.
func (e *env) itemFields(c class, existing *item, in *object, at *position) *object {
	name, bad := checkName(in)
	stored := storableObject(in)
	days, given := in.field("history_days")
	if !given && existing == nil {
		days = int64(0) // where it is absent later it stays so, which means unlimited
	}
	fields, unfit := shapeItem(c, days, stored)
	validate(at, slices.Concat(bad, unfit, e.lostRefs(stored)))
	if other := e.tx.db.find(c, name); other != nil && other != existing {
		panic(alreadyExists(at, classTitles[c]))
	}
	return fields
}

// enter adds an item to its database.
func (tx *txn) enter(it *item) {
	st := &it.db.stores[it.class]
	before := st.items
	tx.s.nextSeq++
	it.seq = tx.s.nextSeq
	st.items = append(slices.Clip(st.items), it)
	if it.class.named() {
		st.byName[it.name] = it
	} else {
		st.byID[it.id] = it
	}
	if it.index != nil {
		it.index.attach()
	}
	if it.key != nil {
		tx.s.secrets[it.key.secret] = it
	}
	tx.note(func() {
		st.items = before
		delete(st.byName, it.name)
		delete(st.byID, it.id)
		if it.index != nil {
			it.index.detach()
		}
		if it.key != nil {
			delete(tx.s.secrets, it.key.secret)
		}
	})
}

// shapeItem checks an item's fields and puts them into a real server's order.
// days is the history of a collection.
func shapeItem(c class, days value, in *object) (*object, []failure) {
	out := &object{}
	var bad []failure
	rest := func(skip ...string) {
		for i, k := range in.keys {
			if !slices.Contains(skip, k) {
				out.add(k, in.vals[i])
			}
		}
	}
	switch c {
	case clsCollections:
		if days != nil {
			out.add("history_days", days)
		}
		bad = slices.Concat(checkDays("history_days", days), checkDays("ttl_days", in.get("ttl_days")))
		out.add("name", in.get("name"))
		rest("history_days", "name")
	case clsIndexes:
		out.add("active", true)
		out.add("serialized", true)
		if v, ok := in.field("serialized"); ok {
			out.set("serialized", v)
		}
		out.add("name", in.get("name"))
		rest("active", "serialized", "name", "partitions")
		partitions := int64(8)
		if len(asArray(in.get("terms"))) > 0 {
			partitions = 1
		}
		out.add("partitions", partitions)
		_, _, _, bad = readIndex(in)
	case clsRoles:
		rest()
		if privileges, ok := in.field("privileges"); ok {
			out.set("privileges", knownActions(privileges))
		}
		bad = checkRole(in)
	case clsFunctions:
		rest()
		if in.get("body") == nil {
			bad = []failure{missing("body")}
		}
	default:
		rest("global_id", "audience")
	}
	return out, bad
}

func checkDays(name string, v value) []failure {
	switch v := v.(type) {
	case nil:
		return nil
	case int64:
		if v >= 0 {
			return nil
		}
		return []failure{{[]string{name}, "non-negative value required", "Value must be non-negative."}}
	}
	return []failure{wrongType(v, "Long", name)}
}

func badReference(field ...string) failure {
	return failure{field, "invalid reference", "Cannot read reference."}
}

// actions are all actions that a privilege can have.
var actions = []string{actRead, actWrite, actCreate, actCreateWithID, actDelete, actHistoryRead, actHistoryWrite, actUnrestricted, actCall}

// checkRole finds what is wrong in a role's privileges. A string passes the
// first check and fails in a second one, which gives the whole path.
func checkRole(in *object) []failure {
	var bad []failure
	for _, p := range asArray(in.get("privileges")) {
		o, ok := p.(*object)
		if !ok {
			bad = append(bad, wrongType(p, "Map", "privileges"))
			continue
		}
		switch resource := o.get("resource").(type) {
		case nil, *ref:
		case string:
			bad = append(bad, wrongType(resource, "Ref", "privileges", "resource"))
		default:
			bad = append(bad, wrongType(resource, "Ref", "resource"))
		}
		acts, ok := o.get("actions").(*object)
		if !ok {
			if v := o.get("actions"); v != nil {
				bad = append(bad, wrongType(v, "Map", "actions"))
			}
			continue
		}
		for _, action := range actions {
			switch v := acts.get(action).(type) {
			case nil, bool, *lambda:
			case string:
				bad = append(bad, wrongType(v, "Query", "privileges", "actions", action))
			default:
				bad = append(bad, wrongType(v, "RoleAction", "actions", action))
			}
		}
	}
	return bad
}

// knownActions drops unknown actions from privileges.
func knownActions(privileges value) value {
	list, ok := privileges.(array)
	if !ok {
		return privileges
	}
	out := slices.Clone(list)
	for i, p := range out {
		o, _ := p.(*object)
		if o == nil {
			continue
		}
		acts, ok := o.get("actions").(*object)
		if !ok {
			continue
		}
		o, known := o.clone(), &object{}
		for i, action := range acts.keys {
			if slices.Contains(actions, action) {
				known.add(action, acts.vals[i])
			}
		}
		o.set("actions", known)
		if len(known.keys) == 0 {
			o.remove("actions")
		}
		out[i] = o
	}
	return out
}

// lostRefs finds refs to documents that do not exist. Schema items must not hold
// any outside their data.
func (e *env) lostRefs(o *object) []failure {
	var bad []failure
	var walk func(v value, path []string)
	walk = func(v value, path []string) {
		switch v := v.(type) {
		case array:
			for _, in := range v {
				walk(in, path)
			}
		case *object:
			for i, k := range v.keys {
				if len(path) > 0 || k != "data" {
					walk(v.vals[i], append(slices.Clip(path), k))
				}
			}
		case *ref:
			if v.class == clsDocument && e.present(v) == nil {
				bad = append(bad, failure{path, "invalid reference", "Reference was not found."})
			}
		}
	}
	walk(o, nil)
	return bad
}

// updateItem changes a schema item.
func (e *env) updateItem(r *ref, in *object, whole bool, at *position) value {
	if !r.class.named() {
		return e.updateKey(r, in, at)
	}
	it := r.item
	merged := in
	if !whole {
		merged = overlay(it.current(), in)
	}
	if _, ok := merged.field("name"); !ok {
		merged = overlay(merged, newObject("name", it.name))
	}
	fields := e.itemFields(r.class, it, merged, at)
	for _, keep := range []string{"global_id", "audience"} {
		if v, ok := it.current().field(keep); ok {
			fields.set(keep, v)
		}
	}
	if c := it.coll; c != nil {
		floor := c.floor
		if days, ok := it.historyDays(); ok {
			c.floor = max(c.floor, e.tx.now-days*dayMicros)
		}
		e.tx.note(func() { c.floor = floor })
	}
	v := newVersion(e.tx.now, fields)
	e.tx.putItem(it, v)
	e.tx.rename(it, fields.get("name").(string))
	return e.document(r, v)
}

// putItem writes a version of an item.
func (tx *txn) putItem(it *item, v *version) {
	versions := it.versions
	it.put(v)
	tx.note(func() { it.versions = versions })
}

// rename renames an item; old refs to it are rendered with the new name.
func (tx *txn) rename(it *item, name string) {
	if name == it.name {
		return
	}
	byName, old := it.db.stores[it.class].byName, it.name
	set := func(from, to string) {
		delete(byName, from)
		byName[to] = it
		it.name = to
		tx.s.renames++
	}
	set(old, name)
	tx.note(func() { set(name, old) })
}

// deleteItem deletes a schema item or a key. Indexes over that collection alone
// are deleted with it.
func (e *env) deleteItem(r *ref, old *version) value {
	it := r.item
	if !r.class.named() {
		it = e.tx.db.stores[r.class].byID[r.id]
	}
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
	it.gone = true
	byName := it.db.stores[it.class].byName
	delete(byName, it.name)
	if it.index != nil {
		it.index.detach()
	}
	tx.note(func() {
		it.gone = false
		if it.class.named() {
			byName[it.name] = it
		}
		if it.index != nil {
			it.index.attach()
		}
	})
	tx.writeOps++
}
