package export

import "errors"

type dirStore struct{ dir string }

// NewDirStore is a folder of the file system.
func NewDirStore(dir string) Store { return &dirStore{dir: dir} }

func (s *dirStore) Lock() (func() error, error)          { return nil, errors.ErrUnsupported }
func (s *dirStore) List() ([]Entry, error)               { return nil, errors.ErrUnsupported }
func (s *dirStore) Read(name string) ([]byte, error)     { return nil, errors.ErrUnsupported }
func (s *dirStore) Write(name string, data []byte) error { return errors.ErrUnsupported }
func (s *dirStore) Append(name string, size int64) (Appender, error) {
	return nil, errors.ErrUnsupported
}
func (s *dirStore) Commit(from, to string) error { return errors.ErrUnsupported }
func (s *dirStore) Remove(name string) error     { return errors.ErrUnsupported }
func (s *dirStore) Close() error                 { return errors.ErrUnsupported }
func (s *dirStore) Free() (int64, error)         { return -1, nil }
