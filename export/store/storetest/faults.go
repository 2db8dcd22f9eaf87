package storetest

import (
	"errors"
	"sync"

	"fauna-export/export/store"
)

// Op is an operation that changes a store.
type Op string

// The operations of a store that can fail.
const (
	OpWrite       Op = "write"
	OpAppend      Op = "append"
	OpCommit      Op = "commit"
	OpRemove      Op = "remove"
	OpAppendWrite Op = "write to an appender"
	OpSync        Op = "sync"
	OpCloseFile   Op = "close an appender"
)

// Faults is a Store whose operations are counted, and fail where Fail says so.
type Faults struct {
	store.Store
	// Fail is asked before each operation, of which n is the number from 1. What
	// it answers is the operation's error.
	Fail func(n int, op Op, name string) error
	// Short makes a failing write to an appender a short one without an error.
	Short bool

	mu sync.Mutex
	n  int
}

// Ops is how many operations there were.
func (s *Faults) Ops() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

func (s *Faults) step(op Op, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	return s.Fail(s.n, op, name)
}

// try does an operation, or fails.
func (s *Faults) try(op Op, name string, do func() error) error {
	if err := s.step(op, name); err != nil {
		return err
	}
	return do()
}

// Write replaces a small file, or fails.
func (s *Faults) Write(name string, data []byte) error {
	return s.try(OpWrite, name, func() error { return s.Store.Write(name, data) })
}

// Create writes a small file that is not there yet, or fails. The Store has to be a
// Shared.
func (s *Faults) Create(name string, data []byte) error {
	return s.try(OpWrite, name, func() error { return s.Store.(store.Shared).Create(name, data) })
}

// LockFor is the Store's, which has to be a Shared.
func (s *Faults) LockFor(name string) (func() error, error) {
	return s.Store.(store.Shared).LockFor(name)
}

// Commit gives a file its final name, or fails.
func (s *Faults) Commit(from, to string) error {
	return s.try(OpCommit, from, func() error { return s.Store.Commit(from, to) })
}

// Remove deletes a file, or fails.
func (s *Faults) Remove(name string) error {
	return s.try(OpRemove, name, func() error { return s.Store.Remove(name) })
}

// Append opens a file whose operations may fail too, or fails.
func (s *Faults) Append(name string, size int64) (a store.Appender, err error) {
	err = s.try(OpAppend, name, func() error {
		a, err = s.Store.Append(name, size)
		return err
	})
	return &faultyAppender{Appender: a, s: s, name: name}, err
}

type faultyAppender struct {
	store.Appender
	s    *Faults
	name string
}

// Write writes a part of p where it fails.
func (f *faultyAppender) Write(p []byte) (int, error) {
	err := f.s.step(OpAppendWrite, f.name)
	if err == nil {
		return f.Appender.Write(p)
	}
	n, _ := f.Appender.Write(p[:len(p)/3])
	if f.s.Short {
		err = nil
	}
	return n, err
}

func (f *faultyAppender) Cut() func() (bool, error) {
	durable := f.Appender.Cut()
	return func() (yes bool, err error) {
		err = f.s.try(OpSync, f.name, func() error {
			yes, err = durable()
			return err
		})
		return yes, err
	}
}

func (f *faultyAppender) Sync() error { return f.s.try(OpSync, f.name, f.Appender.Sync) }

func (f *faultyAppender) Close() error {
	return errors.Join(f.s.step(OpCloseFile, f.name), f.Appender.Close())
}

// ErrPowerCut is what every operation after a power cut answers.
var ErrPowerCut = errors.New("the power is off")

// PowerCut is a Fail that cuts the power at the nth operation, which does not
// happen, nor does any after it; 0 is never.
func PowerCut(at int) func(n int, op Op, name string) error {
	return func(n int, _ Op, _ string) error {
		if at > 0 && n >= at {
			return ErrPowerCut
		}
		return nil
	}
}

// Torn is what a power cut leaves of bytes that were not synced: a beginning of
// any length, of which any byte may be zero.
func Torn(number func(n int) int) func(unsynced []byte) []byte {
	return func(unsynced []byte) []byte {
		left := unsynced[:number(len(unsynced)+1)]
		for i := range left {
			if number(2) == 0 {
				left[i] = 0
			}
		}
		return left
	}
}
