//go:build unix

package main

import (
	"io"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// wizardSteps lists the wizard's steps, each with a text that only its screen
// shows and the keys that lead there from the previous step.
var wizardSteps = []struct {
	name, shows string
	enter       func(term *terminal, s *testServer)
}{
	{"Domain", "Where is your Fauna database?", func(term *terminal, _ *testServer) { term.wait("answers (FQL v4)") }},
	{"Access", "How do you want to set up read access?", func(term *terminal, _ *testServer) { term.send(enter) }},
	{"Collections", "Which collections?", func(term *terminal, _ *testServer) { term.send(enter) }},
	{"Set-up", "Run these in the Fauna shell", func(term *terminal, _ *testServer) {
		term.send("customers, orders, products")
		term.wait("3 collections")
		term.send(enter)
	}},
	{"Secret", "Paste the secret", func(term *terminal, _ *testServer) { term.send(enter) }},
	{"Output", "How should the files be written?", func(term *terminal, s *testServer) {
		term.paste("secret: '" + s.keyFor(term.t, "connect-readonly", "customers", "orders", "products") + "'\r\n")
		term.wait("40 characters")
		term.send(enter)
		term.wait("First rows of")
	}},
	{"Check", "Ready to export?", func(term *terminal, _ *testServer) { term.wait("free"); term.send(enter); term.wait("20,400") }},
	{"Export", "in flight", func(term *terminal, _ *testServer) { term.wait("about"); term.send(enter) }},
	{"Done", "Exported and verified", func(*terminal, *testServer) {}}, // reached when the export ends
}

// walkTo walks from the first step to another.
func walkTo(term *terminal, s *testServer, step int) {
	term.t.Helper()
	for i, w := range wizardSteps[:step+1] {
		w.enter(term, s)
		if w.name != "Export" || i == step { // a fast export may end before it is seen
			term.wait(w.shows)
		}
	}
}

// restored checks that the terminal is as a shell expects it: echo on, main
// screen, cursor visible.
func (term *terminal) restored() {
	term.t.Helper()
	wrote := term.wrote.String()
	for _, c := range []struct{ what, on, off string }{
		{"the second screen", "\x1b[?1049h", "\x1b[?1049l"},
		{"the hidden cursor", "\x1b[?25l", "\x1b[?25h"},
		{"bracketed paste", "\x1b[?2004h", "\x1b[?2004l"},
	} {
		on, off := strings.LastIndex(wrote, c.on), strings.LastIndex(wrote, c.off)
		if on < 0 || off < on {
			term.t.Errorf("%s: switched on at byte %d, off at %d", c.what, on, off)
		}
	}
}

func TestWizardSteps_interruptedAtEveryStepTheTerminalIsRestored(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	ways := []struct {
		name  string
		code  int
		leave func(term *terminal)
	}{
		{"ctrl+c", 130, typed(ctrlC)},
		{"SIGTERM", 143, signalled(syscall.SIGTERM)},
	}
	for i, step := range wizardSteps {
		for _, way := range ways {
			t.Run(step.name+"/"+way.name, func(t *testing.T) {
				endpoint := s.endpoint
				if step.name == "Export" {
					endpoint = slowly(t, s)
				}
				s := &testServer{Server: s.Server, endpoint: endpoint}
				term := onTerminal(t, 80, 24, nil, "--domain", endpoint)
				walkTo(term, freshRole(s, t), i)
				asked := time.Now()
				way.leave(term)
				if code := term.end(); code != way.code {
					t.Errorf("exit %d, want %d:\n%s", code, way.code, term.text())
				}
				if took := time.Since(asked); took > 5*time.Second {
					t.Errorf("leaving took %s", took)
				}
				term.restored()
			})
		}
	}
}

// freshRole deletes the role that the walk creates.
func freshRole(s *testServer, t *testing.T) *testServer {
	t.Helper()
	s.shell(t, `If(Exists(Role("connect-readonly")), Delete(Role("connect-readonly")), null)`)
	return s
}

func TestWizardSteps_resizedAtEveryStep(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	term := onTerminal(t, 80, 24, nil, "--domain", slowly(t, s))
	for _, step := range wizardSteps {
		step.enter(term, s)
		term.wait(step.shows)
		if step.name == "Export" { // it may end meanwhile
			term.resize(40, 10)
			term.wait("exporting")
			term.resize(80, 24)
			continue
		}
		for _, size := range [][2]int{{120, 40}, {60, 18}, {40, 10}, {80, 24}} {
			term.resize(size[0], size[1])
			if size[0] < 60 {
				term.wait("the wizard needs")
				continue
			}
			mark := "step "
			if size[0] >= 76 {
				mark = "● " + step.name
			}
			term.wait(mark)
			first, _, _ := strings.Cut(step.shows, "database")
			if step.name == "Done" {
				first = "verified"
			}
			term.wait(first)
		}
	}
	term.send(enter)
	if code := term.end(); code != exitDone {
		t.Errorf("exit %d:\n%s", code, term.text())
	}
	term.restored()
}

func (term *terminal) resize(cols, rows int) {
	term.t.Helper()
	term.screen.Resize(cols, rows)
	if err := pty.Setsize(term.ptm, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)}); err != nil {
		term.t.Fatal(err)
	}
}

