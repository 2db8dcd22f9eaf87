package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// plainly runs plain mode with answers, one per line.
func plainly(t *testing.T, answers string, change ...func(*bench, *Config)) (*bench, string, Outcome, error) {
	t.Helper()
	var out bytes.Buffer
	b := &bench{t: t, server: shop(), run: shopRun()}
	c := Config{Version: "v0.0.0", Dir: "/srv/fauna-2026-11-22", Accessible: true, In: strings.NewReader(answers), Out: &out}
	for _, f := range change {
		f(b, &c)
	}
	s := b.session(c)
	outcome, err := s.plainRun(t.Context())
	return b, out.String(), outcome, err
}

// plainAnswers answer Domain, Access, Collections, Set-up, Secret, Output, Check and
// Done, choosing to be shown the FQL.
const (
	plainToSecret = "\n\nusers, products\nline-items\n\n\n\n\n" + testSecret + "\n"
	plainAnswers  = plainToSecret + "\n2\n\n\nusers:parent_id:string=data.parent.id\n\n\n\n\n"
)

func TestPlain_wholeWay(t *testing.T) {
	golden := goldenHere(t)
	t.Chdir(t.TempDir())
	_, output, out, err := plainly(t, plainAnswers)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if !strings.Contains(out.Summary, "21,004 documents") {
		t.Errorf("summary %q", out.Summary)
	}
	golden(output + "\n--- scrollback ---\n" + out.Summary)
	if strings.Contains(output, testSecret) || strings.ContainsFunc(output, func(r rune) bool { return r < ' ' && r != '\n' }) {
		t.Error("the secret or a control character was printed")
	}
}

// goldenHere returns a golden check for tests that change their folder.
func goldenHere(t *testing.T) func(string) {
	t.Helper()
	back, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return func(output string) {
		t.Helper()
		t.Chdir(back)
		golden.RequireEqual(t, output)
	}
}

func TestPlain_wrongAnswersAreAskedAgain(t *testing.T) {
	answers := "db.fauna.com\nlocalhost\n9\n1\n\n'a/b'\n\nusers\n\n1\n\n\nhunter2\n" + testSecret + "\n"
	_, output, _, err := plainly(t, answers, func(b *bench, _ *Config) {
		b.server.list = errRefused
	})
	if !errors.Is(err, ErrLeft) {
		t.Errorf("the input ended and Run says %v", err)
	}
	for _, want := range []string{
		"closed on 30 May 2025", "Error: name at least one collection", "Invalid name: a/b", "answer with a number from 1 to 3",
		"Error: Secret rejected: wrong database, or the key was deleted or expired.",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("it does not say %q:\n%s", want, output)
		}
	}
}

func TestPlain_backKeepsTheAnswers(t *testing.T) {
	_, output, _, err := plainly(t, "\n\nusers\n\n\n<\n\n\n<\n<\n")
	if !errors.Is(err, ErrLeft) || !strings.Contains(output, "Chosen: users") {
		t.Errorf("%v:\n%s", err, output)
	}
	if n := strings.Count(output, "Step 3 of 9: Collections"); n < 3 {
		t.Errorf("Collections was asked %d times:\n%s", n, output)
	}
}

func TestPlain_demoIsWalkedAlone(t *testing.T) {
	b, output, _, err := plainly(t, "\n\nusers\n\n\ny\n\n\n\n\n\n\n", demo)
	if err != nil {
		t.Fatalf("%v:\n%s", err, output)
	}
	if strings.Count(output, testSecret) != 1 {
		t.Errorf("the demo's shell shows the secret %d times", strings.Count(output, testSecret))
	}
	if last := b.dialed[len(b.dialed)-1]; last.Secret.Len() != len(testSecret) {
		t.Error("the secret of the answer was not used")
	}
}

func TestPlain_unreadableCollectionsAreSkippedOnRequest(t *testing.T) {
	_, output, _, err := plainly(t, "\n\nusers, products\n\n\n\n\n"+testSecret+"\n\n\n\n\n\n2\ny\n\n\n", func(b *bench, _ *Config) {
		b.server.access = map[string]fauna.Access{"products": {Exists: true}}
	})
	if err != nil || !strings.Contains(output, "products: NOT readable: no access") {
		t.Errorf("%v:\n%s", err, output)
	}
}

