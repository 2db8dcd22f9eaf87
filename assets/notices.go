package assets

import _ "embed"

// Notices holds the licences of the libraries that are linked into the program,
// on any of its platforms. `go test ./assets -update` writes it anew.
//
//go:embed notices.txt
var Notices string
