package fql

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The kinds of tokens in a text.
const (
	endToken    = iota
	nameToken   // a name or a word
	stringToken // a string, its value in json
	numberToken // a number, its value in json
	markToken   // one of ( ) [ ] { } , : ; . + - =>
)

// A textToken is one word or mark of a text.
type textToken struct {
	kind         int
	text         string // as written
	json         string // the value of a string or number
	start, end   int    // bytes of the text
	line, column int    // counted from 1
	separate     bool   // the first on its line
}

func (t textToken) is(mark string) bool { return t.kind == markToken && t.text == mark }

func (t textToken) problem(text string) error { return &SyntaxError{t.line, t.column, text} }

// describe names the token for an error.
func (t textToken) describe() string {
	switch t.kind {
	case endToken:
		return "the end of the text"
	case stringToken:
		return "a string"
	case numberToken:
		return "a number"
	}
	return "'" + t.text + "'"
}

// A scanner splits a text into tokens.
type scanner struct {
	text         string
	at           int
	line, column int
}

// readTokens splits a text into tokens; the last one marks the end.
func readTokens(text string) ([]textToken, error) {
	s := &scanner{text: strings.TrimPrefix(text, "\ufeff"), line: 1, column: 1}
	offset := len(text) - len(s.text)
	var tokens []textToken
	for {
		line := s.line
		if err := s.skip(); err != nil {
			return nil, err
		}
		t := textToken{start: s.at, line: s.line, column: s.column, separate: s.line > line}
		if len(tokens) == 0 {
			t.separate = true
		}
		if s.at < len(s.text) {
			if err := s.token(&t); err != nil {
				return nil, err
			}
		}
		t.text = s.text[t.start:s.at]
		t.start, t.end = t.start+offset, s.at+offset
		tokens = append(tokens, t)
		if t.kind == endToken {
			return tokens, nil
		}
	}
}

func (s *scanner) rune() rune {
	r, _ := utf8.DecodeRuneInString(s.text[s.at:])
	return r
}

func (s *scanner) has(prefix string) bool { return strings.HasPrefix(s.text[s.at:], prefix) }

// step consumes one character.
func (s *scanner) step() {
	r, size := utf8.DecodeRuneInString(s.text[s.at:])
	s.at += size
	s.column++
	if newline(r) && (r != '\r' || !s.has("\n")) {
		s.line++
		s.column = 1
	}
}

// newline reports whether JavaScript ends a line at r.
func newline(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }

// problem returns an error at the scanner's position.
func (s *scanner) problem(text string) error { return &SyntaxError{s.line, s.column, text} }

// skip skips white space and comments.
func (s *scanner) skip() error {
	for s.at < len(s.text) {
		r := s.rune()
		switch {
		case unicode.IsSpace(r) || r == '\ufeff' || newline(r):
			s.step()
		case s.has("//"):
			for s.at < len(s.text) && !newline(s.rune()) {
				s.step()
			}
		case s.has("/*"):
			start := *s
			length := strings.Index(s.text[s.at+2:], "*/")
			if length < 0 {
				return start.problem("unterminated comment")
			}
			for end := s.at + length + 4; s.at < end; {
				s.step()
			}
		default:
			return nil
		}
	}
	return nil
}

// token reads the token that starts here.
func (s *scanner) token(t *textToken) error {
	r := s.rune()
	switch {
	case r == '\'' || r == '"':
		t.kind = stringToken
		return s.quoted(t, r)
	case r >= '0' && r <= '9', r == '.' && s.at+1 < len(s.text) && s.text[s.at+1] >= '0' && s.text[s.at+1] <= '9':
		t.kind = numberToken
		return s.number(t)
	case nameRune(r):
		t.kind = nameToken
		for s.at < len(s.text) && nameRune(s.rune()) {
			s.step()
		}
		return nil
	case s.has("=>"):
		t.kind = markToken
		s.step()
		s.step()
		return nil
	case strings.ContainsRune("()[]{},:;.+-", r):
		t.kind = markToken
		s.step()
		return nil
	case r == '`':
		return s.problem("template strings are not supported; use single or double quotes")
	case r == '“' || r == '”' || r == '‘' || r == '’':
		return s.problem("this is a typographic quote; use a plain one")
	}
	if r == utf8.RuneError || unicode.IsControl(r) || !unicode.IsPrint(r) {
		return s.problem(fmt.Sprintf("unexpected character U+%04X", r))
	}
	return s.problem("unexpected '" + string(r) + "'")
}

