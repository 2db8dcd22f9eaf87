package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"fauna-export/fauna/fql"
)

// checkJSON runs check --json and returns its rows by collection.
func checkJSON(t *testing.T, env []string, code int, args ...string) map[string]checked {
	t.Helper()
	got := runHere(t, env, append([]string{"check", "--json"}, args...)...)
	if got.code != code {
		t.Fatalf("exit %d, want %d: %s\n%s", got.code, code, got.err, got.out)
	}
	var list []checked
	if err := json.Unmarshal([]byte(got.out), &list); err != nil {
		t.Fatalf("%v:\n%s", err, got.out)
	}
	rows := map[string]checked{}
	for _, row := range list {
		rows[row.Collection] = row
	}
	return rows
}

func TestCheck_countsWhatCanBeRead(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	s.shell(t, `CreateCollection({ name: "hidden" })`)
	env := []string{"FAUNA_SECRET=" + s.keyFor(t, "reads-two", "users", "orders"), "FAUNA_EXPORT_DOMAIN=" + s.endpoint}
	rows := checkJSON(t, env, exitPartial, "--all")
	for _, name := range []string{"users", "orders"} {
		row := rows[name]
		if !row.Readable || row.Documents == nil || *row.Documents != 9 || row.Bytes == nil || *row.Bytes < 9*50 || row.LivesFor == nil || *row.LivesFor != 15*60 {
			t.Errorf("%s: %+v", name, row)
		}
		if row.IndexReady != nil {
			t.Errorf("%s: an index was checked without --mode incremental", name)
		}
	}
	if row := rows["hidden"]; row.Readable || row.Documents != nil {
		t.Errorf("what cannot be read was counted: %+v", row)
	}
	got := runHere(t, env, "check", "--all")
	for _, want := range []string{"documents", "\nusers       yes       9 ", "18 documents, about ", "requests in about", "free on the disk", "not in the role"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("the text does not say %q:\n%s", want, got.out)
		}
	}
	if row := checkJSON(t, env, exitDone, "--collection", "users", "--no-count")["users"]; row.Documents != nil {
		t.Errorf("--no-count counted: %+v", row)
	}
	if got := runHere(t, env, "check", "--collection", "users", "--no-count"); strings.Contains(got.out, "documents") {
		t.Errorf("--no-count says documents:\n%s", got.out)
	}
}

func TestCheck_saysWhichIndexIsNotReadyAndHowToMendIt(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	ready := func(collection string) {
		s.shell(t, fql.Setup{Collections: []string{collection}, Indexes: []string{collection + "-ts"}}.IndexFQL(0))
		eventually(t, "the index is built", func() bool {
			return strings.TrimSpace(s.shell(t, `Select("active", Get(Index("`+collection+`-ts")))`)) == "true"
		})
	}
	ready("users")
	s.shell(t, `CreateIndex({ name: "orders-ts", source: Collection("orders"), values: [{ field: "ref" }] })`)
	env := []string{"FAUNA_SECRET=" + s.Secret(), "FAUNA_EXPORT_DOMAIN=" + s.endpoint}
	rows := checkJSON(t, env, exitRefused, "--all", "--mode", "incremental")
	if row := rows["users"]; row.Index != "users-ts" || row.IndexReady == nil || !*row.IndexReady || len(row.IndexProblems) != 0 {
		t.Errorf("the right index: %+v", row)
	}
	if row := rows["orders"]; row.IndexReady == nil || *row.IndexReady || !slices.Equal(row.IndexProblems, []string{"its values are ref, but must be ts, ref"}) {
		t.Errorf("the wrong index: %+v", row)
	}
	got := runHere(t, env, "check", "--all", "--mode", "incremental")
	if got.code != exitRefused || !strings.Contains(got.out, "NO orders-ts") || !strings.Contains(got.out, "index: its values are ref") {
		t.Errorf("exit %d:\n%s", got.code, got.out)
	}
	if !strings.Contains(got.err, "fql role --update --mode incremental") {
		t.Errorf("stderr does not say that the role must be given the new index:\n%s", got.err)
	}
	if !strings.Contains(got.err, `Delete(Index("orders-ts"))`) || !strings.Contains(got.err, `the index "orders-ts" of "orders" cannot be used`) {
		t.Errorf("stderr does not say how to mend it:\n%s", got.err)
	}
	s.shell(t, `Delete(Index("orders-ts"))`)
	ready("orders")
	if got := runHere(t, env, "check", "--all", "--mode", "incremental", "--no-count"); got.code != exitDone || strings.Contains(got.out, "NO") {
		t.Errorf("both indexes are right: exit %d: %s\n%s", got.code, got.err, got.out)
	}
}

func TestCheck_refusesAModeAndAPatternThatCannotBe(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	env := []string{"FAUNA_SECRET=" + secret, "FAUNA_EXPORT_DOMAIN=" + s.endpoint}
	for says, args := range map[string][]string{
		`"both" is not one of full, incremental`: {"--mode", "both"},
		"{collection}":                           {"--mode", "incremental", "--index", "one"},
		`the name "customers/ts"`:                {"--mode", "incremental", "--index", "{collection}/ts"},
	} {
		got := runHere(t, env, append([]string{"check", "--all"}, args...)...)
		if got.code != exitUsage || !strings.Contains(got.err, says) {
			t.Errorf("%q: exit %d: %s", args, got.code, got.err)
		}
	}
}
