package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
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

// mutations are all of them.
func mutations() []mutation {
	return slices.Concat(listMutations(), cursorMutations(), foreignMutations(), valueMutations(), errorMutations(), wireMutations(), textMutations())
}

// listMutations change which elements an answer has.
func listMutations() []mutation {
	without := func(at func(n int) int) func(p *parsed) bool {
		return func(p *parsed) bool {
			if len(p.list) == 0 {
				return false
			}
			i := at(len(p.list))
			p.list = slices.Delete(p.list, i, i+1)
			return true
		}
	}
	cut := func(n func(all int) int, keepAfter bool) func(p *parsed) bool {
		return func(p *parsed) bool {
			k := n(len(p.list))
			if len(p.list) == 0 || k >= len(p.list) {
				return false
			}
			if !keepAfter {
				p.after = nil
			}
			p.list = p.list[:k]
			return true
		}
	}
	first := func(int) int { return 0 }
	middle := func(n int) int { return n / 2 }
	last := func(n int) int { return n - 1 }
	one := func(int) int { return 1 }
	return []mutation{
		bent("empty", cut(first, false)),
		bent("empty, with after", cut(first, true)),
		bent("cut after 1", cut(one, false)),
		bent("cut after 1, with after", cut(one, true)),
		bent("cut in half", cut(middle, false)),
		bent("cut in half, with after", cut(middle, true)),
		bent("cut before the last", cut(last, false)),
		bent("first left out", without(first)),
		bent("middle left out", without(middle)),
		bent("last left out", without(last)),
		bent("first twice", func(p *parsed) bool {
			if len(p.list) == 0 {
				return false
			}
			p.list = slices.Insert(p.list, 0, p.list[0])
			return true
		}),
		bent("last twice", func(p *parsed) bool {
			if len(p.list) == 0 {
				return false
			}
			p.list = append(p.list, p.list[len(p.list)-1])
			return true
		}),
		bent("first in place of the second", func(p *parsed) bool {
			if len(p.list) < 2 {
				return false
			}
			p.list[1] = p.list[0]
			return true
		}),
		bent("two swapped", func(p *parsed) bool {
			if len(p.list) < 2 {
				return false
			}
			i := len(p.list) / 2
			p.list[i], p.list[i-1] = p.list[i-1], p.list[i]
			return true
		}),
		bent("descending", func(p *parsed) bool { slices.Reverse(p.list); return len(p.list) > 1 }),
		bent("10 times over", func(p *parsed) bool { p.list = slices.Repeat(p.list, 10); return len(p.list) > 0 }),
		bent("an element null", func(p *parsed) bool {
			if len(p.list) == 0 {
				return false
			}
			p.list[len(p.list)/2] = json.RawMessage("null")
			return true
		}),
		bent("all elements null", func(p *parsed) bool {
			for i := range p.list {
				p.list[i] = json.RawMessage("null")
			}
			return len(p.list) > 0
		}),
		bent("an array in a page", func(p *parsed) bool { p.list = []json.RawMessage{[]byte("[]")}; return true }),
	}
}

// documentID finds the ids of documents in cursors and elements.
var documentID = regexp.MustCompile(`"(\d+)"`)

// shifted moves every id in a text.
func shifted(text json.RawMessage, by int64) json.RawMessage {
	return documentID.ReplaceAllFunc(text, func(id []byte) []byte {
		n, _ := strconv.ParseInt(string(id[1:len(id)-1]), 10, 64)
		return []byte(`"` + strconv.FormatInt(max(0, n+by), 10) + `"`)
	})
}