// nameRune reports whether a name may contain r.
func nameRune(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// quoted reads a string; its value goes to t.json.
func (s *scanner) quoted(t *textToken, quote rune) error {
	start := *s
	s.step()
	var units []uint16
	for {
		if s.at >= len(s.text) || newline(s.rune()) && s.rune() < 0x80 {
			return start.problem("unterminated string")
		}
		r := s.rune()
		switch r {
		case quote:
			s.step()
			t.json = quoteUnits(units)
			return nil
		case '\\':
			var err error
			if units, err = s.escape(units); err != nil {
				return err
			}
		default:
			units = utf16.AppendRune(units, r)
			s.step()
		}
	}
}

// escape reads an escape in a string.
func (s *scanner) escape(units []uint16) ([]uint16, error) {
	start := *s
	s.step()
	if s.at >= len(s.text) {
		return nil, start.problem("unterminated string")
	}
	r := s.rune()
	simple := map[rune]uint16{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f', 'v': '\v'}
	switch {
	case r == 'x':
		s.step()
		code, ok := s.hex(2)
		if !ok {
			return nil, start.problem("\\x needs two hexadecimal digits")
		}
		return append(units, uint16(code)), nil
	case r == 'u' && strings.HasPrefix(s.text[s.at:], "u{"):
		s.step()
		s.step()
		length := strings.IndexByte(s.text[s.at:], '}')
		code, ok := s.hex(length)
		if !ok || code > unicode.MaxRune {
			return nil, start.problem("\\u{ needs a character's hexadecimal number and }")
		}
		s.step()
		if utf16.IsSurrogate(rune(code)) {
			return append(units, uint16(code)), nil
		}
		return utf16.AppendRune(units, rune(code)), nil
	case r == 'u':
		s.step()
		code, ok := s.hex(4)
		if !ok {
			return nil, start.problem("\\u needs four hexadecimal digits")
		}
		return append(units, uint16(code)), nil
	case r == '0' && (s.at+1 >= len(s.text) || s.text[s.at+1] < '0' || s.text[s.at+1] > '9'):
		s.step()
		return append(units, 0), nil
	case r >= '0' && r <= '9':
		return nil, start.problem("octal escapes are not supported")
	case r == '\r':
		s.step()
		if s.at < len(s.text) && s.rune() == '\n' {
			s.step()
		}
		return units, nil // a continued line
	case newline(r):
		s.step()
		return units, nil
	}
	if code, ok := simple[r]; ok {
		s.step()
		return append(units, code), nil
	}
	s.step()
	return utf16.AppendRune(units, r), nil
}

// hex reads n hexadecimal digits, 1 to 8.
func (s *scanner) hex(n int) (uint64, bool) {
	if n < 1 || n > 8 || s.at+n > len(s.text) {
		return 0, false
	}
	for i := range n {
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(s.text[s.at+i])) {
			return 0, false
		}
	}
	code, err := strconv.ParseUint(s.text[s.at:s.at+n], 16, 64)
	if err != nil {
		return 0, false
	}
	for range n {
		s.step()
	}
	return code, true
}

// number reads a number; its JSON, as JavaScript writes it, goes to t.json.
func (s *scanner) number(t *textToken) error {
	start := *s
	for s.at < len(s.text) {
		r := s.rune()
		if (r == '+' || r == '-') && !strings.ContainsAny(s.text[s.at-1:s.at], "eE") {
			break
		}
		if r != '.' && r != '+' && r != '-' && !nameRune(r) {
			break
		}
		s.step()
	}
	text := s.text[start.at:s.at]
	lower := strings.ToLower(text)
	var value float64
	var err error
	switch {
	case strings.HasPrefix(lower, "0x"), strings.HasPrefix(lower, "0o"), strings.HasPrefix(lower, "0b"):
		var whole uint64
		whole, err = strconv.ParseUint(lower, 0, 64)
		value = float64(whole)
	case len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9', strings.Trim(lower, "0123456789.e+-_") != "":
		err = strconv.ErrSyntax
	default:
		value, err = strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		if math.IsInf(value, 0) {
			t.json = "null" // what JavaScript's JSON makes of Infinity
			return nil
		}
	}
	if err != nil {
		return start.problem("this is not a number")
	}
	t.json = formatJSNumber(value)
	return nil
}