func TestPlain_adminSecretMakesTheKey(t *testing.T) {
	b, output, _, err := plainly(t, "\n3\nfnADMINexampleADMINexampleADMINexampleAD\ny\n\ny\n\n\n\n\n\n\n")
	if err != nil || !strings.Contains(output, "Created; the admin's secret is discarded.") || len(b.server.made) != 1 {
		t.Errorf("%v:\n%s", err, output)
	}
}

func TestPlain_secretOfTheEnvironmentIsUsed(t *testing.T) {
	_, output, _, err := plainly(t, "\n\ny\n\n\n\n\n\n\n\n", withEnv)
	if err != nil || !strings.Contains(output, "The server has 3 collections: users, products, line-items") {
		t.Errorf("%v:\n%s", err, output)
	}
}

func TestPlain_misspeltNamesLeadBackToTheCollections(t *testing.T) {
	_, output, _, _ := plainly(t, "\n\nusers, prodcuts\n\n\n\n\n"+testSecret+"\nn\nusers, products\n\n\n\n\n\n\n\n")
	if !strings.Contains(output, "1 doesn't exist: prodcuts (did you mean products?)") || !strings.Contains(output, "2 collections: products, users") {
		t.Errorf("it does not lead back:\n%s", output)
	}
}

func TestPlain_saysHowFarTheExportIs(t *testing.T) {
	hold := make(chan struct{})
	var out lockedText
	b := &bench{t: t, server: shop(), run: shopRun()}
	b.run.hold, b.run.status = hold, running()
	s := b.session(Config{Dir: "/srv/x", Accessible: true, In: strings.NewReader(plainAnswers), Out: &out})
	a := newAsker(s.cfg.In, s.cfg.Out, s.clean)
	a.every = time.Millisecond
	done := make(chan error, 1)
	go func() { done <- s.walk(t.Context(), a, newSteps(s)) }()
	for !strings.Contains(out.String(), "12,824 of 21,004 rows, 61 %") {
		select {
		case err := <-done:
			t.Fatalf("it ended: %v\n%s", err, out.String())
		case <-time.After(time.Millisecond):
		}
	}
	close(hold)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestPlain_endsWithItsContext(t *testing.T) {
	b := &bench{t: t, server: shop(), run: shopRun()}
	never, w := io.Pipe()
	t.Cleanup(func() { w.Close() })
	s := b.session(Config{Dir: "/srv/x", Accessible: true, In: never, Out: io.Discard})
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("terminated")
	done := make(chan error, 1)
	go func() {
		_, err := s.plainRun(ctx)
		done <- err
	}()
	cancel(gone)
	select {
	case err := <-done:
		if !errors.Is(err, gone) {
			t.Errorf("Run says %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for an answer that never comes")
	}
}

// lockedText is a buffer shared by two goroutines.
type lockedText struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func TestPlain_wrongIndexesComeWithTheFQLThatMendsThem(t *testing.T) {
	t.Chdir(t.TempDir())
	answers := strings.Replace(plainAnswers, "line-items\n\n\n", "line-items\n\n2\n", 1) // incremental
	_, output, _, err := plainly(t, strings.TrimSuffix(answers, "\n\n\n")+"\nn\n", func(b *bench, _ *Config) {
		b.server.index = map[string]fauna.IndexCheck{"users": missingIndex(), "line-items": {Exists: true, Building: true}}
	})
	if !errors.Is(err, ErrLeft) {
		t.Errorf("it ended with %v", err)
	}
	for _, want := range []string{
		`Error: Index "users-ts" of "users": it does not exist.`,
		`Error: Index "line-items-ts" of "line-items" is still being built.`,
		"// 1 of 2: Index of users. Lists every document.\nCreateIndex({", "// 2 of 2: Role.", `Update(Role("connect-readonly"), {`,
		"Check again? y or n [y]:",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("it does not say %q:\n%s", want, output)
		}
	}
}

// TestPlain_noServerTextReachesTheTerminalUnsanitized sends names, errors and answers
// with every trick, and checks the printed lines.
func TestPlain_noServerTextReachesTheTerminalUnsanitized(t *testing.T) {
	hostile := strings.Join(hostileNames, " ")
	for _, broken := range []bool{false, true} {
		_, output, out, _ := plainly(t, "\n2\n"+testSecret+"\ny\n\n\n\n\n\n\n\n\n", func(b *bench, _ *Config) {
			b.server.names, b.server.docs = nil, map[string]int{}
			for _, name := range hostileNames {
				b.server.names = append(b.server.names, name)
				b.server.docs[name] = 3
			}
			if broken {
				b.server.index = nil
				b.run.manifest, b.run.err = nil, errors.New(hostile+testSecret[:20]+"\a"+testSecret[20:])
			}
		})
		for i, r := range output + out.Summary {
			if text.Hidden(r) && r != '\n' {
				t.Fatalf("broken %v: %U at %d of %q", broken, r, i, output)
			}
		}
		if strings.Contains(output+out.Summary, testSecret) {
			t.Error("the secret was printed")
		}
	}
}

func TestPlain_loadsTheFilesWhereThatIsWanted(t *testing.T) {
	_, output, _, err := plainly(t, strings.TrimSuffix(plainAnswers, "\n\n")+"mysql:x\nsqlite:shop.db\n\n\n")
	if err != nil {
		t.Fatalf("%v:\n%s", err, output)
	}
	for _, want := range []string{"Error: ", "users: create, 20,000 rows: name text, age integer", "Load them now?", "all rows were read back and match."} {
		if !strings.Contains(output, want) {
			t.Errorf("it does not say %q:\n%s", want, output)
		}
	}
}

func TestPlain_setupSpeaksTheShellsDialect(t *testing.T) {
	_, output, _, _ := plainly(t, "\n\nusers\n\n\n3\n1\n")
	if !strings.Contains(output, "show FQL v4") || !strings.Contains(output, "Role.create({") {
		t.Errorf("there is no FQL v10:\n%s", output)
	}
}

func TestPlain_fieldsAreListedAsColumnsThatCanBeTyped(t *testing.T) {
	answers := strings.Replace(plainAnswers, "users:parent_id", "?\nusers:parent_id", 1)
	_, output, _, err := plainly(t, answers)
	if err != nil || !strings.Contains(output, "  users:city:string=data.address.city\n") {
		t.Errorf("%v:\n%s", err, output)
	}
}

func TestPlain_aSnapshotTooShortComesWithTheFQLThatKeepsItLonger(t *testing.T) {
	_, output, _, _ := plainly(t, plainAnswers, func(b *bench, _ *Config) { b.server.docs["users"] = 20_000_000 })
	if !strings.Contains(output, "Warning: a snapshot stays readable for only 15 min.") || !strings.Contains(output, "history_days: 7") {
		t.Errorf("it does not warn:\n%s", output)
	}
}

func TestHistory_isKeptLongerAndNeverShorter(t *testing.T) {
	b := &bench{t: t, server: shop(), run: shopRun()}
	s := b.session(Config{Out: &bytes.Buffer{}})
	s.server, s.access = b.server, map[string]fauna.Access{}
	for name, days := range map[string]int{"none": 0, "week": 7, "month": 30, "forever": fauna.HistoryForever, "unknown": fauna.HistoryUnknown} {
		s.choices = append(s.choices, choice{name, true})
		s.access[name] = fauna.Access{Collection: name, Exists: true, Readable: true, HistoryDays: days}
	}
	query := s.historyFQL()
	for name, longer := range map[string]bool{"none": true, "week": false, "month": false, "forever": false, "unknown": true} {
		if strings.Contains(query, name) != longer {
			t.Errorf("%s:\n%s", name, query)
		}
	}
}

func TestPlain_onlyASCIIWhereThatIsAsked(t *testing.T) {
	_, output, out, err := plainly(t, plainAnswers, func(_ *bench, c *Config) { c.ASCII = true })
	for _, printed := range []string{output, out.Summary} {
		if i := strings.IndexFunc(printed, func(r rune) bool { return r > 0x7e }); err != nil || i >= 0 || printed == "" {
			t.Errorf("%v, at %d:\n%s", err, i, printed)
		}
	}
}
