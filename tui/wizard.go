package tui

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/spinner"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/tui/text"
)

// A stepID numbers the steps in order.
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

// A screen is what is currently shown. Only the root model calls it.
type screen interface {
	focus
	title() (question, aside string) // the one question, and the text to the right of it
	body(w, h int) []string          // at most h lines of at most w cells
	busy() bool                      // reports whether it waits for a server
}

// A step is one screen of the wizard's path.
type step interface {
	screen
	enter()                 // called when it is shown
	leave()                 // called when it is left
	side(w, h int) []string // explains the choice in a wide window; nil for nothing
	logValues() []any       // names and values for the log
	ask(ctx context.Context, a *asker) error
}

// shown returns the current screen: the step's, or the one shown instead.
func (w *wizard) shown() screen {
	if w.instead != nil {
		return w.instead
	}
	return w.steps[w.at]
}

// wizard is the root model: it routes messages and draws what all steps share.
type wizard struct {
	*session
	at            stepID
	steps         [steps]step
	width, height int
	ended         error // why the program should quit
	quitNow       bool  // don't wait: ctrl+c was pressed again
	burst         burst
	spin          spinner.Model
	spinning      wait
	name          string // window title, as last set
}

func newSteps(s *session) [steps]step {
	return [steps]step{
		newDomainStep(s), newAccessStep(s), newCollectionsStep(s), newSetupStep(s), newSecretStep(s),
		newOutputStep(s), newCheckStep(s), newExportStep(s), newDoneStep(s),
	}
}

func newWizard(s *session) *wizard {
	w := &wizard{session: s, steps: newSteps(s)}
	w.spin = spinner.New(spinner.WithSpinner(spinner.MiniDot), spinner.WithStyle(s.st.accentText))
	if s.cfg.ASCII {
		w.spin.Spinner = spinner.Line
	}
	w.spinner = w.spin.View()
	return w
}

// Init enters the first step.
func (w *wizard) Init() tea.Cmd {
	w.steps[w.at].enter()
	return w.asked()
}

// asked returns the commands to run next.
func (w *wizard) asked() tea.Cmd {
	cmds := w.cmds
	w.cmds = nil
	return tea.Batch(cmds...)
}

// Update routes a message, then does what the step requested.
func (w *wizard) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	before := w.note
	switch m := m.(type) {
	case tea.WindowSizeMsg:
		w.width, w.height = max(0, m.Width), max(0, m.Height)
	case tea.KeyMsg:
		w.hold(m)
	case answerMsg:
		if m != nil {
			m()
		}
	}
	if n := w.note; n != before && (n.kind == noteWarn || n.kind == noteBad) {
		w.keep("said", "step", w.at.String(), "text", n.text)
	}
	for w.goTo != noID && w.goTo != w.at {
		w.keepStep(w.at, w.goTo)
		w.steps[w.at].leave()
		w.at, w.goTo = w.goTo, noID
		w.keepAnswers()
		w.steps[w.at].enter()
	}
	w.goTo = noID
	if !w.spinning.busy && w.shown().busy() {
		w.turn()
	}
	if name := w.windowName(); name != w.name {
		w.name = name
		w.cmds = append(w.cmds, tea.SetWindowTitle(name))
	}
	return w, w.asked()
}

// spinEvery is how often the spinner turns. bubbles/spinner's own tick can't be
// cancelled, so we drive it ourselves.
const spinEvery = 120 * time.Millisecond

func (w *wizard) turn() {
	w.later(&w.spinning, spinEvery, func() {
		w.spin, _ = w.spin.Update(spinner.TickMsg{ID: w.spin.ID()})
		w.spinner = w.spin.View()
	})
}

func (w *wizard) keysNow(pass []tea.KeyMsg) {
	for _, m := range pass {
		w.key(m)
		w.keepSoon()
	}
}

func (w *wizard) focus() focus {
	switch {
	case w.ask != nil:
		return w.ask
	case w.panel != nil:
		return w.panel
	}
	return w.shown()
}

// always returns the keys that work regardless of questions and fields.
func (w *wizard) always() []action {
	return []action{
		on("ctrl+c", "quit (stops the export first; twice quits at once)", w.interrupt),
		on("ctrl+z", "suspend (fg to return)", func() { w.cmds = append(w.cmds, tea.Suspend) }).when(!w.alone()),
		on("", "", func() { w.say(noteInfo, "Can't suspend: no shell started this program.") }, "ctrl+z"),
	}
}

