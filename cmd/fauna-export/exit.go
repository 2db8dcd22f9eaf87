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

// exitRule says which errors end the program with which code.
type exitRule struct {
	code  string // as the help prints it
	means string
	codes func(error) (int, bool)
}

// exitRules is the one table of exit codes; the first rule that takes an error
// decides. It stands in the help of the root command.
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
		{"3", "finished, but incomplete or not as one snapshot (the summary says what)", func(err error) (int, bool) {
			if partial, ok := errors.AsType[*export.Partial](err); ok {
				return exitPartial, !partial.Denied()
			}
			return exitPartial, loadCode(err, load.KindPartial) || isA[*leftOutError](err) || isA[*schemaPartError](err) || isA[*closedPipeError](err)
		}},
		{"4", "secret refused, a privilege is missing, or an index is not ready", func(err error) (int, bool) {
			return exitRefused, loadCode(err, load.KindRefused) || isA[*deniedError](err) || isA[*indexError](err) || isA[*export.Partial](err) || isA[*export.Unreadable](err) ||
				isA[*export.PrivilegeLost](err) || isA[*export.Hidden](err) || isA[*store.Refused](err) || isA[*store.NoCredentials](err) ||
				isKind(err, fauna.KindSecretRefused, fauna.KindDenied)
		}},
		{"2", "usage, a missing collection, or a folder that is not what it should be", func(err error) (int, bool) {
			if at, ok := errors.AsType[*export.AtError](err); ok {
				return exitUsage, at.Future
			}
			return exitUsage, loadCode(err, load.KindUsage) || isA[*usageError](err) || isA[*missingError](err) || isA[*export.Missing](err) ||
				isA[*export.SpecError](err) || isA[*store.Error](err) || isA[*archive.NotARun](err) || isA[*archive.DamagedState](err) ||
				isA[*export.Changed](err) || isA[*archive.Unmergeable](err) || isA[*archive.ShardsMissing](err) || isKind(err, fauna.KindMissing)
		}},
		{"5", "server unreachable, or timed out after the retries", func(err error) (int, bool) {
			return exitUnreachable, loadCode(err, load.KindUnreachable) || isA[*export.GaveUp](err) || isA[*store.Unreachable](err) ||
				isKind(err, fauna.KindUnreachable, fauna.KindTimeout, fauna.KindTLS, fauna.KindThrottled, fauna.KindBusy)
		}},
		{"1", "any other error: a server that is not Fauna, a file that verify finds wrong, a wizard left by esc", func(error) (int, bool) {
			return exitError, true
		}},
	}
}

// codeOf is the exit code of what a command returned.
func codeOf(err error) int {
	for _, rule := range exitRules() {
		if code, yes := rule.codes(err); yes {
			return code
		}
	}
	return exitError
}

// signalCode is the exit code of a process that a signal ended.
func signalCode(s syscall.Signal) int { return exitSignal + int(s) }

// exitHelp prints the table for the help of the root command, by code.
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

// isA says whether an error of type E is in the chain.
func isA[E error](err error) bool {
	_, yes := errors.AsType[E](err)
	return yes
}

// isKind says whether an error of the server is in the chain and of one of kinds.
func isKind(err error, kinds ...fauna.Kind) bool {
	e, yes := errors.AsType[*fauna.Error](err)
	return yes && slices.Contains(kinds, e.Kind)
}

// isCommandLine says whether the help of the command would help.
func isCommandLine(err error) bool {
	usage, yes := errors.AsType[*usageError](err)
	return yes && usage.commandLine
}

// usageError is a command line, a config file or a folder that cannot be used.
type usageError struct {
	error
	commandLine bool // the flags are wrong, not what they name
}

// Unwrap returns what is wrong.
func (e *usageError) Unwrap() error { return e.error }

// usagef says what is wrong with the command line.
func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...), true}
}

// unusablef says what is wrong with something that the command line names.
func unusablef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...), false}
}

// missingError names collections that do not exist.
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
	return "no such collection: " + strings.Join(said, ", ") + "; no file was made"
}

// deniedError names collections, or the list of them, that the key may not read.
type deniedError struct {
	what string
	hint string
}

// Error implements error.
func (e *deniedError) Error() string { return e.what + "; " + e.hint }

// leftOutError names the collections that --all has to leave out.
type leftOutError struct{ names []string }

// Error implements error.
func (e *leftOutError) Error() string {
	return "the key may not read " + quotedList(e.names)
}

// closedPipeError is a reader of the rows of --out - that went away before the last.
type closedPipeError struct{ rows int64 }

// Error implements error.
func (e *closedPipeError) Error() string {
	return "the reader of stdout closed the pipe: it has at most " + count(e.rows, "row") + ", not all"
}

// plainMessage is what an error says to a person: one line, without control
// characters; "" where nothing is to be said.
func plainMessage(err error) string {
	if err == nil {
		return ""
	}
	return plain(err.Error())
}

// quotedList is names in quotes, with commas between them.
func quotedList(names []string) string {
	var said []string
	for _, name := range names {
		said = append(said, quoted(name))
	}
	return strings.Join(said, ", ")
}

// them chooses between the one word and the many.
func them(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
