package tui

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"fauna-export/export"
	"fauna-export/export/config"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

// config returns the answers as a config file. It never includes a secret.
func (s *session) config() config.Config {
	return config.Config{
		Domain:         s.endpointText,
		AllowPlaintext: s.plaintext == s.endpoint && s.endpoint.Exposed(),
		CAFile:         s.cfg.CAFile, ClientCert: s.cfg.CertFile, ClientKey: s.cfg.KeyFile,
		Collections: s.chosen(),
		Mode:        string(s.mode), Index: s.cfg.Index, Role: s.cfg.Role,
		Out: s.dirText, Format: string(s.format), Compress: string(s.press),
		Columns: mapped(s.columns, columnText),
	}
}

// A keeper writes the answers to their file. Newer answers win, in whatever order the
// commands that carry them run.
type keeper struct {
	path  string // "" if answers aren't kept
	pause wait   // until typing pauses

	mu     sync.Mutex
	asked  int
	stored int
}

// store writes answers, and the address if one was accepted, unless newer ones are
// already written.
func (k *keeper) store(n int, c config.Config, recent string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.path == "" || n < k.stored {
		return nil
	}
	k.stored = n
	if err := storeAnswers(k.path, c); err != nil || recent == "" {
		return err
	}
	return storeRecent(k.path, recent)
}

// keeping returns a function that saves the answers so far, for the next start.
func (s *session) keeping() func() error {
	s.keeper.asked++
	n, c, recent := s.keeper.asked, s.config(), ""
	if !s.endpoint.IsZero() {
		recent = s.endpoint.String()
	}
	return func() error { return s.keeper.store(n, c, recent) }
}

func (w *wizard) keepAnswers() {
	if w.keeper.path == "" {
		return
	}
	store := w.keeping()
	attempt(w.session, new(wait), func(context.Context) error { return store() }, func(err error) {
		if err != nil {
			w.say(noteWarn, "Couldn't save these answers: %v", err)
		}
	})
}

// keepPause is how long typing must pause before answers are saved.
const keepPause = 500 * time.Millisecond

// keepSoon saves the answers once typing pauses.
func (w *wizard) keepSoon() {
	if w.keeper.path == "" || w.at > outputID {
		return
	}
	w.later(&w.keeper.pause, keepPause, w.keepAnswers)
}

func storeAnswers(path string, c config.Config) error {
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = config.Write(path, withoutSecrets(c))
	}
	if err != nil {
		return fmt.Errorf("keep the answers: %w", err)
	}
	return nil
}

// recall fills in the answers from the last session, and reports whether there were any.
func (s *session) recall(ctx context.Context, path string) bool {
	c, err := config.Load(ctx, path)
	if err != nil {
		return false
	}
	s.recallFolder(c)
	if s.cfg.Endpoint == defaultEndpoint { // keep an address that Config sets
		s.endpointText = c.Domain
	}
	if e, err := fauna.ParseEndpoint(c.Domain); err == nil && c.AllowPlaintext {
		s.plaintext = e
	}
	for _, name := range c.Collections {
		if fql.CheckName(name) == nil && !slices.Contains(s.chosen(), name) {
			s.choices = append(s.choices, choice{name, true})
		}
	}
	if spec, err := c.Spec(); err == nil { // as it is: loading checked each
		s.mode, s.format, s.press = cmp.Or(spec.Mode, s.mode), cmp.Or(spec.Format, s.format), cmp.Or(spec.Compress, s.press)
	}
	for _, text := range c.Columns {
		if collection, x, err := row.ParseColumn(text); err == nil {
			s.columns = append(s.columns, column{collection, text, x})
		}
	}
	return true
}

// recallFolder fills in the last folder if it can still be written to, but not a
// proposed one, which is named after the date.
func (s *session) recallFolder(c config.Config) {
	path, err := fullPath(c.Out)
	if s.dirText != "" || c.Out == "" || err != nil {
		return
	}
	p := s.look(path)
	proposed := strings.HasPrefix(filepath.Base(path), proposalPrefix) && p.isNew
	if p.trouble(export.Mode(c.Mode)) == nil && !proposed {
		s.dirText = c.Out
	}
}

// withoutSecrets removes answers that may be a secret typed into the wrong field.
func withoutSecrets(c config.Config) config.Config {
	for _, field := range []*string{&c.Domain, &c.Out, &c.Index, &c.Role} {
		if looksLikeSecret(*field) {
			*field = ""
		}
	}
	c.Collections = slices.DeleteFunc(slices.Clone(c.Collections), looksLikeSecret)
	c.Columns = slices.DeleteFunc(slices.Clone(c.Columns), looksLikeSecret)
	return c
}

const mostRecent = 5

// recentFile returns the file next to the answers with addresses that worked, one a line.
func recentFile(answers string) string { return filepath.Join(filepath.Dir(answers), "recent") }

// recentAddresses returns the addresses used before, the latest first.
func recentAddresses(answers string) []string {
	if answers == "" {
		return nil
	}
	body, err := store.ReadRegular(recentFile(answers), 64<<10)
	if err != nil {
		return nil
	}
	var all []string
	for line := range strings.Lines(string(body)) {
		if e, err := fauna.ParseEndpoint(strings.TrimSpace(line)); err == nil && !looksLikeSecret(line) && len(all) < mostRecent {
			all = append(all, e.String())
		}
	}
	return all
}

// storeRecent puts an address first. An endpoint holds no secret.
func storeRecent(answers, address string) error {
	all := recentAddresses(answers)
	if len(all) > 0 && all[0] == address || looksLikeSecret(address) {
		return nil
	}
	all = append([]string{address}, slices.DeleteFunc(all, func(a string) bool { return a == address })...)
	body := strings.Join(all[:min(len(all), mostRecent)], "\n") + "\n"
	if err := store.NewFolder(filepath.Dir(answers)).Write(filepath.Base(recentFile(answers)), []byte(body)); err != nil {
		return fmt.Errorf("keep the addresses: %w", err)
	}
	return nil
}
