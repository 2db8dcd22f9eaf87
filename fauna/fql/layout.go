package fql

import (
	"strings"
	"unicode/utf8"
)

// lineWidth is the longest line of FQL, in columns, that is not wrapped.
const lineWidth = 90

// piece is a piece of FQL text: a word, or parts between an opening and an end.
type piece struct {
	lead  string // before it: an object's key with its colon
	text  string // of a word
	open  string
	parts []piece
	end   string
	wide  bool // on one line with spaces inside the brackets
	tall  bool // always on several lines
}

// flat returns the text on one line.
func (t piece) flat() string {
	if t.open == "" {
		return t.lead + t.text
	}
	parts := make([]string, len(t.parts))
	for i, part := range t.parts {
		parts[i] = part.flat()
	}
	inner := strings.Join(parts, ", ")
	if t.wide && inner != "" {
		inner = " " + inner + " "
	}
	return t.lead + t.open + inner + t.end
}

// lines returns the text, wrapped where a line would be too long, given that
// indent spaces precede it and after more columns follow.
func (t piece) lines(indent, after int) string {
	flat := t.flat()
	if !t.tall && (t.open == "" || len(t.parts) == 0 || utf8.RuneCountInString(flat)+indent+after <= lineWidth) {
		return flat
	}
	var b strings.Builder
	b.WriteString(t.lead + t.open + "\n")
	for i, part := range t.parts {
		comma := ","
		if i == len(t.parts)-1 {
			comma = ""
		}
		b.WriteString(strings.Repeat(" ", indent+2) + part.lines(indent+2, len(comma)) + comma + "\n")
	}
	b.WriteString(strings.Repeat(" ", indent) + t.end)
	return b.String()
}
