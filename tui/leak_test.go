package tui

import (
	"testing"

	"go.uber.org/goleak"
)

// No goroutine of the wizard may outlive its test: Run waits for all of them.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
