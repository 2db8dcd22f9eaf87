package main

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// refusedAddress is a local address where nothing listens.
func refusedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// answering starts a server that answers every request the same.
func answering(t *testing.T, status int, contentType, body string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		if status/100 == 3 {
			w.Header().Set("Location", "http://192.0.2.1/")
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestServerTrouble_isOneClearLine(t *testing.T) {
	t.Parallel()
	tlsServer := httptest.NewUnstartedServer(http.NotFoundHandler())
	tlsServer.Config.ErrorLog = log.New(io.Discard, "", 0)
	tlsServer.StartTLS()
	t.Cleanup(tlsServer.Close)
	plainServer := answering(t, 200, "text/plain", "hello")
	sample := serveSmall(t)
	const secret = "fnAFakeFakeFakeFakeFakeFakeFakeFakeFakeF"
	cases := []struct {
		name   string
		domain string
		code   int
		says   string
	}{
		{"wrong secret", sample.endpoint, exitRefused, "rejected the secret"},
		{"connection refused", refusedAddress(t), exitUnreachable, "is Fauna running on that port"},
		{"a web site", answering(t, 200, "text/html", "<html><body>Welcome</body></html>").URL, exitError, "does not answer like Fauna"},
		{"a web site's 404", answering(t, 404, "text/html", "<html><body>Not Found</body></html>").URL, exitError, "does not answer like Fauna"},
		{"another JSON", answering(t, 200, "application/json", `{"status":"ok"}`).URL, exitError, "does not answer like Fauna"},
		{"another JSON's error", answering(t, 400, "application/json", `{"message":"no such route"}`).URL, exitError, "does not answer like Fauna"},
		{"a redirect", answering(t, 302, "text/html", "").URL, exitError, "does not answer like Fauna"},
		{"a certificate that nobody vouches for", tlsServer.URL, exitUnreachable, "no encrypted connection"},
		{"https to plain http", strings.Replace(plainServer.URL, "http://", "https://", 1), exitUnreachable, "no encrypted connection"},
	}
	for _, c := range cases {
		for _, command := range []string{"run", "check"} {
			t.Run(command+" "+c.name, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "out")
				args := []string{command, "--domain", c.domain, "--collection", "users"}
				if command == "run" {
					args = append(args, "--out", dir)
				}
				got := runHere(t, []string{"FAUNA_SECRET=" + secret}, args...)
				if got.code != c.code {
					t.Errorf("exit %d, want %d", got.code, c.code)
				}
				if !strings.Contains(got.err, c.says) || strings.Count(got.err, "\n") != 1 {
					t.Errorf("stderr is not one line that says %q:\n%s", c.says, got.err)
				}
				if strings.Contains(got.err+got.out, secret) {
					t.Errorf("the secret is printed:\n%s%s", got.out, got.err)
				}
				if _, err := os.Stat(dir); err == nil {
					t.Errorf("a folder was made: %v", finalFiles(t, dir))
				}
			})
		}
	}
}

