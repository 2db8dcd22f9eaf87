package emulator

import (
	"bytes"
	"encoding/json"
	"regexp"
)

// emptyBrackets finds empty objects and arrays outside strings, and strings.
var emptyBrackets = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\{\}|\[\]`)

// indentJSON indents JSON as a real server does: two spaces a level, empty
// objects and arrays with a space inside, and a newline at the end.
func indentJSON(body []byte) []byte {
	var out bytes.Buffer
	if json.Indent(&out, bytes.TrimSpace(body), "", "  ") != nil {
		return body
	}
	text := emptyBrackets.ReplaceAllFunc(out.Bytes(), func(found []byte) []byte {
		if found[0] == '"' {
			return found
		}
		return []byte{found[0], ' ', found[1]}
	})
	return append(text, '\n')
}
