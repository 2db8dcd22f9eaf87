package fql

import "strings"

// Print returns a wire value as FQL text, on several lines if it is long.
// Anything that FQL has no text for is returned unchanged.
func Print(wire []byte) string {
	n, err := parseWire(wire)
	if err != nil {
		return strings.TrimSpace(string(wire))
	}
	text, err := newPrinter().value(n)
	if err != nil {
		return strings.TrimSpace(string(wire))
	}
	return text.lines(0, 0)
}
