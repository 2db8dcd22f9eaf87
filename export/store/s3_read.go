package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/minio/minio-go/v7"
)

// s3Reader reads an object: sequentially from one request, or block by block
// elsewhere.
type s3Reader struct {
	s    *S3
	name string
	key  string
	etag string
	size int64

	mu     sync.Mutex
	pos    int64 // of Read
	stream io.ReadCloser
	at     int64 // position of the stream
	stop   context.CancelFunc
	blocks []block
}

type block struct {
	at   int64
	data []byte
}

const (
	blockSize  = 256 << 10
	mostBlocks = 16
	mostSkip   = 1 << 20 // is skipped by reading rather than by a new request
)

// Open opens an object. One whose name ends with PartEnd may not exist until it
// is committed.
func (s *S3) Open(name string) (File, int64, error) {
	if err := CheckName(name); err != nil {
		return nil, 0, err
	}
	var info minio.ObjectInfo
	err := s.do("open "+name, 0, func(ctx context.Context) (err error) {
		info, err = s.core.StatObject(ctx, s.at.Bucket, s.key(name), minio.StatObjectOptions{})
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return &s3Reader{s: s, name: name, key: s.key(name), etag: info.ETag, size: info.Size}, info.Size, nil
}

// Read reads on.
func (r *s3Reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.readAt(p, r.pos)
	r.pos += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// ReadAt reads anywhere.
func (r *s3Reader) ReadAt(p []byte, at int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.readAt(p, at)
}

// Close ends the request that is open.
func (r *s3Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shut()
	r.blocks = nil
	return nil
}

func (r *s3Reader) shut() {
	if r.stream != nil {
		r.stop()
		r.stream.Close()
		r.stream = nil
	}
}

func (r *s3Reader) readAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, fmt.Errorf("%s: read before the first byte", r.name)
	}
	done := 0
	for done < len(p) && at < r.size {
		n, err := r.some(p[done:min(int64(len(p)), int64(done)+r.size-at)], at)
		done, at = done+n, at+int64(n)
		if err != nil {
			return done, err
		}
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// some reads at least one byte: out of a block, on from where the stream stands,
// or after opening one of them. A place that is not where anything ended is one to
// jump to, so a block is asked for.
func (r *s3Reader) some(p []byte, at int64) (int, error) {
	follows := at == 0
	for i, b := range r.blocks {
		if at >= b.at && at < b.at+int64(len(b.data)) {
			r.blocks = append(append(r.blocks[:i:i], r.blocks[i+1:]...), b)
			return copy(p, b.data[at-b.at:]), nil
		}
		follows = follows || at == b.at+int64(len(b.data))
	}
	var n int
	err := r.s.do("read "+r.name, len(p), func(ctx context.Context) error {
		if r.stream == nil || at < r.at || at > r.at+mostSkip {
			if !follows {
				return r.readBlock(ctx, at)
			}
			if err := r.open(ctx, at); err != nil {
				return err
			}
		}
		// A request's timeout limits how long the stream may stall.
		unhook := context.AfterFunc(ctx, r.stop)
		defer unhook()
		if _, err := io.CopyN(io.Discard, r.stream, at-r.at); err != nil {
			r.shut()
			follows = true
			return noEOF(err)
		}
		var err error
		r.at = at
		n, err = io.ReadFull(r.stream, p)
		r.at += int64(n)
		if n > 0 {
			return nil
		}
		r.shut()
		follows = true
		return noEOF(err)
	})
	if err != nil || n > 0 {
		return n, err
	}
	b := r.blocks[len(r.blocks)-1]
	return copy(p, b.data[at-b.at:]), nil
}

// noEOF is the error for an object that ends too early.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// open opens the stream at a place.
func (r *s3Reader) open(_ context.Context, at int64) error {
	r.shut()
	ctx, stop := context.WithCancel(context.WithoutCancel(r.s.ctx))
	body, err := r.request(ctx, at, r.size)
	if err != nil {
		stop()
		return err
	}
	r.stream, r.at, r.stop = body, at, stop
	return nil
}

// readBlock reads a block at a place.
func (r *s3Reader) readBlock(ctx context.Context, at int64) error {
	to := min(at+blockSize, r.size)
	body, err := r.request(ctx, at, to)
	if err != nil {
		return err
	}
	defer body.Close()
	var b bytes.Buffer
	b.Grow(int(to - at))
	if _, err := io.CopyN(&b, body, to-at); err != nil {
		return noEOF(err)
	}
	if len(r.blocks) == mostBlocks {
		r.blocks = slices.Delete(r.blocks, 0, 1)
	}
	r.blocks = append(r.blocks, block{at: at, data: b.Bytes()})
	return nil
}

// request asks for the bytes from one place to another of the object that was
// opened, and of no other that has its name now.
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
