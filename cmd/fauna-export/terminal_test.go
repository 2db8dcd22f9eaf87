//go:build unix

package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// terminal is the real program on a pseudo-terminal, with its screen and
// everything it wrote.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	ptm    *os.File
	screen vt10x.Terminal
	wrote  lockedBuffer
	ended  chan struct{}
}

// onTerminal starts the real program on a terminal of cols × rows.
func onTerminal(t *testing.T, cols, rows int, env []string, args ...string) *terminal {
	t.Helper()
	return startOnTerminal(t, cols, rows, exec.CommandContext(t.Context(), binary, args...), env)
}

// startOnTerminal starts a command on a terminal.
func startOnTerminal(t *testing.T, cols, rows int, cmd *exec.Cmd, env []string) *terminal {
	t.Helper()
	cmd.Env = cleanEnvironment(t, env)
	cmd.Dir = t.TempDir()
	ptm, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)})
	if err != nil {
		t.Fatalf("start on a terminal: %v", err)
	}
	term := &terminal{t: t, cmd: cmd, ptm: ptm, ended: make(chan struct{})}
	term.screen = vt10x.New(vt10x.WithSize(cols, rows), vt10x.WithWriter(ptm))
	read := make(chan struct{})
	go func() {
		defer close(read)
		term.show()
	}()
	go func() {
		cmd.Wait()
		select {
		case <-read:
		case <-time.After(time.Second):
		}
		close(term.ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-term.ended
		ptm.Close()
		<-read
	})
	return term
}

// show renders the program's output until it exits. The emulated screen needs
// whole characters, so a partial one waits for the next read.
func (term *terminal) show() {
	buf := make([]byte, 0, 64<<10)
	for {
		n, err := term.ptm.Read(buf[len(buf):cap(buf)])
		if err != nil { // the program has exited
			return
		}
		buf = buf[:len(buf)+n]
		whole := len(buf)
		for i := 1; i <= min(utf8.UTFMax, len(buf)); i++ {
			if tail := buf[len(buf)-i:]; utf8.RuneStart(tail[0]) {
				if !utf8.FullRune(tail) {
					whole -= i
				}
				break
			}
		}
		term.wrote.Write(buf[:whole])
		term.screen.Write(buf[:whole])
		buf = append(buf[:0], buf[whole:]...)
	}
}

// text returns the screen's contents.
func (term *terminal) text() string { return term.screen.String() }

// wait waits until the screen contains a text.
func (term *terminal) wait(want string) {
	term.t.Helper()
	term.waitFor("the screen shows "+want, func(screen string) bool { return strings.Contains(screen, want) })
}

func (term *terminal) waitFor(what string, holds func(screen string) bool) {
	term.t.Helper()
	deadline := time.Now().Add(limit)
	for !holds(term.text()) {
		select {
		case <-term.ended:
			if holds(term.text()) {
				return
			}
			term.t.Fatalf("the program ended (exit %d) before %s:\n%s", term.cmd.ProcessState.ExitCode(), what, term.text())
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			term.t.Fatalf("after %s there is still not: %s\n%s", limit, what, term.text())
		}
	}
}

// send types keys.
func (term *terminal) send(keys string) {
	term.t.Helper()
	if _, err := io.WriteString(term.ptm, keys); err != nil {
		term.t.Fatalf("type %q: %v", keys, err)
	}
}

// paste sends text as a bracketed paste.
func (term *terminal) paste(text string) { term.send("\x1b[200~" + text + "\x1b[201~") }

// end waits for the program and returns its exit code.
func (term *terminal) end() int {
	term.t.Helper()
	select {
	case <-term.ended:
	case <-time.After(limit):
		term.t.Fatalf("the program does not end:\n%s", term.text())
	}
	return term.cmd.ProcessState.ExitCode()
}

// signal sends a signal to the program.
func (term *terminal) signal(s syscall.Signal) {
	term.t.Helper()
	if err := term.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		term.t.Fatal(err)
	}
}

// signalled and typed are ways to end the program.
func signalled(s syscall.Signal) func(*terminal) { return func(term *terminal) { term.signal(s) } }

func typed(keys string) func(*terminal) { return func(term *terminal) { term.send(keys) } }

// echoes reports whether the terminal shows what is typed.
func (term *terminal) echoes() bool {
	term.t.Helper()
	stty := exec.CommandContext(term.t.Context(), "stty", "-a")
	stty.Stdin = term.ptm
	mode, err := stty.Output()
	if err != nil {
		term.t.Fatalf("ask for the terminal's mode: %v", err)
	}
	return strings.Contains(string(mode), " echo ")
}

const (
	enter = "\r"
	esc   = "\x1b"
	ctrlC = "\x03"
	ctrlR = "\x12"
)