// cursorMutations change where an answer says that it goes on, or began.
func cursorMutations() []mutation {
	cursor := func(p *parsed) json.RawMessage {
		if p.after != nil {
			return p.after
		}
		return p.before
	}
	return []mutation{
		bent("after left out", func(p *parsed) bool {
			there := p.after != nil
			p.after = nil
			return there
		}),
		bent("after null", func(p *parsed) bool {
			there := p.after != nil
			p.after = []byte("null")
			return there
		}),
		bent("after []", func(p *parsed) bool {
			there := p.after != nil
			p.after = []byte("[]")
			return there
		}),
		bent("after is a text", func(p *parsed) bool {
			there := p.after != nil
			p.after = []byte(`"175"`)
			return there
		}),
		bent("after of this page", func(p *parsed) bool {
			if p.after == nil || p.before == nil {
				return false
			}
			p.after = p.before
			return true
		}),
		bent("after on a last page", func(p *parsed) bool {
			if p.after != nil || p.before == nil {
				return false
			}
			p.after = p.before
			return true
		}),
		bent("after skips one", func(p *parsed) bool {
			if p.after == nil {
				return false
			}
			p.after = shifted(p.after, 1)
			return true
		}),
		bent("after skips ten", func(p *parsed) bool {
			if p.after == nil {
				return false
			}
			p.after = shifted(p.after, 30)
			return true
		}),
		bent("after one back", func(p *parsed) bool {
			if p.after == nil {
				return false
			}
			p.after = shifted(p.after, -1)
			return true
		}),
		bent("after at the beginning", func(p *parsed) bool {
			if p.after == nil {
				return false
			}
			p.after = shifted(p.after, -1<<40)
			return true
		}),
		bent("after of another collection", func(p *parsed) bool {
			if p.after == nil {
				return false
			}
			p.after = []byte(swapped(string(p.after)))
			return true
		}),
		bent("a cursor where none was asked for", func(p *parsed) bool {
			if p.form != formPage || p.before != nil || cursor(p) == nil {
				return false
			}
			p.before = p.after
			return true
		}),
		bent("before left out", func(p *parsed) bool {
			there := p.before != nil
			p.before = nil
			return there
		}),
		bent("before of another place", func(p *parsed) bool {
			if p.before == nil {
				return false
			}
			p.before = shifted(p.before, 3)
			return true
		}),
	}
}

// foreignMutations answer another question.
func foreignMutations() []mutation {
	element := func(place func(n int) int, replace bool) func(l *liar, x, _ exchange) (reply, bool) {
		return func(l *liar, x, _ exchange) (reply, bool) {
			p, ok := parse(x)
			status, body := l.otherwise(x)
			other, fine := parse(exchange{status: status, body: body})
			if !ok || !fine || p.form != other.form || len(other.list) == 0 || len(p.list) == 0 {
				return reply{}, false
			}
			p = p.clone()
			i := place(len(p.list))
			one := other.list[min(place(len(other.list)), len(other.list)-1)]
			if replace {
				p.list[min(i, len(p.list)-1)] = one
			} else {
				p.list = slices.Insert(p.list, i, one)
			}
			a := p.reply()
			return a, !bytes.Equal(a.body, x.body)
		}
	}
	first := func(int) int { return 0 }
	middle := func(n int) int { return n / 2 }
	end := func(n int) int { return n }
	return []mutation{
		{"another collection's first in front", element(first, false)},
		{"another collection's at the end", element(end, false)},
		{"another collection's in the middle", element(middle, false)},
		{"another collection's in place of the middle", element(middle, true)},
		{"another collection's in place of the last", element(end, true)},
		{"another collection's answer", func(l *liar, x, _ exchange) (reply, bool) {
			status, body := l.otherwise(x)
			return reply{status: status, body: body}, !bytes.Equal(body, x.body)
		}},
		{"the previous answer", func(l *liar, x, previous exchange) (reply, bool) {
			return reply{status: previous.status, body: previous.body}, previous.status != 0 && !bytes.Equal(previous.body, x.body)
		}},
		{"the first page for a later one", func(l *liar, x, _ exchange) (reply, bool) {
			var query map[string]any
			if json.Unmarshal([]byte(x.query), &query) != nil {
				return reply{}, false
			}
			without := withoutCursor(query)
			text, _ := json.Marshal(without)
			if bytes.Equal(compact(x.query), text) {
				return reply{}, false
			}
			status, body := l.truth.answer(x.header, string(text))
			return reply{status: status, body: body}, !bytes.Equal(body, x.body)
		}},
		{"the second page for the first", func(l *liar, x, _ exchange) (reply, bool) {
			p, ok := parse(x)
			i := strings.LastIndex(x.query, `,"size":`)
			if !ok || p.after == nil || strings.Contains(x.query, `"after"`) || i < 0 {
				return reply{}, false
			}
			text, _ := json.Marshal(queryOf(p.after))
			status, body := l.truth.answer(x.header, x.query[:i]+`,"after":`+string(text)+x.query[i:])
			return reply{status: status, body: body}, status == 200 && !bytes.Equal(body, x.body)
		}},
		{"of a later time", func(l *liar, x, _ exchange) (reply, bool) {
			status, body := l.laterOn(x)
			return reply{status: status, body: body}, !bytes.Equal(body, x.body)
		}},
		{"ids of the other, refs of this", func(l *liar, x, _ exchange) (reply, bool) {
			status, body := l.otherwise(x)
			for _, name := range matrixNames() {
				if strings.Contains(swapped(`"`+name+`"`), `"`) && strings.Contains(x.query, `"`+name+`"`) {
					other := strings.Trim(swapped(`"`+name+`"`), `"`)
					body = bytes.ReplaceAll(body, []byte(`"`+other+`"`), []byte(`"`+name+`"`))
				}
			}
			return reply{status: status, body: body}, status == 200 && !bytes.Equal(body, x.body)
		}},
		{"what stands between two pages", func(l *liar, x, previous exchange) (reply, bool) {
			p, ok := parse(x)
			q, was := parse(previous)
			if !ok || !was || p.form != formPage || q.form != formPage || len(q.list) == 0 {
				return reply{}, false
			}
			p = p.clone()
			p.list = slices.Insert(p.list, 0, q.list[len(q.list)-1])
			return p.reply(), true
		}},
	}
}

