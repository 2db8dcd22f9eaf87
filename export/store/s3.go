package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Options are what an S3 store needs in addition to its URL.
type S3Options struct {
	// Endpoint is the server, as host, host:port or URL; "" means the one in the
	// environment, or else Amazon's.
	Endpoint string
	// Getenv reads the environment; nil means an empty one.
	Getenv func(string) string
	// Proxy returns the proxy for a server's address; nil means net/http's way,
	// which ignores variables that it can't parse.
	Proxy func(server *url.URL) (func(*http.Request) (*url.URL, error), error)
	// Notice, unless nil, receives messages for the user: that requests are being
	// retried, or that the store waits for a lock. It must be safe for concurrent
	// use.
	Notice func(string)
	// PartSize is the size of all parts of a file except the last, in bytes; 0
	// means 8 MiB. A file has at most 10 000 parts.
	PartSize int64
	// Beat is the interval of the lock's heartbeat; 0 means 5 s. A lock that
	// misses three heartbeats is taken over.
	Beat time.Duration
	// Patience is how long a failing request is retried; 0 means 5 minutes.
	Patience time.Duration
}

const (
	defaultPart     = 8 << 20
	minPart         = 5 << 20 // that S3 takes
	maxPart         = 5 << 30
	defaultBeat     = 5 * time.Second
	defaultPatience = 5 * time.Minute

	maxParts   = 9900 // per file; S3 allows 10 000
	maxSending = 4    // parts sent in parallel

	uploadsPrefix = WorkPrefix + "uploads/"
)

// S3 is a Store under a prefix of a bucket. A file is a multipart upload that
// other processes can continue, using a record stored with the run's other state.
// Append continues from a Cut, or anywhere in a file smaller than a part.
type S3 struct {
	at      S3URL
	opt     S3Options
	ctx     context.Context
	core    *minio.Core
	creds   *credentials.Credentials
	chain   *credentialChain
	plain   bool // plain http, where bodies are signed
	sending chan struct{}
	free    chan []byte // part buffers, for reuse

	mu struct {
		sync.Mutex
		reached bool               // the server has answered at least once
		locks   []*s3Lock          // locks held
		alone   bool               // one of them locks the whole store
		records map[string]*upload // of files being uploaded, by name; nil while others may change them
	}
}

// NewS3 returns the store for a URL. It sends no requests; it fails only for an
// invalid URL or endpoint.
func NewS3(ctx context.Context, name string, o S3Options) (*S3, error) {
	at, err := parseS3(name)
	if err != nil {
		return nil, err
	}
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	o.PartSize = cmp.Or(o.PartSize, defaultPart)
	o.Beat = cmp.Or(o.Beat, defaultBeat)
	o.Patience = cmp.Or(o.Patience, defaultPatience)
	if o.PartSize < minPart || o.PartSize > maxPart {
		return nil, fmt.Errorf("parts of %d bytes: S3 takes 5 MiB to 5 GiB", o.PartSize)
	}
	s := &S3{at: at, opt: o, ctx: ctx, sending: make(chan struct{}, maxSending), free: make(chan []byte, maxSending)}
	if err := s.connect(); err != nil {
		return nil, err
	}
	return s, nil
}

// Name returns the URL.
func (s *S3) Name() string { return s.at.String() }

func (s *S3) key(name string) string { return s.at.Prefix + name }

// final returns the name that a file has after Commit.
func final(name string) string {
	if whole, ok := strings.CutSuffix(name, PartEnd); ok {
		return strings.TrimPrefix(whole, WorkPrefix)
	}
	return name
}