func TestWizardSteps_secretPastedWithANewlineOnATerminalWithoutBracketedPaste(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	term := onTerminal(t, 80, 24, nil, "--domain", s.endpoint)
	walkTo(term, s, 4)
	secret := s.keyFor(t, "connect-readonly", "customers", "orders", "products")
	term.send("  " + secret + "  \r") // typed at once: the enter is part of the paste
	term.wait("40 characters")
	term.send(enter)
	term.wait("How should the files be written?")
	term.wait("reads 3 of 3")
	term.send(ctrlC)
	term.end()
	if strings.Contains(term.wrote.String(), secret) || strings.Contains(term.wrote.String(), secret[:12]) {
		t.Error("the secret was on the screen")
	}
}

func TestWizardSteps_terminalThatAnswersNothingSeesTheFirstFrameAtOnce(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	best := limit
	for range 10 { // other tests may slow down most of them
		if best = min(best, firstFrame(t, s.endpoint)); best <= 300*time.Millisecond {
			return
		}
	}
	t.Errorf("the first frame took %s", best)
}

// firstFrame starts the wizard on a terminal that answers no queries, and
// returns the time until the first screen.
func firstFrame(t *testing.T, endpoint string) time.Duration {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "--domain", endpoint)
	cmd.Env = cleanEnvironment(t, nil)
	cmd.Dir = t.TempDir()
	begin := time.Now()
	ptm, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 80, Rows: 24})
	if err != nil {
		t.Fatal(err)
	}
	defer ptm.Close()
	var seen strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(seen.String(), "Where is your Fauna database?") {
		n, err := ptm.Read(buf)
		seen.Write(buf[:n])
		if err != nil || time.Since(begin) > limit {
			t.Fatalf("after %s: %v\n%q", time.Since(begin), err, seen.String())
		}
	}
	took := time.Since(begin)
	for _, query := range []string{"\x1b]11;?", "\x1b[6n", "\x1b[c"} {
		if strings.Contains(seen.String(), query) {
			t.Errorf("the terminal was asked %q", query)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	return took
}

func TestWizardSteps_withoutAShellNothingIsSuspended(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	for _, command := range [][]string{
		{binary},                                // the session's first process
		{"sh", "-c", `"$0" "$@"; true`, binary}, // its child, as of a container's script
	} {
		term := startOnTerminal(t, 80, 24, exec.CommandContext(t.Context(), command[0], append(command[1:], "--domain", s.endpoint)...), nil)
		term.wait("answers")
		term.send("\x1a")
		term.wait("Can't suspend")
		term.send(enter)
		term.wait("How do you want to set up read access?")
	}
}

func TestWizardSteps_terminalIsInItsOwnModeAfterwards(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	ptm, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer ptm.Close()
	defer tty.Close()
	mode := func() string {
		stty := exec.CommandContext(t.Context(), "stty", "-g")
		stty.Stdin = tty
		out, err := stty.Output()
		if err != nil {
			t.Fatalf("stty: %v", err)
		}
		return string(out)
	}
	before := mode()
	cmd := exec.CommandContext(t.Context(), binary, "--domain", s.endpoint)
	cmd.Env = cleanEnvironment(t, nil)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := pty.Setsize(ptm, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var seen lockedBuffer
	go io.Copy(&seen, ptm)
	for begin := time.Now(); !strings.Contains(seen.String(), "Where is your Fauna database?"); time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > limit {
			t.Fatalf("no first frame: %q", seen.String())
		}
	}
	if mode() == before {
		t.Error("the wizard does not take the terminal")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if after := mode(); after != before {
		t.Errorf("the terminal was left in another mode: %s, before %s", after, before)
	}
}

func TestWizardSteps_serverGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	l := newLine(t, strings.TrimPrefix(s.endpoint, "http://"))
	term := onTerminal(t, 100, 24, nil, "--domain", "http://"+l.address)
	walkTo(term, s, 0)

	l.cut()
	term.send("\x14") // ctrl+t
	term.wait("Enter to continue anyway")
	term.send(enter)
	term.wait("How do you want to set up read access?")
	term.send("3")
	term.wait("paste an admin's secret")
	term.paste("fnADMIN")
	term.wait("7 characters")
	term.send(enter)
	term.wait("✗")
	term.send(esc)
	term.wait("esc back")
	term.send("1")
	term.wait("Which collections?")
	term.send("customers, orders, products")
	term.wait("3 collections")
	term.send(enter)
	term.wait("Run these in the Fauna shell")
	term.send(enter)
	term.wait("Paste the secret")
	term.paste(s.keyFor(t, "connect-readonly", "customers", "orders", "products"))
	term.wait("40 characters")
	term.send(enter)
	term.wait("✗")

	l.mend()
	l.delay(30 * time.Millisecond)
	term.send(enter)
	term.wait("How should the files be written?")
	term.wait("free")
	term.send(enter)
	term.wait("Ready to export?")
	term.wait("about")

	l.cut()
	term.send("r")
	term.wait("r checks again")
	l.mend()
	term.send("r")
	term.wait("20,400")

	term.send("o")
	term.wait("How should the files be written?")
	l.cut()
	term.send("\x0f") // ctrl+o: columns from documents
	term.wait("connection refused")
	l.mend()
	term.send("r")
	term.wait("space mark")
	term.send(esc)
	term.wait("free")
	term.send(enter) // back to the step it was opened from
	term.wait("20,400")
	term.wait("about")

	l.delay(250 * time.Millisecond)
	term.send(enter)
	term.wait("in flight")
	term.waitFor("documents arrive", func(screen string) bool { return regexp.MustCompile(`[1-9]\d* %`).MatchString(screen) })
	l.cut()
	term.wait("Connection lost")
	l.delay(0)
	l.mend()
	term.waitFor("the message goes", func(screen string) bool { return !strings.Contains(screen, "Connection lost") })
	term.wait("verified")
	term.send(enter)
	if code := term.end(); code != exitDone {
		t.Errorf("exit %d:\n%s", code, term.text())
	}
}

func TestWizardSteps_pastedLinesWithoutBracketsActInNoStep(t *testing.T) {
	s := serveSample(t)
	for i, step := range wizardSteps {
		if step.name == "Export" || step.name == "Done" { // an export may end meanwhile; the wizard's own tests cover both
			continue
		}
		t.Run(step.name, func(t *testing.T) {
			s := freshRole(&testServer{Server: s.Server, endpoint: s.endpoint}, t)
			term := onTerminal(t, 80, 24, nil, "--domain", s.endpoint)
			walkTo(term, s, i)
			before := term.text()
			term.send("q\rs\rx\ry\r\r1\r")
			term.waitFor("something is said, or typed", func(screen string) bool { return screen != before })
			term.wait("● " + step.name)
			term.send(ctrlC)
			if code := term.end(); code != 130 {
				t.Errorf("exit %d:\n%s", code, term.text())
			}
		})
	}
}
