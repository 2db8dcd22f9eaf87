package emulator

import "strings"

// past reads the arguments that Insert and Remove share.
func (e *env) past(n *node, args []value) (r *ref, ts int64, action string, err error) {
	if r, err = asRef(args[0], n.place(0)); err != nil {
		return nil, 0, "", err
	}
	if ts, err = asMicros(args[1], n.place(1)); err != nil {
		return nil, 0, "", err
	}
	if action, err = asString(args[2], n.place(2)); err != nil {
		return nil, 0, "", err
	}
	if r.class != clsDocument {
		return nil, 0, "", expected(n.place(0), "Document Ref", r)
	}
	if _, _, missing := r.undefined(); missing {
		return nil, 0, "", undefinedRef(n.place(0), r)
	}
	action = strings.ToLower(action)
	switch action {
	case "add":
		action = "create"
	case "remove":
		action = "delete"
	case "create", "update", "delete":
	default:
		return nil, 0, "", invalidArgument(n.place(2), "String 'create', 'update', or 'delete' expected, %s provided.", typeName(args[2]))
	}
	if ts > e.tx.now {
		return nil, 0, "", &queryError{at: n.at, code: "invalid write time", text: "Cannot write outside of snapshot time.", status: 400}
	}
	if rule := e.rule(r.resource(), actHistoryWrite); rule.never() || !e.allows(rule, r) {
		return nil, 0, "", denied(n.at)
	}
	return r, ts, action, nil
}

// insertForm writes into the past, even below what has been read.
func insertForm(e *env, n *node, args []value) (value, error) {
	r, ts, action, err := e.past(n, args)
	if err != nil {
		return nil, err
	}
	in, err := params(n, args, 3)
	if err != nil {
		return nil, err
	}
	if err := checkRefs(in, n.at); err != nil {
		return nil, err
	}
	c := r.item.coll
	v := &version{ts: ts, deleted: true, expires: noExpiry}
	var last, same *version
	if h := c.history(r.id); h != nil {
		last, same = h.at(ts), h.exactly(ts)
	}
	if action != "delete" {
		base := &object{}
		if action == "update" && last != nil {
			base = last.content()
		}
		fields, err := documentFields(overlay(base, in), n.at)
		if err != nil {
			return nil, err
		}
		v = newVersion(ts, fields)
		if err := e.tx.weigh(v); err != nil {
			return nil, err
		}
		v.torn = action == "update" && same != nil && same.deleted
	}
	ev := e.versionEvent(r, last, v)
	if v.deleted && same != nil && same.inserted == "update" {
		v = newVersion(ts, same.content())
		v.torn = true
	}
	v.inserted = action
	e.tx.put(c, r.id, v)
	ev.set("action", action)
	return ev, nil
}

// removeForm removes a version from history.
func removeForm(e *env, n *node, args []value) (value, error) {
	r, ts, _, err := e.past(n, args)
	if err != nil {
		return nil, err
	}
	if h := r.item.coll.history(r.id); h != nil {
		e.tx.change(r.item.coll, h, func(h *history) { h.drop(ts) })
	}
	return nil, nil
}
