package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"fauna-export/export/pairs"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// Archive is a finished run in a store.
type Archive struct {
	Store    store.Store
	Manifest *Manifest
}

// Open reads the manifest of the run in a store. The error is a *NotARun if
// there is no valid manifest.
func Open(s store.Store) (*Archive, error) {
	m, err := ReadManifest(s)
	if err != nil {
		return nil, err
	}
	return &Archive{Store: s, Manifest: m}, nil
}

// Complete returns a *Damaged if the manifest lacks parts of a collection.
func (a *Archive) Complete() error {
	if wrong := a.Manifest.wrongParts(); len(wrong) > 0 {
		return &Damaged{File: ManifestName, Err: errors.New(wrong[0] + "; verify the folder")}
	}
	return nil
}

// Damaged is the error of a file that does not match the manifest.
type Damaged struct {
	File string
	Err  error
}

// Error names the file and what is wrong with it.
func (e *Damaged) Error() string { return e.File + ": " + e.Err.Error() }

// Unwrap returns what is wrong with it.
func (e *Damaged) Unwrap() error { return e.Err }

// dataFile is a file of a run being read. Sequential reads are hashed; check
// then compares the whole file with the manifest.
type dataFile struct {
	entry Entry
	file  store.File
	read  func(int64) // unless nil, called with the number of bytes read sequentially

	mu struct {
		sync.Mutex
		pos    int64 // bytes read sequentially
		hashed *background
	}
}

// openData opens a file of a run. The error is a *Damaged if it does not exist
// or its length differs from the manifest.
func openData(s store.Store, e Entry) (*dataFile, error) {
	f, size, err := s.Open(e.File)
	if err != nil {
		return nil, &Damaged{File: e.File, Err: err}
	}
	if size != e.Bytes {
		f.Close()
		return nil, &Damaged{File: e.File, Err: fmt.Errorf("it has %d bytes, the manifest says %d", size, e.Bytes)}
	}
	d := &dataFile{entry: e, file: f}
	d.mu.hashed = newBackground()
	return d, nil
}

// ReadAt reads at any position in the file.
func (f *dataFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.file.ReadAt(p, at)
	f.mu.Lock()
	defer f.mu.Unlock()
	if at <= f.mu.pos && f.mu.pos < at+int64(n) {
		fresh := p[f.mu.pos-at : n]
		_, _ = f.mu.hashed.Write(fresh)
		f.mu.pos += int64(len(fresh))
		if f.read != nil {
			f.read(int64(len(fresh)))
		}
	}
	return n, err
}

// sum returns the SHA-256 of the whole file. It reads whatever has not been read
// yet.
func (f *dataFile) sum(ctx context.Context) (string, error) {
	buf := make([]byte, blockSize)
	for f.mu.pos < f.entry.Bytes {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		n, err := f.ReadAt(buf[:min(int64(len(buf)), f.entry.Bytes-f.mu.pos)], f.mu.pos)
		if n == 0 && err != nil {
			return "", err
		}
	}
	return f.mu.hashed.sum(), nil
}

// source returns the file in the form that row.Read takes.
func (f *dataFile) source(text row.Text) row.Source {
	return row.Source{Layout: f.entry.Layout(), File: f, Size: f.entry.Bytes, Text: text}
}

// errEnough stops reading a file when no more rows are needed.
var errEnough = errors.New("no more rows needed")

// rows iterates over the rows of the file. After the last one, it compares the
// file's hash and the number of rows with the manifest; a difference, or a row
// that can't be read, is a *Damaged. It sets lacks to what the texts leave out.
func (f *dataFile) rows(ctx context.Context, text row.Text, lacks *row.Counts) iter.Seq2[row.Row, error] {
	return func(yield func(row.Row, error) bool) {
		src := f.source(text)
		src.Lacks = lacks
		found, err := row.Read(ctx, src, func(one row.Row) error {
			if !yield(one, nil) {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return
		}
		sum := ""
		if err == nil {
			sum, err = f.sum(ctx)
		}
		switch {
		case err != nil && ctx.Err() != nil:
			yield(row.Row{}, context.Cause(ctx))
			return
		case err != nil:
		case found.Rows != f.entry.Rows:
			err = fmt.Errorf("it has %d rows, the manifest says %d", found.Rows, f.entry.Rows)
		case sum != f.entry.SHA256:
			err = fmt.Errorf("its sha256 is %s, the manifest says %s", sum, f.entry.SHA256)
		}
		if err != nil {
			yield(row.Row{}, &Damaged{File: f.entry.File, Err: err})
		}
	}
}

func (f *dataFile) close() error {
	f.mu.hashed.sum()
	return f.file.Close()
}

// Reading is the result of reading a whole file.
type Reading struct {
	SHA256 string
	Rows   row.Summary
	Pairs  pairs.Sum // of the rows, for a sync's file
	// Bad is the first fault in the rows, nil for none. Failed is the error that
	// kept the file from being read to its end, nil if it was.
	Bad, Failed error
}

// background hashes what is written to it in a goroutine, a block behind its caller.
type background struct {
	io.Writer
	sum func() string // ends the hashing; don't write after it
}

const blockSize = 256 << 10

func newBackground() *background {
	r, w := io.Pipe()
	done := make(chan string, 1)
	go func() {
		h := sha256.New()
		_, _ = io.CopyBuffer(h, r, make([]byte, blockSize)) // neither end fails
		done <- hex.EncodeToString(h.Sum(nil))
	}()
	return &background{w, sync.OnceValue(func() string {
		_ = w.Close()
		return <-done
	})}
}