// key passes a key to whatever has the focus: a question, a panel, the step.
func (w *wizard) key(m tea.KeyMsg) {
	if m.Type != tea.KeyRunes && m.Type != tea.KeySpace && m.Type != tea.KeyEnter {
		m.Alt = false // esc and a key in quick succession look like alt and that key
	}
	if press(w.always(), m) {
		return
	}
	f := w.focus()
	if w.ask == nil {
		w.note = note{}
	}
	switch {
	case press(f.actions(), m), f.key(m):
	case m.Paste:
		w.say(noteInfo, "Pasted text: nothing to paste it into here.")
	case is(m, "f1", "?"):
		w.showHelp()
	case is(m, "esc", "shift+tab"):
		w.back(m.Type == tea.KeyEsc)
	}
}

// back goes back one step, or from an edit to where it was opened. On the first step,
// esc quits after confirmation.
func (w *wizard) back(leave bool) {
	if w.edit != noID && w.at != w.edit {
		if w.admin { // nothing was created with that secret, and it must not export
			w.forget()
		}
		w.next(w.at)
		return
	}
	for _, id := range slices.Backward(w.path()) {
		if id < w.at && id != exportID {
			w.goTo = id
			return
		}
	}
	switch {
	case leave && w.runner.progress().manifest != nil:
		w.confirm("Quit?", func() { w.quit(nil) })
	case leave:
		w.confirm("Quit? Nothing has been exported.", func() { w.quit(ErrLeft) })
	}
}

// interrupt handles ctrl+c: it quits at once, but first stops a running export, so that
// its files are complete or resumable. A second ctrl+c doesn't wait.
func (w *wizard) interrupt() {
	if !w.runner.active() || w.ended != nil {
		w.quitNow = w.runner.active()
		w.quit(ErrInterrupted)
		return
	}
	w.ended = ErrInterrupted
	w.runner.cancel()
	w.ask, w.panel = nil, nil
	w.goTo = exportID
	w.say(noteWarn, "Stopping … ctrl+c again quits at once.")
	w.inBackground(func(ctx context.Context) func() {
		select {
		case <-ended(&w.runner.wg):
		case <-ctx.Done(): // the program ends without waiting
		}
		return w.leaveProgram
	})
}

func (w *wizard) quit(why error) {
	w.ended = why
	w.leaveProgram()
}

func (s *session) leaveProgram() { s.cmds = append(s.cmds, tea.Quit) }

// bell rings the terminal's bell when an export ends, as nobody may be watching.
func (s *session) bell() {
	tty := s.clip.tty
	s.inBackground(func(context.Context) func() {
		if t, err := tty(); err == nil {
			_, _ = io.WriteString(t, "\a") // best effort
			_ = t.Close()
		}
		return nil
	})
}

// windowName returns the terminal's window title: the export's progress.
func (w *wizard) windowName() string {
	name := "fauna-export"
	switch p := w.steps[exportID].(*exportStep).now; {
	case p.state == runGoing && p.status.ExpectedFinal && p.status.Expected > 0:
		return text.Number(int64(text.Percent(p.status.Rows, p.status.Expected))) + " % " + name
	case p.state == runEnded && p.manifest != nil && p.err == nil:
		return w.drawn("✓ ") + name
	case p.state == runEnded:
		return "! " + name
	}
	return name
}

// showHelp opens F1: what this step is for, and every key.
func (w *wizard) showHelp() {
	p, help := &panel{s: w.session, title: "Help: " + w.at.String(), pane: newPane()}, helps[w.at]
	if w.at == setupID {
		help += "\n\nThe privileges: " + strings.Join(whys(w.setup()), "; ") + "."
	}
	keys := func(actions []action) []string {
		full := w.st.help.FullHelpView([][]key.Binding{shown(actions)})
		return text.Indent(2, strings.Split(full, "\n"))
	}
	everywhere := append([]action{on("F1", "this help", nil), on("esc", "back; keeps what you entered", nil)}, w.always()...)
	p.text = slices.Concat(strings.Split(help, "\n"), []string{"", "Keys here:"}, keys(w.shown().actions()),
		[]string{"", "Everywhere:"}, keys(everywhere), []string{"", "fauna-export " + w.cfg.Version})
	w.panel = p
}

