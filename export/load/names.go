package load

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// namer returns names that are unique after folding case and Unicode form. A name
// does not depend on the order of requests, unless two collide.
type namer struct {
	longest int // in bytes
	refused func(folded string) bool
	taken   map[string]bool
}

func newNamer(d *dialect, refused func(folded string) bool, taken ...string) *namer {
	n := &namer{longest: d.longestName, refused: refused, taken: map[string]bool{}}
	for _, name := range taken {
		n.taken[fold(name)] = true
	}
	return n
}

// fold maps names that are too similar to the same value.
func fold(name string) string { return norm.NFC.String(cases.Fold().String(norm.NFC.String(name))) }

// name returns a name as close to the wanted one as possible. A name that is too
// long, taken or reserved gets a hash at the end.
func (n *namer) name(wanted string) string {
	if folded := fold(wanted); wanted != "" && len(wanted) <= n.longest && !n.taken[folded] && !n.refused(folded) && utf8.ValidString(wanted) && !strings.ContainsRune(wanted, 0) {
		n.taken[folded] = true
		return wanted
	}
	base := strings.ToValidUTF8(strings.ReplaceAll(wanted, "\x00", ""), "")
	if n.refused(fold(base + "_")) { // names with this prefix are reserved, whatever follows
		base = "_" + base
	}
	// Somebody may have given fields the first names that are tried, but not all of them.
	for sum := sha256.Sum256([]byte(wanted)); ; sum = sha256.Sum256(sum[:]) {
		mark := hex.EncodeToString(sum[:4])
		name := cutText(base, n.longest-len(mark)-1) + "_" + mark
		if folded := fold(name); !n.taken[folded] && !n.refused(folded) {
			n.taken[folded] = true
			return name
		}
	}
}

// cutText truncates text at a character boundary.
func cutText(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	for longest > 0 && !utf8.RuneStart(text[longest]) {
		longest--
	}
	return text[:longest]
}
