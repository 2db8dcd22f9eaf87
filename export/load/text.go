package load

import (
	"strconv"

	"fauna-export/export/row"
)

// count formats a number with commas.
func count(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// unquoted returns the text of a JSON string.
func unquoted(quoted string) string {
	text, _ := row.Unquote(nil, []byte(quoted))
	return string(text)
}

// leads formats a number of refs for "… refs lead to".
func leads(n int64) string {
	if n == 1 {
		return "1 ref points"
	}
	return count(n) + " refs point"
}
