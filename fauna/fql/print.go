package fql

import "strings"

// Print returns a value of the wire as FQL text, over several lines where it is
// long. What FQL has no text for is returned as it came.
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
