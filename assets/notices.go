package assets

import _ "embed"

// Notices holds the licences of the libraries linked into the program on any of
// its platforms. `go test ./assets -update` regenerates it.
//
//go:embed notices.txt
var Notices string
