package tui

import (
	"errors"
	"strings"
	"testing"
)

func TestReadHidden_readsALineAsItWasTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"fnA\r\nnext": "fnA", "fnA": "fnA", "\n": "", "\b\bfx\bnA\n": "fnA", "pä\bass\n": "pass",
	} {
		if got, err := readHidden(strings.NewReader(typed)); err != nil || got != want {
			t.Errorf("%q is %q, %v", typed, got, err)
		}
	}
	if _, err := readHidden(strings.NewReader("")); !errors.Is(err, ErrLeft) {
		t.Errorf("no line is %v", err)
	}
}
