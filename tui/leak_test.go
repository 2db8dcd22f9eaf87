package tui

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if a goroutine of the wizard outlives its test: Run waits for all.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
