package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// mutation turns a correct answer into a wrong one.
type mutation struct {
	name string
	// make returns the wrong answer, or false if it does not apply to this one.
	make func(l *liar, x, previous exchange) (reply, bool)
}

// parsed is a correct answer, split into its parts.
type parsed struct {
	form   form
	list   []json.RawMessage // of a page, an array, or the errors
	before json.RawMessage
	after  json.RawMessage
	value  json.RawMessage // of a single value
	status int
}

type form int

const (
	formPage   form = iota // {"resource":{"data":[…]}}
	formArray              // {"resource":[…]}
	formErrors             // {"errors":[…]}
	formValue              // {"resource":…}
)

func parse(x exchange) (p parsed, ok bool) {
	p.status = x.status
	var top struct {
		Resource json.RawMessage   `json:"resource"`
		Errors   []json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(x.body, &top) != nil {
		return p, false
	}
	if top.Errors != nil {
		p.form, p.list = formErrors, top.Errors
		return p, true
	}
	var page struct{ Before, After json.RawMessage }
	var data struct{ Data *[]json.RawMessage }
	switch {
	case json.Unmarshal(top.Resource, &data) == nil && data.Data != nil:
		p.form, p.list = formPage, *data.Data
		if json.Unmarshal(top.Resource, &page) != nil {
			return p, false
		}
		p.before, p.after = page.Before, page.After
	case json.Unmarshal(top.Resource, &p.list) == nil && p.list != nil:
		p.form = formArray
	default:
		p.form, p.value = formValue, top.Resource
	}
	return p, true
}

func (p parsed) clone() parsed {
	p.list = slices.Clone(p.list)
	return p
}

// reply returns the answer that the parts make up.
func (p parsed) reply() reply {
	var b bytes.Buffer
	list := func() {
		b.WriteByte('[')
		for i, one := range p.list {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(one)
		}
		b.WriteByte(']')
	}
	switch p.form {
	case formPage:
		b.WriteString(`{"resource":{`)
		if p.before != nil {
			fmt.Fprintf(&b, `"before":%s,`, p.before)
		}
		if p.after != nil {
			fmt.Fprintf(&b, `"after":%s,`, p.after)
		}
		b.WriteString(`"data":`)
		list()
		b.WriteString(`}}`)
	case formArray:
		b.WriteString(`{"resource":`)
		list()
		b.WriteString(`}`)
	case formErrors:
		b.WriteString(`{"errors":`)
		list()
		b.WriteString(`}`)
	default:
		fmt.Fprintf(&b, `{"resource":%s}`, p.value)
	}
	return reply{status: p.status, body: b.Bytes()}
}

// mutateParts returns a mutation of an answer's parts. change returns false if it does
// not apply.
func mutateParts(name string, change func(p *parsed) bool) mutation {
	return mutation{name, func(_ *liar, x, _ exchange) (reply, bool) {
		p, ok := parse(x)
		if !ok {
			return reply{}, false
		}
		p = p.clone()
		if !change(&p) {
			return reply{}, false
		}
		a := p.reply()
		return a, !bytes.Equal(a.body, x.body)
	}}
}

// edited returns a mutation of the text of each element, or of the single value.
func edited(name string, edit func(element string) string) mutation {
	return mutateParts(name, func(p *parsed) bool {
		if p.form == formErrors {
			return false
		}
		if p.form == formValue {
			p.value = json.RawMessage(edit(string(p.value)))
			return true
		}
		for i := range p.list {
			p.list[i] = json.RawMessage(edit(string(p.list[i])))
		}
		return true
	})
}

// editedMiddle is like edited, but only for the middle element.
func editedMiddle(name string, edit func(element string) string) mutation {
	return mutateParts(name, func(p *parsed) bool {
		if len(p.list) == 0 || p.form == formErrors {
			return false
		}
		i := len(p.list) / 2
		p.list[i] = json.RawMessage(edit(string(p.list[i])))
		return true
	})
}

// whole returns a mutation that ignores the correct answer.
func whole(name string, a reply) mutation {
	return mutation{name, func(*liar, exchange, exchange) (reply, bool) { return a, true }}
}

// mutateTransport returns a mutation of how the correct answer is transmitted.
func mutateTransport(name string, change func(a *reply) bool) mutation {
	return mutation{name, func(_ *liar, x, _ exchange) (reply, bool) {
		a := reply{status: x.status, body: x.body}
		return a, change(&a)
	}}
}
