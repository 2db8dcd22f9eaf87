package row

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
)

// rewriter reads values, and copies them from the wire format to the JSON of rows.
// It copies unchanged stretches of the page at once; only tags end a stretch.
type rewriter struct {
	scanner
	judge

	// open are the containers that are open: objectOpen, arrayOpen or escapedOpen.
	// On a stack of their own, they nest as deep as the text.
	open []byte

	// careful: look ahead at every "@obj", since one has other keys beside it, which
	// no server sends.
	careful bool
}

const (
	objectOpen  = 'o'
	arrayOpen   = 'a'
	escapedOpen = 'e' // the object inside {"@obj":{…}}
)

// rewrite appends the value at i in the form that rows use.
func (r *rewriter) rewrite(src []byte, i int, out []byte) ([]byte, int) {
	before := len(out)
	r.careful = false
	r.forget()
	out, end := r.run(src, i, out, true)
	if end < 0 && r.careful {
		r.forget()
		out, end = r.run(src, i, out[:before], true)
	}
	return out, end
}

// skip reads any value.
func (r *rewriter) skip(src []byte, i int) int {
	_, end := r.run(src, i, nil, false)
	return end
}

// verbatim reads a value and appends it unchanged.
func (r *rewriter) verbatim(src []byte, i int, out []byte) ([]byte, int) {
	end := r.skip(src, i)
	if end < 0 {
		return out, -1
	}
	return append(out, src[i:end]...), end
}

// run reads the value at i, and if it is to be copied appends it in the form that
// rows use. It may be called again while it reads a tag.
func (r *rewriter) run(src []byte, i int, out []byte, copied bool) ([]byte, int) {
	open, outer := r.open, len(r.open)
	defer func() { r.open = open[:outer] }()
	start := i // src[start:i] stays unchanged and is not copied yet
value:
	if i >= len(src) {
		return out, r.end(src)
	}
	switch src[i] {
	case '"':
		if i++; i+8 <= len(src) {
			w := binary.LittleEndian.Uint64(src[i:])
			if n := bits.TrailingZeros64(stops(w)); n < 64 && src[i+n>>3] == '"' {
				r.high |= w & (1<<(n&63) - 1)
				i += n>>3 + 1
				goto after
			}
		}
		i = r.text(src, i)
	case '{':
		if copied && i+2 < len(src) && src[i+1] == '"' && src[i+2] == '@' {
			out = append(out, src[start:i]...)
			r.open = open
			var unwrapped bool
			if out, i, unwrapped = r.tag(src, i, out); i < 0 {
				return out, -1
			}
			open, start = r.open, i
			if !unwrapped {
				goto after
			}
			open = append(open, escapedOpen) // i is at the inner object
		} else {
			open = append(open, objectOpen)
		}
		if i++; i < len(src) && src[i] == '}' {
			goto closing
		}
		goto key
	case '[':
		if i++; i < len(src) && src[i] == ']' {
			i++
			goto after
		}
		open = append(open, arrayOpen)
		goto value
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		i = r.number(src, i)
	case 't':
		i = r.literal(src, i, "true")
	case 'f':
		i = r.literal(src, i, "false")
	case 'n':
		i = r.literal(src, i, "null")
	default:
		return out, r.wrong(src, i, "a value is missing")
	}
	if i < 0 {
		return out, -1
	}
after:
	if len(open) == outer {
		if copied {
			out = append(out, src[start:i]...)
		}
		return out, i
	}
	if i >= len(src) {
		return out, r.end(src)
	}
	switch src[i] {
	case ',':
		i++
		if open[len(open)-1] == arrayOpen {
			goto value
		}
		goto key
	case '}':
		goto closing
	case ']':
		if open[len(open)-1] != arrayOpen {
			return out, r.fail(i, "an object ends as an array")
		}
		i++
		open = open[:len(open)-1]
		goto after
	}
	return out, r.wrong(src, i, "a comma or the end of an array or object is missing")
closing:
	switch open[len(open)-1] {
	case arrayOpen:
		return out, r.fail(i, "an array ends as an object")
	case escapedOpen:
		// The inner brace is copied, that of {"@obj":…} is not.
		i++
		out = append(out, src[start:i]...)
		if i >= len(src) || src[i] != '}' {
			r.careful = i < len(src) && src[i] == ','
			return out, r.wrong(src, i, "the end of an object is missing")
		}
		start = i + 1
	}
	i++
	open = open[:len(open)-1]
	goto after
key:
	if i+9 <= len(src) && src[i] == '"' { // most keys are short: avoid the call
		w := binary.LittleEndian.Uint64(src[i+1:])
		if n := bits.TrailingZeros64(stops(w)) >> 3; n < 7 && src[i+n+1] == '"' && src[i+n+2] == ':' {
			r.high |= w & (1<<(8*n) - 1)
			i += n + 3
			goto value
		}
	}
	if _, i = r.key(src, i); i < 0 {
		return out, -1
	}
	goto value
}

