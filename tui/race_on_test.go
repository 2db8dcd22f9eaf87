//go:build race

package tui

// slower is how many times slower the race detector makes the program, at most.
const slower = 15
