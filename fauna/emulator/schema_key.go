package emulator

import "fmt"

// createKey creates a key and its secret, which only this answer contains.
func (e *env) createKey(in *object, at *position) (value, error) {
	s := e.tx.s
	o, err := storableObject(in)
	if err != nil {
		return nil, err
	}
	var bad []failure
	fields := &object{}
	key := &keyEntry{}
	if v, ok := o.field("database"); ok {
		if r, ok := v.(*ref); ok && r.class == clsDatabases && !r.native && r.item != nil && !r.item.gone {
			key.db = r.item
			fields.add("database", r)
		} else {
			bad = append(bad, badReference("database"))
		}
	}
	role, given := o.field("role")
	if !given {
		bad = append(bad, failure{[]string{"role"}, "value required", "Required value not found."})
	} else {
		bad = append(bad, key.setRole(role)...)
		fields.add("role", role)
	}
	for _, name := range []string{"priority", "data", "ttl"} {
		if v, ok := o.field(name); ok {
			if _, isTime := v.(timeValue); name == "ttl" && !isTime {
				bad = append(bad, wrongType(v, "Time", "ttl"))
			}
			fields.add(name, v)
		}
	}
	if bad = append(bad, e.lostRefs(o)...); len(bad) > 0 {
		return nil, notValid(at, bad...)
	}
	it := &item{db: e.tx.db, class: clsKeys, key: key}
	it.id = s.newID(e.tx.now)
	key.secret = s.newSecret(it.id)
	hash := hashedSecret(key.secret)
	shown := fields.clone()
	shown.add("secret", key.secret)
	shown.add("hashed_secret", hash)
	fields.add("hashed_secret", hash)
	v := newVersion(e.tx.now, fields)
	it.put(v)
	e.tx.enter(it)
	return &docValue{ref: it.ref(), version: v, fields: shown, created: true}, nil
}

// setRole reads a key's role: a built-in one by name, or one or more refs.
func (k *keyEntry) setRole(v value) []failure {
	k.builtin, k.roles = "", nil
	if name, ok := v.(string); ok {
		if !builtinRole(name) {
			// The class's name and address are the real server's own.
			return []failure{{[]string{"role"}, "validation failure", fmt.Sprintf("fauna.model.Key$Role$@12bac55e name `%s` does not exist.", name)}}
		}
		k.builtin = name
		return nil
	}
	for _, one := range asArray(v) {
		r, ok := one.(*ref)
		if !ok || r.class != clsRoles || r.native {
			return []failure{wrongType(one, "Role", "role")}
		}
		if r.item == nil || r.item.gone {
			return []failure{badReference("role")}
		}
		k.roles = append(k.roles, r.item)
	}
	return nil
}

// updateKey changes a key's data, ttl or role; its secret stays.
func (e *env) updateKey(r *ref, in *object, at *position) (value, error) {
	it := e.tx.db.stores[r.class].byID[r.id]
	fields, err := storableObject(overlay(it.current(), in))
	if err != nil {
		return nil, err
	}
	fields.remove("name")
	old := *it.key
	if role, ok := in.field("role"); ok {
		if bad := it.key.setRole(role); len(bad) > 0 {
			*it.key = old
			return nil, notValid(at, bad...)
		}
		e.tx.note(func() { *it.key = old })
	}
	versions := it.versions
	v := newVersion(e.tx.now, fields)
	it.put(v)
	e.tx.note(func() { it.versions = versions })
	return &docValue{ref: r, version: v}, nil
}
