package fauna_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/emulator/fault"
	"fauna-export/fauna/fql"
)

// Every method reports every server fault correctly, and works again once the
// fault is gone.
func TestServer_faults(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("docs", 20)
	at := s.now()
	faults := []struct {
		fault          fault.Fault
		kind           fauna.Kind
		retry, smaller bool
	}{
		{fault.Status(401), fauna.KindSecretRefused, false, false},
		{fault.Status(403), fauna.KindDenied, false, false},
		{fault.Status(404), fauna.KindNotFauna, false, false},
		{fault.Status(408), fauna.KindTimeout, true, true},
		{fault.Status(409), fauna.KindBusy, true, false},
		{fault.Status(410), fauna.KindDenied, false, false},
		{fault.Status(413), fauna.KindQuery, false, false},
		{fault.Status(429), fauna.KindThrottled, true, false},
		{fault.Status(440), fauna.KindTimeout, true, true},
		{fault.Status(500), fauna.KindServer, true, true},
		{fault.Status(502), fauna.KindBusy, true, false},
		{fault.Status(503), fauna.KindTimeout, true, true},
		{fault.Status(504), fauna.KindBusy, true, false},
		{fault.InternalError(fault.ShapeQuery), fauna.KindServer, true, true},
		{fault.InternalError(fault.ShapeChannel), fauna.KindServer, true, true},
		{fault.CutAt(fault.CutBefore, 0), fauna.KindUnreachable, true, false},
		{fault.CutAt(fault.CutWithin, 15), fauna.KindUnreachable, true, false},
		{fault.CutAt(fault.CutShort, 15), fauna.KindUnreachable, true, false},
	}
	calls := []struct {
		name string
		call func(context.Context, *fauna.Client) error
	}{
		{"ids", func(ctx context.Context, c *fauna.Client) error {
			_, _, err := c.IDs(ctx, fauna.PageRequest{Collection: "docs", At: at, Size: 100})
			return err
		}},
		{"documents", func(ctx context.Context, c *fauna.Client) error {
			_, err := c.Documents(ctx, fauna.PageRequest{Collection: "docs", At: at, Size: 100})
			return err
		}},
		{"now", func(ctx context.Context, c *fauna.Client) error { _, err := c.Now(ctx); return err }},
		{"collections", func(ctx context.Context, c *fauna.Client) error { _, err := c.Collections(ctx); return err }},
		{"access", func(ctx context.Context, c *fauna.Client) error {
			_, err := c.Access(ctx, []string{"docs", "nope"})
			return err
		}},
		{"presence", func(ctx context.Context, c *fauna.Client) error {
			_, _, _, err := c.Presence(ctx, "docs", []int64{1, 99})
			return err
		}},
		{"absent", func(ctx context.Context, c *fauna.Client) error {
			_, err := c.CollectionTimes(ctx, []string{"docs"}, at)
			return err
		}},
		{"unreadable", func(ctx context.Context, c *fauna.Client) error {
			_, _, _, err := c.Unreadable(ctx, []string{"docs"})
			return err
		}},
		{"reach", func(ctx context.Context, c *fauna.Client) error { return c.Reach(ctx) }},
		{"indexes", func(ctx context.Context, c *fauna.Client) error {
			_, err := c.CheckIndexes(ctx, []string{"docs"}, []string{"docs-ts"})
			return err
		}},
	}
	for _, f := range faults {
		for _, call := range calls {
			t.Run(f.fault.Name+" "+call.name, func(t *testing.T) {
				// Use a new connection: on a reused one net/http repeats reads.
				c := s.client(s.Secret())
				s.Faults().Add(fault.When{Times: -1}, f.fault)
				err := call.call(t.Context(), c)
				s.Faults().Clear()
				var e *fauna.Error
				switch {
				case call.name == "reach" && f.kind == fauna.KindSecretRefused:
					if err != nil {
						t.Errorf("an answer of Fauna's is none: %v", err)
					}
				case !errors.As(err, &e):
					t.Fatalf("%T %v", err, err)
				case e.Kind != f.kind || e.Retry() != f.retry || e.Smaller() != f.smaller:
					t.Errorf("%v, retry %v, smaller %v: %v", e.Kind, e.Retry(), e.Smaller(), e)
				case strings.Contains(e.Error(), s.Secret()) || strings.Contains(fmt.Sprintf("%#v", e), s.Secret()):
					t.Error("the error holds the secret")
				case e.Op == "" || e.Endpoint != s.endpoint.Host():
					t.Errorf("the error lacks what or where: %+v", e)
				}
				if err := call.call(t.Context(), c); err != nil {
					t.Errorf("without the fault: %v", err)
				}
			})
		}
	}
}

