package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mutations returns all mutations.
func mutations() []mutation {
	return slices.Concat(listMutations(), cursorMutations(), foreignMutations(), valueMutations(), errorMutations(), wireMutations(), textMutations())
}

// listMutations change which elements an answer contains.
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
		mutateParts("empty", cut(first, false)),
		mutateParts("empty, with after", cut(first, true)),
		mutateParts("cut after 1", cut(one, false)),
		mutateParts("cut after 1, with after", cut(one, true)),
		mutateParts("cut in half", cut(middle, false)),
		mutateParts("cut in half, with after", cut(middle, true)),
		mutateParts("cut before the last", cut(last, false)),
		mutateParts("first left out", without(first)),
		mutateParts("middle left out", without(middle)),
		mutateParts("last left out", without(last)),
		mutateParts("first twice", func(p *parsed) bool {
			if len(p.list) == 0 {
				return false
			}
			p.list = slices.Insert(p.list, 0, p.list[0])
			return true
		}),
		mutateParts("last twice", func(p *parsed) bool {
			if len(p.list) == 0 {
				return false
			}
			p.list = append(p.list, p.list[len(p.list)-1])
			return true
		}),
		mutateParts("first in place of the second", func(p *parsed) bool {
			if len(p.list) < 2 {
				return false
			}
			p.list[1] = p.list[0]
			return true
		}),
		mutateParts("two swapped", func(p *parsed) bool {
			if len(p.list) < 2 {
				return false
			}
			i := len(p.list) / 2
			p.list[i], p.list[i-1] = p.list[i-1], p.list[i]
			return true
		}),
		mutateParts("descending", func(p *parsed) bool { slices.Reverse(p.list); return len(p.list) > 1 }),
		mutateParts("10 times over", func(p *parsed) bool { p.list = slices.Repeat(p.list, 10); return len(p.list) > 0 }),
		mutateParts("an element null", func(p *parsed) bool {
			if len(p.list) == 0 {
				return false
			}
			p.list[len(p.list)/2] = json.RawMessage("null")
			return true
		}),
		mutateParts("all elements null", func(p *parsed) bool {
			for i := range p.list {
				p.list[i] = json.RawMessage("null")
			}
			return len(p.list) > 0
		}),
		mutateParts("an array in a page", func(p *parsed) bool { p.list = []json.RawMessage{[]byte("[]")}; return true }),
	}
}

// documentID matches document ids in cursors and elements.
var documentID = regexp.MustCompile(`"(\d+)"`)

// shifted adds a number to every id in a text.
func shifted(text json.RawMessage, by int64) json.RawMessage {
	return documentID.ReplaceAllFunc(text, func(id []byte) []byte {
		n, _ := strconv.ParseInt(string(id[1:len(id)-1]), 10, 64)
		return []byte(`"` + strconv.FormatInt(max(0, n+by), 10) + `"`)
	})
}

// cursorMutations change the cursors of an answer.
func cursorMutations() []mutation {
	cursor := func(p *parsed) json.RawMessage {
		if p.after != nil {
			return p.after
		}
		return p.before
	}
	return []mutation{
		mutateParts("after left out", func(p *parsed) bool {
			there := p.after != nil
			p.after = nil
			return there
		}),
		mutateParts("after null", func(p *parsed) bool {
			there := p.after != nil
			p.after = []byte("null")
			return there
		}),
		mutateParts("after []", func(p *parsed) bool {
			there := p.after != nil
			p.after = []byte("[]")
			return there
		}),
		mutateParts("after is a text", func(p *parsed) bool {
			there := p.after != nil
			p.after = []byte(`"175"`)
			return there
		}),
		mutateParts("after of this page", func(p *parsed) bool {
			if p.after == nil || p.before == nil {
				return false
			}
			p.after = p.before
			return true
		}),
		mutateParts("after on a last page", func(p *parsed) bool {
			if p.after != nil || p.before == nil {
				return false
			}
			p.after = p.before
			return true
		}),
		mutateParts("after skips one", func(p *parsed) bool {
			if p.after == nil {
				return false
			}
			p.after = shifted(p.after, 1)
			return true
		}),
		mutateParts("after skips ten", func(p *parsed) bool {
			if p.after == nil {
				return false
			}
			p.after = shifted(p.after, 30)
			return true
		}),
		mutateParts("after one back", func(p *parsed) bool {
			if p.after == nil {
				return false
			}
			p.after = shifted(p.after, -1)
			return true
		}),
		mutateParts("after at the beginning", func(p *parsed) bool {
			if p.after == nil {
				return false
			}
			p.after = shifted(p.after, -1<<40)
			return true
		}),
		mutateParts("after of another collection", func(p *parsed) bool {
			if p.after == nil {
				return false
			}
			p.after = []byte(swapped(string(p.after)))
			return true
		}),
		mutateParts("a cursor where none was asked for", func(p *parsed) bool {
			if p.form != formPage || p.before != nil || cursor(p) == nil {
				return false
			}
			p.before = p.after
			return true
		}),
		mutateParts("before left out", func(p *parsed) bool {
			there := p.before != nil
			p.before = nil
			return there
		}),
		mutateParts("before of another place", func(p *parsed) bool {
			if p.before == nil {
				return false
			}
			p.before = shifted(p.before, 3)
			return true
		}),
	}
}

// valueMutations change elements or single values.
func valueMutations() []mutation {
	value := func(name, text string) mutation {
		return mutateParts("value "+name, func(p *parsed) bool {
			p.value = []byte(text)
			return p.form == formValue
		})
	}
	number := func(name string, change func(n int64) int64) mutation {
		return mutateParts(name, func(p *parsed) bool {
			n, err := strconv.ParseInt(string(p.value), 10, 64)
			p.value = []byte(strconv.FormatInt(change(n), 10))
			return p.form == formValue && err == nil
		})
	}
	moment := func(name string, d time.Duration) mutation {
		return mutateParts(name, func(p *parsed) bool {
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
		// The id itself: alone, last in a pair, or first in a document.
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
