// Package quiet keeps bubbletea from asking the terminal for its background colour
// before main starts.
//
// bubbletea v1 calls lipgloss.HasDarkBackground in a package init. On a terminal that
// answers no queries, every start of the program, even for --version, then waits five
// seconds and leaves stray bytes on the screen. lipgloss asks only if nobody has set
// the answer, so this package sets it in its own init. Go initialises packages that are
// ready in the order of their import paths, and this package imports only lipgloss, so
// it runs before bubbletea's, provided the module's path sorts before
// github.com/charmbracelet. The wizard uses the terminal's own sixteen colours, which
// suit both backgrounds.
package quiet

import "github.com/charmbracelet/lipgloss"

func init() {
	lipgloss.SetHasDarkBackground(true)
}
