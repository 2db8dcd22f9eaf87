package emulator

import (
	"fmt"
	"strconv"
	"strings"
)

func (t formTable) addRefs() {
	t.add("ref id scope:database?", 0, refForm)
	for cls := clsCollections; cls < classes; cls++ {
		t.add(classNames[cls], 0, nativeRef(cls))
		if cls.named() {
			t.add(classSingular[cls]+":string scope:database?", 0, namedRef(cls))
		}
	}
	t.add("classes", 0, nativeRef(clsCollections))
	t.add("class:string scope:database?", 0, namedRef(clsCollections))
	for _, head := range []string{"new_id", "next_id"} {
		t.add(head+":null", writes, func(c *call) value {
			c.tx.wrote = c.tx.write
			return strconv.FormatInt(c.tx.s.newID(c.tx.now), 10)
		})
	}
	t.add("key_from_secret:string", reads, keyFromSecret)
	for _, head := range []string{"identity", "current_identity"} {
		t.add(head+":null", 0, func(c *call) value {
			panic(&queryError{at: c.node.at, code: "missing identity", text: "Authentication does not contain an identity", status: 400})
		})
	}
	for _, head := range []string{"has_identity", "has_current_identity", "has_current_token"} {
		t.add(head+":null", 0, func(*call) value { return false })
	}
	t.add("current_token:null", 0, func(c *call) value {
		if k := c.tx.auth.key; k != nil && k.db == c.tx.db {
			return k.ref()
		}
		panic(&queryError{at: c.node.at, code: "invalid token", text: "Token metadata is not accessible.", status: 400})
	})
}

func nativeRef(cls class) func(c *call) value {
	scope := refTo("Database Ref or Null", isItem(clsDatabases))
	return func(c *call) value {
		r := &ref{class: cls, native: true}
		if c.args[0] != nil {
			r.scope = scope(c.args[0], c.place(0)).(*ref).item.child
		}
		return r
	}
}

func namedRef(cls class) func(c *call) value {
	return func(c *call) value {
		name, home := c.args[0].(string), c.tx.db
		if c.given(1) {
			home = c.args[1].(*ref).item.child
		}
		r := home.named(cls, name)
		if cls == clsRoles && r.item != nil && r.item.versions[0].ts == c.tx.now {
			r = &ref{class: cls, name: name} // one created in the same query is not known yet
		}
		if c.given(1) {
			r.scope = home
		}
		return r
	}
}

// refForm makes the ref of a document, of a key or of a token.
func refForm(c *call) value {
	var parent *ref
	var id int64
	each(c.args[:2], func(i int, v value) {
		if i == 1 {
			id = numericID(v, c.place(1))
			return
		}
		parent, _ = v.(*ref)
		switch {
		case parent != nil && parent.native && parent.class.named():
			panic(invalidArgument(c.place(0), "Regular Class Ref expected, Schema Class Ref provided."))
		case parent == nil || !parent.native && parent.class != clsCollections:
			panic(expected(c.place(0), "Collection Ref", v))
		}
	})
	out := parent.member(id)
	if c.given(2) { // a real server takes the database that holds that one
		out.scope = c.args[2].(*ref).scope
	}
	return out
}

// numericID reads an id like the function Ref, which accepts negative ones.
func numericID(v value, at *position) int64 {
	if id, ok := v.(int64); ok {
		return id
	}
	text := as[string](v, "String or Number", at)
	id, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err == nil:
		return id
	case strings.Trim(text, "0123456789") == "":
		panic(invalidArgument(at, "The id provided is too large: '%s'", text))
	}
	panic(invalidArgument(at, "Number or numeric String expected, non-numeric '%s' provided.", text))
}

func keyFromSecret(c *call) value {
	secret := c.args[0].(string)
	if it := c.tx.s.secrets[secret]; it != nil && it.db == c.tx.db && c.may(it.ref(), actRead) {
		if v := it.visible(c.at, c.tx.now); v != nil {
			return &docValue{ref: it.ref(), version: v}
		}
	}
	panic(&queryError{at: c.node.at, code: "instance not found", text: fmt.Sprintf("No key found for secret %s.", secret), status: 400})
}
