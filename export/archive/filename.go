package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"fauna-export/export/row"
)

// maxFileName is the longest name that FileName returns, in bytes and without
// extension.
const maxFileName = 200

// FileName returns the name of a collection's file, without extension, valid on
// any file system: letters and digits of any script and "-", "_", "." stay, the
// rest is percent-escaped. Names over 200 bytes are truncated and end in "~" and
// a hash. Two collections can still clash if case is ignored: see FileNames.
func FileName(collection string) string {
	name := escapeName(collection)
	if len(name) > maxFileName {
		return hashedName(name, collection)
	}
	return name
}

// FileNames is FileName for several collections in one folder: names that differ
// only in case end in "~" and a hash, and so does a name that looks like a part
// of another collection.
func FileNames(collections []string) map[string]string {
	folded := make(map[string]int, len(collections))
	names := make(map[string]string, len(collections))
	for _, c := range collections {
		names[c] = FileName(c)
		folded[foldName(names[c])]++
	}
	for c, name := range names {
		clash := folded[foldName(name)] > 1 || partLike.MatchString(name)
		if clash && !strings.Contains(name, "~") {
			names[c] = hashedName(name, c)
		}
	}
	return names
}

// partLike matches a name that ends like those of parts.
var partLike = regexp.MustCompile(`-[0-9]{5}-of-[0-9]{5}$`)

// hashedName appends a hash of the collection to a name. "~" is escaped in all
// other names, so the result can't clash with one.
func hashedName(name, collection string) string {
	sum := sha256.Sum256([]byte(collection))
	tail := "~" + hex.EncodeToString(sum[:5])
	for len(name)+len(tail) > maxFileName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
		// Don't cut within an escape.
		if i := strings.LastIndexByte(name, '%'); i >= 0 && i > len(name)-3 {
			name = name[:i]
		}
	}
	return name + tail
}

func escapeName(name string) string {
	var b strings.Builder
	reserved := reservedName(name)
	for i, r := range name {
		_, width := utf8.DecodeRuneInString(name[i:])
		if keptRune(r) && !(i == 0 && (r == '.' || reserved)) && !(r == utf8.RuneError && width == 1) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(name[i : i+width]) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// keptRune reports whether a rune needs no escape in a file name. A letter does
// that a file system would normalize to another one; marks are escaped anyway.
func keptRune(r rune) bool {
	switch {
	case r == '-' || r == '_' || r == '.':
		return true
	case !unicode.IsLetter(r) && !unicode.IsDigit(r), unicode.Is(ambiguous, r):
		return false
	}
	other := []rune(norm.NFC.String(string(r)))
	return len(other) > 1 || other[0] == r
}

// ambiguous are further letters that may become others: parts of Hangul
// syllables, and ligatures that case folding splits.
var ambiguous = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x0149, Hi: 0x0149, Stride: 1}, // n preceded by apostrophe
	{Lo: 0x1100, Hi: 0x11ff, Stride: 1},
	{Lo: 0x1e9a, Hi: 0x1e9a, Stride: 1}, // a with right half ring
	{Lo: 0xa960, Hi: 0xa97f, Stride: 1},
	{Lo: 0xd7b0, Hi: 0xd7ff, Stride: 1},
	{Lo: 0xfa0e, Hi: 0xfa29, Stride: 1}, // CJK, between letters that do change
	{Lo: 0xfb00, Hi: 0xfb17, Stride: 1}, // Latin, Armenian
}}

// reservedName reports whether the name, up to its first dot, is a device name
// on some system.
func reservedName(name string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch base {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(base) == 4 && (strings.HasPrefix(base, "COM") || strings.HasPrefix(base, "LPT")) && base[3] >= '0' && base[3] <= '9'
}

// foldName maps names that a file system may not distinguish to the same value.
func foldName(name string) string {
	return row.Fold(strings.NewReplacer("ß", "ss", "ẞ", "ss", "İ", "i", "ı", "i").Replace(name))
}
