package assets

import "embed"

// Sample holds what the sample data of the embedded server is made of, under
// "sample/": its schema as FQL, lists of words, one a line, and kinds.jsonl,
// documents that together hold every kind of value, each as the server renders
// it and as an export must write it.
//
//go:embed sample
var Sample embed.FS
