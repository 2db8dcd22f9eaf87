package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"fauna-export/export"
	"fauna-export/export/load"
	"fauna-export/fauna"
)

// testNow is the time in all tests.
var testNow = time.Date(2026, 11, 22, 10, 31, 2, 399_000_000, time.UTC)

const testSecret = "fnAEXAMPLEexampleEXAMPLEexampleEXAMPLEex"

// A bench is a wizard in a fake environment.
type bench struct {
	t      *testing.T
	w      *wizard
	server *fakeServer
	run    *fakeRun
	dialed []fauna.Options
	copied []string
	quit   bool
	held   bool // the export ends only with endRun
	poll   tea.Cmd

	dial    func(fauna.Options) (server, error) // nil returns server
	onSetup []string                            // keys that to presses on the Set-up step
	names   string                              // what to types on the Collections step
	spent   atomic.Int64                        // time that has passed, such as for reading documents
	loadErr error                               // error of planning a load
	slept   atomic.Int64                        // what the last command would have slept
	recheck int                                 // number of repetitions that checks scheduled
}

// look makes the screen poll a held export again.
func (b *bench) look() {
	b.t.Helper()
	cmd := b.poll
	b.poll = nil
	b.do(cmd)
}

// endRun lets a held export end and waits until the screen has seen it.
func (b *bench) endRun() {
	b.t.Helper()
	close(b.run.hold)
	b.held = false
	b.look()
}

// newBench returns a wizard in a window, with its first step entered.
func newBench(t *testing.T, width, height int, change ...func(*bench, *Config)) *bench {
	t.Helper()
	b := &bench{t: t, server: shop(), run: shopRun()}
	c := Config{Version: "v0.0.0", Endpoint: "http://localhost:8443", Dir: "/srv/fauna-2026-11-22", Color: "never", Out: &bytes.Buffer{}}
	for _, f := range change {
		f(b, &c)
	}
	s := b.session(c)
	b.w = newWizard(s)
	b.send(tea.WindowSizeMsg{Width: width, Height: height})
	b.do(b.w.Init())
	return b
}

// session returns a session whose server, export, clipboard, clock and folders are
// fakes.
func (b *bench) session(c Config) *session {
	s := newSession(b.t.Context(), c.withDefaults())
	s.now = func() time.Time { return testNow.Add(time.Duration(b.spent.Load())) }
	b.server.spent = &b.spent
	s.alone = func() bool { return false }
	s.jobs.sleep = func(ctx context.Context, d time.Duration) error {
		b.slept.Store(int64(d))
		return ctx.Err()
	}
	s.look = func(path string) place { return place{path: path, isNew: true, free: 212_000_000_000} }
	s.dial = func(o fauna.Options) (server, error) {
		b.dialed = append(b.dialed, o)
		if b.dial != nil {
			return b.dial(o)
		}
		return b.server, nil
	}
	s.clip = clipper{env: s.cfg.Env, goos: "darwin", wait: time.Second, tty: func() (io.WriteCloser, error) { return keepOpen{io.Discard}, nil }, native: func(text string) error {
		b.copied = append(b.copied, text)
		return nil
	}}
	s.prepareLoad = func(context.Context, string, load.Options) (loader, error) {
		if b.loadErr != nil {
			return nil, b.loadErr
		}
		return &fakeLoad{}, nil
	}
	s.runner.limit = func(int64) {}
	s.runner.open = func(export.Spec, export.Source, bool) (exporting, error) { return b.run, nil }
	b.t.Cleanup(func() { s.stop(stopWait) })
	return s
}

// send gives the wizard a message and runs the resulting commands until none are left.
func (b *bench) send(m tea.Msg) {
	b.t.Helper()
	_, cmd := b.w.Update(m)
	b.do(cmd)
}

// act calls functions as a key or an answer would, then runs the resulting commands.
func (b *bench) act(does ...func()) {
	b.t.Helper()
	for _, f := range does {
		f()
	}
	b.do(b.w.asked())
}

// later calls does and returns the answer to its command without delivering it.
func (b *bench) later(does func()) tea.Msg {
	b.t.Helper()
	does()
	return b.w.asked()()
}

// do runs a command and all that follow from it, in order.
func (b *bench) do(cmd tea.Cmd) {
	b.t.Helper()
	queue := []tea.Cmd{cmd}
	for n := 0; len(queue) > 0; n++ {
		if n > 100_000 {
			b.t.Fatal("the wizard never comes to rest")
		}
		next := queue[0]
		queue = queue[1:]
		if next == nil {
			continue
		}
		b.slept.Store(0)
		m := next()
		slept := time.Duration(b.slept.Load())
		switch m := m.(type) {
		case nil:
		case tea.BatchMsg:
			queue = append(queue, m...)
		case tea.QuitMsg:
			b.quit = true
		default:
			switch slept {
			case spinEvery: // turns forever
				b.w.spinning.drop()
				continue
			case buildingEvery:
				b.recheck++
				continue
			case pollEvery:
				if !b.held { // it ends by itself; polling until then would only take CPU from it
					b.w.runner.wg.Wait()
				}
			}
			_, cmd := b.w.Update(m)
			if slept == pollEvery && b.held && b.w.runner.active() {
				b.poll = cmd // the next poll of a held export: see look
				continue
			}
			queue = append(queue, cmd)
		}
	}
}

