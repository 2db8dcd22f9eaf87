package tui

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// The smallest window in which every step is whole.
const (
	minWidth  = 60
	minHeight = 18

	// roomyHeight is from where on the keys have two lines.
	roomyHeight = 22
)

// A stepID numbers the steps in the order in which they are walked.
type stepID int

const (
	domainID stepID = iota
	collectionsID
	outputID
	setupID
	secretID
	checkID
	exportID
	doneID
	steps        = int(doneID) + 1
	noID  stepID = -1
)

var stepNames = [steps]string{"Domain", "Collections", "Output", "Set-up", "Secret", "Check", "Export", "Done"}

func (id stepID) String() string { return stepNames[id] }

// A step is one screen of the way. It is called by the root model alone.
type step interface {
	enter() tea.Cmd                   // it is shown from now on
	leave()                           // it no longer is
	key(m tea.KeyMsg) (tea.Cmd, bool) // false: the key means nothing here
	update(m tea.Msg) tea.Cmd         // an answer that this step asked for
	title() (question, aside string)  // the one question, and what stands right of it
	body(w, h int) []string           // at most h lines of at most w cells
	hints() []key.Binding             // what the bar shows, but for those that are disabled
	typing() bool                     // a text field has the focus
	help() string                     // paragraphs for F1
}

// An addressed message goes to the step that asked for it, shown or not.
type addressed interface{ to() stepID }

// wizard is the root model: it routes, and draws what all steps have in common.
type wizard struct {
	*session
	at            stepID
	steps         [steps]step
	width, height int
	ended         error // why the program was asked to quit
	atOnce        bool  // and that nothing is waited for: ctrl+c was pressed again
	ascii         *strings.Replacer
	keeper        *keeper
}

func newWizard(s *session) *wizard {
	w := &wizard{session: s, keeper: &keeper{path: s.cfg.AnswersFile}}
	w.steps = [steps]step{
		newDomainStep(s), newCollectionsStep(s), newOutputStep(s), newSetupStep(s),
		newSecretStep(s), newCheckStep(s), newExportStep(s), newDoneStep(s),
	}
	if s.cfg.ASCII {
		w.ascii = strings.NewReplacer(asciiGlyphs...)
	}
	s.goTo = noID
	return w
}

// Init begins with the first step.
func (w *wizard) Init() tea.Cmd {
	return w.steps[w.at].enter()
}

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
	return w, cmd
}

func (w *wizard) route(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case tea.WindowSizeMsg:
		w.width, w.height = max(0, m.Width), max(0, m.Height)
	case tea.KeyMsg:
		return tea.Batch(w.key(m), w.keepSoon())
	case pausedMsg:
		if w.keeper.latest(m.asked) {
			return w.keepAnswers()
		}
	case addressed:
		return w.steps[m.to()].update(m)
	case copiedMsg:
		if m.err != nil {
			w.say(noteBad, "Not copied: %v. %s", m.err, "Write it to a file instead.")
		} else {
			w.say(noteGood, "%s", m.how)
		}
	case wroteMsg:
		if m.err != nil {
			w.fail(m.err)
		} else {
			w.say(noteGood, "Written: %s in %s", filepath.Base(m.path), homePath(filepath.Dir(m.path)))
		}
	case keptMsg:
		if m.err != nil {
			w.say(noteWarn, "These answers could not be kept: %v", m.err)
		}
	}
	return nil
}

