package fql

import (
	"encoding/base64"
	"fmt"
	"math"
	"strings"
)

// call reads a call of the function named by t; its arguments come next.
func (r *textReader) call(t textToken) *Node {
	form, ok := r.forms[t.text]
	if !ok {
		panic(t.problem("there is no function " + t.text + " in FQL v4" + r.similar(t.text)))
	}
	r.want("(")
	switch t.text {
	case "Let":
		return r.let(t)
	case "Paginate":
		return r.paginate(t)
	}
	arguments := r.list(")")
	switch t.text {
	case "Object":
		if len(arguments) != 1 || len(arguments[0].Keys) != 1 || arguments[0].Keys[0] != "object" {
			panic(t.problem("Object takes an object"))
		}
		return arguments[0]
	case "Lambda":
		if len(arguments) == 1 {
			return arguments[0] // Lambda of an arrow function is the function
		}
	case "Ref":
		if len(arguments) == 1 {
			return object("@ref", arguments[0])
		}
	case "Bytes":
		return bytesLiteral(t, arguments)
	}
	return fill(t, form, arguments)
}

// fill builds a function's form from arguments.
func fill(t textToken, form callForm, arguments []*Node) *Node {
	n := &Node{Kind: Object}
	least, most := 0, 0
	for _, field := range form.fields {
		at := field.at
		var argument *Node
		if at < len(arguments) {
			argument = arguments[at]
		}
		most = max(most, at+1)
		switch field.kind {
		case ' ': // needed
			least = max(least, at+1)
		case '?': // omitted if null
			if argument != nil && argument.Kind == Null {
				argument = nil
			}
		case '+': // kept if null
		case '~': // null if omitted
			if argument == nil {
				argument = &Node{}
			}
		case '-': // no argument
			argument, most = &Node{}, most-1
		case '*', '@': // the rest; @ is an array even of one
			rest := arguments[min(at, len(arguments)):]
			argument, most = arrayNode(rest), math.MaxInt
			if at == 0 {
				least = 1
			}
			if len(rest) == 1 && field.kind == '*' {
				argument = rest[0]
			}
		}
		if argument != nil {
			n.add(field.key, argument)
		}
	}
	if len(arguments) < least || len(arguments) > most {
		panic(t.problem(t.text + " takes " + count(least, most) + ", not " + fmt.Sprint(len(arguments))))
	}
	return n
}

// count describes how many arguments a function takes.
func count(least, most int) string {
	switch {
	case most == 0:
		return "no arguments"
	case least == most && most == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", most)
	case most == math.MaxInt:
		return fmt.Sprintf("at least %d arguments", least)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

// let reads the rest of a call of Let: bindings as an object or an array of
// objects, and an expression or an arrow function of the bindings, in their
// order.
func (r *textReader) let(t textToken) *Node {
	bindings := arrayNode(nil)
	var variables []string
	bind := func() {
		if !r.peek().is("{") {
			panic(r.unexpected("an object of bindings"))
		}
		for name, value := range r.object().Members() {
			bindings.Items = append(bindings.Items, object(name, value))
			variables = append(variables, name)
		}
	}
	if r.take("[") {
		for r.more("]") {
			bind()
		}
	} else {
		bind()
	}
	r.want(",")
	var in *Node
	if r.arrowAhead() {
		_, in = r.arrowBody(variables)
	} else {
		in = r.expression()
	}
	r.take(",")
	if !r.take(")") {
		panic(t.problem("Let takes 2 arguments"))
	}
	return object("let", bindings, "in", in)
}

// paginate reads the rest of a call of Paginate: a set, and an object of options
// that become members of the form itself.
func (r *textReader) paginate(t textToken) *Node {
	n := object("paginate", r.expression())
	if r.take(",") && !r.peek().is(")") {
		switch {
		case r.peek().kind == nameToken && r.peek().text == "null":
			r.next()
		case r.peek().is("{"):
			for key, value := range r.object().Members() {
				n.add(key, value)
			}
		default:
			panic(r.unexpected("an object of options"))
		}
		r.take(",")
	}
	if !r.take(")") {
		panic(t.problem("Paginate takes 1 to 2 arguments"))
	}
	return n
}

// bytesLiteral makes a literal of bytes from base64.
func bytesLiteral(t textToken, arguments []*Node) *Node {
	if len(arguments) == 1 && arguments[0].Kind == String {
		if value, err := DecodeBytes(arguments[0].Text); err == nil {
			return object("@bytes", textNode(base64.StdEncoding.EncodeToString(value)))
		}
	}
	panic(t.problem("Bytes takes a string of base64"))
}

// DecodeBytes decodes base64 of either alphabet, padded or not, as Fauna does.
func DecodeBytes(text string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "="))
}
