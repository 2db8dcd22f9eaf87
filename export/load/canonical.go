package load

import (
	"bytes"
	"slices"
	"strconv"

	"fauna-export/export/row"
)

// canonical appends JSON in a canonical form, in which equal values have equal
// bytes: keys sorted and unique (the last of duplicates), numbers by their
// digits, strings with minimal escapes. It is used to compare what was sent
// with what jsonb returns.
func canonical(out, src []byte) []byte {
	c := canonizer{src: src}
	return c.value(out)
}

type canonizer struct {
	src []byte
	i   int
}

func (c *canonizer) space() {
	for c.i < len(c.src) && (c.src[c.i] == ' ' || c.src[c.i] == '\n' || c.src[c.i] == '\t' || c.src[c.i] == '\r') {
		c.i++
	}
}

func (c *canonizer) value(out []byte) []byte {
	c.space()
	switch b := c.src[c.i]; b {
	case '"':
		return c.text(out)
	case '{':
		return c.object(out)
	case '[':
		out = append(out, '[')
		c.i++
		for c.space(); c.src[c.i] != ']'; c.space() {
			if c.src[c.i] == ',' {
				c.i++
				out = append(out, ',')
				continue
			}
			out = c.value(out)
		}
		c.i++
		return append(out, ']')
	case 't', 'n':
		c.i += 4
		return append(out, b)
	case 'f':
		c.i += 5
		return append(out, b)
	}
	start := c.i
	for c.i < len(c.src) && isNumberByte(c.src[c.i]) {
		c.i++
	}
	return canonicalNumber(out, c.src[start:c.i])
}

func (c *canonizer) text(out []byte) []byte {
	end, escaped := stringEnd(c.src, c.i)
	quoted := c.src[c.i:end]
	c.i = end
	if !escaped {
		return append(out, quoted...)
	}
	text, ok := row.Unquote(nil, quoted)
	if !ok {
		return append(out, quoted...)
	}
	return row.Quote(out, text)
}

func (c *canonizer) object(out []byte) []byte {
	type member struct{ key, value []byte }
	var members []member
	c.i++
	for c.space(); c.src[c.i] != '}'; c.space() {
		if c.src[c.i] == ',' {
			c.i++
			c.space()
		}
		key := c.text(nil)
		c.space()
		c.i++ // the colon
		members = append(members, member{key, c.value(nil)})
	}
	c.i++
	slices.SortStableFunc(members, func(a, b member) int { return bytes.Compare(a.key, b.key) })
	out = append(out, '{')
	for i, m := range members {
		if i+1 < len(members) && bytes.Equal(m.key, members[i+1].key) {
			continue
		}
		if out[len(out)-1] != '{' {
			out = append(out, ',')
		}
		out = append(append(append(out, m.key...), ':'), m.value...)
	}
	return append(out, '}')
}

// canonicalNumber appends a number as its significant digits and a power of ten.
func canonicalNumber(out, text []byte) []byte {
	d := parseDecimal(text)
	if d.digits == 0 {
		return append(out, '0')
	}
	if d.negative {
		out = append(out, '-')
	}
	for _, c := range text[d.first : d.last+1] {
		if c != '.' {
			out = append(out, c)
		}
	}
	return strconv.AppendInt(append(out, 'e'), int64(d.point-d.digits), 10)
}
