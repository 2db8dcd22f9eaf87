package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fauna-export/fauna/fql"
)

// A world is a server whose clock the test sets.
type world struct {
	t     testing.TB
	s     *Server
	micro atomic.Int64
}

// dawn is the time at which a world begins.
var dawn = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC).UnixMicro()

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t}
	w.micro.Store(dawn)
	w.s = New(Options{Clock: func() time.Time { return time.UnixMicro(w.micro.Load()) }, Seed: 7})
	return w
}

// pass advances the clock.
func (w *world) pass(d time.Duration) { w.micro.Add(d.Microseconds()) }

// now returns the time that a query would get now.
func (w *world) now() int64 { return w.s.now() }

// ask runs FQL text with a secret.
func (w *world) ask(secret, text string) response {
	w.t.Helper()
	body, err := fql.Parse(text)
	if err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
	return w.send(secret, string(body))
}

// send sends JSON.
func (w *world) send(secret, body string) response {
	return w.s.query(context.Background(), request{Secret: secret, Body: []byte(body), APIVersion: "4"})
}

// do runs FQL as an admin, which must succeed.
func (w *world) do(text string, args ...any) string {
	w.t.Helper()
	if len(args) > 0 {
		text = fmt.Sprintf(text, args...)
	}
	resp := w.ask(w.s.Secret(), text)
	if resp.Status >= 300 {
		w.t.Fatalf("%s: %d %s", text, resp.Status, resp.Body)
	}
	w.pass(time.Millisecond)
	return string(resp.Body)
}

// want runs FQL and compares status and body. "" compares only the status; a body that
// ends in … is compared as a prefix.
func (w *world) want(secret, text string, status int, body string) {
	w.t.Helper()
	w.compare(text, w.ask(secret, text), status, body)
}

func (w *world) compare(text string, resp response, status int, body string) {
	w.t.Helper()
	got := string(resp.Body)
	same := got == body || body == ""
	if start, ok := strings.CutSuffix(body, "…"); ok {
		same = strings.HasPrefix(got, start)
	}
	if resp.Status != status || !same {
		w.t.Errorf("%s\n have %d %s\n want %d %s", text, resp.Status, got, status, body)
	}
}

// key creates a role with privileges, given as FQL, and a key for it.
func (w *world) key(role, privileges string) string {
	w.t.Helper()
	w.do(`CreateRole({name: %q, privileges: [%s]})`, role, privileges)
	return w.secretOf(w.do(`CreateKey({role: Role(%q)})`, role))
}

func (w *world) secretOf(body string) string {
	w.t.Helper()
	var out struct {
		Resource struct{ Secret string }
	}
	if err := json.Unmarshal([]byte(body), &out); err != nil || out.Resource.Secret == "" {
		w.t.Fatalf("no secret in %s", body)
	}
	return out.Resource.Secret
}

// ids returns the ids in a page of refs or strings, as the secret sees them.
func (w *world) ids(secret, set string) string {
	w.t.Helper()
	resp := w.ask(secret, set)
	if resp.Status != 200 {
		return fmt.Sprintf("%d", resp.Status)
	}
	return string(resp.Body)
}

// idsAt reads the ids of a collection at a time, as an exporter does.
func (w *world) idsAt(secret, collection string, at int64) string {
	w.t.Helper()
	resp := w.ask(secret, fmt.Sprintf(`At(%d, Map(Paginate(Documents(Collection(%q)), {size: 1000}), Lambda("x", Select("id", Var("x")))))`, at, collection))
	return idList(resp)
}

// idList formats a page of ids as "1 2 3", and an error as its status.
func idList(resp response) string {
	var out struct {
		Resource struct{ Data []string }
	}
	if resp.Status != 200 || json.Unmarshal(resp.Body, &out) != nil {
		return fmt.Sprint(resp.Status)
	}
	return strings.Join(out.Resource.Data, " ")
}

// dataLen returns the number of elements in a page, or an error's status negated.
func dataLen(resp response) int {
	var out struct {
		Resource struct{ Data []json.RawMessage }
	}
	if resp.Status != 200 || json.Unmarshal(resp.Body, &out) != nil {
		return -resp.Status
	}
	return len(out.Resource.Data)
}