// queryOf is a value of an answer as an expression.
func queryOf(value json.RawMessage) any {
	var v any
	if json.Unmarshal(value, &v) != nil {
		return nil
	}
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case []any:
			for i := range v {
				v[i] = walk(v[i])
			}
		case map[string]any:
			for k := range v {
				v[k] = walk(v[k])
			}
			_, document := v["document"]
			if _, ts := v["ts"]; ts && document { // an event
				return map[string]any{"object": v}
			}
		}
		return v
	}
	return walk(v)
}

func compact(text string) []byte {
	var v any
	_ = json.Unmarshal([]byte(text), &v)
	b, _ := json.Marshal(v)
	return b
}

// withoutCursor is a query that begins at the beginning.
func withoutCursor(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = withoutCursor(v[i])
		}
		return out
	case map[string]any:
		out := maps.Clone(v)
		if _, ok := out["paginate"]; ok {
			delete(out, "after")
		}
		for k := range out {
			out[k] = withoutCursor(out[k])
		}
		return out
	}
	return v
}

// valueMutations change what stands in elements or single values.
func valueMutations() []mutation {
	value := func(name, text string) mutation {
		return bent("value "+name, func(p *parsed) bool {
			p.value = []byte(text)
			return p.form == formValue
		})
	}
	number := func(name string, change func(n int64) int64) mutation {
		return bent(name, func(p *parsed) bool {
			n, err := strconv.ParseInt(string(p.value), 10, 64)
			p.value = []byte(strconv.FormatInt(change(n), 10))
			return p.form == formValue && err == nil
		})
	}
	moment := func(name string, d time.Duration) mutation {
		return bent(name, func(p *parsed) bool {
			var v struct {
				TS time.Time `json:"@ts"`
			}
			if p.form != formValue || json.Unmarshal(p.value, &v) != nil || v.TS.IsZero() {
				return false
			}
			p.value = []byte(`{"@ts":"` + v.TS.Add(d).Format(time.RFC3339Nano) + `"}`)
			return true
		})
	}
	ts := regexp.MustCompile(`("ts":|^\[?)(\d{12,})`)
	stamp := func(name string, change func(n int64) string) mutation {
		return editedMiddle("ts "+name, func(e string) string {
			return ts.ReplaceAllStringFunc(e, func(found string) string {
				m := ts.FindStringSubmatch(found)
				n, _ := strconv.ParseInt(m[2], 10, 64)
				return m[1] + change(n)
			})
		})
	}
	id := func(name, to string) mutation {
		// The id itself, which stands alone, last in a pair, or first in a document.
		own := regexp.MustCompile(`^"\d+"$|"\d+"\]$|"id":"\d+"|^"[a-z-]+"$`)
		return editedMiddle("id "+name, func(e string) string {
			done := false
			return own.ReplaceAllStringFunc(e, func(found string) string {
				if done {
					return found
				}
				done = true
				quoted := found[:strings.LastIndex(found, `"`)]
				quoted = quoted[strings.LastIndex(quoted, `"`):]
				return strings.Replace(found, quoted+`"`, strings.ReplaceAll(to, "ID", quoted[1:]), 1)
			})
		})
	}
	later := func(n int64) string { return strconv.FormatInt(n+int64(100*24*time.Hour/time.Microsecond), 10) }
	return []mutation{
		value("null", "null"), value("0", "0"), value("-1", "-1"), value("1", "1"), value("{}", "{}"), value("[]", "[]"), value("a text", `"5"`),
		value("1e400", "1e400"), value("beyond int64", "9223372036854775808"), value("a fraction", "1.5"), value("true", "true"),
		value("a time of year 0", `{"@ts":"0000-01-01T00:00:00Z"}`), value("no time", `{"@ts":"never"}`), value("a time of 1970", `{"@ts":"1970-01-01T00:00:00Z"}`), value("a time of year 9999", `{"@ts":"9999-12-31T23:59:59Z"}`),
		number("one more", func(n int64) int64 { return n + 1 }), number("one less", func(n int64) int64 { return n - 1 }), number("doubled", func(n int64) int64 { return 2*n + 2 }), number("negative", func(n int64) int64 { return -n - 1 }),
		moment("a minute earlier", -time.Minute), moment("a day later", 24*time.Hour), moment("a microsecond later", time.Microsecond),
		stamp("in the future", later), stamp("negative", func(n int64) string { return "-" + strconv.FormatInt(n, 10) }),
		stamp("a text", func(n int64) string { return `"` + strconv.FormatInt(n, 10) + `"` }), stamp("a fraction", func(n int64) string { return strconv.FormatInt(n, 10) + ".5" }),
		stamp("beyond int64", func(int64) string { return "99999999999999999999" }),
		id("a number", "ID"), id("beyond int64", `"9223372036854775808"`), id("negative", `"-1"`), id("with a zero in front", `"0ID"`), id("empty", `""`),
		id("one more", `"ID1"`), id("of letters", `"abc"`), id("with a blank", `"ID "`), id("U+0000", `"ID\u0000"`),
		edited("ids as numbers", func(e string) string { return documentID.ReplaceAllString(e, "$1") }),
		editedMiddle("an element is {}", func(string) string { return "{}" }),
		editedMiddle("an element is []", func(string) string { return "[]" }),
		editedMiddle("an element is a number", func(string) string { return "7" }),
		editedMiddle("an element is a long number", func(string) string { return strings.Repeat("9", 400) }),
		editedMiddle("an element is a text", func(string) string { return `"x"` }),
		editedMiddle("an element in an array", func(e string) string { return "[" + e + "]" }),
		editedMiddle("ref of another collection", swapped),
		editedMiddle("ref without a collection", func(e string) string {
			return regexp.MustCompile(`,"collection":\{"@ref":\{"id":"[a-z]+","collection":\{"@ref":\{"id":"collections"\}\}\}\}`).ReplaceAllString(e, "")
		}),
		editedMiddle("history_days 0", func(e string) string {
			if e == "30" {
				return "0"
			}
			return e
		}),
	}
}

