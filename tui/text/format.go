package text

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Number formats a number with commas between thousands.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Count formats a number with its noun: "1 row", "2 rows", "3 retries", "4 indexes".
func Count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, y := strings.CutSuffix(noun, "y"); y {
		return Number(n) + " " + stem + "ies"
	}
	if strings.HasSuffix(noun, "x") {
		noun += "e"
	}
	return Number(n) + " " + noun + "s"
}

// Short formats a large number in few cells: "999", "12.4 k", "17.1 M".
func Short(n int64) string {
	switch {
	case n < 10_000:
		return Number(n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f k", math.Floor(float64(n)/100)/10)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f M", math.Floor(float64(n)/1e5)/10)
	}
	return fmt.Sprintf("%.1f G", math.Floor(float64(n)/1e8)/10)
}

// Size formats a number of bytes in decimal units, with one decimal if there is only
// one digit before the point.
func Size(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(max(0, n), 10) + " B"
	}
	f, units := float64(n), []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	i := -1
	for f >= 999.5 && i < len(units)-1 {
		f /= 1000
		i++
	}
	if f < 9.95 {
		return fmt.Sprintf("%.1f %s", f, units[i])
	}
	return fmt.Sprintf("%.0f %s", f, units[i])
}

// Span formats a duration as people say it: "3.4 s", "40 s", "15 min", "2 h 30 min", "7
// days".
func Span(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < 2*time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min"
	case d < 48*time.Hour:
		if m := int(d.Minutes()) % 60; m > 0 {
			return fmt.Sprintf("%d h %d min", int(d.Hours()), m)
		}
		return strconv.Itoa(int(d.Hours())) + " h"
	case d > 100*365*24*time.Hour:
		return "without end"
	}
	return Number(int64(d.Hours()/24)) + " days"
}

// Clock formats a duration like a clock: m:ss or h:mm:ss.
func Clock(d time.Duration) string {
	s := max(0, int64(d.Round(time.Second).Seconds()))
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Time formats a Fauna time, in microseconds since 1970, as a time of day in UTC.
func Time(us int64) string {
	return time.UnixMicro(us).UTC().Format("15:04:05") + " UTC"
}

// Rate formats a rate per second, or returns "" if it is negligible.
func Rate(perSecond float64) string {
	if Finite(perSecond) < 0.5 {
		return ""
	}
	return Number(int64(math.Round(perSecond))) + "/s"
}

// Finite returns a rate that can be shown, or 0 for an implausible one.
func Finite(rate float64) float64 {
	if math.IsNaN(rate) || rate < 0 || rate > 1e15 {
		return 0
	}
	return rate
}

// Percent returns n of total in whole percent, 0 to 100; 100 only if n is all of it.
func Percent(n, total int64) int {
	if total <= 0 {
		return 0
	}
	if n >= total {
		return 100
	}
	return max(0, min(99, int(float64(n)/float64(total)*100)))
}

// Table formats rows in columns two spaces apart, without trailing spaces.
func Table(rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-Width(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}
