package emulator

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// The settings of Node's util.inspect that the shell prints with.
const (
	inspectWidth     = 80  // breakLength
	inspectDepth     = 3   // compact
	inspectMaxItems  = 100 // maxArrayLength
	inspectMaxString = 10_000
	inspectMinLine   = 16 // kMinLineLength
)

// inspect prints a value as Node's util.inspect does with {depth: null}; not
// compact is its compact: false, where each entry has a line of its own.
func inspect(value any, compact bool) string {
	i := &inspector{compact: compact}
	return i.format(value, 0)
}

// An inspector lays out one value.
type inspector struct {
	compact bool
	indent  int
	deepest int // the level of the object or array entered last
}

// format lays out a value that stands level objects deep.
func (i *inspector) format(value any, level int) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(v)
	case float64:
		if v == 0 && math.Signbit(v) {
			return "-0"
		}
		return formatJSNumber(v)
	case string:
		return i.text(v)
	case jsText:
		return string(v)
	case []any:
		return i.array(v, level)
	case jsObject:
		return i.object(v, level)
	}
	return ""
}

// array lays out an array.
func (i *inspector) array(items []any, level int) string {
	if len(items) == 0 {
		return "[]"
	}
	i.deepest = level
	shown := items[:min(len(items), inspectMaxItems)]
	entries := make([]string, 0, len(shown)+1)
	numbers := true
	i.indent += 2
	for _, item := range shown {
		_, isNumber := item.(float64)
		numbers = numbers && isNumber
		entries = append(entries, i.format(item, level+1))
	}
	i.indent -= 2
	if rest := len(items) - len(shown); rest > 0 {
		plural := ""
		if rest > 1 {
			plural = "s"
		}
		entries = append(entries, fmt.Sprintf("... %d more item%s", rest, plural))
		_, isNumber := items[len(shown)].(float64)
		numbers = numbers && isNumber
	}
	count := len(entries)
	if i.compact && count > 6 {
		entries = i.group(entries, numbers)
	}
	return i.join(entries, "[", "]", level, len(entries) == count)
}

