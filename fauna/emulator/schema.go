package emulator

import (
	"fmt"
	"regexp"
	"slices"
)

var namePattern = regexp.MustCompile(`^[;@+$\-_.!~%\pL\pM\p{Nd}\p{Pc}]+$`)

// checkName finds what is wrong with a schema item's name.
func checkName(o *object) (string, []failure) {
	v, ok := o.field("name")
	if !ok || v == nil {
		return "", []failure{{[]string{"name"}, "value required", "Required value not found."}}
	}
	name, ok := v.(string)
	switch {
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
func (e *env) createItem(c class, in *object, at *position) (value, error) {
	if rule := e.rule(&ref{class: c, native: true}, actCreate); rule.never() || !e.allows(rule, in) {
		return nil, denied(at)
	}
	if err := e.writable(at); err != nil {
		return nil, err
	}
	if c == clsKeys {
		return e.createKey(in, at)
	}
	if !c.named() {
		return nil, internalError("java.lang.UnsupportedOperationException: " + classNames[c] + ".")
	}
	name, bad := checkName(in)
	stored, err := storableObject(in)
	if err != nil {
		return nil, err
	}
	fields, unfit := shapeItem(c, in, stored)
	if bad = slices.Concat(bad, unfit, e.lostRefs(stored)); len(bad) > 0 {
		return nil, notValid(at, bad...)
	}
	db := e.tx.db
	if db.find(c, name) != nil {
		return nil, alreadyExists(at, classTitles[c])
	}
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
	return e.created(it, v), nil
}

func (e *env) created(it *item, v *version) *docValue {
	d := e.document(it.ref(), v)
	d.created = true
	return d
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
func shapeItem(c class, given, in *object) (*object, []failure) {
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
		days, has := given.field("history_days")
		if !has {
			days = int64(0)
		}
		if days != nil {
			out.add("history_days", days)
		}
		bad = append(bad, checkDays("history_days", days)...)
		ttl, _ := given.field("ttl_days")
		bad = append(bad, checkDays("ttl_days", ttl)...)
		name, _ := in.field("name")
		out.add("name", name)
		rest("history_days", "name")
	case clsIndexes:
		out.add("active", true)
		out.add("serialized", true)
		if v, ok := in.field("serialized"); ok {
			out.set("serialized", v)
		}
		name, _ := in.field("name")
		out.add("name", name)
		rest("active", "serialized", "name", "partitions")
		terms, _ := in.field("terms")
		partitions := int64(8)
		if len(asArray(terms)) > 0 {
			partitions = 1
		}
		out.add("partitions", partitions)
		bad = checkIndex(in)
	case clsRoles:
		rest()
		if privileges, ok := in.field("privileges"); ok {
			out.set("privileges", knownActions(privileges))
		}
		bad = checkRole(in)
	case clsFunctions:
		rest()
		if body, _ := in.field("body"); body == nil {
			bad = append(bad, failure{[]string{"body"}, "value required", "Required value not found."})
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
	list, _ := in.field("privileges")
	for _, p := range asArray(list) {
		o, ok := p.(*object)
		if !ok {
			bad = append(bad, wrongType(p, "Map", "privileges"))
			continue
		}
		switch resource, _ := o.field("resource"); resource.(type) {
		case nil, *ref:
		case string:
			bad = append(bad, wrongType(resource, "Ref", "privileges", "resource"))
		default:
			bad = append(bad, wrongType(resource, "Ref", "resource"))
		}
		allowed, _ := o.field("actions")
		acts, ok := allowed.(*object)
		if allowed != nil && !ok {
			bad = append(bad, wrongType(allowed, "Map", "actions"))
		}
		for _, action := range actions {
			if acts == nil {
				break
			}
			switch v, _ := acts.field(action); v.(type) {
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
	out := make(array, len(list))
	for i, p := range list {
		out[i] = p
		o, _ := p.(*object)
		if o == nil {
			continue
		}
		allowed, _ := o.field("actions")
		acts, ok := allowed.(*object)
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
func (e *env) updateItem(r *ref, in *object, whole bool, at *position) (value, error) {
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
	name, bad := checkName(merged)
	given := merged
	if _, has := merged.field("history_days"); !has && r.class == clsCollections {
		given = merged.clone()
		given.add("history_days", nil) // absent stays unlimited
	}
	stored, err := storableObject(merged)
	if err != nil {
		return nil, err
	}
	fields, unfit := shapeItem(r.class, given, stored)
	if bad = slices.Concat(bad, unfit, e.lostRefs(stored)); len(bad) > 0 {
		return nil, notValid(at, bad...)
	}
	if other := e.tx.db.find(r.class, name); other != nil && other != it {
		return nil, alreadyExists(at, classTitles[r.class])
	}
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
	versions := it.versions
	it.put(v)
	e.tx.note(func() { it.versions = versions })
	e.tx.rename(it, name)
	return e.document(r, v), nil
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
func (e *env) deleteItem(r *ref, old *version) (value, error) {
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
	return shown, nil
}

func (tx *txn) end(it *item) {
	versions := it.versions
	it.put(&version{ts: tx.now, deleted: true, expires: noExpiry})
	it.gone = true
	byName := it.db.stores[it.class].byName
	delete(byName, it.name)
	if it.index != nil {
		it.index.detach()
	}
	tx.note(func() {
		it.versions, it.gone = versions, false
		if it.class.named() {
			byName[it.name] = it
		}
		if it.index != nil {
			it.index.attach()
		}
	})
	tx.writeOps++
}
