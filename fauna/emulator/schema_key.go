package emulator

import (
	"fmt"
	"time"
)

// createKey creates a key and its secret, which only this answer contains.
func (e *env) createKey(in *object, at *position) value {
	s, o := e.tx.s, storableObject(in)
	var bad []failure
	fields := &object{}
	key := &keyEntry{}
	if v, ok := o.field("database"); ok {
		if r, ok := v.(*ref); ok && r.class == clsDatabases && !r.native && !r.missing() {
			key.db = r.item
			fields.add("database", r)
		} else {
			bad = append(bad, badReference("database"))
		}
	}
	if role, ok := o.field("role"); ok {
		bad = append(bad, key.setRole(role)...)
		fields.add("role", role)
	} else {
		bad = append(bad, missing("role"))
	}
	for _, name := range []string{"priority", "data", "ttl"} {
		if v, ok := o.field(name); ok {
			if _, isTime := v.(time.Time); name == "ttl" && !isTime {
				bad = append(bad, wrongType(v, "Time", "ttl"))
			}
			fields.add(name, v)
		}
	}
	validate(at, append(bad, e.lostRefs(o)...))
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
	return &docValue{ref: it.ref(), version: v, fields: shown, created: true}
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
			return []failure{wrongType(v, "Role", "role")}
		}
		if r.missing() {
			return []failure{badReference("role")}
		}
		k.roles = append(k.roles, r.item)
	}
	return nil
}

// updateKey changes a key's data, ttl or role; its secret stays.
func (e *env) updateKey(r *ref, in *object, at *position) value {
	it := e.tx.db.stores[r.class].byID[r.id]
	fields := storableObject(overlay(it.current(), in))
	fields.remove("name")
	if role, ok := in.field("role"); ok {
		old := *it.key
		e.tx.note(func() { *it.key = old })
		validate(at, it.key.setRole(role))
	}
	v := newVersion(e.tx.now, fields)
	e.tx.putItem(it, v)
	return &docValue{ref: r, version: v}
}
