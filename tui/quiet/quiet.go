// Package quiet keeps bubbletea from asking the terminal for its background
// colour before main starts.
//
// bubbletea v1 calls lipgloss.HasDarkBackground in a package init: on a terminal
// that answers no queries every start of the program, even for --version, waits
// five seconds and leaves stray bytes on the screen. lipgloss asks only when
// nobody has told it the answer, so this package tells it in its own init. Go
// initialises packages that are ready in the order of their import paths, and
// this package imports lipgloss alone, so that it runs before bubbletea's: for
// that the module's path must sort before github.com/charmbracelet. The wizard
// uses the terminal's own sixteen colours, which are right on both backgrounds.
package quiet

import "github.com/charmbracelet/lipgloss"

func init() {
	lipgloss.SetHasDarkBackground(true)
}
