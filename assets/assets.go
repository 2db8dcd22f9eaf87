// Package assets embeds the program's texts and templates, kept as files so
// that people can read and change them without reading Go.
package assets

import "embed"

// FQL holds the templates of the set-up queries under "fql/", one folder per dialect.
// Package fauna/fql fills them in, passing every value through the function "quote",
// which formats an FQL string.
//
//go:embed fql/*/*.tmpl
var FQL embed.FS
