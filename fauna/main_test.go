package fauna

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails when a client leaves goroutines behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
