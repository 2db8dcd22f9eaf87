package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// foreignMutations are correct answers to other requests.
func foreignMutations() []mutation {
	element := func(place func(n int) int, replace bool) func(l *liar, x, _ exchange) (reply, bool) {
		return func(l *liar, x, _ exchange) (reply, bool) {
			p, ok := parse(x)
			status, body := l.otherCollection(x)
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
			status, body := l.otherCollection(x)
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
			status, body := l.laterAnswer(x)
			return reply{status: status, body: body}, !bytes.Equal(body, x.body)
		}},
		{"ids of the other, refs of this", func(l *liar, x, _ exchange) (reply, bool) {
			status, body := l.otherCollection(x)
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

// queryOf returns a value from an answer as an expression.
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

// withoutCursor returns a query for the first page.
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
