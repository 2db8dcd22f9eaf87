package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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

// Damaged is the error of a file that does not match the manifest.
type Damaged struct {
	File string
	Err  error
}

// Error names the file and what is wrong with it.
func (e *Damaged) Error() string { return e.File + ": " + e.Err.Error() }

// Unwrap returns what is wrong with it.
func (e *Damaged) Unwrap() error { return e.Err }

// DataFile is a file of a run being read. Sequential reads are hashed; Check
// then compares the whole file with the manifest.
type DataFile struct {
	Entry Entry
	file  store.File
	read  func(int64) // if not nil, called with the number of bytes read sequentially

	mu     sync.Mutex
	pos    int64 // bytes read sequentially
	hashed *background
}

// Open opens a file of the run. The error is a *Damaged if it does not exist or
// its length differs from the manifest.
func (a *Archive) Open(e Entry) (*DataFile, error) { return openData(a.Store, e) }

func openData(s store.Store, e Entry) (*DataFile, error) {
	f, size, err := s.Open(e.File)
	if err != nil {
		return nil, &Damaged{File: e.File, Err: err}
	}
	if size != e.Bytes {
		f.Close()
		return nil, &Damaged{File: e.File, Err: fmt.Errorf("it has %d bytes, the manifest says %d", size, e.Bytes)}
	}
	return &DataFile{Entry: e, file: f, hashed: newBackground()}, nil
}

// Size returns the file's length.
func (f *DataFile) Size() int64 { return f.Entry.Bytes }

// ReadAt reads anywhere in the file.
func (f *DataFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.file.ReadAt(p, at)
	f.mu.Lock()
	defer f.mu.Unlock()
	if at <= f.pos && f.pos < at+int64(n) {
		fresh := p[f.pos-at : n]
		f.hashed.write(fresh)
		f.pos += int64(len(fresh))
		if f.read != nil {
			f.read(int64(len(fresh)))
		}
	}
	return n, err
}

// sum returns the SHA-256 of the whole file. It reads what has not been read
// yet.
func (f *DataFile) sum(ctx context.Context) (string, error) {
	buf := make([]byte, blockSize)
	for f.pos < f.Entry.Bytes {
		if err := ctx.Err(); err != nil {
			return "", context.Cause(ctx)
		}
		n, err := f.ReadAt(buf[:min(int64(len(buf)), f.Entry.Bytes-f.pos)], f.pos)
		if n == 0 && err != nil {
			return "", err
		}
	}
	return f.hashed.sum(), nil
}

// Check compares the file's SHA-256 with the manifest. Call it once, after
// reading. The error is a *Damaged if they differ.
func (f *DataFile) Check(ctx context.Context) error {
	sum, err := f.sum(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil && sum != f.Entry.SHA256 {
		err = fmt.Errorf("its sha256 is %s, the manifest says %s", sum, f.Entry.SHA256)
	}
	if err != nil {
		return &Damaged{File: f.Entry.File, Err: err}
	}
	return nil
}

// Rows iterates over the rows of the file, with their text as JSONL if texts.
// After the last one, it compares the file's hash and the number of rows with
// the manifest; a difference, or a row that cannot be read, is a *Damaged.
func (f *DataFile) Rows(ctx context.Context, texts bool) iter.Seq2[row.Row, error] {
	return f.rows(ctx, textsIf(texts), nil)
}

func textsIf(wanted bool) texts {
	if wanted {
		return jsonTexts
	}
	return noTexts
}

// rows is Rows; it adds to lacks what the texts leave out.
func (f *DataFile) rows(ctx context.Context, texts texts, lacks *row.Counts) iter.Seq2[row.Row, error] {
	return func(yield func(row.Row, error) bool) {
		n := int64(0)
		give := func(one row.Row) error {
			n++
			if !yield(one, nil) {
				return errEnough
			}
			return nil
		}
		var err error
		switch texts {
		case rawTexts:
			_, err = row.ReadRaw(ctx, f.Entry.Layout(), f, f.Entry.Bytes, give)
		case jsonTexts:
			var counts row.Counts
			counts, err = row.ReadJSON(ctx, f.Entry.Layout(), f, f.Entry.Bytes, give)
			if lacks != nil {
				*lacks = counts
			}
		default:
			_, err = row.Read(ctx, f.Entry.Layout(), f, f.Entry.Bytes, give)
		}
		switch {
		case errors.Is(err, errEnough):
			return
		case err != nil && ctx.Err() != nil:
			err = context.Cause(ctx)
		case err != nil:
			err = &Damaged{File: f.Entry.File, Err: err}
		case n != f.Entry.Rows:
			err = &Damaged{File: f.Entry.File, Err: fmt.Errorf("it has %d rows, the manifest says %d", n, f.Entry.Rows)}
		default:
			err = f.Check(ctx)
		}
		if err != nil {
			yield(row.Row{}, err)
		}
	}
}

// Close closes the file.
func (f *DataFile) Close() error {
	f.hashed.sum()
	return f.file.Close()
}

// Current iterates over the rows of all documents of a collection after its
// last sync, by id, with their text as JSONL if texts. Every file is compared
// with the manifest after it was read, so rows before an error are not to be
// trusted.
func (a *Archive) Current(ctx context.Context, collection string, texts bool) iter.Seq2[row.Row, error] {
	return func(yield func(row.Row, error) bool) {
		chain := a.Manifest.Chain(collection)
		if len(chain) == 0 {
			yield(row.Row{}, fmt.Errorf("the run has no collection %q", collection))
			return
		}
		c, err := openChain(a.Store, chain)
		if err != nil {
			yield(row.Row{}, err)
			return
		}
		defer c.close()
		c.texts = textsIf(texts)
		err = c.current(ctx, a, func(one row.Row) error {
			if !yield(one, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(row.Row{}, err)
		}
	}
}

// Reading is the result of reading a whole file.
type Reading struct {
	SHA256 string
	Rows   row.Summary
	Pairs  pairs.Sum // of the rows of a sync's file
	// Bad is what is wrong with the rows, Failed why the file could not be read
	// to its end.
	Bad, Failed error
}

// background hashes in a goroutine, at most a few blocks behind its caller.
type background struct {
	full, free chan []byte
	done       chan struct{}
	once       sync.Once
	hash       hash.Hash
}

const (
	blockSize = 256 << 10
	blocks    = 4
)

func newBackground() *background {
	b := &background{full: make(chan []byte, blocks), free: make(chan []byte, blocks), done: make(chan struct{}), hash: sha256.New()}
	for range blocks {
		b.free <- nil
	}
	go func() {
		defer close(b.done)
		for block := range b.full {
			b.hash.Write(block)
			b.free <- block[:0]
		}
	}()
	return b
}

// write copies p.
func (b *background) write(p []byte) {
	for len(p) > 0 {
		n := min(len(p), blockSize)
		b.full <- append(<-b.free, p[:n]...)
		p = p[n:]
	}
}

// sum ends the hashing. Don't call write after it.
func (b *background) sum() string {
	b.once.Do(func() { close(b.full) })
	<-b.done
	return hex.EncodeToString(b.hash.Sum(nil))
}
