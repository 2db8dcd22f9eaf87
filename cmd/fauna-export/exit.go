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

// exitRule is an exit code and the errors that it is for.
type exitRule struct {
	code  string // as printed in the help
	means string
	is    func(error) bool
}

// exitRules is the table of exit codes, also printed by the root command's
// help. The first rule that matches an error applies.
func exitRules() []exitRule {
	return []exitRule{
		{"0", "done", func(err error) bool { return err == nil }},
		{"129, 130, 143", "ended by SIGHUP, ctrl+c, SIGTERM (ctrl+\\ is 131)", func(err error) bool {
			return isA[*signalError](err) || errors.Is(err, tui.ErrInterrupted)
		}},
		{"3", "finished, but incomplete or not from a single point in time (see the summary)", func(err error) bool {
			if partial, ok := errors.AsType[*export.Partial](err); ok {
				return !partial.Denied()
			}
			return isOurs(err, exitPartial) || isLoad(err, load.KindPartial)
		}},
		{"4", "secret rejected, missing privilege, or index not ready", func(err error) bool {
			return isOurs(err, exitRefused) || isLoad(err, load.KindRefused) || isA[*export.Partial](err) || isA[*export.Unreadable](err) ||
				isA[*export.PrivilegeLost](err) || isA[*export.Hidden](err) || isA[*store.Refused](err) || isA[*store.NoCredentials](err) ||
				isKind(err, fauna.KindSecretRefused, fauna.KindDenied)
		}},
		{"2", "wrong usage, a missing collection, or an unsuitable folder", func(err error) bool {
			if at, ok := errors.AsType[*export.AtError](err); ok {
				return at.Future
			}
			return isOurs(err, exitUsage) || isLoad(err, load.KindUsage) || isA[*export.Missing](err) ||
				isA[*export.SpecError](err) || isA[*store.Error](err) || isA[*archive.NotARun](err) || isA[*archive.DamagedState](err) ||
				isA[*export.Changed](err) || isA[*archive.Unmergeable](err) || isA[*archive.ShardsMissing](err) || isKind(err, fauna.KindMissing)
		}},
		{"5", "server unreachable, or timed out after retries", func(err error) bool {
			return isLoad(err, load.KindUnreachable) || isA[*export.GaveUp](err) || isA[*store.Unreachable](err) ||
				isKind(err, fauna.KindUnreachable, fauna.KindTimeout, fauna.KindTLS, fauna.KindThrottled, fauna.KindBusy)
		}},
		{"1", "any other error, such as a server that is not Fauna, files that fail verification, or leaving the wizard with esc", func(error) bool { return true }},
	}
}

// codeOf returns the exit code for a command's error.
func codeOf(err error) int {
	if s, ok := errors.AsType[*signalError](err); ok {
		return signalCode(s.signal)
	}
	if errors.Is(err, tui.ErrInterrupted) {
		return signalCode(syscall.SIGINT)
	}
	rules := exitRules()
	return rules[slices.IndexFunc(rules, func(r exitRule) bool { return r.is(err) })].number()
}

func (r exitRule) number() int {
	first, _, _ := strings.Cut(r.code, ",")
	n, _ := strconv.Atoi(first)
	return n
}

func signalCode(s syscall.Signal) int { return exitSignal + int(s) }

// exitHelp formats the table for the root command's help, sorted by code.
func exitHelp() string {
	rules := exitRules()
	slices.SortFunc(rules, func(a, b exitRule) int { return a.number() - b.number() })
	var b strings.Builder
	for _, rule := range rules {
		fmt.Fprintf(&b, "  %-13s  %s\n", rule.code, rule.means)
	}
	return b.String()
}

func isA[E error](err error) bool {
	_, yes := errors.AsType[E](err)
	return yes
}

func isKind(err error, kinds ...fauna.Kind) bool {
	e, yes := errors.AsType[*fauna.Error](err)
	return yes && slices.Contains(kinds, e.Kind)
}

func isLoad(err error, kind load.Kind) bool {
	e, yes := errors.AsType[*load.Error](err)
	return yes && e.Kind == kind
}

func isOurs(err error, code int) bool {
	e, yes := errors.AsType[*codedError](err)
	return yes && e.code == code
}

// codedError is an error of this package, with its exit code.
type codedError struct {
	error
	code        int
	commandLine bool // the flags are wrong, not what they name: the command's help says more
}

// Unwrap returns what is wrong.
func (e *codedError) Unwrap() error { return e.error }

// usagef returns an error about the command line.
func usagef(format string, args ...any) error {
	return &codedError{fmt.Errorf(format, args...), exitUsage, true}
}

// unusablef returns an error about something named on the command line.
func unusablef(format string, args ...any) error {
	return &codedError{fmt.Errorf(format, args...), exitUsage, false}
}

// refusedf returns an error about what the key may not do, or an index that can't
// be read.
func refusedf(format string, args ...any) error {
	return &codedError{fmt.Errorf(format, args...), exitRefused, false}
}

// partialf returns an error about what is missing from the output.
func partialf(format string, args ...any) error {
	return &codedError{fmt.Errorf(format, args...), exitPartial, false}
}

func quotedList(names []string) string {
	return strings.Join(mapped(names, quoted), ", ")
}