// tag appends the object at i whose first key begins with "@". For an escaped
// object it returns the position of the object inside and unwrapped;
// otherwise the position after the object.
func (r *rewriter) tag(src []byte, i int, out []byte) (_ []byte, next int, unwrapped bool) {
	// The most frequent forms, as the server writes them.
	switch {
	case hasPrefix(src, i, refStart):
		if ref, ok := r.usualRef(src, i+len(refStart)); ok && ref.end < len(src) && src[ref.end] == '}' {
			return ref.append(src, out), ref.end + 1, false
		}
	case hasPrefix(src, i, `{"@ts":"`):
		const start = len(`{"@ts":`)
		if end := r.text(src, i+start+1); end > 0 && end < len(src) && src[end] == '}' {
			return append(out, src[i+start:end]...), end + 1, false
		}
	}
	key := i + 1
	keyEnd, value := r.key(src, key)
	if value < 0 {
		return out, -1, false
	}
	if value >= len(src) {
		return out, r.end(src), false
	}
	// An exact tag is an object with one key whose value has the tag's kind.
	switch string(src[key:keyEnd]) {
	case `"@ref"`:
		if ref, ok := r.ref(src, value); !ok {
			break
		} else if end := closeOf(src, ref.end); end > 0 {
			return ref.append(src, out), end, false
		}
	case `"@ts"`, `"@date"`, `"@bytes"`:
		if src[value] != '"' {
			break
		}
		valueEnd := r.text(src, value+1)
		if valueEnd < 0 {
			return out, -1, false
		}
		end := closeOf(src, valueEnd)
		if end < 0 {
			break
		}
		if keyEnd-key == len(`"@bytes"`) {
			return appendBase64URL(out, src[value:valueEnd]), end, false
		}
		return append(out, src[value:valueEnd]...), end, false
	case `"@obj"`:
		if !r.careful && src[value] == '{' && !hasPrefix(src, value+1, `"@set"`) {
			return out, value, true
		}
		fallthrough
	case `"@set"`, `"@query"`:
		switch verdict, end := r.verdict(src, i); verdict {
		case verdictFault:
			return out, -1, false
		case verdictObject:
			return out, value, true
		case verdictSet:
			return r.quote(src, value, end-1, out), end, false
		case verdictBare:
			return r.quote(src, i, end, out), end, false
		}
	}
	out, next = r.verbatim(src, i, out)
	return out, next, false
}

// closeOf returns the position after the brace that ends an object whose last
// value ends at i, or -1 if there is no such brace.
func closeOf(src []byte, i int) int {
	if i < len(src) && src[i] == '}' {
		return i + 1
	}
	return -1
}

func hasPrefix(src []byte, i int, prefix string) bool {
	return len(src)-i >= len(prefix) && string(src[i:i+len(prefix)]) == prefix
}

// appendBase64URL appends quoted base64 text in the URL alphabet. The server
// sends the standard alphabet; an escaped slash or plus counts as one.
func appendBase64URL(out, quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		return append(out, escapedBase64.Replace(string(quoted))...)
	}
	for _, c := range quoted {
		switch c {
		case '+':
			c = '-'
		case '/':
			c = '_'
		}
		out = append(out, c)
	}
	return out
}

var escapedBase64 = strings.NewReplacer(`\\`, `\\`, `\"`, `\"`, `\/`, "_", "/", "_", "+", "-", `\u002b`, "-", `\u002B`, "-", `\u002f`, "_", `\u002F`, "_")
