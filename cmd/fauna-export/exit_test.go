package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/tui"
)

func TestExitCodes_everyErrorHasItsCode(t *testing.T) {
	t.Parallel()
	server := func(k fauna.Kind) error { return fmt.Errorf("list collections: %w", &fauna.Error{Kind: k}) }
	cases := []struct {
		name string
		err  error
		want int
	}{
		{"done", nil, 0},
		{"rows into a pipe that its reader closed", fmt.Errorf("rows: %w", partialf("closed")), 3},
		{"any other error", errors.New("something"), 1},
		{"wizard left by esc", tui.ErrLeft, 1},
		{"not Fauna", server(fauna.KindNotFauna), 1},
		{"query refused by the server", server(fauna.KindQuery), 1},
		{"snapshot expired", server(fauna.KindExpired), 1},
		{"usage", usagef("no folder"), 2},
		{"folder of another run", unusablef("not empty"), 2},
		{"named collection missing", noSuch([]string{"a"}, nil), 2},
		{"missing on the server", server(fauna.KindMissing), 2},
		{"time in the future", &export.AtError{Future: true}, 2},
		{"time too old", &export.AtError{}, 1},
		{"spec that cannot be", &export.SpecError{}, 2},
		{"folder", &store.Error{}, 2},
		{"no run in the folder", &archive.NotARun{}, 2},
		{"another run than before", &export.Changed{}, 2},
		{"collection missing for the engine", &export.Missing{}, 2},
		{"collection unreadable for the engine", &export.Unreadable{}, 4},
		{"not all of it", &export.Partial{}, 3},
		{"a collection that failed", &export.Partial{Failures: []*export.CollectionError{{Err: server(fauna.KindUnreachable)}}}, 3},
		{"a collection that was made again", &export.Partial{Failures: []*export.CollectionError{{Err: &export.Recreated{}}}}, 3},
		{"a privilege that went away", &export.Partial{Failures: []*export.CollectionError{{Err: &export.PrivilegeLost{}}}}, 4},
		{"gave up", &export.GaveUp{Err: server(fauna.KindServer)}, 5},
		{"disk full", &export.NoSpace{}, 1},
		{"left out under --all", (&choice{unreadable: []string{"a"}}).leftOut(), 3},
		{"secret refused", server(fauna.KindSecretRefused), 4},
		{"denied", server(fauna.KindDenied), 4},
		{"collection not in the role", (&choice{unreadable: []string{"a"}}).refusal(false), 4},
		{"unreachable", server(fauna.KindUnreachable), 5},
		{"timed out", server(fauna.KindTimeout), 5},
		{"TLS", server(fauna.KindTLS), 5},
		{"throttled after the retries", server(fauna.KindThrottled), 5},
		{"busy after the retries", server(fauna.KindBusy), 5},
		{"ctrl+c in the wizard", tui.ErrInterrupted, 130},
		{"SIGHUP", &signalError{signal: syscall.SIGHUP}, 129},
		{"SIGINT", &signalError{signal: syscall.SIGINT}, 130},
		{"SIGTERM", &signalError{signal: syscall.SIGTERM}, 143},
		{"SIGTERM during a request", fmt.Errorf("%w (%w)", &signalError{signal: syscall.SIGTERM}, server(fauna.KindUnreachable)), 143},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := codeOf(c.err); got != c.want {
				t.Errorf("codeOf(%v) = %d, want %d", c.err, got, c.want)
			}
		})
	}
}

func TestExitCodes_standInTheHelp(t *testing.T) {
	t.Parallel()
	got := runHere(t, nil, "--help")
	for _, rule := range exitRules() {
		if !strings.Contains(got.out, rule.code+" ") || !strings.Contains(got.out, rule.means) {
			t.Errorf("the help does not say: %s %s", rule.code, rule.means)
		}
	}
}

func TestWithSignal_namesTheSignalAndNotWhatItBroke(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&signalError{signal: syscall.SIGTERM})
	if err := withSignal(ctx, nil); err != nil {
		t.Errorf("what was done became %v", err)
	}
	if err := withSignal(ctx, fmt.Errorf("read page: %w", context.Canceled)); err.Error() != "terminated" {
		t.Errorf("a cancelled request is said as %q", err)
	}
	if err := withSignal(t.Context(), context.Canceled); codeOf(err) != exitError {
		t.Errorf("without a signal a cancelled request ends with %d", codeOf(err))
	}
}

func TestExitCodes_standInTheReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(moduleRoot(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range exitRules() {
		if line := "| " + rule.code + " | " + rule.means + " |\n"; !strings.Contains(string(readme), line) {
			t.Errorf("the README does not say: %s", line)
		}
	}
}
