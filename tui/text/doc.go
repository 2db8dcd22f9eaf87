// Package text formats counts, sizes, times, names and tables for people. It has one
// formatter, one sanitizer for foreign text, and one measure of text width, for the
// wizard and the commands alike.
package text
