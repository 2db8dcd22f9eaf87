package storetest

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"fauna-export/export/store"
)

// Memory is a Store in memory. Crash simulates a power cut.
type Memory struct {
	mu struct {
		sync.Mutex
		files map[string]*memoryFile
		locks map[string]bool // locks held, by the name passed to LockFor, "" for Lock
	}
}

// memoryFile is a file; its first synced bytes survive a crash.
type memoryFile struct {
	data   []byte
	synced int
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	s := &Memory{}
	s.mu.files, s.mu.locks = map[string]*memoryFile{}, map[string]bool{}
	return s
}

// Name returns "memory".
func (s *Memory) Name() string { return "memory" }

// Lock excludes other users of the same Memory.
func (s *Memory) Lock() (func() error, error) {
	return s.lockAs("", "another process is working in it")
}

// LockFor excludes other users of the same name.
func (s *Memory) LockFor(name string) (func() error, error) {
	return s.lockAs(name, "another process is working on its "+name)
}

func (s *Memory) lockAs(name, busy string) (func() error, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.locks[name] {
		return nil, &store.Error{Store: s.Name(), Problem: busy, Locked: true}
	}
	s.mu.locks[name] = true
	return sync.OnceValue(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.mu.locks, name)
		return nil
	}), nil
}

// List lists all files.
func (s *Memory) List() ([]store.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]store.Entry, 0, len(s.mu.files))
	for name, f := range s.mu.files {
		out = append(out, store.Entry{Name: name, Size: int64(len(f.data))})
	}
	slices.SortFunc(out, func(a, b store.Entry) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// fileLocked returns a file.
//
// REQUIRES: s.mu is held.
func (s *Memory) fileLocked(op, name string) (*memoryFile, error) {
	if err := store.CheckName(name); err != nil {
		return nil, err
	}
	f, ok := s.mu.files[name]
	if !ok {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return f, nil
}

// Open opens a file as it is now.
func (s *Memory) Open(name string) (store.File, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.fileLocked("open", name)
	if err != nil {
		return nil, 0, err
	}
	return memoryReader{bytes.NewReader(f.data)}, int64(len(f.data)), nil
}

// Read returns the content of a file.
func (s *Memory) Read(name string) ([]byte, error) {
	f, size, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	if size > store.MaxSmall {
		return nil, &store.TooLarge{Name: name, Most: store.MaxSmall}
	}
	return io.ReadAll(f)
}

// Write replaces a file.
func (s *Memory) Write(name string, data []byte) error { return s.put(name, data, true) }

// Create writes a file that must not exist yet.
func (s *Memory) Create(name string, data []byte) error { return s.put(name, data, false) }

func (s *Memory) put(name string, data []byte, replace bool) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.files[name] != nil && !replace {
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	s.mu.files[name] = &memoryFile{data: bytes.Clone(data), synced: len(data)}
	return nil
}

// Append opens a file for appending.
func (s *Memory) Append(name string, size int64) (store.Appender, error) {
	if err := store.CheckName(name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.mu.files[name]
	if size == 0 {
		f = &memoryFile{}
		s.mu.files[name] = f
	}
	if f == nil || int64(len(f.data)) < size {
		return nil, fmt.Errorf("%s ends before byte %d", name, size)
	}
	f.data = f.data[:size:size]
	f.synced = min(f.synced, int(size))
	return &memoryAppender{s: s, f: f}, nil
}

// Commit renames a file.
func (s *Memory) Commit(from, to string) error {
	if err := store.CheckName(to); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.fileLocked("rename", from)
	if err != nil {
		return err
	}
	delete(s.mu.files, from)
	s.mu.files[to] = f
	return nil
}

// Remove deletes a file.
func (s *Memory) Remove(name string) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mu.files, name)
	return nil
}

// Close does nothing.
func (s *Memory) Close() error { return nil }

// Free returns -1 for unknown.
func (s *Memory) Free() (int64, error) { return -1, nil }

// Crash returns what a power cut would leave of every file: what was synced, and
// what keep returns for the rest. Its lock is free. Appenders continue to write
// to the old Memory, which is no longer used.
func (s *Memory) Crash(keep func(unsynced []byte) []byte) *Memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := NewMemory()
	for name, f := range s.mu.files {
		data := bytes.Clone(f.data[:f.synced])
		if f.synced < len(f.data) {
			data = append(data, keep(bytes.Clone(f.data[f.synced:]))...)
		}
		left.mu.files[name] = &memoryFile{data: data, synced: len(data)}
	}
	return left
}

type memoryReader struct{ *bytes.Reader }

func (memoryReader) Close() error { return nil }

type memoryAppender struct {
	s *Memory
	f *memoryFile
}

func (a *memoryAppender) Write(p []byte) (int, error) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.f.data = append(a.f.data, p...)
	return len(p), nil
}

// Cut returns a function that makes everything written so far durable.
func (a *memoryAppender) Cut() func() (bool, error) {
	return func() (bool, error) { return true, a.Sync() }
}

func (a *memoryAppender) Sync() error {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.f.synced = len(a.f.data)
	return nil
}

func (a *memoryAppender) Close() error { return nil }
