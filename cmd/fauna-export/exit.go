package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/load"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/tui"
)

// The exit codes. A signal's code is 128 and its number.
const (
	exitDone        = 0
	exitError       = 1
	exitUsage       = 2
	exitPartial     = 3
	exitRefused     = 4
	exitUnreachable = 5
	exitSignal      = 128
)

// exitRule maps errors to an exit code.
type exitRule struct {
	code  string // as printed in the help
	means string
	codes func(error) (int, bool)
}

// exitRules is the table of exit codes, also printed by the root command's
// help. The first rule that matches an error applies.
func exitRules() []exitRule {
	return []exitRule{
		{"0", "done", func(err error) (int, bool) {
			return exitDone, err == nil
		}},
		{"129, 130, 143", "ended by SIGHUP, ctrl+c, SIGTERM", func(err error) (int, bool) {
			if s, ok := errors.AsType[*signalError](err); ok {
				return signalCode(s.signal), true
			}
			return signalCode(syscall.SIGINT), errors.Is(err, tui.ErrInterrupted)
		}},
		{"3", "finished, but incomplete or not from a single point in time (see the summary)", func(err error) (int, bool) {
			if partial, ok := errors.AsType[*export.Partial](err); ok {
				return exitPartial, !partial.Denied()
			}
			return exitPartial, loadCode(err, load.KindPartial) || isA[*leftOutError](err) || isA[*schemaPartError](err) || isA[*closedPipeError](err)
		}},
		{"4", "secret rejected, missing privilege, or index not ready", func(err error) (int, bool) {
			return exitRefused, loadCode(err, load.KindRefused) || isA[*deniedError](err) || isA[*indexError](err) || isA[*export.Partial](err) || isA[*export.Unreadable](err) ||
				isA[*export.PrivilegeLost](err) || isA[*export.Hidden](err) || isA[*store.Refused](err) || isA[*store.NoCredentials](err) ||
				isKind(err, fauna.KindSecretRefused, fauna.KindDenied)
		}},
		{"2", "wrong usage, a missing collection, or an unsuitable folder", func(err error) (int, bool) {
			if at, ok := errors.AsType[*export.AtError](err); ok {
				return exitUsage, at.Future
			}
			return exitUsage, loadCode(err, load.KindUsage) || isA[*usageError](err) || isA[*missingError](err) || isA[*export.Missing](err) ||
				isA[*export.SpecError](err) || isA[*store.Error](err) || isA[*archive.NotARun](err) || isA[*archive.DamagedState](err) ||
				isA[*export.Changed](err) || isA[*archive.Unmergeable](err) || isA[*archive.ShardsMissing](err) || isKind(err, fauna.KindMissing)
		}},
		{"5", "server unreachable, or timed out after retries", func(err error) (int, bool) {
			return exitUnreachable, loadCode(err, load.KindUnreachable) || isA[*export.GaveUp](err) || isA[*store.Unreachable](err) ||
				isKind(err, fauna.KindUnreachable, fauna.KindTimeout, fauna.KindTLS, fauna.KindThrottled, fauna.KindBusy)
		}},
		{"1", "any other error, such as a server that is not Fauna, files that fail verification, or leaving the wizard with esc", func(error) (int, bool) {
			return exitError, true
		}},
	}
}

// codeOf returns the exit code for a command's error.
func codeOf(err error) int {
	for _, rule := range exitRules() {
		if code, yes := rule.codes(err); yes {
			return code
		}
	}
	return exitError
}

// signalCode returns the exit code of a process ended by a signal.
func signalCode(s syscall.Signal) int { return exitSignal + int(s) }

// exitHelp formats the table for the root command's help, sorted by code.
func exitHelp() string {
	rules := exitRules()
	first := func(r exitRule) int {
		number, _, _ := strings.Cut(r.code, ",")
		n, _ := strconv.Atoi(number)
		return n
	}
	slices.SortFunc(rules, func(a, b exitRule) int { return first(a) - first(b) })
	var b strings.Builder
	for _, rule := range rules {
		fmt.Fprintf(&b, "  %-13s  %s\n", rule.code, rule.means)
	}
	return b.String()
}

// isA reports whether an error of type E is in the chain.
func isA[E error](err error) bool {
	_, yes := errors.AsType[E](err)
	return yes
}

// isKind reports whether a server error of one of the kinds is in the chain.
func isKind(err error, kinds ...fauna.Kind) bool {
	e, yes := errors.AsType[*fauna.Error](err)
	return yes && slices.Contains(kinds, e.Kind)
}

// isCommandLine reports whether to refer to the command's help.
func isCommandLine(err error) bool {
	usage, yes := errors.AsType[*usageError](err)
	return yes && usage.commandLine
}

// usageError is the error of an unusable command line, config file or folder.
type usageError struct {
	error
	commandLine bool // the flags are wrong, not what they name
}

// Unwrap returns what is wrong.
func (e *usageError) Unwrap() error { return e.error }

// usagef returns an error about the command line.
func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...), true}
}

// unusablef returns an error about something named on the command line.
func unusablef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...), false}
}

// missingError is the error of collections that do not exist.
type missingError struct {
	names []string
	near  map[string]string // a similar name that does exist
}

// Error implements error.
func (e *missingError) Error() string {
	var said []string
	for _, name := range e.names {
		text := quoted(name)
		if near := e.near[name]; near != "" {
			text += " (did you mean " + quoted(near) + "?)"
		}
		said = append(said, text)
	}
	return "no such collection: " + strings.Join(said, ", ")
}

// deniedError is the error of collections, or their list, that the key may not
// read.
type deniedError struct {
	what string
	hint string
}

// Error implements error.
func (e *deniedError) Error() string { return e.what + "; " + e.hint }

// leftOutError is the error of collections that --all left out.
type leftOutError struct{ names []string }

// Error implements error.
func (e *leftOutError) Error() string {
	return "the key can't read " + quotedList(e.names)
}

// closedPipeError is the error of a reader of --out - that closed the pipe
// before the last row.
type closedPipeError struct{ rows int64 }

// Error implements error.
func (e *closedPipeError) Error() string {
	return "the reader of stdout closed the pipe: it has at most " + count(e.rows, "row") + ", not all"
}

// plainMessage returns an error as one line without control characters, "" if
// there is nothing to print.
func plainMessage(err error) string {
	if err == nil {
		return ""
	}
	return plain(err.Error())
}

// quotedList returns names in quotes, separated by commas.
func quotedList(names []string) string {
	var said []string
	for _, name := range names {
		said = append(said, quoted(name))
	}
	return strings.Join(said, ", ")
}

// them chooses between singular and plural.
func them(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