// errorMutations refuse what was asked.
func errorMutations() []mutation {
	var list []mutation
	for _, e := range []struct {
		status            int
		code, description string
	}{
		{400, "bad request", "Requested timestamp 2024-01-01T00:00:00Z less than minimum allowed timestamp 2025-01-01T00:00:00Z."},
		{400, "bad request", "Query exceeds max width. Max: 100000, current: 100001."},
		{400, "bad request", "Transaction does too much compute: got 12001, limit: 12000"},
		{400, "invalid expression", "No form/function found, or invalid argument keys: { foo }."},
		{400, "invalid argument", "Ref or Set expected, Integer provided."},
		{400, "invalid ref", "Ref refers to undefined collection 'users'"},
		{400, "instance not found", "Index 'users-ts' is not active."},
		{400, "missing identity", "Authentication does not contain an identity"},
		{401, "unauthorized", "Unauthorized"},
		{403, "permission denied", "Insufficient privileges to perform the action."},
		{404, "instance not found", "Document not found."},
		{404, "not found", "Not Found"},
		{405, "method not allowed", "Allowed methods are GET, POST."},
		{409, "contended transaction", "Transaction was aborted due to detection of concurrent modification."},
		{410, "permission denied", "Your account has been disabled."},
		{413, "request too large", "Request entity is too large"},
		{429, "too many requests", "Rate limit for read exceeded"},
		{440, "processing time limit exceeded", "Too slow."},
		{500, "internal server error", "NullPointerException Please create a ticket at https://support.fauna.com"},
		{503, "time out", "Read timed out (Query eval has timed out.)"},
		{540, "operator error", "The cluster has no nodes."},
		{200, "unauthorized", "Unauthorized"},
		{200, "permission denied", "Insufficient privileges to perform the action."},
	} {
		list = append(list, whole(fmt.Sprintf("%d %s: %.20s", e.status, e.code, e.description), reply{status: e.status, body: errorBody(e.code, e.description)}))
	}
	place := func(name string, status int, code, description string) mutation {
		return bent(name, func(p *parsed) bool {
			if p.form != formArray && p.form != formErrors || len(p.list) == 0 {
				return false
			}
			text, _ := json.Marshal(map[string]any{"position": []any{len(p.list) / 2, "from"}, "code": code, "description": description})
			*p = parsed{form: formErrors, status: status, list: []json.RawMessage{text}}
			return true
		})
	}
	html := reply{status: 502, kind: "text/html", body: []byte("<html><body>Bad Gateway</body></html>")}
	page503, page504, page200, page404 := html, html, html, html
	page503.status, page504.status, page200.status, page404.status = 503, 504, 200, 404
	return append(list,
		place("one is denied", 403, "permission denied", "Insufficient privileges to perform the action."),
		place("one is missing", 404, "instance not found", "Document not found."),
		place("one has no collection", 400, "invalid ref", "Ref refers to undefined collection 'users'"),
		place("one is refused", 400, "invalid argument", "Ref or Set expected, Integer provided."),
		mutation{"all are well", func(_ *liar, x, _ exchange) (reply, bool) {
			p, ok := parse(x)
			p.form, p.status = formArray, 200
			for i := range p.list {
				p.list[i] = []byte("946598400000000")
			}
			return p.reply(), ok && x.status >= 400
		}},
		bent("an error of a place that was not asked for", func(p *parsed) bool {
			if p.form != formErrors {
				return false
			}
			p.list = append(p.list, []byte(`{"position":[99,"from"],"code":"permission denied","description":"Insufficient privileges to perform the action."}`))
			return true
		}),
		whole("408 of the channel", reply{status: 408, body: []byte(`{"error":"request timeout: 60s"}`)}),
		whole("500 of the channel", reply{status: 500, body: []byte(`{"error":"internal server error"}`)}),
		whole("400 of the channel", reply{status: 400, body: []byte(`{"error":"bad request"}`)}),
		whole("502 of a proxy", html), whole("503 of a proxy", page503), whole("504 of a proxy", page504), whole("200 of a web site", page200), whole("404 of a web site", page404),
		whole("301", reply{status: 301, body: []byte("moved"), header: map[string]string{"Location": "http://192.0.2.1/"}}),
		whole("204", reply{status: 204}),
		whole("errors empty", reply{status: 400, body: []byte(`{"errors":[]}`)}),
		carried("201", func(a *reply) bool { a.status = 201; return true }),
		carried("the answer with status 500", func(a *reply) bool { a.status = 500; return true }),
		carried("the answer with status 400", func(a *reply) bool { a.status = 400; return true }),
		carried("the answer with status 404", func(a *reply) bool { a.status = 404; return true }),
		carried("the answer with status 206", func(a *reply) bool { a.status = 206; return true }),
		carried("the errors with status 200", func(a *reply) bool { was := a.status; a.status = 200; return was >= 400 }),
	)
}

