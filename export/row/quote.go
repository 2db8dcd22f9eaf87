package row

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// quote appends src[i:end], which was read ahead, as a string that holds its
// wire form, without the "@obj" around the stored sets inside.
func (r *rewriter) quote(src []byte, i, end int, out []byte) []byte {
	out = append(slices.Grow(out, 2*(end-i)+16), '"')
	ends := r.ends[:0]
	leave := func(before int) {
		for n := len(ends); n > 0 && ends[n-1] <= before; n-- {
			out = appendEscaped(out, src[i:ends[n-1]-1])
			i = ends[n-1]
			ends = ends[:n-1]
		}
	}
	for _, site := range r.sites[r.next:] {
		if site.start >= end {
			break
		}
		if site.verdict == verdictSet && site.start >= i {
			leave(site.start)
			out = appendEscaped(out, src[i:site.start])
			i = site.start + len(`{"@obj":`)
			ends = append(ends, site.end)
		}
	}
	leave(end)
	r.ends = ends
	return append(appendEscaped(out, src[i:end]), '"')
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
