package tui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/fauna"
)

// testNow is the time in all tests.
var testNow = time.Date(2026, 11, 22, 10, 31, 2, 399_000_000, time.UTC)

const testSecret = "fnAEXAMPLEexampleEXAMPLEexampleEXAMPLEex"

// fakeServer answers as a database of the given collections would.
type fakeServer struct {
	names  []string                // what Collections lists
	docs   map[string]int          // documents by collection
	access map[string]fauna.Access // overrides readable and existing
	err    error                   // what everything but Reach answers
	reach  error
	list   error // what Collections answers
	apply  error
	body   string                      // what Documents answers, "" for generated documents
	hangs  bool                        // nothing answers before ctx ends
	index  map[string]fauna.IndexCheck // what CheckIndexes finds of a collection's index
	closed int
}

func (f *fakeServer) wait(ctx context.Context) error {
	if f.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.err
}

func (f *fakeServer) Reach(context.Context) error { return f.reach }

func (f *fakeServer) Now(ctx context.Context) (int64, error) {
	return testNow.UnixMicro(), f.wait(ctx)
}

func (f *fakeServer) Collections(ctx context.Context) ([]string, error) {
	if f.list != nil {
		return nil, f.list
	}
	return f.names, f.wait(ctx)
}

// CheckIndexes finds all indexes as they must be, but for those of f.index.
func (f *fakeServer) CheckIndexes(ctx context.Context, collections, indexes []string) ([]fauna.IndexCheck, error) {
	checks := make([]fauna.IndexCheck, len(collections))
	for i := range checks {
		checks[i] = fauna.IndexCheck{Exists: true}
		if x, ok := f.index[collections[i]]; ok {
			checks[i] = x
		}
		checks[i].Collection, checks[i].Index = collections[i], indexes[i]
	}
	return checks, f.wait(ctx)
}

func (f *fakeServer) Access(ctx context.Context, names []string) ([]fauna.Access, error) {
	var out []fauna.Access
	for _, name := range names {
		a, ok := f.access[name]
		if !ok {
			_, exists := f.docs[name]
			a = fauna.Access{Exists: exists, Readable: exists, Minimum: testNow.Add(-15 * time.Minute).UnixMicro()}
		}
		a.Collection = name
		out = append(out, a)
	}
	return out, f.wait(ctx)
}

func (f *fakeServer) Apply(ctx context.Context, s fauna.Setup) (fauna.Secret, error) {
	if f.apply != nil {
		return fauna.Secret{}, f.apply
	}
	return fauna.NewSecret(testSecret), f.wait(ctx)
}

func (f *fakeServer) Close() { f.closed++ }

func (f *fakeServer) AbsentAt(context.Context, []string, int64) ([]string, error) { return nil, nil }
func (f *fakeServer) Unreadable(context.Context, []string) (unreadable, missing []string, err error) {
	return nil, nil, nil
}
func (f *fakeServer) MinimumTime(context.Context, string) (int64, error) { return 0, nil }
func (f *fakeServer) Presence(context.Context, string, []int64) (alive, gone, hidden []int64, err error) {
	return nil, nil, nil, nil
}

func (f *fakeServer) IDs(ctx context.Context, name string, _, from int64, size int) ([]int64, int64, error) {
	var ids []int64
	for i := from; i < int64(f.docs[name]) && len(ids) < size; i++ {
		ids = append(ids, i)
	}
	next := from + int64(len(ids))
	if next >= int64(f.docs[name]) {
		next = -1
	}
	return ids, next, f.wait(ctx)
}

func (f *fakeServer) Documents(ctx context.Context, name string, _, _ int64, size int, paths [][]any, buf []byte) ([]byte, error) {
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	if f.body != "" {
		return append(buf[:0], f.body...), nil
	}
	buf = append(buf[:0], `{"resource":{"data":[`...)
	for i := range min(size, f.docs[name]) {
		if i > 0 {
			buf = append(buf, ',')
		}
		collection, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		doc := fmt.Sprintf(`{"ref":{"@ref":{"id":"%d","collection":{"@ref":{"id":%s,"collection":{"@ref":{"id":"collections"}}}}}},"ts":1795342079040000,"data":{"name":"user %d","age":%d,"parent":{"@ref":{"id":"7","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}},"at":{"@ts":"2026-01-02T03:04:05Z"},"address":{"city":"Oslo"}}}`, i+1, collection, i+1, 20+i)
		if paths != nil {
			doc = "[" + doc + strings.Repeat(`,"x"`, len(paths)-1) + "]"
		}
		buf = append(buf, doc...)
	}
	return append(buf, `]}}`...), nil
}

// fakeRun is an export that ends as it is told.
type fakeRun struct {
	manifest *export.Manifest
	err      error
	status   export.Status
	hold     chan struct{} // Do returns when it is closed, or ctx ends
	panics   bool
	paused   []bool
	workers  int
}

