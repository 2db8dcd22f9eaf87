//go:build unix

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"fauna-export/fauna/emulator"
)

func TestWizard_fromDomainToDoneOnAServer(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	names := s.collections(t)
	term := onTerminal(t, 80, 24, nil, "--domain", s.endpoint)
	term.wait("Where is your Fauna database?")
	term.wait("answers")
	term.send(enter)
	term.wait("How do you want to set up read access?")
	term.send(enter)
	term.wait("Which collections?")
	term.paste(strings.Join(names, "\n") + "\n")
	term.wait("8 collections")
	term.send(enter)
	term.wait("Run these in the Fauna shell")
	term.send(enter)
	term.wait("Paste the secret")
	term.paste(s.keyForAll(t) + "\n")
	term.wait("40 characters")
	term.send(enter)
	term.wait("How should the files be written?")
	term.wait("free")
	term.send(enter)
	term.wait("26,402 documents · about") // counting is done, so enter continues
	term.send(enter)
	term.wait("verified")
	screen := term.text()
	term.send("q")
	if code := term.end(); code != exitDone {
		t.Fatalf("exit %d:\n%s", code, term.text())
	}
	dirs, err := filepath.Glob(filepath.Join(term.cmd.Dir, "fauna-*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("folders %v, %v; the last screen was:\n%s", dirs, err, screen)
	}
	checkWizardExport(t, dirs[0])
}

func TestWizard_demoIsWalkedAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shop")
	log := filepath.Join(t.TempDir(), "demo.log")
	term := onTerminal(t, 80, 24, nil, "demo", "--out", dir, "--log-file", log)
	term.wait("Where is your Fauna database?")
	term.wait("answers")
	term.send(enter)
	term.wait("How do you want to set up read access?")
	term.send(enter)
	term.wait("Which collections?")
	term.send(ctrlR) // run the query that lists collections on the demo's server
	term.wait("8 collections")
	term.send(enter)
	term.wait("CreateRole")
	term.send("r")
	term.wait("Demo server's answer")
	term.wait(`ref: Role("connect-readonly")`)
	term.send(enter)
	term.wait("CreateKey")
	term.send("r")
	term.wait(`secret: "`)
	term.send(enter)
	term.wait("Paste the secret that CreateKey printed.")
	term.wait("characters")
	term.send(enter)
	term.wait("How should the files be written?")
	term.wait("free")
	term.send(enter)
	term.wait("26,402 documents · about") // counting is done, so enter continues
	term.send(enter)
	term.wait("Exported and verified")
	term.send("q")
	if code := term.end(); code != exitDone {
		t.Fatalf("exit %d:\n%s", code, term.text())
	}
	if wrote := term.wrote.String(); !strings.Contains(wrote, "\a") || !strings.Contains(wrote, "\x1b]2;✓ fauna-export\a") {
		t.Error("neither bell nor title at the end")
	}
	checkWizardExport(t, dir)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`msg="step done" step=Collections next=Set-up chosen=8`,
		`msg="step done" step=Set-up next=Secret queries=2 copied=0 ran=2 made=false`,
		`msg="step done" step=Secret next=Output accepted=true readable=8 chosen=8`,
		`msg="step done" step=Export next=Done rows=26402`,
		"msg=end exit=0",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the log has no %s:\n%s", want, text)
		}
	}
	if regexp.MustCompile(`fn[\w-]{38}`).Match(text) {
		t.Error("the secret is in the log")
	}
	for _, name := range term.cmd.Env {
		if home, ok := strings.CutPrefix(name, "HOME="); ok && len(filesBelow(t, home)) > 0 {
			t.Errorf("the demo left files in the user's folder: %v", filesBelow(t, home))
		}
	}
}

// checkWizardExport checks that a folder contains all documents of the sample.
func checkWizardExport(t *testing.T, dir string) {
	t.Helper()
	e := readExport(t, dir)
	rows := map[string]int64{}
	for _, c := range e.manifest.Collections {
		rows[c.Name] = c.Rows
	}
	for _, name := range emulator.SampleCollections() {
		want := int64(len(sampleRows(t, name)))
		if got, there := rows[name]; !there || got != want {
			t.Errorf("%s: in the manifest %v, %d rows, want %d", name, there, got, want)
		}
	}
	if got := runHere(t, nil, "verify", dir); got.code != exitDone {
		t.Errorf("verify: exit %d: %s", got.code, got.err)
	}
}

func TestWizard_leavesByKeyAndBySignalWithTheRightCode(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	cases := []struct {
		name  string
		leave func(term *terminal)
		code  int
	}{
		{"esc", func(term *terminal) { term.send(esc); term.wait("Quit?"); term.send("y") }, exitError},
		{"ctrl+c", typed(ctrlC), 130},
		{"SIGINT", signalled(syscall.SIGINT), 130},
		{"SIGTERM", signalled(syscall.SIGTERM), 143},
		{"SIGHUP", signalled(syscall.SIGHUP), 129},
		{"SIGQUIT", signalled(syscall.SIGQUIT), 131},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			term := onTerminal(t, 80, 24, nil, "--domain", s.endpoint)
			term.wait("answers")
			c.leave(term)
			if code := term.end(); code != c.code {
				t.Errorf("exit %d, want %d:\n%s", code, c.code, term.text())
			}
		})
	}
}

func TestWizard_withASecretNoNameIsTyped(t *testing.T) {
	s := serveSample(t)
	secret := s.keyForAll(t)
	term := onTerminal(t, 80, 24, []string{"FAUNA_SECRET=" + secret}, "--domain", s.endpoint)
	term.wait("answers")
	term.send(enter)
	term.wait("FAUNA_SECRET is set")
	term.send(enter)
	term.wait("8 of 8 · 26,402 documents")
	term.send(enter)
	term.wait("How should the files be written?")
	term.wait("free")
	term.send(enter)
	term.wait("26,402 documents · about")
	term.send(enter)
	term.wait("Exported and verified")
	term.send("q")
	if code := term.end(); code != exitDone {
		t.Fatalf("exit %d:\n%s", code, term.text())
	}
	if wrote := term.wrote.String(); strings.Contains(wrote, secret[:12]) {
		t.Error("the secret was on the screen")
	}
}

func TestWizard_withAnAdminsSecretOneKeyCreatesRoleAndKey(t *testing.T) {
	s := serveSample(t)
	term := onTerminal(t, 120, 40, nil, "--domain", s.endpoint)
	term.wait("answers")
	term.send(enter)
	term.wait("How do you want to set up read access?")
	term.send("3")
	term.wait("paste an admin's secret")
	term.paste(s.Secret() + "\n")
	term.wait("40 characters")
	term.send(enter)
	term.wait("8 of 8 · 26,402 documents")
	term.send(enter)
	term.wait("This will be created with the admin's secret.")
	term.send(enter)
	term.wait("Done: role and key created")
	term.send(enter)
	term.wait("How should the files be written?")
	term.wait("free")
	term.send(enter)
	term.wait("26,402 documents · about")
	term.send(enter)
	term.wait("Exported and verified")
	term.send("q")
	if code := term.end(); code != exitDone {
		t.Fatalf("exit %d:\n%s", code, term.text())
	}
}
