package export

import (
	"bytes"
	"io/fs"
	"strings"
	"sync"

	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// objectPart is the size of an object store's parts in the seeds.
const objectPart = 900

// objects is a Memory that behaves like an object store: a file is sent in parts of
// one size, only whole parts survive the process, and nothing of it can be read
// before Commit.
type objects struct{ *storetest.Memory }

func (o objects) hidden(name string) error {
	if strings.HasSuffix(name, store.PartEnd) {
		return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return nil
}

func (o objects) Open(name string) (store.File, int64, error) {
	if err := o.hidden(name); err != nil {
		return nil, 0, err
	}
	return o.Memory.Open(name)
}

func (o objects) Read(name string) ([]byte, error) {
	if err := o.hidden(name); err != nil {
		return nil, err
	}
	return o.Memory.Read(name)
}

// Append continues a file. Bytes after size that were already sent must be written
// again.
func (o objects) Append(name string, size int64) (store.Appender, error) {
	if !strings.HasSuffix(name, store.PartEnd) {
		return o.Memory.Append(name, size)
	}
	var sent []byte
	if size > 0 {
		if data, err := o.Memory.Read(name); err == nil && int64(len(data)) > size {
			sent = data[size:]
		}
	}
	a, err := o.Memory.Append(name, size)
	if err != nil {
		return nil, err
	}
	return &objectAppender{Appender: a, name: name, again: sent, size: size, whole: size}, nil
}

type objectAppender struct {
	store.Appender
	name string

	mu    sync.Mutex
	again []byte // sent by an earlier process, and not written again yet
	size  int64
	whole int64 // bytes that survive the process
}

func (a *objectAppender) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	done := 0
	for len(p) > 0 {
		n := int(min(int64(len(p)), objectPart-a.size%objectPart))
		k := min(n, len(a.again))
		if !bytes.Equal(p[:k], a.again[:k]) {
			return done, &store.Diverged{Name: a.name}
		}
		a.again = a.again[k:]
		if _, err := a.Appender.Write(p[:n]); err != nil {
			return done, err
		}
		done, p, a.size = done+n, p[n:], a.size+int64(n)
		if a.size%objectPart == 0 {
			if err := a.Appender.Sync(); err != nil {
				return done, err
			}
			a.whole = a.size
		}
	}
	return done, nil
}

func (a *objectAppender) Cut() func() (bool, error) {
	a.mu.Lock()
	mark := a.size
	a.mu.Unlock()
	return func() (bool, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.whole >= mark, nil
	}
}

func (a *objectAppender) Sync() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.whole = a.size
	return a.Appender.Sync()
}
