package emulator

import (
	"fmt"
	"strconv"
)

func (t formTable) addRefs() {
	t.add("ref id", strict(func(_ *env, n *node, args []value) (value, error) {
		parent, ok := args[0].(*ref)
		if !ok || !parent.native && parent.class != clsCollections {
			return nil, expected(n.place(0), "Collection Ref", args[0])
		}
		r, why := documentRef(parent, args[1])
		if why != "" {
			return nil, invalidArgument(n.place(1), "%s", why)
		}
		return r, nil
	}))
	for c := clsCollections; c <= clsAccessProviders; c++ {
		t.add(classSingular[c]+" scope?", strict(func(e *env, n *node, args []value) (value, error) {
			if r, ok := args[0].(*ref); ok && r.class == c && !r.native {
				return r, nil
			}
			name, err := asString(args[0], n.place(0))
			if err != nil {
				return nil, err
			}
			home, scope, err := e.scope(args[1], n.given(1), n.place(1))
			if err != nil {
				return nil, err
			}
			r := home.named(c, name)
			if c == clsRoles && r.item != nil && r.item.versions[0].ts == e.tx.now {
				r = &ref{class: c, name: name} // one made in the same query is not known yet
			}
			r.scope = scope
			return r, nil
		}))
	}
	for c := clsCollections; c < classes; c++ {
		t.add(classNames[c], nativeRef(c))
	}
	t.add("class scope?", t["collection"][0].eval)
	t.add("classes", nativeRef(clsCollections))
	newID := func(e *env, _ *node) (value, error) {
		e.tx.wrote = e.tx.write
		return strconv.FormatInt(e.tx.s.newID(e.tx.now), 10), nil
	}
	t.add("new_id", newID).changes()
	t.add("next_id", newID).changes()
	t.add("key_from_secret", strict(keyFromSecret))
	missingIdentity := func(_ *env, n *node) (value, error) {
		return nil, &queryError{at: n.at, code: "missing identity", text: "Authentication does not contain an identity", status: 400}
	}
	no := func(*env, *node) (value, error) { return false, nil }
	t.add("identity", missingIdentity)
	t.add("current_identity", missingIdentity)
	t.add("has_identity", no)
	t.add("has_current_identity", no)
	t.add("has_current_token", no)
	t.add("current_token", func(e *env, n *node) (value, error) {
		if k := e.tx.auth.key; k != nil && k.db == e.tx.db {
			return k.ref(), nil
		}
		return nil, &queryError{at: n.at, code: "invalid token", text: "Token metadata is not accessible.", status: 400}
	})
}

func nativeRef(c class) func(e *env, n *node) (value, error) {
	return strict(func(e *env, n *node, args []value) (value, error) {
		_, scope, err := e.scope(args[0], args[0] != nil, n.place(0))
		if err != nil {
			return nil, err
		}
		return &ref{class: c, native: true, scope: scope}, nil
	})
}

// scope finds the database that a ref is scoped to; without one, the query's.
func (e *env) scope(v value, given bool, at *position) (home, scope *database, err error) {
	if !given || v == nil {
		return e.tx.db, nil, nil
	}
	r, ok := v.(*ref)
	if !ok || r.class != clsDatabases || r.native {
		return nil, nil, expected(at, "Database Ref", v)
	}
	if _, _, missing := r.undefined(); missing {
		return nil, nil, undefinedRef(at, r)
	}
	return r.item.child, r.item.child, nil
}

// documentRef makes a ref from its collection's, or from a native class, and
// an id. If that is impossible, why is the error text.
func documentRef(parent *ref, id value) (r *ref, why string) {
	if parent.native && parent.class.named() {
		name, ok := id.(string)
		if !ok {
			return nil, fmt.Sprintf("String expected, %s provided.", typeName(id))
		}
		return &ref{class: parent.class, name: name, scope: parent.scope}, ""
	}
	if !parent.native && parent.class != clsCollections {
		return nil, fmt.Sprintf("Collection Ref expected, %s provided.", parent.typeName())
	}
	n, why := documentID(id)
	if why != "" {
		return nil, why
	}
	if parent.native {
		return &ref{class: parent.class, id: n, scope: parent.scope}, ""
	}
	return &ref{class: clsDocument, item: parent.item, name: parent.name, scope: parent.scope, id: n}, ""
}

func documentID(id value) (n int64, why string) {
	switch id := id.(type) {
	case int64:
		if id < 0 {
			return 0, fmt.Sprintf("Number or numeric String expected, non-numeric '%d' provided.", id)
		}
		return id, ""
	case string:
		if id == "" {
			return 0, "Number or numeric String expected, non-numeric '' provided."
		}
		for _, c := range id {
			if c < '0' || c > '9' {
				return 0, fmt.Sprintf("Number or numeric String expected, non-numeric '%s' provided.", id)
			}
		}
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return 0, fmt.Sprintf("The id provided is too large: '%s'", id)
		}
		return n, ""
	}
	return 0, fmt.Sprintf("String or Number expected, %s provided.", typeName(id))
}

func keyFromSecret(e *env, n *node, args []value) (value, error) {
	secret, err := asString(args[0], n.place(0))
	if err != nil {
		return nil, err
	}
	it := e.tx.s.secrets[secret]
	if it == nil || it.db != e.tx.db || it.visible(e.at, e.tx.now) == nil || !e.may(it.ref(), actRead) {
		return nil, &queryError{at: n.at, code: "instance not found", text: fmt.Sprintf("No key found for secret %s.", secret), status: 400}
	}
	return &docValue{ref: it.ref(), version: it.visible(e.at, e.tx.now)}, nil
}
