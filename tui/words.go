package tui

import (
	"time"

	"fauna-export/tui/text"
)

func clean(s string) string             { return text.Clean(s) }
func cleanLines(s string) []string      { return text.Lines(s) }
func hidden(r rune) bool                { return text.Hidden(r) }
func width(s string) int                { return text.Width(s) }
func fit(s string, w int) string        { return text.Fit(s, w) }
func pad(s string, w int) string        { return text.Pad(s, w) }
func padLeft(s string, w int) string    { return text.PadLeft(s, w) }
func wrap(s string, w int) []string     { return text.Wrap(s, w) }
func sides(l, r string, w int) string   { return text.Sides(l, r, w) }
func indent(n int, l []string) []string { return text.Indent(n, l) }
func countText(n int64) string          { return text.Number(n) }
func bytesText(n int64) string          { return text.Size(n) }
func lastsText(d time.Duration) string  { return text.Span(d) }
func leftText(d time.Duration) string   { return text.Clock(d) }
func timeText(us int64) string          { return time.UnixMicro(us).UTC().Format("15:04:05.000") + " UTC" }

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return countText(n) + " " + many
}

func nearest(name string, among []string) string { return text.Nearest(name, among) }