// wireMutations spoil how an answer comes.
func wireMutations() []mutation {
	return []mutation{
		carried("slow by a byte a second", func(a *reply) bool { a.slow = true; return len(a.body) > 60 }),
		carried("cut before", func(a *reply) bool { a.cut = -1; return true }),
		carried("cut after 1 byte", func(a *reply) bool { a.cut = 1; return true }),
		carried("cut in half", func(a *reply) bool { a.cut = len(a.body) / 2; return true }),
		carried("cut before the last byte", func(a *reply) bool { a.cut = len(a.body) - 1; return true }),
		carried("length too short", func(a *reply) bool { a.length = len(a.body) - 1; return true }),
		carried("length of the half", func(a *reply) bool { a.length = len(a.body) / 2; return true }),
		carried("length too long", func(a *reply) bool { a.length = len(a.body) + 1; return true }),
		carried("chunked", func(a *reply) bool { a.length = -1; return true }),
		carried("endless", func(a *reply) bool { a.endless = true; return true }),
		carried("padded to 10 times", func(a *reply) bool {
			a.body = append(slices.Clone(a.body), bytes.Repeat([]byte(" "), 9*len(a.body))...)
			return true
		}),
		carried("transaction time far ahead", func(a *reply) bool { a.txn = 4_000_000_000_000_000; return true }),
		carried("transaction time 1", func(a *reply) bool { a.txn = 1; return true }),
		carried("transaction time no number", func(a *reply) bool {
			a.header = map[string]string{"X-Txn-Time": "soon"}
			return true
		}),
		carried("encoded", func(a *reply) bool { a.header = map[string]string{"Content-Encoding": "gzip"}; return true }),
	}
}

