package fauna

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// redacted replaces secrets.
const redacted = "[redacted]"

// Secret is the secret of a key or token. Printing or encoding it (fmt with any
// verb, JSON, text, slog) gives "[redacted]", and gob returns an error. The
// text is behind a pointer, because fmt cannot call methods of unexported
// fields and would print it otherwise. The zero value is no secret.
type Secret struct{ text *string }

// NewSecret returns the secret in text, without surrounding spaces, newlines
// and quotes.
func NewSecret(text string) Secret {
	text = strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("\"'`“”‘’\ufeff\u200b", r)
	})
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// reveal returns the text. Only the Authorization header and Scrub use it.
func (s Secret) reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Len returns the number of bytes of the secret.
func (s Secret) Len() int { return len(s.reveal()) }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.Len() == 0 }

// minPart is the shortest part of the secret that is hidden, in characters.
const minPart = 8

// Scrub replaces the secret in text with "[redacted]", and also any part of
// eight characters or more, because the text may be cut or contain only the key
// of a scoped secret ("SECRET:db/child:admin"). Letters may be of either case,
// and the part may be encoded, as in a URL, in hexadecimal, as base64 or with
// JSON's escapes. What follows the first colon of a scoped secret is not secret.
// A text of three characters or fewer is no key, but a wrong answer to a prompt: it
// stays, or it would take its letters out of every word.
func (s Secret) Scrub(text string) string {
	if s.Len() <= 3 {
		return text
	}
	text = strings.ReplaceAll(text, s.reveal(), redacted)
	key, _, _ := strings.Cut(lower(s.reveal()), ":")
	if len(key) <= 3 {
		return text
	}
	text = hide(text, key)
	return encodedRun.ReplaceAllStringFunc(text, func(run string) string {
		for _, plain := range decodings(run) {
			if hide(plain, key) != plain {
				return redacted
			}
		}
		return run
	})
}

// lower changes the letters of ASCII only, so that no length changes.
func lower(text string) string {
	small := []byte(text)
	for i, c := range small {
		if 'A' <= c && c <= 'Z' {
			small[i] = c + 'a' - 'A'
		}
	}
	return string(small)
}

// hide replaces the longest parts of a key, given in lower case, in a text.
func hide(text, key string) string {
	small, size := lower(text), min(minPart, len(key))
	var out strings.Builder
	from := 0 // start of the text not written yet
	for i := 0; i+size <= len(text); {
		end := i + size
		if !strings.Contains(key, small[i:end]) {
			i++
			continue
		}
		for end < len(text) && strings.Contains(key, small[i:end+1]) {
			end++
		}
		out.WriteString(text[from:i])
		out.WriteString(redacted)
		from, i = end, end
	}
	out.WriteString(text[from:])
	return out.String()
}

// encodedRun matches what may be a part of the secret in one of the encodings.
var encodedRun = regexp.MustCompile(`[A-Za-z0-9+/_=%\\-]{10,}`)

// escaped matches a character as a URL or JSON escapes it.
var escaped = regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}`)

// decodings returns the texts that run may encode.
func decodings(run string) []string {
	plain := escaped.ReplaceAllStringFunc(run, func(one string) string {
		code, _ := strconv.ParseUint(one[len(one)-2:], 16, 8) // always two hex digits
		return string([]byte{byte(code)})
	})
	list := []string{plain}
	digits := strings.NewReplacer("-", "+", "_", "/", "=", "", "%", "", "\\", "").Replace(plain)
	for cut := range min(4, len(digits)) { // it may begin within a group
		whole := digits[cut : len(digits)-(len(digits)-cut)%4]
		if decoded, err := base64.StdEncoding.DecodeString(whole); err == nil {
			list = append(list, string(decoded))
		}
		rest := digits[cut:]
		if decoded, err := base64.RawStdEncoding.DecodeString(rest); err == nil {
			list = append(list, string(decoded))
		}
		if decoded, err := hex.DecodeString(rest[:len(rest)/2*2]); err == nil {
			list = append(list, string(decoded))
		}
	}
	return list
}

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns "[redacted]", which JSON, XML and slog use too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