func (r *fakeRun) Do(ctx context.Context) (*export.Manifest, error) {
	if r.panics {
		panic("boom")
	}
	if r.hold != nil {
		select {
		case <-r.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return r.manifest, r.err
}
func (r *fakeRun) Status() export.Status { return r.status }
func (r *fakeRun) Pause()                { r.paused = append(r.paused, true) }
func (r *fakeRun) Continue()             { r.paused = append(r.paused, false) }
func (r *fakeRun) SetWorkers(n int)      { r.workers = n }

// shop is a server with three collections.
func shop() *fakeServer {
	return &fakeServer{
		names: []string{"users", "products", "line-items"},
		docs:  map[string]int{"users": 20_000, "products": 12, "line-items": 992},
	}
}

// shopRun is a finished export of shop.
func shopRun() *fakeRun {
	entry := func(name string, rows, bytes int64, sum string) export.ManifestEntry {
		return export.ManifestEntry{Name: name, File: name + ".jsonl", Format: "jsonl", Compress: "none", Columns: []string{"ref", "ts", "data", "ttl"}, Rows: rows, ExpectedRows: rows, Bytes: bytes, SHA256: strings.Repeat(sum, 8)}
	}
	m := &export.Manifest{
		Tool:    "fauna-export v1",
		Version: 1, Snapshot: "2026-11-22T10:31:02.399Z", Consistency: export.ConsistencySnapshot,
		Collections: []export.ManifestEntry{
			entry("users", 20_000, 12_800_000, "3f1c09aa"), entry("products", 12, 2_048, "77aa11bb"), entry("line-items", 992, 601_000, "0badcafe"),
		},
	}
	return &fakeRun{manifest: m, status: export.Status{Phase: export.Done, Elapsed: 2100 * time.Millisecond, Rows: 21_004}}
}

// bench is a wizard with a fake world around it.
type bench struct {
	t      *testing.T
	w      *wizard
	server *fakeServer
	run    *fakeRun
	report *export.Report
	dialed []fauna.Options
	copied []string
	quit   bool
	held   bool // the export does not end before endRun
	poll   tea.Cmd

	dial     func(fauna.Options) (server, error) // nil for server
	onOutput []string                            // keys that to presses on the Output step
}

// look lets the screen look at a held export again.
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

// newBench makes a wizard in a window; its first step has been entered.
func newBench(t *testing.T, width, height int, change ...func(*bench, *Config)) *bench {
	t.Helper()
	b := &bench{t: t, server: shop(), run: shopRun(), report: &export.Report{}}
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

// session is a session whose server, export, clipboard, clock and folders are
// fakes.
func (b *bench) session(c Config) *session {
	s := newSession(b.t.Context(), c.withDefaults())
	s.now = func() time.Time { return testNow }
	s.jobs.sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	s.look = func(path string) place { return place{path: path, isNew: true, free: 212_000_000_000} }
	s.dial = func(o fauna.Options) (server, error) {
		b.dialed = append(b.dialed, o)
		if b.dial != nil {
			return b.dial(o)
		}
		return b.server, nil
	}
	s.clip = clipper{env: s.cfg.Env, goos: "darwin", wait: time.Second, native: func(text string) error {
		b.copied = append(b.copied, text)
		return nil
	}}
	s.runner.limit = func(int64) {}
	s.runner.open = func(export.Spec, export.Source, bool) (exporting, error) { return b.run, nil }
	s.runner.verify = func(context.Context, string, func(export.VerifyStatus)) (*export.Report, error) {
		return b.report, nil
	}
	b.t.Cleanup(func() { s.stop(stopWait) })
	return s
}

// send gives the wizard a message and does what it asks for, until it is quiet.
func (b *bench) send(m tea.Msg) {
	b.t.Helper()
	_, cmd := b.w.Update(m)
	b.do(cmd)
}

// do runs a command, and those that follow from it, one after the other.
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
		switch m := next().(type) {
		case nil:
		case tea.BatchMsg:
			queue = append(queue, m...)
		case tea.QuitMsg:
			b.quit = true
		default:
			_, cmd := b.w.Update(m)
			if p, ok := m.(progressMsg); ok && p.now.state != runEnded && b.held {
				b.poll = cmd // the next look at an export that is held: see look
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
	"ctrl+k": tea.KeyCtrlK, "ctrl+z": tea.KeyCtrlZ,
}

// keyMsg is a key as the terminal sends it.
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

// typed types a text a rune at a time.
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

// at checks which step is shown.
func (b *bench) at(want stepID) {
	b.t.Helper()
	if b.w.at != want {
		b.t.Fatalf("the wizard is at %s, want %s:\n%s", b.w.at, want, b.w.View())
	}
}

// shows checks that the screen has all of the texts.
func (b *bench) shows(want ...string) {
	b.t.Helper()
	view := b.w.View()
	for _, text := range want {
		if !strings.Contains(view, text) {
			b.t.Errorf("the screen does not show %q:\n%s", text, view)
		}
	}
}

// hides checks that the screen has none of the texts.
func (b *bench) hides(texts ...string) {
	b.t.Helper()
	view := b.w.View()
	for _, text := range texts {
		if strings.Contains(view, text) {
			b.t.Errorf("the screen shows %q:\n%s", text, view)
		}
	}
}

// to walks to a step with the shop's collections.
func (b *bench) to(id stepID) *bench {
	b.t.Helper()
	if id > domainID {
		b.keys("enter")
		b.at(collectionsID)
	}
	if id > collectionsID {
		b.typed("users, products, line-items")
		b.keys("enter")
		b.at(outputID)
	}
	if id > outputID {
		b.keys(b.onOutput...)
		b.keys("enter")
		b.at(setupID)
	}
	if id > setupID {
		b.keys("enter")
		b.at(secretID)
	}
	if id > secretID {
		b.paste(testSecret + "\r\n")
		b.keys("enter")
		b.at(checkID)
	}
	if id == exportID {
		b.run.hold, b.held = make(chan struct{}), true
		if b.run.status.Phase == export.Done {
			b.run.status = export.Status{Phase: export.Preparing, Workers: 8}
		}
	}
	if id > checkID {
		b.keys("enter")
	}
	return b
}

var errRefused = &fauna.Error{Op: "check the secret", Kind: fauna.KindSecretRefused, Status: 401}

var errNoNetwork = errors.New("localhost:8443 does not answer: connection refused; is the server running?")
