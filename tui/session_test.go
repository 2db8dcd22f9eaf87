package tui

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fauna-export/fauna"
)

func TestSession_secretIsTakenOutAfterTheCleaning(t *testing.T) {
	b := newBench(t, 80, 24).to(outputID)
	whole := b.w.clean("a" + testSecret + "b")
	if strings.Contains(whole, testSecret) {
		t.Errorf("said %q", whole)
	}
	b.w.say(noteBad, "%s", "the server says "+testSecret)
	b.hides(testSecret)
}

// TestSession_repeatsWhatFailsInPassing: transient failures are retried silently,
// persistent ones are reported within seconds.
func TestSession_repeatsWhatFailsInPassing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &session{jobs: newJobs(t.Context())}
		var repeat func(failures int) error
		s.dial = func(o fauna.Options) (server, error) {
			repeat = func(failures int) error {
				return o.Repeat(t.Context(), func() error {
					if failures--; failures < 0 {
						return nil
					}
					return &fauna.Error{Kind: fauna.KindBusy, Status: 503}
				})
			}
			return nil, errors.New("no server")
		}
		_, _ = s.connect(fauna.Endpoint{}, fauna.Secret{})
		if err := repeat(2); err != nil {
			t.Errorf("two failures: %v", err)
		}
		began := time.Now()
		if err := repeat(1000); err == nil || time.Since(began) > time.Minute {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}
