package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fauna-export/export"
	"fauna-export/fauna"
	"fauna-export/fauna/emulator/fault"
	"fauna-export/fauna/fql"
)

// echo returns a response that repeats the secret, as one of a real server's
// errors does and a proxy might.
func echo(status int, contentType, body string) fault.Fault {
	return fault.Fault{Name: fmt.Sprintf("echo %d", status), Answer: &fault.Answer{Status: status, ContentType: contentType, Body: body}}
}

func TestSecret_isInNothingThatARunPrintsOrWrites(t *testing.T) {
	t.Parallel()
	const faultsEach = 2
	s := serveSmall(t)
	secret := s.keyForAll(t)
	traces := []string{
		secret, // as in Basic authentication
		base64.StdEncoding.EncodeToString([]byte(secret + ":"))[:len(secret)],
		base64.RawURLEncoding.EncodeToString([]byte(secret + ":"))[:len(secret)],
	}
	faults := []fault.Fault{
		{Name: "none"},
		fault.Status(400), fault.Status(401), fault.Status(403), fault.Status(404), fault.Status(408),
		fault.Status(409), fault.Status(410), fault.Status(413), fault.Status(429), fault.Status(440), fault.Status(500),
		fault.Status(502), fault.Status(503), fault.InternalError(fault.ShapeQuery), fault.InternalError(fault.ShapeChannel),
		fault.CutAt(fault.CutBefore, 0), fault.CutAt(fault.CutWithin, 40), fault.CutAt(fault.CutShort, 40),
		echo(400, "", `{"errors":[{"position":[],"code":"instance not found","description":"No key found for secret `+secret+`."}]}`),
		echo(500, "", `{"errors":[{"code":"`+secret+`","description":"`+secret+`"}]}`),
		echo(403, "", `{"errors":[{"position":["`+secret+`"],"code":"permission denied","description":"`+secret+`"}]}`),
		echo(502, "text/html", "<html>"+secret+"</html>"),
		echo(200, "text/html", "<html>"+secret+"</html>"),
		echo(200, "", `{"resource":"`+secret+`"}`),
		echo(200, "", `{"`+secret+`":1}`),
		// Split by invisible characters, which are removed later.
		echo(500, "", `{"errors":[{"code":"x","description":"`+secret[:20]+"\u202e"+secret[20:]+`"}]}`),
		echo(503, "", `{"errors":[{"code":"`+secret[:12]+`\u0007`+secret[12:]+`","description":"`+secret[:30]+`\u200b`+secret[30:]+`"}]}`),
		echo(200, "", `{"resource":{"@ts":"`+secret+`"}}`), // quoted by the driver
		echo(200, "", `{"resource":{"@`+secret[:9]+`\u0085`+secret[9:]+`":1}}`),
	}
	for _, spoil := range faults {
		// In the first query, in the preparations, and in the pages.
		for _, from := range []int{1, 3, 8} {
			s.Faults().Clear()
			if spoil.Name != "none" {
				s.Faults().Add(fault.When{From: from, Times: faultsEach}, spoil)
			}
			folder := t.TempDir()
			dir, logFile := filepath.Join(folder, "out"), filepath.Join(folder, "log")
			env := []string{"FAUNA_SECRET=" + secret}
			got := runHere(t, env, "run", "--domain", s.endpoint, "--all", "--out", dir, "--json", "--progress-interval", "20ms", "--log-file", logFile)
			check := runHere(t, env, "check", "--domain", s.endpoint, "--all", "--log-file", logFile)
			everything := map[string]string{
				"stdout of run": got.out, "stderr of run": got.err, "stdout of check": check.out, "stderr of check": check.err,
			}
			for name, content := range filesBelow(t, folder) {
				everything["file "+name] = content
			}
			if _, there := everything["file log"]; !there {
				t.Fatal("there is no log")
			}
			for where, text := range everything {
				text = fql.OneLine(text)
				for _, trace := range traces {
					if at := strings.Index(text, trace); at >= 0 {
						t.Errorf("fault %q from query %d: the secret stands in %s: …%s…", spoil.Name, from, where, text[max(0, at-80):min(len(text), at+len(trace)+40)])
					}
				}
			}
		}
	}
}

func TestSecret_isFoundInEveryPlaceItMayComeFrom(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	secret, name := s.keyForAll(t), s.collections(t)[0]
	file := filepath.Join(t.TempDir(), "secret")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check := func(stdin string, env []string, more ...string) ran {
		return runHereWith(t, t.Context(), stdin, env, append([]string{"check", "--domain", s.endpoint, "--collection", name}, more...)...)
	}
	if got := check("", []string{"FAUNA_SECRET=" + secret}); got.code != exitDone {
		t.Errorf("environment: exit %d: %s", got.code, got.err)
	}
	for _, text := range []string{secret, secret + "\n", "  \"" + secret + "\"\r\n", "{ ref: Ref(Keys(), \"1\"), secret: '" + secret + "' }"} {
		write(text)
		if got := check("", nil, "--secret-file", file); got.code != exitDone {
			t.Errorf("file that holds %q: exit %d: %s", strings.ReplaceAll(text, secret, "SECRET"), got.code, got.err)
		}
	}
	if got := check(secret+"\n", []string{"FAUNA_SECRET=wrong"}, "--secret-file", "-"); got.code != exitDone {
		t.Errorf("stdin, before the environment: exit %d: %s", got.code, got.err)
	}
	write("")
	if got := check("", nil, "--secret-file", file); got.code != exitUsage || !strings.Contains(got.err, "contains no secret") {
		t.Errorf("empty file: exit %d: %s", got.code, got.err)
	}
	if got := check("", nil, "--secret-file", file+"-none"); got.code != exitUsage {
		t.Errorf("missing file: exit %d: %s", got.code, got.err)
	}
}

// scrub must be applied last, whatever the error.
func TestSecret_isScrubbedWhereItIsSaid(t *testing.T) {
	t.Parallel()
	const text = "fnAEabcdefghijklmnopqrstuvwxyz0123456789"
	split := text[:10] + "\u202e\u0007" + text[10:]
	var out, errs strings.Builder
	a := &app{streams: streams{out: &out, err: &errs}}
	a.global.JSON = true
	a.hide(fauna.NewSecret(text))
	a.say("the driver says %s", split)
	a.event(export.Event{Waiting: text})
	if err := a.printJSON(map[string]string{"why": text}); err != nil {
		t.Error(err)
	}
	if err := a.printText(text); err != nil {
		t.Error(err)
	}
	for where, output := range map[string]string{"stdout": out.String(), "stderr": errs.String()} {
		if strings.Contains(fql.OneLine(output), text) || !strings.Contains(output, "[redacted]") {
			t.Errorf("%s: %s", where, output)
		}
	}
	// The default secret of development servers is an ordinary word and stays.
	a.hide(fauna.NewSecret("secret"))
	errs.Reset()
	if a.say("the secret was refused"); errs.String() != "the secret was refused\n" {
		t.Errorf("%q", errs.String())
	}
}
