package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func TestSchema_itsFQLRunOnAnEmptyServerGivesTheSameSchema(t *testing.T) {
	t.Parallel()
	from := serveSample(t)
	env := []string{"FAUNA_SECRET=" + from.Secret()}
	printed := runHere(t, env, "schema", "--fql", "--domain", from.endpoint)
	if printed.code != exitDone || printed.err != "" {
		t.Fatalf("exit %d: %s", printed.code, printed.err)
	}
	to := serveEmpty(t)
	to.shell(t, printed.out)
	want := schemaOn(t, from)
	if got := schemaOn(t, to); got != want {
		t.Errorf("made again it is\n%s\nnot\n%s", got, want)
	}
	if !strings.Contains(want, `"products_by_category"`) || !strings.Contains(want, `"discounted"`) || !strings.Contains(want, `"clerk"`) {
		t.Errorf("an index, a function or a role is not in the schema:\n%s", want)
	}
}

// schemaOn returns the output of `schema` without its endpoint and time.
func schemaOn(t *testing.T, s *testServer) string {
	t.Helper()
	got := runHere(t, []string{"FAUNA_SECRET=" + s.Secret()}, "schema", "--domain", s.endpoint)
	if got.code != exitDone || !json.Valid([]byte(got.out)) {
		t.Fatalf("exit %d, %s\n%s", got.code, got.err, got.out)
	}
	return regexp.MustCompile(`"(ts|endpoint|read_at)": .*`).ReplaceAllString(got.out, "$1")
}

func TestSchema_saysWhatAKeyMayNotSee(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	answer := s.shell(t, `CreateKey({ role: "server-readonly" })`)
	_, rest, _ := strings.Cut(answer, `secret: "`)
	secret, _, _ := strings.Cut(rest, `"`)
	got := runHere(t, []string{"FAUNA_SECRET=" + secret}, "schema", "--domain", s.endpoint)
	if got.code != exitPartial || !strings.Contains(got.err, "roles (the key can't list them)") || !strings.Contains(got.out, `"orders"`) {
		t.Errorf("a key that may not list roles: exit %d: %s", got.code, got.err)
	}
	narrow := s.keyFor(t, "narrow", "orders")
	got = runHere(t, []string{"FAUNA_SECRET=" + narrow}, "schema", "--domain", s.endpoint)
	if got.code != exitDone || !strings.Contains(got.err, "no functions, no roles: there are none, or the key can't read them") {
		t.Errorf("a key that sees collections and indexes: exit %d: %s", got.code, got.err)
	}
	s.shell(t, `CreateRole({ name: "blind", privileges: [{ resource: Collection("orders"), actions: { read: true } }] })`)
	_, rest, _ = strings.Cut(s.shell(t, `CreateKey({ role: Role("blind") })`), `secret: "`)
	secret, _, _ = strings.Cut(rest, `"`)
	if got = runHere(t, []string{"FAUNA_SECRET=" + secret}, "schema", "--domain", s.endpoint); got.code != exitRefused || got.out != "" {
		t.Errorf("a key that may list nothing: exit %d: %s\n%s", got.code, got.err, got.out)
	}
}

func TestSchema_controlsDoNotReachATerminal(t *testing.T) {
	t.Parallel()
	s := serveEmpty(t)
	s.shell(t, `CreateCollection({ name: "c", data: { "k\u009b31m": "\u202e\u001b[2J" } })`)
	for _, args := range [][]string{{"schema", "--domain", s.endpoint}, {"schema", "--fql", "--domain", s.endpoint}} {
		got := runHere(t, []string{"FAUNA_SECRET=" + s.Secret()}, args...)
		if got.code != exitDone || strings.ContainsAny(got.out, "\u009b\u202e\u001b") || !strings.Contains(got.out, `\u009b`) || !strings.Contains(got.out, `\u202e\u001b`) {
			t.Errorf("exit %d: %q", got.code, got.out)
		}
	}
}