func TestServer_slowAnswersEndWithOurTimeout(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("docs", 3)
	c, err := fauna.NewClient(fauna.Options{Endpoint: s.endpoint, Secret: fauna.NewSecret(s.Secret()), Timeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s.Faults().Add(fault.When{}, fault.Wait(10*time.Second))
	start := time.Now()
	_, err = c.Documents(t.Context(), fauna.PageRequest{Collection: "docs", Size: 10})
	var e *fauna.Error
	if !errors.As(err, &e) || e.Kind != fauna.KindTimeout || e.Smaller() || time.Since(start) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}

func TestServer_snapshotExpires(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("docs", 3)
	at := s.now()
	s.Faults().Add(fault.When{}, fault.Do("snapshot expired", func() { s.Expire("docs") }))
	_, err := s.admin.Documents(t.Context(), fauna.PageRequest{Collection: "docs", At: at, Size: 10})
	var e *fauna.Error
	if !errors.As(err, &e) || !e.Expired() || e.Retry() || e.Minimum <= at || !strings.Contains(e.Error(), "oldest time that can be read is 2") {
		t.Errorf("%v", err)
	}
	if minimum, err := s.admin.MinimumTime(t.Context(), "docs"); err != nil || minimum != e.Minimum {
		t.Errorf("the minimum is %d, %v; the error says %d", minimum, err, e.Minimum)
	}
}

func TestServer_privilegeTakenAway(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("docs", 3)
	setup := fql.Setup{Collections: []string{"docs"}}
	secret, err := s.admin.Apply(t.Context(), setup)
	if err != nil {
		t.Fatal(err)
	}
	c, err := fauna.NewClient(fauna.Options{Endpoint: s.endpoint, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if ids, _, err := c.IDs(t.Context(), fauna.PageRequest{Collection: "docs", Size: 10}); err != nil || !slices.Equal(ids, []int64{1, 2, 3}) {
		t.Fatalf("%v, %v", ids, err)
	}
	s.run(fql.Setup{}.RoleUpdateFQL())
	ids, next, err := c.IDs(t.Context(), fauna.PageRequest{Collection: "docs", Size: 10})
	if err != nil || len(ids) != 0 || next != -1 {
		t.Errorf("a page without the privilege is empty, not %v, %d, %v", ids, next, err)
	}
	unreadable, missing, _, err := c.Unreadable(t.Context(), []string{"docs", "nope"})
	if err != nil || !slices.Equal(unreadable, []string{"docs"}) || !slices.Equal(missing, []string{"nope"}) {
		t.Errorf("Unreadable = %v, %v, %v", unreadable, missing, err)
	}
	if _, _, hidden, err := c.Presence(t.Context(), "docs", []int64{1, 2}); err != nil || len(hidden) != 2 {
		t.Errorf("%v hidden, %v", hidden, err)
	}
}

// Pages in parallel.
func TestServer_concurrently(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("docs", 50)
	at := s.now()
	c, err := fauna.NewClient(fauna.Options{Endpoint: s.endpoint, Secret: fauna.NewSecret(s.Secret())})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	failed := make(chan error, 8)
	for worker := range 8 {
		go func() {
			var buf []byte
			for i := range 20 {
				var err error
				from := int64(1 + (worker*20+i)%40)
				if buf, err = c.Documents(t.Context(), fauna.PageRequest{Collection: "docs", At: at, From: from, Size: 5, Buf: buf}); err != nil {
					failed <- err
					return
				}
				if want := fmt.Sprintf(`"data":[{"ref":{"@ref":{"id":"%d",`, from); !strings.Contains(string(buf), want) {
					failed <- fmt.Errorf("page from %d: %s", from, buf)
					return
				}
			}
			failed <- nil
		}()
	}
	for range 8 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}
