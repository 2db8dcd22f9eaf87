package fault

import (
	"bytes"
	"regexp"
)

// Contains matches queries whose JSON contains text.
func Contains(text string) func(Query) bool {
	return func(q Query) bool { return bytes.Contains(q.Body, []byte(text)) }
}

// Reads matches queries that page through the documents of a collection,
// whatever they select.
func Reads(collection string) func(Query) bool {
	name := regexp.QuoteMeta(collection)
	set := regexp.MustCompile(`"documents":\{("collection":"` + name + `"|"@ref":\{"id":"` + name + `")`)
	return func(q Query) bool { return set.Match(q.Body) }
}

// Fetches matches queries that page through the documents of a collection and
// return each document.
func Fetches(collection string) func(Query) bool {
	reads := Reads(collection)
	return func(q Query) bool { return reads(q) && bytes.Contains(q.Body, []byte(`{"get":`)) }
}

// Lists matches queries that page through the documents of a collection and
// return only their refs or ids.
func Lists(collection string) func(Query) bool {
	reads, fetches := Reads(collection), Fetches(collection)
	return func(q Query) bool { return reads(q) && !fetches(q) }
}
