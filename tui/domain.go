package tui

import (
	"context"
	"errors"
	"net/http"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// domainStep asks for the address, and pings the server there.
type domainStep struct {
	s     *session
	field field
	pick  int // index into the recent addresses, -1 for the field

	parsed fauna.Endpoint
	bad    error // why the text isn't an address

	asking        wait
	continueAfter bool // continue once it has answered
}

func newDomainStep(s *session) *domainStep {
	d := &domainStep{s: s, field: newField(s.st, defaultEndpoint), pick: -1}
	d.field.set(s.endpointText)
	d.parse()
	return d
}

func (d *domainStep) enter() {
	d.continueAfter = false
	if !d.asking.busy && !d.asking.done && d.bad == nil && d.accepted() {
		d.reach()
	}
}

func (d *domainStep) leave() {}

func (d *domainStep) parse() {
	d.asking.drop()
	d.continueAfter = false
	d.s.endpointText = d.field.value()
	d.parsed, d.bad = parseAddress(d.field.value())
}

// parseAddress parses a server's address and refuses a secret.
func parseAddress(typed string) (fauna.Endpoint, error) {
	if looksLikeSecret(typed) {
		return fauna.Endpoint{}, sayError("This looks like a secret. Type the address here; the secret comes later, and was not saved.")
	}
	return fauna.ParseEndpoint(typed)
}

// accepted reports whether the secret may be sent to this address.
func (d *domainStep) accepted() bool {
	return !d.parsed.Exposed() || d.s.cfg.AllowPlaintext || d.s.plaintext == d.parsed
}

// ping asks a server whether it speaks FQL v4. It needs no secret.
func (s *session) ping(ctx context.Context, e fauna.Endpoint) error {
	c, err := s.connect(e, fauna.Secret{})
	if err != nil {
		return err
	}
	defer c.Close()
	err = c.Reach(ctx)
	if fe, ok := errors.AsType[*fauna.Error](err); ok {
		if fe.Op = ""; fe.Kind == fauna.KindDenied && fe.Status == http.StatusForbidden { // no key was sent
			fe.Kind, fe.Description = fauna.KindNotFauna, "it refuses every request (status 403)"
		}
	}
	return err
}

func (d *domainStep) reach() {
	endpoint := d.parsed
	attempt(d.s, &d.asking, func(ctx context.Context) error { return d.s.ping(ctx, endpoint) }, func(err error) {
		if err != nil {
			d.continueAfter = false
			d.s.trouble(domainID, err)
			return
		}
		d.s.event("%s answers (FQL v4)", d.parsed.Host())
		if d.continueAfter {
			d.next()
		}
	})
}

// take makes e the wizard's address.
func (s *session) take(e fauna.Endpoint) {
	if s.endpoint != e {
		s.forget()
		s.endpoint = e
	}
}

func (d *domainStep) next() {
	d.continueAfter = false
	d.s.take(d.parsed)
	d.s.next(domainID)
}

func (d *domainStep) actions() []action {
	recent, good := len(d.s.recent) > 0, d.bad == nil
	enter, test := "continue", "test"
	switch {
	case d.asking.err != nil:
		enter, test = "continue anyway", "retry"
	case d.asking.busy && d.continueAfter:
		enter = "continue without the test"
	}
	return []action{
		on("enter", enter, func() { d.checked(d.submit) }).when(good),
		on("ctrl+t", test, func() { d.checked(d.reach) }).when(good),
		on("↑ ↓", "recent", func() { d.choose(d.pick + 1) }, "down").when(recent),
		on("", "", func() { d.choose(d.pick - 1) }, "up").when(recent),
	}
}

func (d *domainStep) choose(i int) {
	d.pick = max(0, min(i, len(d.s.recent)-1))
	d.field.set(d.s.recent[d.pick])
	d.parse()
}

func (d *domainStep) key(m tea.KeyMsg) bool {
	before := d.field.value()
	if !d.s.refusesSecret(m) && !d.field.key(m) {
		return false
	}
	if d.field.value() != before {
		d.pick = -1
		d.parse()
	}
	return true
}

// refusesSecret reports whether a secret was pasted into the wrong field.
func (s *session) refusesSecret(m tea.KeyMsg) bool {
	if !m.Paste || !looksLikeSecret(string(m.Runes)) {
		return false
	}
	s.say(noteWarn, "That looks like a secret. It was not kept; paste it when you are asked for it.")
	return true
}

// submit tests the address, then continues; a second enter skips the test.
func (d *domainStep) submit() {
	switch {
	case d.asking.done, d.asking.busy && d.continueAfter:
		d.next()
		return
	case !d.asking.busy:
		d.reach()
	}
	d.continueAfter = true
}

// unencrypted returns the question to ask before a secret is sent unencrypted.
func unencrypted(e fauna.Endpoint) string {
	return text.Clean(e.Host()) + " uses plain http, so your secret will be sent unencrypted. Continue?"
}

// checked runs do, after confirmation if the secret would be sent unencrypted.
func (d *domainStep) checked(do func()) {
	if d.accepted() {
		do()
		return
	}
	d.s.confirm(unencrypted(d.parsed), func() {
		d.s.plaintext = d.parsed
		do()
	})
}

func (d *domainStep) title() (string, string) { return "Where is your Fauna database?", "" }

func (d *domainStep) body(w, h int) []string {
	st := d.s.st
	lines := []string{st.mark(true) + d.field.view(w-2, true), ""}
	switch {
	case d.bad != nil:
		return append(lines, marked(st, noteBad, text.Sentence(d.bad), w)...)
	case d.asking.err != nil:
		lines = append(lines, "  "+st.accent.of(text.Clean(d.parsed.Describe())))
		lines = append(lines, marked(st, noteBad, d.s.sentence(d.asking.err), w)...)
		lines = append(lines, "", "  Enter to continue anyway, ctrl+t to retry.")
	default:
		meaning, state := "  "+st.accent.of(text.Clean(d.parsed.Describe())), ""
		switch {
		case d.asking.busy:
			state = d.s.spinner + " " + st.faint.of("asking …")
		case d.asking.done:
			state = st.good.of("✓ answers (FQL v4)")
		}
		if state != "" && text.Width(meaning)+2+text.Width(state) > w {
			lines, meaning = append(lines, meaning), ""
		}
		lines = append(lines, meaning+"  "+state)
	}
	about := "The hosted service at db.fauna.com closed on 30 May 2025. If you run the open-source core, give the address of a node or of its load balancer."
	if d.s.cfg.Demo {
		about = "This is the demo: a server inside this program, with sample data, answers at the address above. Press enter."
	}
	more := append([]string{""}, faintly(st, about, min(w, 78))...)
	if len(d.s.recent) > 0 {
		recent := []string{"", "  " + st.bold.of("Recent")}
		for i, r := range d.s.recent {
			recent = append(recent, st.mark(i == d.pick)+text.Clean(r))
		}
		if len(more)+len(recent) > h-len(lines) { // what can be chosen matters more
			more = nil
		}
		more = append(more, recent...)
	}
	return append(lines, more[:max(0, min(len(more), h-len(lines)))]...)
}

func (d *domainStep) side(w, _ int) []string {
	return titled(d.s.st, "What happens next", []string{
		"Enter asks the server whether it speaks FQL v4. That takes no secret and changes nothing.", "",
		"You can continue even if it can't be reached: the FQL for read access needs no server.", "",
		"fauna-export connects to this address only (through HTTPS_PROXY if set).",
	}, w)
}

func (d *domainStep) busy() bool { return d.asking.busy }

func (d *domainStep) logValues() []any { return []any{"endpoint", d.s.endpoint.String()} }

func (d *domainStep) ask(ctx context.Context, a *asker) error {
	s := d.s
	var e fauna.Endpoint
	if len(s.recent) > 0 {
		a.printLines("Recent: %s", strings.Join(s.recent, ", "))
	}
	typed, err := a.text(ctx, "Address of the Fauna database", s.endpointText, func(typed string) (err error) {
		e, err = parseAddress(typed)
		return err
	})
	if err != nil {
		return err
	}
	a.printLines("%s", e.Describe())
	d.field.set(typed)
	d.parse()
	if !d.accepted() {
		if err := a.agree(ctx, unencrypted(e), false, errAgain); err != nil {
			return err
		}
		s.plaintext = e
	}
	s.take(e)
	if err := s.ping(ctx, e); err != nil {
		if err := s.reportError(ctx, a, err); err != nil {
			return err
		}
		return a.agree(ctx, "Continue anyway?", false, errAgain)
	}
	a.printLines("It answers (FQL v4).")
	return nil
}
