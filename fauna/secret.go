package fauna

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
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

// leastPart is the shortest part of the secret that is hidden, in characters.
const leastPart = 8

// Scrub replaces the secret in text with "[redacted]", and also any part of
// eight characters or more, because the text may be cut or contain only the key
// of a scoped secret ("SECRET:db/child:admin"). What follows the first colon of
// a scoped secret is not secret.
func (s Secret) Scrub(text string) string {
	if s.IsZero() {
		return text
	}
	text = strings.ReplaceAll(text, s.reveal(), redacted)
	key, _, _ := strings.Cut(s.reveal(), ":")
	if key == "" {
		return text
	}
	text = strings.ReplaceAll(text, key, redacted)
	if len(key) <= leastPart {
		return text
	}
	parts := make(map[string]bool, len(key))
	for i := range len(key) - leastPart + 1 {
		parts[key[i:i+leastPart]] = true
	}
	var out strings.Builder
	from := 0 // start of the text not written yet
	for i := 0; i+leastPart <= len(text); {
		if !parts[text[i:i+leastPart]] {
			i++
			continue
		}
		end := i + leastPart
		for end < len(text) && strings.Contains(key, text[i:end+1]) {
			end++
		}
		out.WriteString(text[from:i])
		out.WriteString(redacted)
		from, i = end, end
	}
	out.WriteString(text[from:])
	return out.String()
}

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (s Secret) GoString() string { return redacted }

// Format writes "[redacted]" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns "[redacted]".
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON returns "[redacted]" as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// LogValue returns "[redacted]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// GobEncode returns an error.
func (s Secret) GobEncode() ([]byte, error) {
	return nil, errors.New("a secret can't be encoded")
}
