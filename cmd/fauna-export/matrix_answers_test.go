package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// mutation makes a wrong answer of a true one.
type mutation struct {
	name string
	// make returns the lie; false where this answer cannot be bent like this.
	make func(l *liar, x, previous exchange) (reply, bool)
}

// parsed is a true answer in parts.
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

// reply is the answer made of the parts.
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

// bent is a mutation of an answer's parts. It reports false where there is nothing
// to bend.
func bent(name string, bend func(p *parsed) bool) mutation {
	return mutation{name, func(_ *liar, x, _ exchange) (reply, bool) {
		p, ok := parse(x)
		if !ok {
			return reply{}, false
		}
		p = p.clone()
		if !bend(&p) {
			return reply{}, false
		}
		a := p.reply()
		return a, !bytes.Equal(a.body, x.body)
	}}
}

// edited is a mutation of each element's text, or of the single value's.
func edited(name string, edit func(element string) string) mutation {
	return bent(name, func(p *parsed) bool {
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

// editedMiddle is edited of one element in the middle.
func editedMiddle(name string, edit func(element string) string) mutation {
	return bent(name, func(p *parsed) bool {
		if len(p.list) == 0 || p.form == formErrors {
			return false
		}
		i := len(p.list) / 2
		p.list[i] = json.RawMessage(edit(string(p.list[i])))
		return true
	})
}

// whole is a mutation that does not look at what is true.
func whole(name string, a reply) mutation {
	return mutation{name, func(*liar, exchange, exchange) (reply, bool) { return a, true }}
}

// carried is a mutation of how the true answer comes over the wire.
func carried(name string, change func(a *reply) bool) mutation {
	return mutation{name, func(_ *liar, x, _ exchange) (reply, bool) {
		a := reply{status: x.status, body: x.body}
		return a, change(&a)
	}}
}
