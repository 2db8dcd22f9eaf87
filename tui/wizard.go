package tui

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/spinner"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/tui/text"
)

// A stepID numbers the steps in the order in which they are walked.
type stepID int

const (
	domainID stepID = iota
	accessID
	collectionsID
	setupID
	secretID
	outputID
	checkID
	exportID
	doneID
	steps        = int(doneID) + 1
	noID  stepID = -1
)

var stepNames = [steps]string{"Domain", "Access", "Collections", "Set-up", "Secret", "Output", "Check", "Export", "Done"}

func (id stepID) String() string { return stepNames[id] }

// A step is one screen of the way. It is called by the root model alone.
type step interface {
	enter() tea.Cmd                   // it is shown from now on
	leave()                           // it no longer is
	key(m tea.KeyMsg) (tea.Cmd, bool) // false: the key means nothing here
	update(m tea.Msg) tea.Cmd         // an answer that this step asked for
	title() (question, aside string)  // the one question, and what stands right of it
	body(w, h int) []string           // at most h lines of at most w cells
	side(w, h int) []string           // what the choice means, for a wide window; nil for nothing
	hints() []key.Binding             // what the bar shows, but for those that are disabled
	esc() string                      // what esc does here, "" for nothing
	typing() bool                     // a text field has the focus
	busy() bool                       // it waits for a server
	help() string                     // paragraphs for F1
	ask(ctx context.Context, a *asker) error
}

// An addressed message goes to the step that asked for it, shown or not.
type addressed interface{ to() stepID }

// wizard is the root model: it routes, and draws what all steps have in common.
type wizard struct {
	*session
	keys          everywhereKeys
	at            stepID
	steps         [steps]step
	width, height int
	ended         error // why the program was asked to quit
	atOnce        bool  // and that nothing is waited for: ctrl+c was pressed again
	ascii         *strings.Replacer
	keeper        *keeper
	burst         burst
	spin          spinner.Model
	spinning      bool
	name          string // title of the window, as last set
}

func newSteps(s *session) [steps]step {
	return [steps]step{
		newDomainStep(s), newAccessStep(s), newCollectionsStep(s), newSetupStep(s), newSecretStep(s),
		newOutputStep(s), newCheckStep(s), newExportStep(s), newDoneStep(s),
	}
}

func newWizard(s *session) *wizard {
	w := &wizard{session: s, keys: newEverywhereKeys(), keeper: &keeper{path: s.cfg.AnswersFile}, steps: newSteps(s)}
	w.spin = spinner.New(spinner.WithSpinner(spinner.MiniDot), spinner.WithStyle(s.st.accentText))
	if s.cfg.ASCII {
		w.ascii = strings.NewReplacer(asciiGlyphs...)
		w.spin.Spinner = spinner.Line
	}
	w.spinner = w.spin.View()
	s.goTo, s.edit = noID, noID
	return w
}

// Init begins with the first step.
func (w *wizard) Init() tea.Cmd { return w.steps[w.at].enter() }

// spinMsg turns the spinner; spinEvery is how often.
type spinMsg struct{}

const spinEvery = 120 * time.Millisecond

// Update routes a message, then does what the step asked for.
func (w *wizard) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	said := w.note
	cmd := w.route(m)
	if n := w.note; n != said && (n.kind == noteWarn || n.kind == noteBad) {
		w.keep("said", "step", w.at.String(), "text", n.text)
	}
	for w.goTo != noID && w.goTo != w.at {
		w.keepStep(w.at, w.goTo)
		w.steps[w.at].leave()
		w.at, w.goTo = w.goTo, noID
		cmd = tea.Batch(cmd, w.keepAnswers(), w.steps[w.at].enter())
	}
	w.goTo = noID
	if !w.spinning && w.steps[w.at].busy() {
		w.spinning = true
		cmd = tea.Batch(cmd, w.turn())
	}
	if name := w.windowName(); name != w.name {
		w.name = name
		cmd = tea.Batch(cmd, tea.SetWindowTitle(name))
	}
	return w, cmd
}

func (w *wizard) turn() tea.Cmd {
	return w.jobs.after(spinEvery, func(context.Context) tea.Msg { return spinMsg{} })
}

func (w *wizard) route(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case tea.WindowSizeMsg:
		w.width, w.height = max(0, m.Width), max(0, m.Height)
	case tea.KeyMsg:
		pass, wait := w.burst.take(w.jobs, m)
		return tea.Batch(wait, w.keysNow(pass))
	case pauseMsg:
		if m.n == w.burst.n {
			return w.keysNow(w.burst.flush())
		}
	case spinMsg:
		if w.spinning = w.steps[w.at].busy(); w.spinning {
			w.spin, _ = w.spin.Update(spinner.TickMsg{ID: w.spin.ID()})
			w.spinner = w.spin.View()
			return w.turn()
		}
	case keepMsg:
		if w.keeper.latest(m.asked) {
			return w.keepAnswers()
		}
	case addressed:
		return w.steps[m.to()].update(m)
	case copiedMsg:
		if m.err != nil {
			w.say(noteBad, "Not copied: %v; w writes it to a file", m.err)
		} else {
			w.say(noteGood, "%s", m.how)
		}
	case wroteMsg:
		if m.err != nil {
			w.fail(m.err)
		} else {
			w.say(noteGood, "Wrote %s in %s", filepath.Base(m.path), homePath(filepath.Dir(m.path)))
		}
	case keptMsg:
		if m.err != nil {
			w.say(noteWarn, "Couldn't save these answers: %v", m.err)
		}
	}
	return nil
}

