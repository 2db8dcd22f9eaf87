// Package text is what a person is shown of counts, sizes, times, names and
// tables: one formatter, one sanitizer of what comes from elsewhere, and one
// measure of how wide a text is. The wizard and the commands both use it.
package text