// List names the objects under the prefix. For a file being uploaded it gives
// the length from which it can be continued; it omits the file if the server
// has dropped the upload.
func (s *S3) List() ([]Entry, error) {
	var out []Entry
	uploads := false
	for _, prefix := range []string{"", WorkPrefix, MergedPrefix} {
		some, err := s.list(prefix)
		if err != nil {
			return nil, err
		}
		for _, e := range some {
			switch {
			case isLock(strings.TrimPrefix(e.Name, WorkPrefix)) && prefix == WorkPrefix, e.Name == WorkPrefix, e.Name == MergedPrefix:
			case e.Name == uploadsPrefix:
				uploads = true
			default:
				e.Name = strings.TrimSuffix(e.Name, "/")
				out = append(out, e)
			}
		}
	}
	if uploads {
		records, err := s.loadRecords()
		if err != nil {
			return nil, err
		}
		for name, u := range records {
			size, err := s.durable(u)
			if err != nil {
				return nil, err
			}
			out = append(out, Entry{Name: name, Size: size})
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// list lists what is directly under a prefix; names ending in "/" have more below
// them.
func (s *S3) list(prefix string) (out []Entry, err error) {
	err = s.do("list "+s.Name(), 0, func(ctx context.Context) error {
		out = out[:0]
		opts := minio.ListObjectsOptions{Prefix: s.key(prefix)}
		for o := range s.core.ListObjectsIter(ctx, s.at.Bucket, opts) {
			if o.Err != nil {
				return o.Err
			}
			name := strings.TrimPrefix(o.Key, s.at.Prefix)
			switch {
			case name == "" || name == prefix:
			case strings.HasSuffix(name, "/"):
				out = append(out, Entry{Name: name, Size: -1})
			default:
				out = append(out, Entry{Name: name, Size: o.Size})
			}
		}
		return nil
	})
	return out, err
}

// below returns the store at another prefix of the same server.
func (s *S3) below(at S3URL) *S3 {
	return &S3{at: at, opt: s.opt, ctx: s.ctx, core: s.core, creds: s.creds, chain: s.chain, plain: s.plain, sending: s.sending, free: s.free}
}

// Read reads a small file.
func (s *S3) Read(name string) ([]byte, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	data, _, err := s.get(s.key(name))
	return data, err
}

// get returns the content of a small object and its ETag.
func (s *S3) get(key string) (data []byte, etag string, err error) {
	err = s.do("read "+s.shown(key), 0, func(ctx context.Context) error {
		r, info, _, err := s.core.GetObject(ctx, s.at.Bucket, key, minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		defer r.Close()
		etag = info.ETag
		data, err = readAll(r, s.shown(key), info.Size, MaxSmall)
		return err
	})
	return data, etag, err
}

// stat describes an object.
func (s *S3) stat(doing, name string) (info minio.ObjectInfo, err error) {
	err = s.do(doing, 0, func(ctx context.Context) error {
		info, err = s.core.StatObject(ctx, s.at.Bucket, s.key(name), minio.StatObjectOptions{})
		switch minio.ToErrorResponse(err).StatusCode {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden: // which does not say why, as an answer to GET does
			if r, _, _, why := s.core.GetObject(ctx, s.at.Bucket, s.key(name), minio.GetObjectOptions{}); why != nil {
				err = why
			} else {
				r.Close()
			}
		}
		return err
	})
	return info, err
}

// mayChange returns an error for what is no name, or if another process may have
// taken over.
func (s *S3) mayChange(names ...string) error {
	for _, name := range names {
		if err := CheckName(name); err != nil {
			return err
		}
	}
	return s.owned()
}

// Write replaces an object.
func (s *S3) Write(name string, data []byte) error {
	if err := CheckName(name); err != nil {
		return err
	}
	return s.put(s.key(name), data)
}

func (s *S3) put(key string, data []byte) error {
	if err := s.owned(); err != nil {
		return err
	}
	return s.do("write "+s.shown(key), len(data), func(ctx context.Context) error {
		_, err := s.putObject(ctx, key, data, nil)
		return err
	})
}

// putObject sends an object in one request, optionally under a condition, and
// returns its ETag.
func (s *S3) putObject(ctx context.Context, key string, data []byte, condition func(*minio.PutObjectOptions)) (etag string, err error) {
	opts := minio.PutObjectOptions{DisableContentSha256: true} // sums computes it where needed
	if condition != nil {
		condition(&opts)
	}
	md5Text, shaText := s.sums(data)
	info, err := s.core.PutObject(ctx, s.at.Bucket, key, bytes.NewReader(data), int64(len(data)), md5Text, shaText, opts)
	return info.ETag, err
}

// ifNew is the condition that an object does not exist yet, ifSame that it still
// has a given ETag.
func ifNew(o *minio.PutObjectOptions) { o.SetMatchETagExcept("*") }
func ifSame(etag string) func(*minio.PutObjectOptions) {
	return func(o *minio.PutObjectOptions) { o.SetMatchETag(etag) }
}

// sums returns a body's checksums: its MD5, which all servers verify, and over
// http its SHA-256, which is part of the signature.
func (s *S3) sums(data []byte) (md5Base64, sha256Hex string) {
	m := md5.Sum(data)
	if s.plain {
		sha256Hex = hexSum(data)
	}
	return base64.StdEncoding.EncodeToString(m[:]), sha256Hex
}

// Commit gives a file its final name; it completes the upload if there is one.
func (s *S3) Commit(from, to string) error {
	if err := s.mayChange(from, to); err != nil {
		return err
	}
	u, err := s.record(from)
	if err != nil {
		return err
	}
	if u != nil {
		if final(from) != to {
			return fmt.Errorf("%s is being uploaded as %s and cannot become %s", from, final(from), to)
		}
		return s.complete(u)
	}
	err = s.do("rename "+from, 0, func(ctx context.Context) error {
		_, err := s.core.CopyObject(ctx, s.at.Bucket, s.key(from), s.at.Bucket, s.key(to), nil, minio.CopySrcOptions{}, minio.PutObjectOptions{})
		return err
	})
	if err != nil {
		return err
	}
	return s.delete(s.key(from))
}

// Remove deletes an object, or aborts its upload.
func (s *S3) Remove(name string) error {
	if err := s.mayChange(name); err != nil {
		return err
	}
	u, err := s.record(name)
	if err != nil {
		return err
	}
	if u != nil {
		return s.abort(u)
	}
	return s.delete(s.key(name))
}

func (s *S3) delete(key string) error {
	err := s.do("remove "+s.shown(key), 0, func(ctx context.Context) error {
		return s.core.RemoveObject(ctx, s.at.Bucket, key, minio.RemoveObjectOptions{})
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Close aborts the remaining uploads, unless other processes may be using them.
func (s *S3) Close() error {
	s.mu.Lock()
	shared := len(s.mu.locks) > 0 && !s.mu.alone
	s.mu.Unlock()
	if shared {
		return nil
	}
	records, err := s.loadRecords()
	for _, u := range records {
		err = errors.Join(err, s.abort(u))
	}
	return err
}

// Free returns -1 for unknown.
func (s *S3) Free() (int64, error) { return -1, nil }

// shown returns a key in the form used in messages.
func (s *S3) shown(key string) string { return strings.TrimPrefix(key, s.at.Prefix) }

// recordKey returns the key of an upload's record.
func (s *S3) recordKey(name string) string { return s.key(uploadsPrefix + url.PathEscape(name)) }
