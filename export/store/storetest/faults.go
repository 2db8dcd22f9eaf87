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

// Faults is a Store that counts its operations and lets Fail make them fail.
type Faults struct {
	store.Store
	// Fail is called before each operation with its number n, starting at 1. It
	// returns the operation's error.
	Fail func(n int, op Op, name string) error
	// Short turns a failing write to an appender into a short write without error.
	Short bool

	mu sync.Mutex
	n  int
}

// Ops returns the number of operations so far.
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

// Create writes a small file that must not exist yet, or fails. The Store must be
// Shared.
func (s *Faults) Create(name string, data []byte) error {
	return s.try(OpWrite, name, func() error { return s.Store.(store.Shared).Create(name, data) })
}

// LockFor calls the Store, which must be Shared.
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

// Append opens a file whose operations can fail too, or fails.
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

// Write writes only part of p when it fails.
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

// errPowerCut is the error of every operation after a power cut.
var errPowerCut = errors.New("the power is off")

// PowerCut returns a Fail that cuts the power at the nth operation: it and all
// later ones fail without effect. 0 means never.
func PowerCut(at int) func(n int, op Op, name string) error {
	return func(n int, _ Op, _ string) error {
		if at > 0 && n >= at {
			return errPowerCut
		}
		return nil
	}
}

// Torn returns what a power cut leaves of bytes that were not synced: a prefix of
// any length, in which any byte may be zero.
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
