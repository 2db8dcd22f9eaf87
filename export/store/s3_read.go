package store

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/minio/minio-go/v7"
)

// s3Reader reads an object: sequentially from one request, elsewhere block by
// block.
type s3Reader struct {
	s    *S3
	name string
	key  string
	etag string
	size int64

	mu struct {
		sync.Mutex
		stream io.ReadCloser
		at     int64 // position of the stream
		stop   context.CancelFunc
		blocks []block
	}
}

type block struct {
	at   int64
	data []byte
}

const (
	blockSize = 256 << 10
	maxBlocks = 16
	maxSkip   = 1 << 20 // skipped by reading on, instead of a new request
)

// Open opens an object. One whose name ends with PartEnd may not exist until it
// is committed.
func (s *S3) Open(name string) (File, int64, error) {
	if err := CheckName(name); err != nil {
		return nil, 0, err
	}
	info, err := s.stat("open "+name, name)
	if err != nil {
		return nil, 0, err
	}
	r := &s3Reader{s: s, name: name, key: s.key(name), etag: info.ETag, size: info.Size}
	return struct {
		*io.SectionReader
		io.Closer
	}{io.NewSectionReader(r, 0, info.Size), r}, info.Size, nil
}

// ReadAt fills p from a position before the object's end.
func (r *s3Reader) ReadAt(p []byte, at int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	done := 0
	for done < len(p) {
		n, err := r.someLocked(p[done:], at+int64(done))
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// Close closes the open request.
func (r *s3Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shutLocked()
	r.mu.blocks = nil
	return nil
}

// shutLocked closes the stream.
//
// REQUIRES: r.mu is held.
func (r *s3Reader) shutLocked() {
	if r.mu.stream != nil {
		r.mu.stop()
		r.mu.stream.Close()
		r.mu.stream = nil
	}
}

// someLocked reads at least one byte, from a block or from the stream. It opens a
// stream only where an earlier read ended; elsewhere it reads a block.
//
// REQUIRES: r.mu is held.
func (r *s3Reader) someLocked(p []byte, at int64) (int, error) {
	follows := at == 0
	for i, b := range r.mu.blocks {
		if at >= b.at && at < b.at+int64(len(b.data)) {
			r.mu.blocks = append(append(r.mu.blocks[:i:i], r.mu.blocks[i+1:]...), b)
			return copy(p, b.data[at-b.at:]), nil
		}
		follows = follows || at == b.at+int64(len(b.data))
	}
	var n int
	err := r.s.do("read "+r.name, len(p), func(ctx context.Context) (err error) {
		if r.mu.stream == nil || at < r.mu.at || at > r.mu.at+maxSkip {
			if !follows {
				n, err = r.readBlockLocked(ctx, p, at)
				return err
			}
			if err := r.openLocked(at); err != nil {
				return err
			}
		}
		// The request's timeout limits how long the stream may stall.
		unhook := context.AfterFunc(ctx, r.mu.stop)
		defer unhook()
		if _, err = io.CopyN(io.Discard, r.mu.stream, at-r.mu.at); err == nil {
			n, err = io.ReadFull(r.mu.stream, p)
			r.mu.at = at + int64(n)
		}
		if n > 0 {
			return nil
		}
		r.shutLocked()
		follows = true
		return unexpectedEOF(err)
	})
	return n, err
}

// unexpectedEOF returns the error of an object that ends too early.
func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// openLocked opens the stream at a position.
//
// REQUIRES: r.mu is held.
func (r *s3Reader) openLocked(at int64) error {
	r.shutLocked()
	ctx, stop := context.WithCancel(context.WithoutCancel(r.s.ctx))
	body, err := r.request(ctx, at, r.size)
	if err != nil {
		stop()
		return err
	}
	r.mu.stream, r.mu.at, r.mu.stop = body, at, stop
	return nil
}

// readBlockLocked reads the block at a position, and its beginning into p.
//
// REQUIRES: r.mu is held.
func (r *s3Reader) readBlockLocked(ctx context.Context, p []byte, at int64) (int, error) {
	data := make([]byte, min(blockSize, r.size-at))
	body, err := r.request(ctx, at, at+int64(len(data)))
	if err != nil {
		return 0, err
	}
	defer body.Close()
	if _, err := io.ReadFull(body, data); err != nil {
		return 0, unexpectedEOF(err)
	}
	if len(r.mu.blocks) == maxBlocks {
		r.mu.blocks = slices.Delete(r.mu.blocks, 0, 1)
	}
	r.mu.blocks = append(r.mu.blocks, block{at: at, data: data})
	return copy(p, data), nil
}

// request requests a range of the opened object. It fails if the object has been
// replaced.
func (r *s3Reader) request(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	var opts minio.GetObjectOptions
	if err := opts.SetRange(from, to-1); err != nil {
		return nil, err
	}
	if err := opts.SetMatchETag(r.etag); err != nil {
		return nil, err
	}
	body, _, _, err := r.s.core.GetObject(ctx, r.s.at.Bucket, r.key, opts)
	return body, err
}
