package fql

import "strings"

// form writes an object of an expression as a call.
func (p *printer) form(n *wireNode) (piece, error) {
	switch {
	case len(n.keys) == 1 && n.keys[0] == "object" && n.items[0].kind == wireObject:
		return p.object(n.items[0], p.expression)
	case len(n.keys) == 2 && n.member("lambda") != nil && n.member("expr") != nil:
		t, err := p.array([]*wireNode{n.member("lambda"), n.member("expr")}, p.expression)
		t.open, t.end = "Lambda(", ")"
		return t, err
	case len(n.keys) == 2 && n.member("let") != nil && n.member("in") != nil:
		return p.let(n.member("let"), n.member("in"))
	case n.member("paginate") != nil:
		return p.paginate(n)
	}
	for _, key := range n.keys {
		for _, form := range p.forms[key] {
			if form.fits(n) {
				return p.call(form, n)
			}
		}
	}
	return piece{}, noFQL("the shell has no function that makes an object of the keys %s", printable(strings.Join(n.keys, ", ")))
}

// call writes a call of a matching form.
func (p *printer) call(form callForm, n *wireNode) (piece, error) {
	t := piece{open: form.name + "(", end: ")"}
	empty := 0 // arguments omitted so far, needed before a later one
	for i, field := range form.fields {
		member := n.member(field.key)
		isNull := member != nil && member.kind == wireNull
		switch {
		case field.kind == '-':
			if !isNull {
				return t, noFQL("%s takes no argument", form.name)
			}
			continue
		case field.kind == '~' && isNull:
			continue
		case (field.kind == '?' || field.kind == '+') && member == nil:
			empty++
			continue
		case field.kind == '?' && isNull:
			return t, noFQL("%s leaves out an argument that is null", form.name)
		case field.kind == '*' && member == nil:
			p.note(form.name + " is written with no more arguments, which the shell makes an empty array")
			continue
		}
		for ; empty > 0; empty-- {
			if form.fields[i-empty].kind == '+' {
				return t, noFQL("%s takes its arguments one after the other", form.name)
			}
			t.parts = append(t.parts, piece{text: "null"})
		}
		rest := []*wireNode{member}
		switch {
		case member.kind != wireArray && field.kind == '@':
			p.note(form.name + " is written with its one argument, which the shell puts into an array")
		case member.kind == wireArray && (field.kind == '@' || field.kind == '*' && len(member.items) != 1):
			rest = member.items
			if len(rest) == 0 && i == 0 && field.kind == '@' {
				return t, noFQL("%s takes at least one argument", form.name)
			}
			if len(rest) == 0 && i == 0 {
				rest = []*wireNode{member} // one argument, an empty array
			}
		}
		for _, one := range rest {
			part, err := p.expression(one)
			if err != nil {
				return t, err
			}
			t.parts = append(t.parts, part)
		}
	}
	return t, nil
}

// let writes the bindings of Let as an object, or as an array of objects if a
// name is bound twice.
func (p *printer) let(bindings, in *wireNode) (piece, error) {
	all := &wireNode{kind: wireObject}
	twice := false
	switch bindings.kind {
	case wireObject: // the server returns every Let like this
		all = bindings
	case wireArray:
		for _, one := range bindings.items {
			if one.kind != wireObject || len(one.keys) != 1 {
				return piece{}, noFQL("a binding of Let without exactly one name")
			}
			name := one.keys[0]
			twice = twice || all.member(name) != nil || strings.Trim(name, "0123456789") == ""
			all.keys, all.items = append(all.keys, name), append(all.items, one.items[0])
		}
	default:
		return piece{}, noFQL("invalid bindings of Let")
	}
	var names piece
	var err error
	if twice {
		names, err = p.array(bindings.items, func(one *wireNode) (piece, error) { return p.object(one, p.expression) })
	} else {
		names, err = p.object(all, p.expression)
	}
	if err != nil {
		return names, err
	}
	body, err := p.expression(in)
	return piece{open: "Let(", parts: []piece{names, body}, end: ")"}, err
}

// paginate writes Paginate, whose options are members of the form.
func (p *printer) paginate(n *wireNode) (piece, error) {
	t := piece{open: "Paginate(", end: ")"}
	options := &wireNode{kind: wireObject}
	for i, key := range n.keys {
		switch key {
		case "paginate":
		case "ts", "after", "before", "cursor", "size", "events", "sources":
			options.keys, options.items = append(options.keys, key), append(options.items, n.items[i])
		default:
			return t, noFQL("Paginate has no option %s", printable(key))
		}
	}
	set, err := p.expression(n.member("paginate"))
	if err != nil {
		return t, err
	}
	t.parts = append(t.parts, set)
	if len(options.keys) > 0 {
		text, err := p.object(options, p.expression)
		if err != nil {
			return t, err
		}
		t.parts = append(t.parts, text)
	}
	return t, nil
}
