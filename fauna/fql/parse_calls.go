package fql

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// call reads a call of the function named by t; its arguments come next.
func (r *textReader) call(t textToken) ([]byte, error) {
	form, ok := r.forms[t.text]
	if !ok {
		return nil, t.problem("there is no function " + t.text + " in FQL v4" + r.similar(t.text))
	}
	switch t.text {
	case "Let":
		return r.let(t)
	case "Paginate":
		return r.paginate(t)
	case "Object":
		return r.objectCall(t)
	}
	arguments, err := r.arguments()
	if err != nil {
		return nil, err
	}
	switch t.text {
	case "Lambda":
		if len(arguments) == 1 {
			return arguments[0], nil // Lambda of an arrow function is the function
		}
		form.fields = []callField{{key: "lambda", kind: ' '}, {key: "expr", kind: ' ', at: 1}}
	case "Ref":
		if len(arguments) == 1 {
			return slices.Concat([]byte(`{"@ref":`), arguments[0], []byte{'}'}), nil
		}
	case "Bytes":
		return bytesLiteral(t, arguments)
	}
	return fill(t, form, arguments)
}

// arguments reads the arguments of a call with its brackets.
func (r *textReader) arguments() ([][]byte, error) {
	if err := r.want("("); err != nil {
		return nil, err
	}
	return r.list(")")
}

// fill builds a function's form from arguments.
func fill(t textToken, form callForm, arguments [][]byte) ([]byte, error) {
	var members textMembers
	least, most := 0, 0
	for _, field := range form.fields {
		at := field.at
		var argument []byte
		if at < len(arguments) {
			argument = arguments[at]
		}
		given := argument != nil
		most = max(most, at+1)
		switch field.kind {
		case ' ': // needed
			least = max(least, at+1)
			if !given {
				argument = []byte("null") // named below
			}
		case '?': // omitted if null
			given = given && string(argument) != "null"
		case '+': // kept if null
		case '~': // null if omitted
			if !given {
				argument, given = []byte("null"), true
			}
		case '-': // no argument
			argument, given, most = []byte("null"), true, most-1
		case '*', '@': // the rest; @ is an array even of one
			rest := arguments[min(at, len(arguments)):]
			argument, given, most = joinArray(rest), true, 1<<30
			if at == 0 {
				least = 1
			}
			if len(rest) == 1 && field.kind == '*' {
				argument = rest[0]
			}
		}
		if given || field.kind == ' ' {
			members = append(members, textMember{quoteJSON(field.key), argument})
		}
	}
	if len(arguments) < least || len(arguments) > most {
		return nil, t.problem(t.text + " takes " + count(least, most) + ", not " + fmt.Sprint(len(arguments)))
	}
	return members.json(), nil
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
	case most == 1<<30:
		return fmt.Sprintf("at least %d arguments", least)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

// let reads a call of Let: bindings as an object or an array of objects, and
// an expression or an arrow function of the bindings, in their order.
func (r *textReader) let(t textToken) ([]byte, error) {
	if err := r.want("("); err != nil {
		return nil, err
	}
	var bindings [][]byte
	var variables []string
	bind := func() error {
		members, err := r.object()
		if err != nil {
			return err
		}
		for _, m := range members {
			bindings = append(bindings, textMembers{m}.json())
			variables = append(variables, m.key)
		}
		return nil
	}
	switch {
	case r.peek().is("{"):
		if err := bind(); err != nil {
			return nil, err
		}
	case r.take("["):
		for !r.take("]") {
			if !r.peek().is("{") {
				return nil, r.unexpected("an object of bindings")
			}
			if err := bind(); err != nil {
				return nil, err
			}
			if !r.take(",") && !r.peek().is("]") {
				return nil, r.unexpected("',' or ']'")
			}
		}
	default:
		return nil, r.unexpected("the bindings of Let, an object")
	}
	if err := r.want(","); err != nil {
		return nil, err
	}
	var in []byte
	var err error
	if r.arrowAhead() {
		_, in, err = r.arrowBody(variables)
	} else {
		in, err = r.expression()
	}
	if err != nil {
		return nil, err
	}
	r.take(",")
	if !r.take(")") {
		return nil, t.problem("Let takes 2 arguments")
	}
	return slices.Concat([]byte(`{"let":`), joinArray(bindings), []byte(`,"in":`), in, []byte{'}'}), nil
}

// paginate reads a call of Paginate: a set, and an object of options that
// become members of the form itself.
func (r *textReader) paginate(t textToken) ([]byte, error) {
	if err := r.want("("); err != nil {
		return nil, err
	}
	set, err := r.expression()
	if err != nil {
		return nil, err
	}
	members := textMembers{{`"paginate"`, set}}
	if r.take(",") && !r.peek().is(")") {
		if r.peek().kind == nameToken && r.peek().text == "null" {
			r.next()
		} else {
			if !r.peek().is("{") {
				return nil, r.unexpected("an object of options")
			}
			options, err := r.object()
			if err != nil {
				return nil, err
			}
			for _, option := range options {
				members.set(option.key, option.value)
			}
		}
		r.take(",")
	}
	if !r.take(")") {
		return nil, t.problem("Paginate takes 1 to 2 arguments")
	}
	return members.json(), nil
}

// objectCall reads a call of Object, whose argument is an object.
func (r *textReader) objectCall(t textToken) ([]byte, error) {
	arguments, err := r.arguments()
	if err != nil {
		return nil, err
	}
	if len(arguments) != 1 || !strings.HasPrefix(string(arguments[0]), `{"object":`) {
		return nil, t.problem("Object takes an object")
	}
	return arguments[0], nil
}

// bytesLiteral makes a literal of bytes from base64.
func bytesLiteral(t textToken, arguments [][]byte) ([]byte, error) {
	var text string
	if len(arguments) != 1 || json.Unmarshal(arguments[0], &text) != nil {
		return nil, t.problem("Bytes takes a string of base64")
	}
	plain := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	value, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil, t.problem("Bytes takes a string of base64")
	}
	return []byte(`{"@bytes":"` + base64.StdEncoding.EncodeToString(value) + `"}`), nil
}

