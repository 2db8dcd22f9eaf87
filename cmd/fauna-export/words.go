package main

import (
	"time"

	"fauna-export/tui/text"
)

// Short names for functions of package text, since many variables here are named text.

func number(n int64) string                          { return text.Number(n) }
func count(n int64, noun string) string              { return text.Count(n, noun) }
func sizeText(n int64) string                        { return text.Size(n) }
func elapsedText(d time.Duration) string             { return text.Span(d) }
func table(rows [][]string) string                   { return text.Table(rows) }
func plain(s string) string                          { return text.Clean(s) }
func quoted(name string) string                      { return text.Quoted(name) }
func sentence(err error) string                      { return text.Sentence(err) }
func nearestName(word string, among []string) string { return text.Nearest(word, among) }

func mapped[T, U any](things []T, f func(T) U) []U {
	out := make([]U, len(things))
	for i, x := range things {
		out[i] = f(x)
	}
	return out
}
