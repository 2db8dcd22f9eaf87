package fql

import "strings"

// Print returns a wire value as FQL text, on several lines if it is long.
// Anything that FQL has no text for is returned unchanged.
func Print(wire []byte) string {
	if n, err := ParseJSON(wire); err == nil {
		p := newPrinter()
		if text := p.value(n); p.err == nil {
			return text.lines(0, 0)
		}
	}
	return strings.TrimSpace(string(wire))
}