// keyPattern are the keys that need no quotes.
var keyPattern = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z_0-9]*$`)

// object lays out an object.
func (i *inspector) object(members jsObject, level int) string {
	if len(members) == 0 {
		return "{}"
	}
	i.deepest = level
	entries := make([]string, len(members))
	i.indent += 2
	for n, m := range members {
		key := m.key
		switch {
		case key == "__proto__":
			key = "['__proto__']"
		case !keyPattern.MatchString(key):
			key = quoteJS(key)
		}
		entries[n] = key + ": " + i.format(m.value, level+1)
	}
	i.indent -= 2
	return i.join(entries, "{", "}", level, true)
}

// join puts entries on one line where they are few, short and not too deep,
// else on a line each. It is reduceToSingleString of Node.
func (i *inspector) join(entries []string, open, closing string, level int, ungrouped bool) string {
	if i.compact && ungrouped && i.deepest-level < inspectDepth {
		total := len(entries) + len(entries) + i.indent + len(open) + 10
		fits := total+len(entries) <= inspectWidth
		for _, entry := range entries {
			total += units(entry)
			fits = fits && total <= inspectWidth && !strings.Contains(entry, "\n")
		}
		if fits {
			return open + " " + strings.Join(entries, ", ") + " " + closing
		}
	}
	line := "\n" + strings.Repeat(" ", i.indent)
	return open + line + "  " + strings.Join(entries, ","+line+"  ") + line + closing
}

// group arranges the entries of a longer array in columns. It is
// groupArrayElements of Node.
func (i *inspector) group(entries []string, numbers bool) []string {
	const separator = 2
	shown := len(entries)
	if shown > inspectMaxItems {
		shown-- // the last tells how many more there are
	}
	widths := make([]int, shown)
	total, longest := 0, 0
	for n := range shown {
		widths[n] = displayWidth(entries[n])
		total += widths[n] + separator
		longest = max(longest, widths[n])
	}
	widest := longest + separator
	if widest*3+i.indent >= inspectWidth || (float64(total)/float64(widest) <= 5 && longest > 6) {
		return entries
	}
	bias := math.Sqrt(float64(widest) - float64(total)/float64(len(entries)))
	biased := math.Max(float64(widest)-3-bias, 1)
	columns := min(
		int(math.Floor(math.Sqrt(2.5*biased*float64(shown))/biased+0.5)),
		(inspectWidth-i.indent)/widest,
		inspectDepth*4,
		15,
	)
	if columns <= 1 {
		return entries
	}
	var columnWidths []int
	for c := range columns {
		width := 0
		for n := c; n < shown; n += columns {
			width = max(width, widths[n])
		}
		columnWidths = append(columnWidths, width+separator)
	}
	var lines []string
	for start := 0; start < shown; start += columns {
		end := min(start+columns, shown)
		var line strings.Builder
		for n := start; n < end; n++ {
			text, width := entries[n], widths[n]
			space := columnWidths[n-start] - width
			if n < end-1 {
				text += ", "
			}
			space -= separator
			switch {
			case numbers:
				line.WriteString(strings.Repeat(" ", max(space, 0)) + text)
			case n < end-1:
				line.WriteString(text + strings.Repeat(" ", max(space, 0)))
			default:
				line.WriteString(text)
			}
		}
		lines = append(lines, line.String())
	}
	if shown < len(entries) {
		lines = append(lines, entries[shown])
	}
	return lines
}

// text lays out a string: cut if it is very long, broken at its newlines if it
// is longer than the line.
func (i *inspector) text(text string) string {
	trailer := ""
	if n := units(text); n > inspectMaxString {
		all := utf16.Encode([]rune(text))
		rest := n - inspectMaxString
		text = string(utf16.Decode(all[:inspectMaxString]))
		plural := ""
		if rest > 1 {
			plural = "s"
		}
		trailer = fmt.Sprintf("... %d more character%s", rest, plural)
	}
	if n := units(text); n > inspectMinLine && n > inspectWidth-i.indent-4 {
		lines := strings.SplitAfter(text, "\n")
		if lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
		for n, line := range lines {
			lines[n] = quoteJS(line)
		}
		return strings.Join(lines, " +\n"+strings.Repeat(" ", i.indent+2)) + trailer
	}
	return quoteJS(text) + trailer
}

// quoteJS quotes a string as Node prints it: in single quotes, or in those
// that it does not hold. Control characters are escaped.
func quoteJS(text string) string {
	quote := '\''
	if strings.Contains(text, "'") {
		if !strings.Contains(text, `"`) {
			quote = '"'
		} else if !strings.Contains(text, "`") && !strings.Contains(text, "${") {
			quote = '`'
		}
	}
	var out strings.Builder
	out.WriteRune(quote)
	for _, r := range text {
		switch {
		case r == '\'' && quote == '\'', r == '\\':
			out.WriteString(`\` + string(r))
		case r < 0x20 && strings.ContainsRune("\b\t\n\f\r", r):
			out.WriteString(`\` + string("btnfr"[strings.IndexRune("\b\t\n\f\r", r)]))
		case r < 0x20, r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&out, `\x%02X`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteRune(quote)
	return out.String()
}

// units is the length of a text as JavaScript counts it.
func units(text string) int {
	n := 0
	for _, r := range text {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// displayWidth is the number of columns that a text takes on a terminal, near
// enough: two for East Asian characters and pictures, none for marks.
func displayWidth(text string) int {
	width := 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r), unicode.Is(unicode.Cf, r):
		case unicode.Is(unicode.Han, r), unicode.Is(unicode.Hangul, r), unicode.Is(unicode.Hiragana, r),
			unicode.Is(unicode.Katakana, r), r >= 0xff01 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff:
			width += 2
		default:
			width++
		}
	}
	return width
}
