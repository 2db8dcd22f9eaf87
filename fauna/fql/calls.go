package fql

import "strings"

// form writes an object of an expression as a call.
func (p *printer) form(n *Node) piece {
	switch {
	case len(n.Keys) == 1 && n.Keys[0] == "object" && n.Items[0].Kind == Object:
		return p.object(n.Items[0], p.expression)
	case len(n.Keys) == 2 && n.Member("let") != nil && n.Member("in") != nil:
		return p.let(n.Member("let"), n.Member("in"))
	case n.Member("paginate") != nil:
		return p.paginate(n)
	}
	for _, key := range n.Keys {
		for _, form := range p.forms[key] {
			if form.fits(n) {
				return p.call(form, n)
			}
		}
	}
	return p.fail("the shell has no function that makes an object of the keys %s", Printable(strings.Join(n.Keys, ", ")))
}

// call writes a call of a matching form.
func (p *printer) call(form callForm, n *Node) piece {
	t := piece{open: form.name + "(", end: ")"}
	empty := 0 // arguments omitted so far, needed before a later one
	for i, field := range form.fields {
		member := n.Member(field.key)
		isNull := member != nil && member.Kind == Null
		switch {
		case field.kind == '-':
			if !isNull {
				return p.fail("%s takes no argument", form.name)
			}
			continue
		case field.kind == '~' && isNull:
			continue
		case (field.kind == '?' || field.kind == '+') && member == nil:
			empty++
			continue
		case field.kind == '?' && isNull:
			return p.fail("%s leaves out an argument that is null", form.name)
		case field.kind == '*' && member == nil:
			p.note(form.name + " is written with no more arguments, which the shell makes an empty array")
			continue
		}
		for ; empty > 0; empty-- {
			if form.fields[i-empty].kind == '+' {
				return p.fail("%s takes its arguments one after the other", form.name)
			}
			t.parts = append(t.parts, piece{text: "null"})
		}
		rest := []*Node{member}
		switch {
		case member.Kind != Array && field.kind == '@':
			p.note(form.name + " is written with its one argument, which the shell puts into an array")
		case member.Kind == Array && (field.kind == '@' || field.kind == '*' && len(member.Items) != 1):
			rest = member.Items
			if len(rest) == 0 && i == 0 && field.kind == '@' {
				return p.fail("%s takes at least one argument", form.name)
			}
			if len(rest) == 0 && i == 0 {
				rest = []*Node{member} // one argument, an empty array
			}
		}
		for _, one := range rest {
			t.parts = append(t.parts, p.expression(one))
		}
	}
	return t
}

// let writes the bindings of Let as an object, or as an array of objects if a
// name is bound twice.
func (p *printer) let(bindings, in *Node) piece {
	all := &Node{Kind: Object}
	twice := false
	switch bindings.Kind {
	case Object: // the server returns every Let like this
		all = bindings
	case Array:
		for _, one := range bindings.Items {
			if one.Kind != Object || len(one.Keys) != 1 {
				return p.fail("a binding of Let without exactly one name")
			}
			name := one.Keys[0]
			twice = twice || all.Member(name) != nil || strings.Trim(name, "0123456789") == ""
			all.add(name, one.Items[0])
		}
	default:
		return p.fail("invalid bindings of Let")
	}
	var names piece
	if twice {
		names = p.array(bindings.Items, func(one *Node) piece { return p.object(one, p.expression) })
	} else {
		names = p.object(all, p.expression)
	}
	return piece{open: "Let(", parts: []piece{names, p.expression(in)}, end: ")"}
}

// paginate writes Paginate, whose options are members of the form.
func (p *printer) paginate(n *Node) piece {
	t := piece{open: "Paginate(", parts: []piece{p.expression(n.Member("paginate"))}, end: ")"}
	options := &Node{Kind: Object}
	for key, value := range n.Members() {
		switch key {
		case "paginate":
		case "ts", "after", "before", "cursor", "size", "events", "sources":
			options.add(key, value)
		default:
			return p.fail("Paginate has no option %s", Printable(key))
		}
	}
	if len(options.Keys) > 0 {
		t.parts = append(t.parts, p.object(options, p.expression))
	}
	return t
}
