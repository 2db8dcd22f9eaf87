package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/fauna"
)

// logFile is the file of --log-file: the program's messages, with times, and
// how it ended. All methods may be called on nil, which logs nothing.
type logFile struct {
	file   *os.File
	logger *slog.Logger
	secret *atomic.Pointer[fauna.Secret] // the app's

	mu struct {
		sync.Mutex
		failed error // why the first line could not be written
	}
}

// Write writes a line and records the error, since the logger drops it.
func (l *logFile) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.file.Write(line)
	if err != nil && l.mu.failed == nil {
		l.mu.failed = fmt.Errorf("write --log-file: %w", err)
	}
	return n, err
}

// openLog opens --log-file for appending; it does nothing without the flag.
func (a *app) openLog(cmd *cobra.Command) error {
	if a.global.LogFile == "" {
		return nil
	}
	f, err := store.OpenLog(a.global.LogFile, slog.TimeKey+"=")
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return unusablef("--log-file: %w: the folder of the file must exist", err)
		}
		return unusablef("--log-file: %w: give a new file, or an earlier log that this user can write", err)
	}
	a.log = &logFile{file: f, secret: &a.hidden}
	a.log.logger = slog.New(slog.NewTextHandler(a.log, &slog.HandlerOptions{ReplaceAttr: inUTC}))
	a.log.logger.Info("begin", "command", cmd.CommandPath(), "version", version())
	return nil
}

// inUTC formats a line's time like all other times in the program.
func inUTC(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.String(a.Key, archive.FormatMoment(a.Value.Time().Truncate(time.Millisecond)))
	}
	return a
}

// scrub removes the secret, however short: nobody reads a log for its words.
func (l *logFile) scrub(text string) string {
	if s := l.secret.Load(); s != nil {
		return s.Scrub(text)
	}
	return text
}

// note logs a message, or a fact with names and values as for slog. A value is a
// string or a number.
func (l *logFile) note(what string, args ...any) {
	if l == nil {
		return
	}
	for i, value := range args {
		if text, ok := value.(string); ok {
			args[i] = l.scrub(text)
		}
	}
	l.logger.Info(l.scrub(what), args...)
}

// close logs how the program ended and closes the file. It returns the error of
// the first line that could not be written.
func (l *logFile) close(code int, err error) error {
	if l == nil {
		return nil
	}
	if err != nil {
		l.logger.Error(l.scrub(sentence(err)), "exit", code)
	} else {
		l.logger.Info("end", "exit", code)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.file.Close(); err != nil && l.mu.failed == nil {
		l.mu.failed = fmt.Errorf("close --log-file: %w", err)
	}
	return l.mu.failed
}
