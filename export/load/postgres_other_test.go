//go:build !unix

package load

import "testing"

var cluster = struct{ why string }{"no cluster is started on this system"}

func database(t testing.TB) string {
	t.Skip("no Postgres: " + cluster.why)
	return ""
}

func texts(testing.TB, string, string) string { return "" }
func admin(testing.TB, string, ...string)     {}
