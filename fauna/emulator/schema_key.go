package emulator

import (
	"fmt"
	"slices"
)

// keyFields changes the fields of a key and checks them.
func (e *env) keyFields(before, in *object, at *position) (*object, keyEntry) {
	fields := masks[clsKeys].of(storableObject(overlay(before, in)))
	key := keyEntry{db: e.tx.db} // unless the fields name another
	var bad, unknown []failure
	role := fields.get("role")
	if role == nil {
		bad = append(bad, missing("role"))
	}
	for _, one := range asArray(role) {
		r, _ := one.(*ref)
		if name, ok := one.(string); ok && builtinRole(name) && !is[array](role) {
			key.builtin = name
			continue
		} else if ok && !builtinRole(name) {
			if r = e.tx.db.named(clsRoles, name); r.missing() {
				// The class's name and address are the real server's own.
				unknown = append(unknown, failure{array{"role"}, "validation failure", fmt.Sprintf("fauna.model.Key$Role$@12bac55e name `%s` does not exist.", name)})
				continue
			}
		}
		if r == nil || r.class != clsRoles || r.native {
			bad = append(bad, wrongType(role, "Role", "role"))
			break
		}
		key.roles = append(key.roles, r.item)
	}
	if db := fields.get("database"); db != nil {
		if r, ok := db.(*ref); ok && isItem(clsDatabases)(r) {
			key.db = r.item.child
		} else {
			bad = append(bad, badReference("database"))
		}
	}
	validate(at, slices.Concat(bad, unfit(clsKeys, fields), e.lostRefs(fields), unknown))
	return fields, key
}

// createKey creates a key and its secret, which only this answer contains.
func (e *env) createKey(in *object, at *position) value {
	s := e.tx.s
	fields, key := e.keyFields(&object{}, in, at)
	it := &item{db: e.tx.db, class: clsKeys, key: &key}
	it.id = s.newID(e.tx.now)
	key.secret = s.newSecret(it.id)
	shown := fields.clone()
	shown.add("secret", key.secret)
	fields.set("hashed_secret", hashedSecret(key.secret))
	shown.set("hashed_secret", fields.get("hashed_secret"))
	v := newVersion(e.tx.now, fields)
	it.put(v)
	e.tx.enter(it)
	return &docValue{ref: it.ref(), version: v, fields: shown, created: true}
}

// updateKey changes a key; its secret stays.
func (e *env) updateKey(r *ref, in *object, whole bool, at *position) value {
	it := e.tx.db.stores[r.class].byID[r.id]
	before := it.current()
	if whole {
		before = mask{"hashed_secret": nil}.of(before)
	}
	fields, key := e.keyFields(before, in, at)
	key.secret = it.key.secret
	assign(e.tx, it.key, key)
	v := newVersion(e.tx.now, fields)
	e.tx.putItem(it, v)
	return &docValue{ref: r, version: v}
}