func TestCAFile_isTrusted(t *testing.T) {
	t.Parallel()
	sample := serveSmall(t)
	secure := httptest.NewTLSServer(sample.Handler())
	t.Cleanup(secure.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	name := sample.collections(t)[0]
	got := runHere(t, []string{"FAUNA_SECRET=" + sample.Secret()}, "check", "--domain", secure.URL, "--ca-file", ca, "--collection", name)
	if got.code != exitDone {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
}

func TestRun_missingCollectionIsNamedBeforeAnyFile(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	name := s.collections(t)[0]
	dir := filepath.Join(t.TempDir(), "out")
	env := []string{"FAUNA_SECRET=" + s.Secret()}
	got := runHere(t, env, "run", "--domain", s.endpoint, "--collection", name, "--collection", name+"x", "--out", dir)
	if got.code != exitUsage || !strings.Contains(got.err, `"`+name+`x" (did you mean "`+name+`"?)`) {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("a folder was made: %v", finalFiles(t, dir))
	}
}

func TestRun_unreadableCollectionIsNamedBeforeAnyFile(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	names := s.collections(t)
	env := []string{"FAUNA_SECRET=" + s.keyFor(t, "reads-one", names[0])}
	dir := filepath.Join(t.TempDir(), "out")
	got := runHere(t, env, "run", "--domain", s.endpoint, "--collection", names[0], "--collection", names[1], "--out", dir)
	if got.code != exitRefused || !strings.Contains(got.err, `can't read "`+names[1]+`"`) {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("a folder was made: %v", finalFiles(t, dir))
	}
}

func TestRunAll_exportsTheRestAndNamesTheUnreadable(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	s.shell(t, `CreateCollection({ name: "nothing" })`)
	s.shell(t, `CreateCollection({ name: "hidden" })`)
	env := []string{"FAUNA_SECRET=" + s.keyFor(t, "reads-nothing", "nothing")}
	dir := filepath.Join(t.TempDir(), "out")
	got := runHere(t, env, "run", "--domain", s.endpoint, "--all", "--out", dir)
	if got.code != exitPartial || !strings.Contains(got.err, "hidden") {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
	var manifest struct {
		Collections []struct {
			Name string
			Rows int64
		}
		Skipped []struct{ Name string }
	}
	files := filesBelow(t, dir)
	if err := json.Unmarshal([]byte(files["manifest.json"]), &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Collections) != 1 || manifest.Collections[0].Name != "nothing" {
		t.Errorf("exported: %v", manifest.Collections)
	}
	var skipped []string
	for _, one := range manifest.Skipped {
		skipped = append(skipped, one.Name)
	}
	for _, name := range s.collections(t) {
		if name != "nothing" && !slices.Contains(skipped, name) {
			t.Errorf("the manifest does not name %q as left out: %v", name, skipped)
		}
	}
	if content, there := files["nothing.jsonl"]; !there || content != "" {
		t.Errorf("the empty collection's file: there %v, content %q", there, content)
	}
	if !strings.Contains(got.err, "0 rows") {
		t.Errorf("the summary does not say 0 rows:\n%s", got.err)
	}
}

func TestRunAll_ofAKeyThatReadsNothingIsRefused(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	s.shell(t, `CreateRole({ name: "lists", privileges: [{ resource: Collections(), actions: { read: true } }] })`)
	s.shell(t, `CreateRole({ name: "blind", privileges: [{ resource: Collection("`+s.collections(t)[0]+`"), actions: { read: true } }] })`)
	key := func(role string) string {
		answer := s.shell(t, `CreateKey({ role: Role("`+role+`") })`)
		_, rest, _ := strings.Cut(answer, `secret: "`)
		secret, _, _ := strings.Cut(rest, `"`)
		return secret
	}
	for role, says := range map[string]string{
		"lists": "can't read any of the collections",
		"blind": "--collection",
	} {
		dir := filepath.Join(t.TempDir(), "out")
		got := runHere(t, []string{"FAUNA_SECRET=" + key(role)}, "run", "--domain", s.endpoint, "--all", "--out", dir)
		if got.code != exitRefused || !strings.Contains(got.err, says) {
			t.Errorf("%s: exit %d: %s", role, got.code, got.err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: a folder was made: %v", role, finalFiles(t, dir))
		}
	}
	dir := filepath.Join(t.TempDir(), "out")
	got := runHere(t, []string{"FAUNA_SECRET=" + key("blind")}, "run", "--domain", s.endpoint, "--collection", s.collections(t)[0], "--out", dir)
	if got.code != exitDone {
		t.Errorf("a key that cannot list does not export what it may read: exit %d: %s", got.code, got.err)
	}
}

func TestRun_folderThatIsNotEmptyIsRefused(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	env := []string{"FAUNA_SECRET=" + s.Secret()}
	name := s.collections(t)[0]
	run := func(dir string) ran {
		return runHere(t, env, "run", "--domain", s.endpoint, "--collection", name, "--out", dir)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(dir); got.code != exitUsage || !strings.Contains(got.err, "mine.txt") {
		t.Errorf("a folder with a stranger's file: exit %d: %s", got.code, got.err)
	}
	for _, place := range []string{"mine.txt", filepath.Join("mine.txt", "below")} {
		if got := run(filepath.Join(dir, place)); got.code != exitUsage || !strings.Contains(got.err, "choose another folder") {
			t.Errorf("%s in place of the folder: exit %d: %s", place, got.code, got.err)
		}
	}
	if got := run(filepath.Join(dir, strings.Repeat("a", 300))); got.code != exitUsage || !strings.Contains(got.err, "choose a shorter one") {
		t.Errorf("a name that is too long: exit %d: %s", got.code, got.err)
	}
	dir = t.TempDir()
	if got := run(dir); got.code != exitDone {
		t.Fatalf("an empty folder: exit %d: %s", got.code, got.err)
	}
	before := filesBelow(t, dir)
	if got := run(dir); got.code != exitUsage || !strings.Contains(got.err, "finished run") {
		t.Errorf("a folder of a finished run: exit %d: %s", got.code, got.err)
	}
	for name, content := range filesBelow(t, dir) {
		if before[name] != content {
			t.Errorf("%s was changed", name)
		}
	}
}

// A collection that is gone since, or unreadable, keeps no other from being compared.
func TestVerify_comparesWhatTheServerStillHas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		role []string // what the key can read
		drop string   // before the comparison
		code int
		says string
	}{
		"gone":       {[]string{"carts", "products"}, "products", exitUsage, `no such collection: "products"`},
		"unreadable": {[]string{"carts"}, "", exitRefused, `can't read "products"`},
	} {
		s := serveSample(t)
		dir := filepath.Join(t.TempDir(), "out")
		run := []string{"run", "--domain", s.endpoint, "--collection", "carts", "--collection", "products", "--out", dir}
		if got := runHere(t, []string{"FAUNA_SECRET=" + s.Secret()}, run...); got.code != exitDone {
			t.Fatalf("exit %d: %s", got.code, got.err)
		}
		key := s.keyFor(t, "reader", c.role...)
		if c.drop != "" {
			s.shell(t, `Delete(Collection("`+c.drop+`"))`)
		}
		got := runHere(t, []string{"FAUNA_SECRET=" + key}, "verify", dir, "--domain", s.endpoint)
		if got.code != c.code || !strings.Contains(got.err, `"carts": the server agrees`) || !strings.Contains(got.err, c.says) {
			t.Errorf("%s: exit %d: %s", name, got.code, got.err)
		}
	}
}

func TestVerify_saysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	name := s.collections(t)[0]
	dir := filepath.Join(t.TempDir(), "out")
	env := []string{"FAUNA_SECRET=" + s.Secret()}
	if got := runHere(t, env, "run", "--domain", s.endpoint, "--collection", name, "--out", dir); got.code != exitDone {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	if got := runHere(t, nil, "verify", dir); got.code != exitDone || !strings.Contains(got.out, "ok") {
		t.Errorf("a whole folder: exit %d: %s%s", got.code, got.out, got.err)
	}
	if got := runHere(t, env, "verify", dir, "--domain", s.endpoint); got.code != exitDone || !strings.Contains(got.err, "the server agrees") {
		t.Errorf("a whole folder and its server: exit %d: %s%s", got.code, got.out, got.err)
	}
	file := ""
	for _, name := range finalFiles(t, dir) {
		if strings.HasSuffix(name, ".jsonl") {
			file = filepath.Join(dir, name)
		}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := runHere(t, nil, "verify", dir); got.code != exitError || !strings.Contains(got.out, "WRONG") || !strings.Contains(got.err, filepath.Base(file)) {
		t.Errorf("a changed byte: exit %d: %s%s", got.code, got.out, got.err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if got := runHere(t, nil, "verify", dir); got.code != exitError {
		t.Errorf("a missing file: exit %d: %s%s", got.code, got.out, got.err)
	}
	if got := runHere(t, nil, "verify", t.TempDir()); got.code != exitUsage {
		t.Errorf("a folder without a run: exit %d: %s%s", got.code, got.out, got.err)
	}
}
