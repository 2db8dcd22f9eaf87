package assets

import "embed"

// Sample holds the sources of the embedded server's sample data under
// "sample/": its schema as FQL, and words.json with word lists and, under
// "kinds", documents that together contain every kind of value, each as the
// server renders it and as an export must write it.
//
//go:embed sample
var Sample embed.FS
