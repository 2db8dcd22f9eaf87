package tui

import (
	"context"
	"errors"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// domainStep asks for the address, says what it means while it is typed, and
// asks the server whether it is one before the wizard continues.
type domainStep struct {
	s     *session
	field field
	pick  int // of the recent addresses, -1 for the field
	gen   int // of the test that counts

	parsed fauna.Endpoint
	bad    error // why the text is no address

	test    testState
	testErr error
	onward  bool // go on when the test has passed
}

type testState int

const (
	testNone testState = iota
	testRunning
	testPassed
	testFailed
)

// reachedMsg is the answer of the reachability test.
type reachedMsg struct {
	gen int
	err error
}

func (reachedMsg) to() stepID { return domainID }

func newDomainStep(s *session) *domainStep {
	d := &domainStep{s: s, field: newField(s.st, defaultEndpoint), pick: -1}
	d.field.set(s.endpointText)
	d.parse()
	return d
}

func (d *domainStep) enter() tea.Cmd {
	d.onward = false
	if d.test == testNone && d.bad == nil && (!d.parsed.Exposed() || d.accepted()) {
		return d.reach()
	}
	return nil
}

func (d *domainStep) leave() {}

func (d *domainStep) parse() {
	d.gen++
	d.test, d.testErr, d.onward = testNone, nil, false
	d.s.endpointText = d.field.value()
	d.parsed, d.bad = fauna.ParseEndpoint(d.field.value())
	if looksLikeSecret(d.field.value()) {
		d.bad = sayError("This looks like a secret. Type the address here; the secret comes later, and was not saved.")
	}
}

func (d *domainStep) accepted() bool {
	return d.s.cfg.AllowPlaintext || d.s.plaintext == d.parsed
}

// reach asks the server whether it speaks FQL v4. It needs no secret.
func (d *domainStep) reach() tea.Cmd {
	d.gen++
	d.test, d.testErr = testRunning, nil
	gen, endpoint, s := d.gen, d.parsed, d.s
	return s.jobs.do(func(ctx context.Context) tea.Msg {
		c, err := s.connect(endpoint, fauna.Secret{})
		if err != nil {
			return reachedMsg{gen, err}
		}
		defer c.Close()
		return reachedMsg{gen, c.Reach(ctx)}
	})
}

func (d *domainStep) update(m tea.Msg) tea.Cmd {
	r, ok := m.(reachedMsg)
	if !ok || r.gen != d.gen {
		return nil
	}
	if r.err != nil {
		d.test, d.testErr, d.onward = testFailed, r.err, false
		d.s.trouble(domainID, r.err)
		return nil
	}
	d.test = testPassed
	d.s.event("%s answers (FQL v4)", d.parsed.Host())
	if d.onward {
		d.next()
	}
	return nil
}

func (d *domainStep) next() {
	d.onward = false
	if d.s.endpoint != d.parsed {
		d.s.forget()
		d.s.endpoint = d.parsed
	}
	d.s.next(domainID)
}

type domainKeys struct{ next, test, up, down, recent key.Binding }

func (d *domainStep) keys() domainKeys {
	recent := len(d.recent()) > 0
	k := domainKeys{
		next: when(d.bad == nil, bind("enter", "continue", "enter")), test: when(d.bad == nil, bind("ctrl+t", "test", "ctrl+t")),
		down: when(recent, bind("", "", "down")), recent: when(recent, bind("↑ ↓", "recent", "up", "down")), up: when(recent, bind("", "", "up")),
	}
	switch {
	case d.test == testFailed:
		k.next, k.test = saying(k.next, "continue anyway"), saying(k.test, "retry")
	case d.test == testRunning && d.onward:
		k.next = saying(k.next, "continue without the test")
	}
	return k
}

// recent are the addresses of other times, but for the one in the field at first.
func (d *domainStep) recent() []string { return d.s.recent }

func (d *domainStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	switch k := d.keys(); {
	case pressed(m, bind("", "", "enter")):
		return d.submit(), true
	case pressed(m, k.test):
		return d.checked(d.reach), true
	case pressed(m, k.down, k.up):
		d.pick++
		if pressed(m, k.up) {
			d.pick -= 2
		}
		d.pick = max(0, min(d.pick, len(d.recent())-1))
		d.field.set(d.recent()[d.pick])
		d.parse()
		return nil, true
	}
	if m.Paste && looksLikeSecret(string(m.Runes)) {
		d.s.say(noteWarn, "That looks like a secret. It was not kept; paste it when you are asked for it.")
		return nil, true
	}
	before := d.field.value()
	if !d.field.key(m) {
		return nil, false
	}
	if d.field.value() != before {
		d.pick = -1
		d.parse()
	}
	return nil, true
}

// submit continues when the address has answered, and tests it first when it has
// not been. A second enter continues without the test.
func (d *domainStep) submit() tea.Cmd {
	if d.bad != nil {
		return nil
	}
	return d.checked(func() tea.Cmd {
		switch {
		case d.test == testPassed, d.test == testFailed, d.test == testRunning && d.onward:
			d.next()
			return nil
		case d.test == testRunning:
			d.onward = true
			return nil
		}
		d.onward = true
		return d.reach()
	})
}

// unencrypted is the question before a secret may travel in the open.
func unencrypted(e fauna.Endpoint) string {
	return text.Clean(e.Host()) + " uses plain http, so your secret will be sent unencrypted. Continue?"
}

// checked runs do, after a yes where the secret would travel in the open.
func (d *domainStep) checked(do func() tea.Cmd) tea.Cmd {
	if !d.parsed.Exposed() || d.accepted() {
		return do()
	}
	d.s.ask = &question{
		text: unencrypted(d.parsed),
		yes: func() tea.Cmd {
			d.s.plaintext = d.parsed
			return do()
		},
	}
	return nil
}

func (d *domainStep) title() (string, string) { return "Where is your Fauna database?", "" }

func (d *domainStep) body(w, h int) []string {
	st := d.s.st
	lines := []string{st.strong.of("▌ ") + d.field.view(w-2, true), ""}
	switch {
	case d.bad != nil:
		return append(lines, marked(st, noteBad, text.Sentence(d.bad), w)...)
	case d.test == testFailed:
		lines = append(lines, "  "+st.accent.of(text.Clean(d.parsed.Describe())))
		lines = append(lines, marked(st, noteBad, d.s.sentence(d.testErr), w)...)
		lines = append(lines, "", "  Enter to continue anyway, ctrl+t to retry.")
	default:
		meaning, state := "  "+st.accent.of(text.Clean(d.parsed.Describe())), ""
		switch d.test {
		case testRunning:
			state = d.s.spinner + " " + st.faint.of("asking …")
		case testPassed:
			state = st.good.of("✓ answers (FQL v4)")
		}
		if state != "" && text.Width(meaning)+2+text.Width(state) > w {
			lines = append(lines, meaning, "  "+state)
		} else {
			lines = append(lines, meaning+"  "+state)
		}
	}
	about := "The hosted service at db.fauna.com closed on 30 May 2025. If you run the open-source core, give the address of a node or of its load balancer."
	if d.s.cfg.Demo {
		about = "This is the demo: a server inside this program, with sample data, answers at the address above. Press enter."
	}
	more := []string{""}
	for _, l := range text.Wrap(about, min(w-2, 76)) {
		more = append(more, "  "+st.faint.of(l))
	}
	if n := len(d.recent()); n > 0 {
		more = append(more, "", "  "+st.bold.of("Recent"))
		for i, r := range d.recent() {
			bar := "  "
			if i == d.pick {
				bar = st.strong.of("▌ ")
			}
			more = append(more, bar+text.Clean(r))
		}
	}
	return append(lines, more[:max(0, min(len(more), h-len(lines)))]...)
}

func (d *domainStep) side(w, _ int) []string {
	return titled(d.s.st, "What happens next", append([]string{
		"Enter asks the server whether it speaks FQL v4. That takes no secret and changes nothing.", "",
		"You can go on while it is out of reach: the FQL for read access needs no server.", "",
	}, "fauna-export connects to this address only (through HTTPS_PROXY if set)."), w)
}

// titled is a second pane: a title and wrapped paragraphs.
func titled(st styles, title string, paragraphs []string, w int) []string {
	out := []string{st.bold.of(title), ""}
	for _, p := range paragraphs {
		if p == "" {
			out = append(out, "")
			continue
		}
		out = append(out, text.Wrap(p, w)...)
	}
	return out
}

// marked is a paragraph with the sign of its kind before it.
func marked(st styles, kind noteKind, paragraph string, w int) []string {
	glyph, p := noteLook(st, kind)
	if glyph == "" {
		glyph = "  "
	}
	var out []string
	for i, l := range text.Wrap(paragraph, w-4) {
		if i == 0 {
			out = append(out, p.of(glyph)+l)
		} else {
			out = append(out, "  "+l)
		}
	}
	return out
}

func (d *domainStep) hints() []key.Binding {
	k := d.keys()
	return []key.Binding{k.next, k.test, k.recent}
}

func (d *domainStep) esc() string {
	if d.s.edit != noID {
		return "back"
	}
	return "quit"
}

func (d *domainStep) typing() bool { return true }

func (d *domainStep) busy() bool { return d.test == testRunning }

func (d *domainStep) help() string {
	return "The address of a node of your Fauna core, or of its load balancer. Without a scheme, http is used on this machine and https elsewhere; without scheme and port, port 8443." +
		"\n\nenter asks the server whether it speaks FQL v4, without a secret, and continues. If it doesn't answer, a second enter continues anyway." +
		"\n\nPlain http to another machine is possible after a question: your secret would be sent unencrypted." +
		"\n\nThe last addresses that worked are kept, without secrets; ↓ and ↑ choose one."
}

func (d *domainStep) ask(ctx context.Context, a *asker) error {
	s := d.s
	var e fauna.Endpoint
	if len(s.recent) > 0 {
		a.tell("Recent: %s", strings.Join(s.recent, ", "))
	}
	typed, err := a.text(ctx, "Address of the Fauna database", s.endpointText, func(typed string) (err error) {
		if looksLikeSecret(typed) {
			return errors.New("this looks like a secret; type the address here")
		}
		e, err = fauna.ParseEndpoint(typed)
		return err
	})
	if err != nil {
		return err
	}
	a.tell("%s", e.Describe())
	if e.Exposed() && !s.cfg.AllowPlaintext && s.plaintext != e {
		yes, err := a.yes(ctx, unencrypted(e), false)
		if err != nil || !yes {
			return orError(err, errBack)
		}
		s.plaintext = e
	}
	if s.endpoint != e {
		s.forget()
	}
	s.endpointText, s.endpoint = typed, e
	srv, err := s.connect(e, fauna.Secret{})
	if err != nil {
		return err
	}
	defer srv.Close()
	if err := srv.Reach(ctx); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		a.tell("Error: %s", s.sentence(err))
		yes, err := a.yes(ctx, "Continue anyway?", false)
		if err != nil || !yes {
			return orError(err, errAgain)
		}
		return nil
	}
	a.tell("It answers (FQL v4).")
	return nil
}
