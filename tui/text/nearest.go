package text

import "strings"

// Nearest returns the name in names closest to a misspelt one, or "" if none is: at
// most one edit per three characters.
func Nearest(name string, names []string) string {
	best, at := "", len([]rune(name))/3+1
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return n
		}
		if d := edits([]rune(name), []rune(n), at); d < at {
			best, at = n, d
		}
	}
	return best
}

// edits counts the insertions, deletions, replacements and swaps of neighbours that
// turn a into b; a result of at or more may be too small.
func edits(a, b []rune, at int) int {
	if len(a)-len(b) >= at || len(b)-len(a) >= at {
		return at
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
