package tui

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"

	"fauna-export/tui/text"
)

// plainEvery is how often plain mode prints the export's progress.
const plainEvery = 10 * time.Second

// plainRun is the wizard as plain lines, for a screen reader or a terminal that can't
// move its cursor: the same steps, each asked instead of drawn.
func (s *session) plainRun(ctx context.Context) (Outcome, error) {
	all := newSteps(s)
	err := s.walk(ctx, newAsker(s.cfg.In, s.cfg.Out, func(str string) string { return s.drawn(s.clean(str)) }), all)
	s.stop(stopWait)
	_ = s.keeping()() // best effort while leaving
	now := s.runner.progress()
	out := Outcome{Dir: now.spec.Dir, Summary: s.summary(now, all[doneID].(*doneStep).saved)}
	if ctx.Err() != nil {
		return out, context.Cause(ctx)
	}
	return out, err
}

// reportError prints an error and returns nil, or the cause if ctx has ended.
func (s *session) reportError(ctx context.Context, a *asker, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	a.printLines("Error: %s", s.sentence(err))
	return nil
}

// walk goes through the steps. errBack goes back one, errAgain repeats one, and an
// errStep jumps.
func (s *session) walk(ctx context.Context, a *asker, all [steps]step) error {
	a.printLines("fauna-export: from an address to verified files. < goes back, ctrl+c quits.")
	for i := 0; i < len(s.path()); {
		path := s.path()
		a.printLines("\nStep %d of %d: %s", i+1, len(path), path[i])
		err := all[path[i]].ask(ctx, a)
		to, jump := errors.AsType[*errStep](err)
		switch {
		case err == nil:
			i++
		case errors.Is(err, errAgain):
		case errors.Is(err, errBack):
			i = max(0, i-1)
		case jump:
			i = max(0, slices.Index(path, to.to))
		default:
			return err
		}
	}
	return s.runner.progress().failure()
}

// errBack is the answer "<": go to the previous question. errAgain repeats a step.
var (
	errBack  = errors.New("back")
	errAgain = errors.New("again")
)

// An errStep jumps to an earlier step.
type errStep struct{ to stepID }

func (e *errStep) Error() string { return "go to " + e.to.String() }

// An asker asks questions as plain lines. It reads all answers through one reader, so
// input piped in for later questions isn't lost.
type asker struct {
	in   *bufio.Reader
	file *os.File // the terminal that answers come from, nil if it is none
	out  io.Writer

	clean func(string) string // makes text safe for a terminal
	every time.Duration       // between progress lines
}

func newAsker(in io.Reader, out io.Writer, clean func(string) string) *asker {
	a := &asker{in: bufio.NewReaderSize(in, 1<<16), out: out, clean: clean, every: plainEvery}
	if f, ok := in.(*os.File); ok && IsTerminal(f) {
		a.file = f
	}
	return a
}

// printLines prints a paragraph, making every line safe for a terminal.
func (a *asker) printLines(format string, args ...any) {
	for line := range strings.SplitSeq(strings.TrimSuffix(fmt.Sprintf(format, args...), "\n"), "\n") {
		fmt.Fprintln(a.out, a.clean(strings.ReplaceAll(line, "\t", "  ")))
	}
}

// line prints a prompt and reads one line, trimmed. At the end of the input it returns
// ErrLeft, and when ctx ends its cause.
func (a *asker) line(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(a.out, strings.Join(mapped(strings.Split(prompt, "\n"), a.clean), "\n"))
	read := reading(func() (string, error) { return a.in.ReadString('\n') })
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.out)
		return "", context.Cause(ctx)
	case r := <-read:
		if r.err != nil && (r.text == "" || !errors.Is(r.err, io.EOF)) {
			fmt.Fprintln(a.out)
			if errors.Is(r.err, io.EOF) {
				return "", fmt.Errorf("%w: the input ended at %q", ErrLeft, strings.TrimSpace(prompt))
			}
			return "", fmt.Errorf("read an answer: %w", r.err)
		}
		text := strings.TrimSpace(r.text)
		if text == "<" {
			return "", errBack
		}
		return text, nil
	}
}

// typed is a typed line, or why there is none.
type typed struct {
	text string
	err  error
}

// reading reads a line. A read can't be cancelled: if nobody waits anymore, its goroutine
// lasts until the next line or the end of the program.
func reading(read func() (string, error)) <-chan typed {
	lines := make(chan typed, 1)
	go func() {
		text, err := read()
		lines <- typed{text, err}
	}()
	return lines
}

// secret is like line, but doesn't echo on a terminal.
func (a *asker) secret(ctx context.Context, prompt string) (string, error) {
	if a.file == nil || a.in.Buffered() > 0 {
		return a.line(ctx, prompt)
	}
	text, err := ReadSecret(ctx, a.file, a.out, prompt)
	if strings.TrimSpace(text) == "<" {
		return "", errBack
	}
	return text, err
}

// text asks until the answer is accepted; an empty answer means the default.
func (a *asker) text(ctx context.Context, prompt, otherwise string, accept func(string) error) (string, error) {
	if otherwise != "" {
		prompt += " [" + otherwise + "]"
	}
	for {
		typed, err := a.line(ctx, prompt+": ")
		if err != nil {
			return "", err
		}
		typed = cmp.Or(typed, otherwise)
		if err = accept(typed); err == nil {
			return typed, nil
		}
		a.printLines("Error: %s", text.Sentence(err))
	}
}

// during does work and prints progress at intervals, unless far returns "".
func (a *asker) during(work func(), far func() string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	tick := time.NewTicker(a.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if line := far(); line != "" {
				a.printLines("%s", line)
			}
		case <-done:
			return
		}
	}
}

// choose asks for one of several numbered options; now is the index of the default.
func (a *asker) choose(ctx context.Context, question string, options []string, now int) (int, error) {
	a.printLines("%s", question)
	for i, o := range options {
		a.printLines("  %d  %s", i+1, o)
	}
	chosen := now
	_, err := a.text(ctx, "Number", strconv.Itoa(now+1), func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > len(options) {
			return fmt.Errorf("answer with a number from 1 to %d", len(options))
		}
		chosen = n - 1
		return nil
	})
	return chosen, err
}

// agree asks a y/n question; no returns the error otherwise.
func (a *asker) agree(ctx context.Context, question string, now bool, otherwise error) error {
	yes, err := a.yes(ctx, question, now)
	if err == nil && !yes {
		return otherwise
	}
	return err
}

func (a *asker) yes(ctx context.Context, question string, otherwise bool) (bool, error) {
	yes, word := otherwise, map[bool]string{false: "n", true: "y"}[otherwise]
	_, err := a.text(ctx, question+" y or n", word, func(text string) error {
		answer, known := map[string]bool{"y": true, "yes": true, "n": false, "no": false}[strings.ToLower(text)]
		if !known {
			return errors.New("answer with y or n")
		}
		yes = answer
		return nil
	})
	return yes, err
}

// IsTerminal reports whether a file is a terminal.
func IsTerminal(f *os.File) bool { return f != nil && term.IsTerminal(f.Fd()) }
