package export

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// children are what the test binary runs instead of tests, by the variable that
// selects it.
var children = map[string]func(text string) int{memoryVariable: memoryChild}

// TestMain also checks, once for all tests, that no goroutine is left.
func TestMain(m *testing.M) {
	for name, child := range children {
		if text := os.Getenv(name); text != "" {
			os.Exit(child(text))
		}
	}
	code := m.Run()
	if code == 0 {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
