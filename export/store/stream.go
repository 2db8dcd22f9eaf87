package store

import (
	"io"
	"io/fs"
)

// Stream passes a run's only file to a writer and stores nothing.
type Stream struct{ w io.Writer }

// NewStream returns a Stream to w.
func NewStream(w io.Writer) *Stream { return &Stream{w: w} }

// Name returns "the stream".
func (s *Stream) Name() string { return "the stream" }

// Lock does nothing: nobody else can access the stream.
func (s *Stream) Lock() (func() error, error) { return func() error { return nil }, nil }

// List returns nothing.
func (s *Stream) List() ([]Entry, error) { return nil, nil }

// Open finds nothing.
func (s *Stream) Open(string) (File, int64, error) { return nil, 0, fs.ErrNotExist }

// Read finds nothing.
func (s *Stream) Read(string) ([]byte, error) { return nil, fs.ErrNotExist }

// Write discards the file.
func (s *Stream) Write(string, []byte) error { return nil }

// Append returns a file that passes on everything written.
func (s *Stream) Append(string, int64) (Appender, error) { return streamFile{s.w}, nil }

// Commit does nothing: there is nothing to rename.
func (s *Stream) Commit(string, string) error { return nil }

// Remove does nothing.
func (s *Stream) Remove(string) error { return nil }

// Close does nothing.
func (s *Stream) Close() error { return nil }

// Free returns -1 for unknown.
func (s *Stream) Free() (int64, error) { return -1, nil }

type streamFile struct{ io.Writer }

func (streamFile) Cut() func() (bool, error) {
	return func() (bool, error) { return true, nil }
}

func (streamFile) Sync() error  { return nil }
func (streamFile) Close() error { return nil }
