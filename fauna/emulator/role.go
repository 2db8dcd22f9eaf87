package emulator

// The actions of privileges.
const (
	actRead         = "read"
	actWrite        = "write"
	actCreate       = "create"
	actCreateWithID = "create_with_id"
	actDelete       = "delete"
	actHistoryRead  = "history_read"
	actHistoryWrite = "history_write"
	actUnrestricted = "unrestricted_read"
	actCall         = "call"
)

// asArray returns v as an array; a single value becomes an array of one.
func asArray(v value) array {
	switch v := v.(type) {
	case array:
		return v
	case nil:
		return nil
	}
	return array{v}
}

// builtinAllows reports whether a built-in role allows an action on a class.
func builtinAllows(role string, c class, action string) bool {
	managed := c == clsDatabases || c == clsKeys || c == clsRoles || c == clsAccessProviders
	reads := action == actRead || action == actHistoryRead
	return role == "admin" || !managed && (role == "server" || role == "server-readonly" && reads)
}

// A rule is what the caller's roles allow for one action on one resource.
type rule struct {
	always bool
	preds  []*lambda
}

func (r rule) never() bool { return !r.always && len(r.preds) == 0 }

// rule returns the caller's rule for an action on a resource: a collection (for its
// documents), an index, a function, or a native class.
func (e *env) rule(resource *ref, action string) rule {
	a := e.tx.auth
	if e.free {
		return rule{always: true}
	}
	if a.builtin != "" {
		return rule{always: builtinAllows(a.builtin, resource.class, action)}
	}
	var out rule
	for _, r := range a.roles {
		for _, p := range asArray(r.current().get("privileges")) {
			target, isRef := p.(*object).get("resource").(*ref)
			acts, isObject := p.(*object).get("actions").(*object)
			if !isRef || !isObject || *target != *resource {
				continue
			}
			switch allowed := acts.get(action).(type) {
			case bool:
				out.always = out.always || allowed
			case *lambda:
				out.preds = append(out.preds, allowed)
			}
		}
	}
	return out
}

// allows applies a rule to arguments. Predicates read the present even inside
// At. A predicate that fails allows nothing.
func (e *env) allows(r rule, args ...value) bool {
	if r.always {
		return true
	}
	for _, pred := range r.preds {
		in := &env{tx: e.tx, at: e.tx.now, free: true}
		given := args[:min(len(args), len(pred.params))]
		arg := value(array(given))
		if len(given) == 1 {
			arg = given[0]
		}
		allowed := value(nil)
		if errs := catch(func() { allowed = in.apply(pred, arg, nil) }); errs == nil && allowed == true {
			return true
		}
	}
	return false
}

// may reports whether the caller may do something with a ref's target.
func (e *env) may(r *ref, action string) bool {
	return e.allows(e.rule(r.collectionRef(), action), r)
}

// mayList reports whether the caller may list a native class. Custom roles need
// to read Collections(), whatever the class.
func (e *env) mayList(c class) bool {
	if e.tx.auth.builtin != "" || e.free {
		return e.rule(&ref{class: c, native: true}, actRead).always
	}
	return !e.rule(&ref{class: clsCollections, native: true}, actRead).never()
}