// helps say what each step is for, for F1.
var helps = [steps]string{
	domainID: "The address of a node of your Fauna core, or of its load balancer. Without a scheme, http is used on this machine and https elsewhere; without scheme and port, port 8443." +
		"\n\nenter asks the server whether it speaks FQL v4, without a secret, and continues. If it doesn't answer, a second enter continues anyway." +
		"\n\nPlain http to another machine needs your confirmation: your secret would be sent unencrypted." +
		"\n\nThe last addresses that worked are kept, without secrets; ↓ and ↑ choose one.",
	accessID: "Show me the FQL: for a role that may only read what you choose, and a key of that role. You run it in the Fauna shell." +
		"\n\nI have a secret: use an existing key that can read. FAUNA_SECRET is used if it is set." +
		"\n\nSet it up for me: an admin's secret is used once, to create the role and the key, then discarded." +
		"\n\n1, 2 and 3 choose directly. A secret pasted here counts as yours, or as the admin's if that row is selected.",
	collectionsID: "Name the collections to export: type them with spaces, commas or new lines between, or paste anything that the Fauna shell printed. Names are extracted." +
		"\n\nCollections can't be listed without a secret. The query on the screen lists them in the Fauna shell; ctrl+y copies it." +
		"\n\nOnce a secret is accepted this is a list of what the server has, with the number of documents: space marks, / filters, a and n mark all or none of what is shown. For a name that doesn't exist, the closest match is offered. Pasting names marks only those." +
		"\n\nIncremental: the first run exports everything, later runs only changes. It needs an index for each collection.",
	setupID: "The role can read only the collections you chose, and the key has that role. Its secret goes into the next step. Run the queries in order: the role must exist before the key." +
		"\n\nIf the role already exists, u changes the text to an update of it. i adds an index for each collection, which incremental exports need." +
		"\n\nCopying uses this machine's clipboard, or over SSH the terminal's (OSC 52). If neither works, w writes the queries to a file, and p shows one as plain text to select with the mouse.",
	secretID: "The secret is what CreateKey printed after secret: it begins with fn and has 40 characters. Paste it alone or with everything around it." +
		"\n\nIt is kept in memory while the wizard runs: never on disk, in a log, in an error, or on the screen." +
		"\n\nRejected means one of three things, and Fauna doesn't say which: it is not a key of this database, the key was deleted, or it has expired.",
	outputID: "Each collection becomes one file. A row is ref (the document's id), ts (microseconds), data and ttl, then the additional columns." +
		"\n\nJSON lines: one object per line. CSV: Postgres COPY reads it back. Parquet: typed columns. wire: each document exactly as the server sent it, byte for byte." +
		"\n\nAn additional column is COLLECTION:NAME:TYPE=PATH. The path is dotted, or a JSON array when a name has a dot or for a position in an array: users:city:string=data.address.city. TYPE is json, string, int, float, bool, time or date. ctrl+o lets you choose from real documents." +
		"\n\nThe folder must be new or empty, or hold an unfinished export, which is then resumed, or earlier syncs of an incremental one. tab completes its path.",
	checkID: "If a key can't read a collection, Fauna reports it as empty, so each chosen one is tested. The export doesn't start until all can be read." +
		"\n\nCounting runs in the background; you don't have to wait. Size and time are estimated from the first documents." +
		"\n\nAll documents are read from a single point in time. Fauna keeps old versions for 15 minutes plus the collection's history_days. h shows the FQL that keeps them longer." +
		"\n\nAn incremental export reads an index of each collection. Problems are shown below the table; u shows the FQL that fixes them. An index being built is rechecked automatically." +
		"\n\ne, o and d open an earlier step to change it, and enter returns here.",
	exportID: "Active collections come first; tab lists all, / finds one, ! shows those with problems. All documents are read from a single point in time; the snapshot line shows how long it stays readable." +
		"\n\np pauses: no new requests are sent. + and - change how many requests are in flight; more than 8 seldom helps. < and > halve and double the rate limit. s stops after confirmation; files so far stay, and the export can be resumed, here or by fauna-export resume." +
		"\n\nLosing the network doesn't stop it: the title shows this and when it retries.",
	doneID: "The files are in the folder under their final names; manifest.json says what each holds, with its SHA-256, and sha256sum -c SHA256SUMS checks them." +
		"\n\nl loads them into Postgres, SQLite, or typed Parquet or CSV files: it shows the tables first, and verifies every row. v re-reads the files and verifies them. x shows the FQL that deletes the role and its keys. s writes your answers, never the secret, to fauna-export.yaml for fauna-export run.",
}
