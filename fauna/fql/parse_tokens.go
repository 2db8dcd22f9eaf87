package fql

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"text/scanner"
	"unicode"
)

// A SyntaxError says where and why a text is not FQL. Lines and columns count
// from 1, columns in characters.
type SyntaxError struct {
	Line, Column int
	Problem      string // without a full stop
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// The kinds of tokens in a text.
const (
	endToken    = iota
	nameToken   // a name or a word
	stringToken // a string
	numberToken // a number
	markToken   // one of ( ) [ ] { } , : ; . + - =>
)

// A textToken is one word or mark of a text.
type textToken struct {
	kind     int
	text     string // as written; of a string and a number, its value as JavaScript's JSON writes it
	at       scanner.Position
	separate bool // the first on its line
}

func (t textToken) is(mark string) bool { return t.kind == markToken && t.text == mark }

// problem is an error at the token.
func (t textToken) problem(text string) *SyntaxError {
	return &SyntaxError{t.at.Line, t.at.Column, text}
}

// describe names the token for an error.
func (t textToken) describe() string {
	switch t.kind {
	case endToken:
		return "end of text"
	case stringToken:
		return "a string"
	case numberToken:
		return "a number"
	}
	return "'" + t.text + "'"
}

// readTokens splits a text into tokens; the last one marks the end.
func readTokens(text string) []textToken {
	var s scanner.Scanner
	s.Init(strings.NewReader(text))
	s.Mode = scanner.ScanIdents | scanner.ScanInts | scanner.ScanFloats | scanner.ScanComments | scanner.SkipComments
	s.IsIdentRune = func(r rune, i int) bool {
		return r == '_' || r == '$' || unicode.IsLetter(r) || i > 0 && unicode.IsDigit(r)
	}
	s.Error = func(s *scanner.Scanner, text string) {
		switch {
		case strings.HasPrefix(text, "comment"):
			text = "unterminated comment"
		case strings.HasPrefix(text, "invalid character"), strings.HasPrefix(text, "invalid UTF-8"):
			return // named below
		default:
			text = "this is not a number"
		}
		panic(textToken{at: s.Position}.problem(text))
	}
	var tokens []textToken
	for line := 0; ; {
		r := s.Scan()
		if unicode.IsSpace(r) || r == '\ufeff' {
			continue
		}
		at := s.Position
		if !at.IsValid() { // at the end of an empty text
			at = s.Pos()
		}
		t := textToken{kind: markToken, text: s.TokenText(), at: at, separate: at.Line > line}
		switch {
		case r == scanner.EOF:
			t.kind = endToken
		case r == scanner.Ident:
			t.kind = nameToken
		case r == scanner.Int, r == scanner.Float:
			t.kind = numberToken
			t.text = t.numberValue(&s)
		case r == '"', r == '\'':
			t.kind = stringToken
			t.text = t.stringValue(&s, r)
		case r == '=' && s.Peek() == '>':
			s.Next()
			t.text = "=>"
		case !strings.ContainsRune("()[]{},:;.+-", r):
			panic(t.problem(strange(r)))
		}
		line = s.Pos().Line
		tokens = append(tokens, t)
		if t.kind == endToken {
			return tokens
		}
	}
}

// strange says what is wrong with a character.
func strange(r rune) string {
	switch {
	case r == '`':
		return "template strings are not supported; use single or double quotes"
	case strings.ContainsRune("“”‘’", r):
		return "this is a typographic quote; use a plain one"
	case r == unicode.ReplacementChar || !unicode.IsPrint(r):
		return fmt.Sprintf("unexpected character U+%04X", r)
	}
	return "unexpected '" + string(r) + "'"
}

// numberValue returns the number just scanned.
func (t textToken) numberValue(s *scanner.Scanner) string {
	text := t.text
	whole, err := strconv.ParseUint(text, 0, 64)
	value := float64(whole)
	if err != nil {
		value, err = strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	}
	switch {
	case math.IsInf(value, 0):
		return "null" // what JavaScript's JSON makes of Infinity
	case err != nil, s.IsIdentRune(s.Peek(), 1), len(text) > 1 && text[0] == '0' && '0' <= text[1] && text[1] <= '9':
		panic(t.problem("this is not a number"))
	}
	shown, _ := json.Marshal(value) // it is finite
	return string(shown)
}

// stringValue reads the string whose quote was just scanned.
func (t textToken) stringValue(s *scanner.Scanner, quote rune) string {
	text, bad, closed := readString(s, quote)
	switch {
	case !closed:
		panic(t.problem("unterminated string"))
	case bad != "":
		panic(t.problem("invalid escape " + bad))
	}
	return text
}

// readString reads the rest of a string whose quote was just read, at most to the end
// of the line. bad is the first escape that JavaScript does not know.
func readString(s *scanner.Scanner, quote rune) (text, bad string, closed bool) {
	var raw strings.Builder
	r := s.Next()
	for ; r != quote && r != scanner.EOF && r != '\n' && r != '\r'; r = s.Next() {
		raw.WriteRune(r)
		if r == '\\' && s.Peek() != scanner.EOF {
			escaped := s.Next()
			raw.WriteRune(escaped)
			if escaped == '\r' && s.Peek() == '\n' { // one line end
				raw.WriteRune(s.Next())
			}
		}
	}
	text, bad = unescape(raw.String())
	return text, bad, r == quote
}

// inString finds what JSON writes differently from JavaScript in a string:
// escapes, quotes and controls.
var inString = regexp.MustCompile(`(?s)\\(?:u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|.|$)|"|[\x00-\x1f]`)

// unescape returns the text of a JavaScript string without its quotes, and the
// first escape that JavaScript does not know.
func unescape(raw string) (text, bad string) {
	escaped := inString.ReplaceAllStringFunc(raw, func(found string) string {
		c := rune(found[len(found)-1])
		if len(found) > 1 {
			c = rune(found[1])
		}
		switch {
		case len(found) > 1 && (c == '\r' || c == '\n'): // a continued line
			return ""
		case found[0] != '\\' || c < ' ':
			return fmt.Sprintf(`\u%04x`, c)
		case len(found) > 2 && c == 'u' && found[2] == '{':
			if code, err := strconv.ParseInt(found[3:len(found)-1], 16, 32); err == nil && code <= unicode.MaxRune {
				quoted := AppendString(nil, string(rune(code)))
				return string(quoted[1 : len(quoted)-1])
			}
		case len(found) > 2 && c == 'x':
			return `\u00` + found[2:]
		case len(found) > 2 && c == 'u', len(found) == 2 && strings.ContainsRune(`bfnrt"\/`, c):
			return found
		case c == '0':
			return `\u0000`
		case c == 'v':
			return `\u000b`
		case len(found) > 1 && !strings.ContainsRune("123456789xu", c):
			return found[1:]
		}
		bad = cmp.Or(bad, found)
		return ""
	})
	_ = json.Unmarshal([]byte(`"`+escaped+`"`), &text) // every escape is JSON's
	return text, bad
}
