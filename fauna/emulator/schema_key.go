package emulator

import "fmt"

// createKey makes a key and its secret, which is shown this once.
func (e *env) createKey(in *object, at *position) (value, error) {
	s := e.tx.s
	stored, bad := storable(in, nil)
	o := stored.(*object)
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
		for _, r := range key.roles {
			if r.versions[0].ts == e.tx.now { // a role made in the same query is not known yet
				bad = append(bad, badReference("role"))
			}
		}
		fields.add("role", role)
	}
	for _, name := range []string{"priority", "data", "ttl"} {
		if v, ok := o.field(name); ok {
			if _, isTime := v.(timeValue); name == "ttl" && !isTime {
				bad = append(bad, failure{[]string{"ttl"}, "invalid type", fmt.Sprintf("Invalid type %s, must be Time.", typeName(v))})
			}
			fields.add(name, v)
		}
	}
	if len(bad) > 0 {
		return nil, invalid(at, bad)
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
			return []failure{{[]string{"role"}, "invalid value", fmt.Sprintf("Unknown role '%s'.", name)}}
		}
		k.builtin = name
		return nil
	}
	for _, one := range asArray(v) {
		r, ok := one.(*ref)
		if !ok || r.class != clsRoles || r.native || r.item == nil || r.item.gone {
			return []failure{badReference("role")}
		}
		k.roles = append(k.roles, r.item)
	}
	return nil
}

// updateKey changes a key's data, ttl or role; its secret stays.
func (e *env) updateKey(r *ref, in *object, at *position) (value, error) {
	it := e.tx.db.stores[r.class].byID[r.id]
	stored, bad := storable(overlay(it.current(), in), nil)
	fields := stored.(*object)
	fields.remove("name")
	old := *it.key
	if role, ok := in.field("role"); ok {
		bad = append(bad, it.key.setRole(role)...)
		e.tx.note(func() { *it.key = old })
	}
	if len(bad) > 0 {
		*it.key = old
		return nil, invalid(at, bad)
	}
	versions := it.versions
	v := newVersion(e.tx.now, fields)
	it.put(v)
	e.tx.note(func() { it.versions = versions })
	return &docValue{ref: r, version: v}, nil
}