func (w *wizard) keysNow(pass []tea.KeyMsg) tea.Cmd {
	var cmds []tea.Cmd
	for _, m := range pass {
		cmds = append(cmds, w.key(m), w.keepSoon())
	}
	return tea.Batch(cmds...)
}

// key gives a key to whatever has the focus: a question, a panel, the step.
func (w *wizard) key(m tea.KeyMsg) tea.Cmd {
	if m.Type != tea.KeyRunes && m.Type != tea.KeySpace && m.Type != tea.KeyEnter {
		m.Alt = false // esc and a key, pressed quickly, look like alt and that key
	}
	k := w.keys
	switch {
	case pressed(m, k.interrupt):
		return w.interrupt()
	case pressed(m, k.suspend) && w.leads():
		w.say(noteInfo, "Can't suspend: no shell started this program.")
		return nil
	case pressed(m, k.suspend):
		return tea.Suspend
	}
	if w.ask != nil {
		return w.answer(m)
	}
	w.note = note{}
	if w.panel != nil {
		return w.panel.key(w.session, m)
	}
	st := w.steps[w.at]
	if st.typing() {
		k.help.SetKeys("f1") // ? is a letter there
	}
	if pressed(m, k.help) {
		w.showHelp()
		return nil
	}
	cmd, used := st.key(m)
	switch {
	case used:
	case m.Paste:
		w.say(noteInfo, "Pasted text: nothing to paste it into here.")
	case pressed(m, k.back, k.backTab) && st.esc() != "":
		w.back(pressed(m, k.back))
	}
	return cmd
}

// back goes one step back, or from an edit to where it was opened; from the first one
// esc quits, after a question.
func (w *wizard) back(leave bool) {
	if w.edit != noID && w.at != w.edit {
		w.next(w.at)
		return
	}
	path := w.path()
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] < w.at {
			w.goTo = path[i]
			if path[i] == exportID {
				w.goTo = checkID
			}
			return
		}
	}
	if leave {
		w.ask = &question{text: "Quit? Nothing has been exported.", yes: func() tea.Cmd { return w.quit(ErrLeft) }}
		if w.runner.progress().manifest != nil {
			w.ask = &question{text: "Quit?", yes: func() tea.Cmd { return w.quit(nil) }}
		}
	}
}

// interrupt is ctrl+c: it quits at once, but for an export, which is stopped
// first so that its files are whole or resumable; a second one does not wait.
func (w *wizard) interrupt() tea.Cmd {
	if w.runner.active() && w.ended == nil {
		w.ended = ErrInterrupted
		w.runner.cancel()
		w.ask, w.panel = nil, nil
		w.goTo = exportID
		w.say(noteWarn, "Stopping … ctrl+c again quits at once.")
		return w.runner.whenIdle(w.jobs)
	}
	w.atOnce = w.runner.active()
	return w.quit(ErrInterrupted)
}

func (w *wizard) quit(why error) tea.Cmd {
	w.ended = why
	return tea.Quit
}

// bell rings the terminal's bell, once an export is over that nobody may be watching.
func (s *session) bell() tea.Cmd {
	tty := s.clip.tty
	return s.jobs.do(func(context.Context) tea.Msg {
		if t, err := tty(); err == nil {
			_, _ = io.WriteString(t, "\a") // best effort
			_ = t.Close()
		}
		return nil
	})
}

// windowName is the title of the terminal's window: how far an export is.
func (w *wizard) windowName() string {
	name := "fauna-export"
	switch p := w.steps[exportID].(*exportStep).now; {
	case p.state == runGoing && p.status.ExpectedFinal && p.status.Expected > 0:
		return text.Number(int64(text.Percent(p.status.Rows, p.status.Expected))) + " % " + name
	case p.state == runEnded && p.manifest != nil && p.err == nil:
		return "✓ " + name
	case p.state == runEnded:
		return "! " + name
	}
	return name
}

// showHelp opens F1: what this step is for, and every key.
func (w *wizard) showHelp() {
	st := w.steps[w.at]
	p := &panel{title: "Help: " + w.at.String(), pane: newPane()}
	p.text = append(strings.Split(st.help(), "\n"), "", "Keys here:")
	list := func(bindings ...key.Binding) {
		full := w.st.help.FullHelpView([][]key.Binding{working(bindings)})
		for l := range strings.Lines(full) {
			p.text = append(p.text, "  "+strings.TrimRight(l, "\n"))
		}
	}
	list(st.hints()...)
	p.text = append(p.text, "", "Everywhere:")
	k := w.keys
	k.suspend.SetEnabled(!w.leads())
	list(saying(k.help, "this help"), saying(k.back, "back; keeps what you entered"), k.interrupt, k.suspend)
	p.text = append(p.text, "", "fauna-export "+w.cfg.Version)
	w.panel = p
}
