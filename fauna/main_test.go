package fauna

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if a client leaves goroutines behind.
func TestMain(m *testing.M) {
	if how := os.Getenv(pageServerVariable); how != "" {
		os.Exit(servePages(how))
	}
	goleak.VerifyTestMain(m)
}
