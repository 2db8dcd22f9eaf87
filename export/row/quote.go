package row

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// quoted appends the set or query at i, the value of whose first key is at
// value, as a string that holds its wire form: without spaces, and without the
// "@obj" directly around a set inside. It returns the position after it, and
// whether it has that one key; if not, nothing is appended.
func (r *rewriter) quoted(src []byte, i, value int, out []byte) (_ []byte, end int, exact bool) {
	if i < r.judged {
		// It was already read ahead as part of an outer object.
		if end = r.skip(src, value); end < 0 {
			return out, -1, false
		}
		if end = closeOf(src, end); end < 0 {
			return out, 0, false
		}
		return r.quoteLoose(src, i, end, out), end, true
	}
	r.forget()
	if end = r.ahead(&r.scanner, src, i); end < 0 {
		return out, -1, false
	}
	r.judged = end
	if r.outermost != 1 {
		return out, 0, false
	}
	return r.quote(src, i, end, out), end, true
}

// quote appends src[i:end], which has just been read ahead.
func (r *rewriter) quote(src []byte, i, end int, out []byte) []byte {
	if r.spaces {
		return r.quoteLoose(src, i, end, out)
	}
	out = slices.Grow(out, 2*(end-i)+16)
	out = append(out, '"')
	closing := r.dropped[:0] // ends of stored sets that are open
	for _, site := range r.verdicts {
		if site.verdict != verdictSet || site.start < i || site.end > end {
			continue
		}
		for n := len(closing); n > 0 && closing[n-1] <= site.start; n-- {
			out = appendEscaped(out, src[i:closing[n-1]-1])
			i = closing[n-1]
			closing = closing[:n-1]
		}
		out = appendEscaped(out, src[i:site.start])
		i = site.start + len(`{"@obj":`)
		closing = append(closing, site.end)
	}
	for n := len(closing); n > 0; n-- {
		out = appendEscaped(out, src[i:closing[n-1]-1])
		i = closing[n-1]
	}
	r.dropped = closing[:0]
	out = appendEscaped(out, src[i:end])
	return append(out, '"')
}

// quoteLoose appends src[i:end], already scanned, without the white space
// outside strings.
func (r *rewriter) quoteLoose(src []byte, i, end int, out []byte) []byte {
	dropped := r.dropped[:0] // depths at which a closing brace is left out
	depth := 0
	out = append(out, '"')
	for i < end {
		c := src[i]
		switch c {
		case '"':
			textEnd := r.text(src, i+1)
			out = slices.Grow(out, 2*(textEnd-i)+8)
			out = appendEscaped(out, src[i:textEnd])
			i = textEnd
			continue
		case ' ', '\n', '\r', '\t':
			i++
			continue
		case '{':
			depth++
			if key := space(src, i+1); hasPrefix(src, key, `"@obj"`) {
				if verdict, _ := r.verdict(&r.scanner, src, i); verdict == verdictSet {
					dropped = append(dropped, depth)
					_, i = r.key(src, key)
					continue
				}
			}
		case '}':
			depth--
			if n := len(dropped); n > 0 && dropped[n-1] == depth+1 {
				dropped = dropped[:n-1]
				i++
				continue
			}
		}
		out = append(out, c)
		i++
	}
	r.dropped = dropped[:0]
	return append(out, '"')
}

const storedSetStart = `{"@obj":{"@set":{"`

// usualSet reads a stored set of the most frequent kinds, the documents of a
// collection and the matches of an index with at most one term that is a
// string, as the server writes it. It returns the position after it, or -1 for
// anything else.
func (s *scanner) usualSet(src []byte, i int) int {
	i += len(storedSetStart)
	match := hasPrefix(src, i, `match":{"@ref":`)
	switch {
	case match:
		i += len(`match":{"@ref":`)
	case hasPrefix(src, i, `documents":{"@ref":`):
		i += len(`documents":{"@ref":`)
	default:
		return -1
	}
	ref, ok := s.usualRef(src, i)
	if !ok || ref.end >= len(src) || src[ref.end] != '}' {
		return -1
	}
	i = ref.end + 1
	if match && hasPrefix(src, i, `,"terms":"`) {
		if i = s.text(src, i+len(`,"terms":"`)); i < 0 {
			return -1
		}
	}
	if !hasPrefix(src, i, `}}}`) {
		return -1
	}
	return i + len(`}}}`)
}

// appendQuoted appends JSON text without white space as a JSON string.
func appendQuoted(out, text []byte) []byte {
	out = slices.Grow(out, 2*len(text)+16)
	out = appendEscaped(append(out, '"'), text)
	return append(out, '"')
}

// appendEscaped appends JSON text so that it can stand in a JSON string. There
// must be room for twice its length plus eight bytes: it writes eight bytes at
// a time and then rewrites those after the first quote or backslash.
func appendEscaped(out, text []byte) []byte {
	to := out[len(out):cap(out)]
	i, k := 0, 0
	for i+8 <= len(text) {
		w := binary.LittleEndian.Uint64(text[i:])
		binary.LittleEndian.PutUint64(to[k:], w)
		quote := w ^ ('"' * everyByte)
		slash := w ^ ('\\' * everyByte)
		stop := ((quote-everyByte)&^quote | (slash-everyByte)&^slash) & highBits
		if stop == 0 {
			i += 8
			k += 8
			continue
		}
		n := bits.TrailingZeros64(stop) >> 3
		i += n + 1
		k += n + 2
		to[k-2], to[k-1] = '\\', text[i-1]
	}
	for ; i < len(text); i++ {
		if c := text[i]; c == '"' || c == '\\' {
			to[k] = '\\'
			k++
		}
		to[k] = text[i]
		k++
	}
	return out[:len(out)+k]
}