var keyTypes = map[string]tea.KeyType{
	"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab, "f1": tea.KeyF1,
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "home": tea.KeyHome, "end": tea.KeyEnd,
	"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "backspace": tea.KeyBackspace, "delete": tea.KeyDelete, "space": tea.KeySpace,
	"ctrl+c": tea.KeyCtrlC, "ctrl+g": tea.KeyCtrlG, "ctrl+o": tea.KeyCtrlO, "ctrl+r": tea.KeyCtrlR, "ctrl+t": tea.KeyCtrlT,
	"ctrl+u": tea.KeyCtrlU, "ctrl+w": tea.KeyCtrlW, "ctrl+y": tea.KeyCtrlY, "ctrl+a": tea.KeyCtrlA, "ctrl+e": tea.KeyCtrlE,
	"ctrl+k": tea.KeyCtrlK, "ctrl+j": tea.KeyCtrlJ, "ctrl+z": tea.KeyCtrlZ,
}

// keyMsg returns a key as the terminal sends it.
func keyMsg(name string) tea.KeyMsg {
	if k, ok := keyTypes[name]; ok {
		m := tea.KeyMsg{Type: k}
		if k == tea.KeySpace {
			m.Runes = []rune{' '}
		}
		return m
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

// keys presses keys by name.
func (b *bench) keys(names ...string) {
	b.t.Helper()
	for _, name := range names {
		b.send(keyMsg(name))
	}
}

// typed types a text rune by rune.
func (b *bench) typed(text string) {
	b.t.Helper()
	for _, r := range text {
		if r == ' ' {
			b.keys("space")
		} else {
			b.keys(string(r))
		}
	}
}

// paste pastes a text.
func (b *bench) paste(text string) {
	b.t.Helper()
	b.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true})
}

// view returns the screen without colours.
func (b *bench) view() string { return ansi.Strip(b.w.View()) }

// burst sends keys as a terminal without bracketed paste sends a paste: all of them
// before anything else happens.
func (b *bench) burst(text string) {
	b.t.Helper()
	var cmds []tea.Cmd
	word := ""
	send := func(m tea.KeyMsg) {
		_, cmd := b.w.Update(m)
		cmds = append(cmds, cmd)
	}
	flush := func() {
		if word != "" {
			send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(word)})
		}
		word = ""
	}
	for _, r := range text {
		switch r {
		case '\n':
			flush()
			send(keyMsg("enter"))
		case '\t':
			flush()
			send(keyMsg("tab"))
		case ' ':
			flush()
			send(keyMsg("space"))
		default:
			word += string(r)
		}
	}
	flush()
	for _, cmd := range cmds {
		b.do(cmd)
	}
}

// at checks which step is displayed.
func (b *bench) at(want stepID) {
	b.t.Helper()
	if b.w.at != want {
		b.t.Fatalf("the wizard is at %s, want %s:\n%s", b.w.at, want, b.view())
	}
}

// shows checks that the screen contains all of the texts.
func (b *bench) shows(want ...string) {
	b.t.Helper()
	view := b.view()
	for _, text := range want {
		if !strings.Contains(view, text) {
			b.t.Errorf("the screen does not show %q:\n%s", text, view)
		}
	}
}

// hides checks that the screen contains none of the texts.
func (b *bench) hides(texts ...string) {
	b.t.Helper()
	view := b.view()
	for _, text := range texts {
		if strings.Contains(view, text) {
			b.t.Errorf("the screen shows %q:\n%s", text, view)
		}
	}
}

// to walks to a step with the shop's collections, choosing to be shown the FQL.
func (b *bench) to(id stepID) *bench {
	b.t.Helper()
	if id > domainID {
		b.keys("enter")
		b.at(accessID)
	}
	if id > accessID {
		b.keys("1")
		b.at(collectionsID)
	}
	if id > collectionsID {
		if b.names == "" {
			b.names = "users, products, line-items"
		}
		b.typed(b.names)
		b.keys("enter")
		b.at(setupID)
	}
	if id > setupID {
		b.keys(b.onSetup...)
		b.keys("enter")
		b.at(secretID)
	}
	if id > secretID {
		b.paste(testSecret + "\r\n")
		b.keys("enter")
		b.at(outputID)
	}
	if id > outputID {
		b.keys("enter")
		b.at(checkID)
	}
	b.hold(id)
	if id > checkID {
		b.keys("enter")
	}
	return b
}

// hold keeps the export running if the test wants to see it.
func (b *bench) hold(id stepID) {
	if id != exportID {
		return
	}
	b.run.hold, b.held = make(chan struct{}), true
	if b.run.status.Phase == export.Done {
		b.run.status = export.Status{Phase: export.Preparing, Workers: 8}
	}
}

var errRefused = &fauna.Error{Op: "check the secret", Kind: fauna.KindSecretRefused, Status: 401}

var errNoNetwork = errors.New("localhost:8443 does not answer: connection refused; is the server running?")