// key gives a key to whatever has the focus: a question, a panel, the step.
func (w *wizard) key(m tea.KeyMsg) tea.Cmd {
	if m.Type != tea.KeyRunes && m.Type != tea.KeySpace {
		m.Alt = false // esc and a key, pressed quickly, look like alt and that key
	}
	k := w.keys.everywhere
	switch {
	case pressed(m, k.interrupt):
		return w.interrupt()
	case pressed(m, k.suspend) && w.leads():
		w.say(noteInfo, "Nothing to suspend to: no shell started this program.")
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
	if !used && pressed(m, k.back, k.backTab) {
		w.back(pressed(m, k.back))
	}
	return cmd
}

// back goes one step back; from the first one esc leaves, after a question.
func (w *wizard) back(leave bool) {
	if w.at > domainID {
		w.goTo = w.at - 1
		return
	}
	if !leave {
		return
	}
	q := &question{text: "Leave the wizard? Nothing has been exported.", yes: func() tea.Cmd { return w.quit(ErrLeft) }}
	if w.runner.progress().manifest != nil {
		q = &question{text: "Leave the wizard?", yes: func() tea.Cmd { return w.quit(nil) }}
	}
	w.ask = q
}

// interrupt is ctrl+c: it leaves at once, but for an export, which is stopped
// first so that its files are whole or resumable; a second one does not wait.
func (w *wizard) interrupt() tea.Cmd {
	if w.runner.active() && w.ended == nil {
		w.ended = ErrInterrupted
		w.runner.cancel()
		w.ask, w.panel = nil, nil
		w.goTo = exportID
		w.say(noteWarn, "Stopping … ctrl+c again leaves at once.")
		return w.runner.whenIdle(w.jobs)
	}
	w.atOnce = w.runner.active()
	return w.quit(ErrInterrupted)
}

func (w *wizard) quit(why error) tea.Cmd {
	w.ended = why
	return tea.Quit
}

// showHelp opens F1: what this step is for, and every key.
func (w *wizard) showHelp() {
	st := w.steps[w.at]
	p := &panel{title: "Help: " + w.at.String()}
	p.text = append(p.text, strings.Split(st.help(), "\n")...)
	p.text = append(p.text, "", "Keys here:")
	list := func(bindings ...key.Binding) {
		for _, b := range working(bindings) {
			p.text = append(p.text, "  "+pad(b.Help().Key, 12)+" "+b.Help().Desc)
		}
	}
	list(st.hints()...)
	p.text = append(p.text, "", "Everywhere:")
	k := w.keys.everywhere
	k.suspend.SetEnabled(!w.leads())
	list(k.help, k.back, k.interrupt, k.suspend)
	p.text = append(p.text, "", "fauna-export "+w.cfg.Version)
	w.panel = p
}

// View draws the window: never wider or taller than it is.
func (w *wizard) View() string {
	var lines []string
	switch {
	case w.width == 0 || w.height == 0:
		return "fauna-export"
	case w.width < minWidth || w.height < minHeight:
		lines = w.tooSmall()
	default:
		lines = w.screen()
	}
	lines = lines[:min(len(lines), w.height)]
	for i, l := range lines {
		lines[i] = fit(l, w.width)
	}
	view := strings.Join(lines, "\n")
	if w.ascii != nil {
		view = w.ascii.Replace(view)
	}
	return view
}

func (w *wizard) tooSmall() []string {
	lines := wrap(fmt.Sprintf("The window is %d x %d; the wizard needs %d x %d. Everything is kept.",
		w.width, w.height, minWidth, minHeight), w.width)
	if t := w.runner.brief(); t != "" {
		lines = append([]string{t}, lines...)
	}
	return lines
}

// screen is the whole window: the way, the question, the body, a line for what
// just happened, and the keys. Only the body depends on the height.
func (w *wizard) screen() []string {
	inner := w.width - 2
	st := w.steps[w.at]
	question, aside := st.title()
	lines := []string{" " + w.way(inner), ""}
	var body []string
	bars := 1
	if w.height >= roomyHeight {
		bars = 2
	}
	room := w.height - 6 - bars
	if w.panel != nil {
		lines = append(lines, " "+sides(w.st.bold.of(fit(w.panel.title, inner)), w.st.faint.of(w.panel.aside()), inner), "")
		body = w.panel.body(w.session, inner, room)
	} else {
		if first, _, ok := strings.Cut(question, ". "); ok && width(question) > inner {
			question = first + "."
		}
		lines = append(lines, " "+sides(w.st.bold.of(question), w.st.faint.of(fit(aside, inner/2)), inner), "")
		body = st.body(inner, room)
	}
	body = body[:min(len(body), room)]
	if w.ask != nil {
		body = w.ask.over(w.st, w.keys.question, body, inner, room)
	}
	for i := range room {
		l := ""
		if i < len(body) && body[i] != "" {
			l = " " + fit(body[i], inner)
		}
		lines = append(lines, l)
	}
	lines = append(lines, "", "")
	notes := w.noteLines(inner)
	for i, l := range notes {
		lines[len(lines)-len(notes)+i] = " " + l
	}
	hints, fixed := w.hints()
	for _, l := range w.bar(hints, fixed, inner, bars) {
		lines = append(lines, " "+l)
	}
	return lines
}

// hints are the keys of what has the focus, and how many of the last of them the
// bar always has room for.
func (w *wizard) hints() (hints []key.Binding, fixed int) {
	switch k := w.keys.everywhere; {
	case w.ask != nil:
		return []key.Binding{w.keys.question.yes, w.keys.question.no}, 2
	case w.panel != nil:
		return working(w.panel.hints(w.session)), 1
	default:
		hints = append(w.steps[w.at].hints(), saying(k.help, "help"), saying(k.back, w.backWord()))
		return working(hints), 2
	}
}

// backWord is what esc does on this step.
func (w *wizard) backWord() string {
	if w.at == domainID {
		return "leave"
	}
	return "back"
}

// way is the first line: what is done, where you are, what is to come.
func (w *wizard) way(room int) string {
	if w.width < 80 {
		return fmt.Sprintf("step %d of %d · %s", w.at+1, steps, w.st.strong.of(w.at.String()))
	}
	parts := make([]string, steps)
	for i, name := range stepNames {
		switch {
		case i < int(w.at):
			parts[i] = w.st.good.of("✓") + " " + name
		case i == int(w.at):
			parts[i] = w.st.strong.of("● " + name)
		default:
			parts[i] = w.st.faint.of("· " + name)
		}
	}
	return fit(strings.Join(parts, " "), room)
}
