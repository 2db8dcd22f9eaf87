//go:build !unix

package tui

import (
	"errors"
)

// freeBytes is not known here.
func freeBytes(string) (int64, error) {
	return 0, errors.ErrUnsupported
}

// writable is not known here before something is made.
func writable(string) error { return nil }