// textMutations are answers that are not of Fauna's form.
func textMutations() []mutation {
	text := func(name, body string) mutation { return whole(name, reply{status: 200, body: []byte(body)}) }
	around := func(name string, change func(body string) string) mutation {
		return carried(name, func(a *reply) bool {
			was := string(a.body)
			a.body = []byte(change(was))
			return a.status == 200 && was != string(a.body)
		})
	}
	return []mutation{
		text("nothing", ""), text("not JSON", "ok"), text("{}", "{}"), text("[]", "[]"), text("null", "null"),
		text("resource null", `{"resource":null}`), text("resource {}", `{"resource":{}}`), text("resource []", `{"resource":[]}`), text("data null", `{"resource":{"data":null}}`),
		text("data {}", `{"resource":{"data":{}}}`), text("data a text", `{"resource":{"data":"x"}}`),
		text("nested deep", `{"resource":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)+`}`),
		around("a byte less", func(b string) string { return b[:len(b)-1] }),
		around("two bytes less", func(b string) string { return b[:len(b)-2] }),
		around("ended with }", func(b string) string { return b[:len(b)/2] + "}" }),
		around("a byte more", func(b string) string { return b + "}" }),
		around("twice", func(b string) string { return b + b }),
		around("with a newline", func(b string) string { return b + "\n" }),
		around("with a mark of order", func(b string) string { return "\ufeff" + b }),
		around("with another field in front", func(b string) string { return `{"other":1,` + b[1:] }),
		around("with another field behind", func(b string) string { return b[:len(b)-1] + `,"other":{"resource":{"data":[]}}}` }),
		around("resource twice", func(b string) string { return b[:len(b)-1] + `,"resource":{"data":[]}}` }),
		around("data twice", func(b string) string { return strings.Replace(b, `"data":`, `"data":[],"data":`, 1) }),
		around("with errors too", func(b string) string {
			return b[:len(b)-1] + `,"errors":[{"code":"permission denied","description":"Insufficient privileges to perform the action."}]}`
		}),
		around("a quote lost", func(b string) string {
			i := strings.LastIndex(b, `"`)
			if i < 0 {
				return b
			}
			return b[:i] + b[i+1:]
		}),
		around("a comma lost", func(b string) string {
			i := strings.LastIndex(b, `,`)
			if i < 0 {
				return b
			}
			return b[:i] + b[i+1:]
		}),
		around("a control character", func(b string) string {
			i := strings.LastIndex(b, `"`)
			if i < 0 {
				return b
			}
			return b[:i] + "\x01" + b[i:]
		}),
	}
}
