// Package assets holds the files that are part of the program: texts and
// templates that people read, kept as files so that they can be read and
// changed without reading Go.
package assets

import "embed"

// FQL holds the templates of the set-up queries, a folder a dialect, under "fql/". Package fauna/fql
// fills them; every value in them goes through its function "quote", which
// writes an FQL string.
//
//go:embed fql/*/*.tmpl
var FQL embed.FS
