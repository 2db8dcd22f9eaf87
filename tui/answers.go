package tui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/row"
	"fauna-export/fauna"
)

// keptMsg is the answer of keepAnswers.
type keptMsg struct{ err error }

// config is the answers as a config file holds them. No secret is among them.
func (s *session) config() export.Config {
	c := export.Config{
		Domain:         s.endpointText,
		AllowPlaintext: s.plaintext == s.endpoint && s.endpoint.Exposed(),
		CAFile:         s.cfg.CAFile, ClientCert: s.cfg.CertFile, ClientKey: s.cfg.KeyFile,
		Collections: s.chosen(),
		Mode:        string(s.mode), Index: s.cfg.Index, Role: s.cfg.Role,
		Out: s.dirText, Format: string(s.format), Compress: string(s.press),
	}
	for _, x := range s.columns {
		c.Columns = append(c.Columns, columnText(x))
	}
	return c
}

// keepAnswers writes the answers so far where the next start finds them.
func (s *session) keepAnswers() tea.Cmd {
	if s.cfg.AnswersFile == "" {
		return nil
	}
	path, c := s.cfg.AnswersFile, s.config()
	return s.jobs.do(func(context.Context) tea.Msg { return keptMsg{storeAnswers(path, c)} })
}

// storeAnswers writes them at once.
func storeAnswers(path string, c export.Config) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep the answers: %w", err)
	}
	if err := export.WriteConfig(path, c); err != nil {
		return fmt.Errorf("keep the answers: %w", err)
	}
	return nil
}

// recall fills in the answers of a wizard that was left. It reports whether
// there were any; a file that cannot be read is as none.
func (s *session) recall(path string) bool {
	c, err := export.LoadConfig(path)
	if err != nil {
		return false
	}
	if s.cfg.Endpoint == defaultEndpoint { // an address that was asked for stays
		s.endpointText = c.Domain
	}
	if e, err := fauna.ParseEndpoint(c.Domain); err == nil && c.AllowPlaintext {
		s.plaintext = e
	}
	for _, name := range c.Collections {
		if fauna.CheckName(name) == nil {
			s.add(name)
		}
	}
	if c.Mode == string(export.Incremental) {
		s.mode = export.Incremental
	}
	if f, err := row.ParseFormat(c.Format); err == nil {
		s.format = f
	}
	if p, err := row.ParseCompression(c.Compress); err == nil {
		s.press = p
	}
	for _, text := range c.Columns {
		if collection, x, err := row.ParseColumn(text); err == nil {
			s.columns = append(s.columns, column{collection, text, x})
		}
	}
	return true
}

// newPath is the full path of a file of that name in the current folder, or of
// name-2, name-3 … that does not exist.
func newPath(name string) (string, error) {
	ext := filepath.Ext(name)
	stem := name[:len(name)-len(ext)]
	for i := 1; i < 1000; i++ {
		if i > 1 {
			name = fmt.Sprintf("%s-%d%s", stem, i, ext)
		}
		path, err := filepath.Abs(name)
		if err != nil {
			return "", err
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
	}
	return "", fmt.Errorf("too many files named %s", name)
}