// arrowAhead reports whether an arrow function starts here.
func (r *textReader) arrowAhead() bool {
	if r.peek().kind == nameToken {
		return r.peekAfter(1).is("=>")
	}
	if !r.peek().is("(") {
		return false
	}
	n := 1
	for r.peekAfter(n).kind == nameToken || r.peekAfter(n).is(",") {
		n++
	}
	return r.peekAfter(n).is(")") && r.peekAfter(n+1).is("=>")
}

// arrow reads an arrow function as a Fauna lambda.
func (r *textReader) arrow() ([]byte, error) {
	start := r.peek()
	parameters, body, err := r.arrowBody(nil)
	if err != nil {
		return nil, err
	}
	if len(parameters) == 0 {
		return nil, start.problem("the function needs a parameter")
	}
	lambda := quoteJSON(parameters[0])
	if len(parameters) > 1 {
		quoted := make([][]byte, len(parameters))
		for i, p := range parameters {
			quoted[i] = []byte(quoteJSON(p))
		}
		lambda = string(joinArray(quoted))
	}
	return slices.Concat([]byte(`{"lambda":`+lambda+`,"expr":`), body, []byte{'}'}), nil
}

// arrowBody reads an arrow function and returns its parameters and its body.
// The parameters stand for the given variables (JSON strings); with nil, for
// variables of the same names.
func (r *textReader) arrowBody(variables []string) (parameters []string, body []byte, err error) {
	if r.peek().kind == nameToken {
		parameters = []string{r.next().text}
	} else {
		r.next()
		for !r.take(")") {
			t := r.next()
			if t.kind != nameToken {
				return nil, nil, t.problem("expected a parameter's name, found " + t.describe())
			}
			parameters = append(parameters, t.text)
			if !r.take(",") && !r.peek().is(")") {
				return nil, nil, r.unexpected("',' or ')'")
			}
		}
	}
	if err := r.want("=>"); err != nil {
		return nil, nil, err
	}
	if r.peek().is("{") {
		return nil, nil, r.peek().problem("a function's body must be an expression; put brackets ( ) around an object")
	}
	outer := len(r.names)
	for i, p := range parameters {
		variable := quoteJSON(p)
		if variables != nil {
			if i >= len(variables) {
				return nil, nil, r.peek().problem("the function has more parameters than there are bindings")
			}
			variable = variables[i]
		}
		r.names = append(r.names, textName{p, variable})
	}
	body, err = r.expression()
	r.names = r.names[:outer]
	return parameters, body, err
}

// similar suggests a function with a similar name.
func (r *textReader) similar(name string) string {
	for known := range r.forms {
		if strings.EqualFold(known, name) {
			return "; did you mean " + known + "?"
		}
	}
	return ""
}
