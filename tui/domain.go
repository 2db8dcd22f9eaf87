package tui

import (
	"context"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna"
)

// domainStep asks for the address, says what it means while it is typed, and
// asks the server whether it is one before the way goes on.
type domainStep struct {
	s     *session
	field field
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
	d := &domainStep{s: s}
	d.field.hint = "http://localhost:8443"
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
	d.s.goTo = collectionsID
}

func (d *domainStep) keys() domainKeys {
	k := d.s.keys.domain
	k.test.SetEnabled(d.bad == nil)
	if d.test == testRunning && d.onward {
		k.next = saying(k.next, "go on without the test")
	}
	return k
}

func (d *domainStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	switch k := d.keys(); {
	case pressed(m, k.next):
		return d.submit(), true
	case pressed(m, k.test):
		return d.checked(d.reach), true
	}
	before := d.field.value()
	if !d.field.key(m) {
		return nil, false
	}
	if d.field.value() != before {
		d.parse()
	}
	return nil, true
}

// submit goes on when the address has answered, and tests it first when it has
// not been. A second enter goes on without the test.
func (d *domainStep) submit() tea.Cmd {
	if d.bad != nil {
		d.s.fail(d.bad)
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

// checked runs do, after a yes where the secret would travel in the open.
func (d *domainStep) checked(do func() tea.Cmd) tea.Cmd {
	if !d.parsed.Exposed() || d.accepted() {
		return do()
	}
	d.s.ask = &question{
		text: "The secret would travel unencrypted to " + clean(d.parsed.Host()) + ". Accept?",
		yes: func() tea.Cmd {
			d.s.plaintext = d.parsed
			return do()
		},
	}
	return nil
}

func (d *domainStep) title() (string, string) {
	return "Where is your Fauna database?", ""
}

func (d *domainStep) body(w, h int) []string {
	st := d.s.st
	lines := []string{d.field.view(st, w, true), ""}
	switch {
	case d.bad != nil:
		for i, l := range wrap(clean(d.bad.Error()), w-4) {
			lines = append(lines, lead(i, st.bad.of("✗ "))+l)
		}
	default:
		meaning, state := "  "+st.accent.of(clean(d.parsed.Describe())), ""
		switch d.test {
		case testRunning:
			state = st.faint.of("· asking …")
		case testPassed:
			state = st.good.of("· ✓ answers (FQL v4)")
		}
		if state != "" && width(meaning)+1+width(state) > w {
			lines = append(lines, meaning, "  "+state)
		} else {
			lines = append(lines, meaning+" "+state)
		}
		if d.test == testFailed {
			for i, l := range wrap(sentence(d.testErr), w-4) {
				lines = append(lines, lead(i, st.bad.of("✗ "))+l)
			}
			lines = append(lines, "", "  enter goes on all the same, ctrl+t asks again.")
		}
	}
	about := []string{""}
	if d.bad != nil {
		return lines
	}
	if d.s.cfg.Demo {
		about = append(about, wrap("This is the demo: a server inside this program, with sample data, answers at the address above. Press enter.", min(w-2, 76))...)
	} else {
		about = append(about, wrap("The hosted service at db.fauna.com closed on 30 May 2025. If you run the open-source core, give the address of a node or of its load balancer.", min(w-2, 76))...)
	}
	for i, l := range about {
		if i > 0 {
			about[i] = "  " + st.faint.of(l)
		}
	}
	if len(lines)+len(about) <= h {
		lines = append(lines, about...)
	}
	return lines
}

// lead is what stands before the i-th line of a paragraph: the mark before the
// first, room for it before the others.
func lead(i int, mark string) string {
	if i == 0 {
		return mark
	}
	return "  "
}

func (d *domainStep) hints() []key.Binding {
	if d.bad != nil {
		return nil
	}
	k := d.keys()
	return []key.Binding{k.next, k.test}
}

func (d *domainStep) typing() bool { return true }

func (d *domainStep) help() string {
	return "The address of a node of your Fauna core, or of its load balancer. Without a scheme, http is meant on this machine and https elsewhere; without both scheme and port, port 8443." +
		"\n\nenter asks the server whether it speaks FQL v4, without a secret, and goes on. When it does not answer, a second enter goes on all the same: you can prepare the set-up text while the server is out of reach." +
		"\n\nPlain http to another machine is possible after a question: the secret would travel unencrypted."
}
