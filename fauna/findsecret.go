package fauna

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fauna-export/fauna/fql"
)

// Secrets of keys and tokens are unpadded base64url: of 30 bytes (40
// characters, "fnA…") for a key, of 38 bytes (51 characters, "fnE…") for a
// token.
const (
	keyLength   = 40
	tokenLength = 51
)

var (
	// secretField is the member "secret" as the shell prints it (secret: '…')
	// and as JSON ("secret":"…"), but not "hashed_secret".
	secretField = regexp.MustCompile(`(?:^|[^\w$])["']?secret["']?\s*:\s*(?:"([^"\s]+)"|'([^'\s]+)')`)
	// secretToken matches a secret that is a word in a longer text.
	secretToken = regexp.MustCompile(`(?:^|[^\w-])(fn[A-Za-z0-9_-]{30,60})(?:[^\w-]|$)`)
)

func looksLikeSecret(text string) bool {
	return strings.HasPrefix(text, "fn") && len(text) >= 30 && !strings.ContainsAny(text, ".:/[]")
}

// FindSecret extracts the secret from pasted text: the secret alone, in quotes
// or not, or the whole answer of CreateKey as the shell prints it or as JSON.
// The note is "" or a sentence about what is odd; it never repeats the secret.
// If nothing in the text can be a secret, the result is zero and the note says
// so.
func FindSecret(pasted string) (s Secret, note string) {
	text := strings.TrimSpace(fql.StripEscapes(pasted))
	if text == "" {
		return Secret{}, ""
	}
	found := distinct(secretField.FindAllStringSubmatch(text, -1))
	if len(found) == 0 && strings.ContainsAny(text, " \t\r\n=(,{") {
		found = distinct(secretToken.FindAllStringSubmatch(text, -1))
	}
	switch len(found) {
	case 0:
		s = NewSecret(text)
		switch {
		case strings.ContainsAny(s.reveal(), " \t\r\n{}"):
			return Secret{}, "No secret found. Look for `secret:` in the output of CreateKey."
		case strings.HasPrefix(s.reveal(), "$2"):
			return Secret{}, "This is the hashed_secret, which gives no access. Look for `secret:` in the output."
		}
	case 1:
		s = NewSecret(found[0])
	default:
		return NewSecret(found[len(found)-1]), fmt.Sprintf("The text contains %d secrets; using the last one.", len(found))
	}
	return s, unusualShape(s)
}

// distinct returns the non-empty groups of the matches, without duplicates.
func distinct(matches [][]string) []string {
	var found []string
	for _, groups := range matches {
		for _, g := range groups[1:] {
			if g != "" && !slices.Contains(found, g) {
				found = append(found, g)
			}
		}
	}
	return found
}

// unusualShape says what is unusual about a secret's shape, or "".
func unusualShape(s Secret) string {
	key, _, _ := strings.Cut(s.reveal(), ":")
	switch {
	case s.IsZero(), strings.HasPrefix(key, "ey") && strings.Count(key, ".") == 2:
		return ""
	case !strings.HasPrefix(key, "fn"):
		return "This doesn't look like a key's secret, which starts with fn. Trying it as it is."
	case len(key) != keyLength && len(key) != tokenLength:
		return fmt.Sprintf("A key's secret has %d characters, this has %d. Is it complete? Trying it as it is.", keyLength, len(key))
	}
	return ""
}
