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

// appendEscaped appends JSON text so that it can stand in a JSON string. There
// must be room for twice its length.
func appendEscaped(out, text []byte) []byte { return appendMarked(out, text, '\\', '\\') }

// appendMarked appends text with a mark before every quote and every other. There
// must be room for as many marks: it writes eight bytes at a time, and then
// rewrites those after the first mark.
func appendMarked(out, text []byte, mark, other byte) []byte {
	to := out[len(out):cap(out)]
	others := uint64(other) * everyByte
	i, k := 0, 0
	for i+8 <= len(text) {
		w := binary.LittleEndian.Uint64(text[i:])
		binary.LittleEndian.PutUint64(to[k:], w)
		quote := w ^ ('"' * everyByte)
		stop := (quote - everyByte) &^ quote & highBits
		if other != '"' {
			found := w ^ others
			stop |= (found - everyByte) &^ found & highBits
		}
		if stop == 0 {
			i += 8
			k += 8
			continue
		}
		n := bits.TrailingZeros64(stop) >> 3
		i += n + 1
		k += n + 2
		to[k-2], to[k-1] = mark, text[i-1]
	}
	for ; i < len(text); i++ {
		if c := text[i]; c == '"' || c == other {
			to[k] = mark
			k++
		}
		to[k] = text[i]
		k++
	}
	return out[:len(out)+k]
}
