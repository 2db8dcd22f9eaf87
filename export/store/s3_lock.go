package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
)

// beatsToStale is for how many beats a lock must not have changed, while this
// process watched, until it is taken from its holder.
const beatsToStale = 3

// s3Lock is the lock that this process holds.
type s3Lock struct {
	mu       sync.Mutex
	name     string // of its object
	body     lockBody
	etag     string
	held     bool
	lost     bool
	seen     time.Time // when the lock was last known to be ours, by the wall clock
	loose    bool      // the server ignores conditions
	stop     chan struct{}
	finished chan struct{}
}

// lockBody is what the object of a lock holds: who has it, and a count, so that
// its ETag changes with every beat.
type lockBody struct {
	Owner    string `json:"owner"`
	Host     string `json:"host"`
	Process  int    `json:"process"`
	Beat     int    `json:"beat"`
	Released bool   `json:"released,omitempty"`
}

// Lock puts an object that must not be there yet, and shows with every beat that
// this process lives. A lock whose holder shows no life for three beats is taken
// over. Where the server ignores conditions, which is tried, two processes that
// come within a second of each other may both be let in; the user is told.
func (s *S3) Lock() (func() error, error) { return s.lockAs(lockName) }

// LockFor takes a lock of that name. A server that ignores conditions is refused: two
// processes as one shard would not be kept apart.
func (s *S3) LockFor(name string) (func() error, error) {
	release, err := s.lockAs(WorkPrefix + name + lockEnd)
	if err != nil {
		return nil, err
	}
	if s.lock.loose {
		return nil, errors.Join(&Error{Store: s.Name(), Problem: "its server ignores conditions (If-None-Match), so several processes cannot share a run there: do it in one process, without --shard"}, release())
	}
	return release, nil
}

// Create puts an object that must not be there yet.
func (s *S3) Create(name string, data []byte) error {
	if err := CheckName(name); err != nil {
		return err
	}
	md5Text, shaText := s.sums(data)
	for {
		err := s.do("write "+name, len(data), func(ctx context.Context) error {
			opts := minio.PutObjectOptions{DisableContentSha256: true}
			opts.SetMatchETagExcept("*")
			_, err := s.core.PutObject(ctx, s.at.Bucket, s.key(name), bytes.NewReader(data), int64(len(data)), md5Text, shaText, opts)
			return err
		})
		switch {
		case errors.Is(err, errConflict):
			if err := s.pause(s.opt.Beat / 20); err != nil {
				return err
			}
			continue
		case !errors.Is(err, errCondition):
			return err
		}
		// The answer to our own request may have been lost.
		if there, rerr := s.Read(name); rerr == nil && bytes.Equal(there, data) {
			return nil
		}
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
}

// lockAs takes the lock whose object has that name.
func (s *S3) lockAs(name string) (func() error, error) {
	host, _ := os.Hostname()
	l := &s.lock
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held {
		return nil, s.locked()
	}
	l.name = name
	l.body = lockBody{Owner: rand.Text(), Host: host, Process: os.Getpid()}
	l.lost, l.loose = false, false
	if err := s.takeLock(); err != nil {
		return nil, err
	}
	s.forgetRecords()
	l.held, l.seen = true, time.Now().Round(0)
	l.stop, l.finished = make(chan struct{}), make(chan struct{})
	go s.beat(l.stop, l.finished)
	return s.release, nil
}

func (s *S3) locked() error {
	return &Error{Store: s.Name(), Problem: "another process is working in it", Locked: true}
}

// takeLock makes the lock ours. REQUIRES: lock.mu is held.
func (s *S3) takeLock() error {
	l := &s.lock
	watched, since, told := "", time.Time{}, false
	for {
		err := s.putLock(func(o *minio.PutObjectOptions) { o.SetMatchETagExcept("*") })
		switch {
		case err == nil:
			return s.probeLock()
		case errors.Is(err, errConflict):
			if err := s.pause(s.opt.Beat / 20); err != nil {
				return err
			}
			continue
		case !errors.Is(err, errCondition):
			return err
		}
		data, etag, err := s.get(s.key(s.lock.name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		var is lockBody
		_ = json.Unmarshal(data, &is) // one that is damaged is watched as any other
		stale := watched == etag && time.Since(since) >= beatsToStale*s.opt.Beat
		switch {
		case is.Owner == l.body.Owner: // the answer to our own request was lost
			l.etag = etag
			return s.probeLock()
		case is.Released || stale:
			err := s.putLock(func(o *minio.PutObjectOptions) { o.SetMatchETag(etag) })
			if err == nil {
				return s.probeLock()
			}
			if !errors.Is(err, errCondition) && !errors.Is(err, errConflict) {
				return err
			}
			watched = ""
			continue
		case watched == "":
			watched, since = etag, time.Now()
		case watched != etag:
			return s.locked()
		}
		if !told {
			told = true
			s.opt.Notice(fmt.Sprintf("%s: a process on %s held the lock; looking for %s whether it still lives", s.Name(), is.Host, beatsToStale*s.opt.Beat))
		}
		if err := s.pause(s.opt.Beat / 4); err != nil {
			return err
		}
	}
}

// pause waits, or answers why the run ends.
func (s *S3) pause(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
}

// probeLock tries whether the server respects conditions, and whether the lock is
// still ours a moment later. REQUIRES: lock.mu is held.
func (s *S3) probeLock() error {
	l := &s.lock
	err := s.putLock(func(o *minio.PutObjectOptions) { o.SetMatchETagExcept("*") })
	switch {
	case err == nil:
		l.loose = true
		s.opt.Notice(s.Name() + ": the server ignores conditions (If-None-Match), so the lock does not keep out a process that starts at the same moment")
	case !errors.Is(err, errCondition) && !errors.Is(err, errConflict):
		return err
	}
	if err := s.pause(s.opt.Beat / 5); err != nil {
		return err
	}
	data, etag, err := s.get(s.key(s.lock.name))
	if err != nil {
		return err
	}
	var is lockBody
	if err := json.Unmarshal(data, &is); err != nil || is.Owner != l.body.Owner {
		return s.locked()
	}
	l.etag = etag
	return nil
}

// putLock writes the lock's object under a condition. REQUIRES: lock.mu is held.
func (s *S3) putLock(condition func(*minio.PutObjectOptions)) error {
	l := &s.lock
	l.body.Beat++
	data, err := json.Marshal(l.body)
	if err != nil {
		return err
	}
	md5Text, shaText := s.sums(data)
	return s.do("write the lock", len(data), func(ctx context.Context) error {
		opts := minio.PutObjectOptions{DisableContentSha256: true} // which goes along whole
		if !l.loose {
			condition(&opts)
		}
		info, err := s.core.PutObject(ctx, s.at.Bucket, s.key(s.lock.name), bytes.NewReader(data), int64(len(data)), md5Text, shaText, opts)
		if err == nil {
			l.etag = info.ETag
		}
		return err
	})
}

// beat shows that this process lives, until stop.
func (s *S3) beat(stop, finished chan struct{}) {
	defer close(finished)
	t := time.NewTicker(s.opt.Beat)
	defer t.Stop()
	for {
		select {
		case <-stop:
			return
		case <-t.C:
		}
		s.lock.mu.Lock()
		s.renewLocked()
		s.lock.mu.Unlock()
	}
}

// renewLocked shows that this process lives, and finds out whether another one
// has taken the lock meanwhile. REQUIRES: lock.mu is held.
func (s *S3) renewLocked() error {
	l := &s.lock
	if l.lost {
		return s.taken()
	}
	mine := l.etag
	err := s.putLock(func(o *minio.PutObjectOptions) { o.SetMatchETag(mine) })
	if errors.Is(err, errCondition) || errors.Is(err, errConflict) || errors.Is(err, fs.ErrNotExist) {
		var is lockBody
		data, etag, gerr := s.get(s.key(s.lock.name))
		if gerr == nil {
			gerr = json.Unmarshal(data, &is)
		}
		if gerr == nil && is.Owner != l.body.Owner || errors.Is(gerr, fs.ErrNotExist) {
			l.lost = true
			return s.taken()
		}
		if gerr == nil { // the answer to our own request was lost
			l.etag = etag
		}
		err = gerr
	}
	if err == nil {
		l.seen = time.Now().Round(0)
	}
	return err
}

func (s *S3) taken() error {
	return &Error{Store: s.Name(), Problem: "another process has taken it over, since this one showed no life for a while; that one goes on", Locked: true}
}

// owned answers an error when the lock that this process took may be another's by
// now. What holds no lock at all may go on.
func (s *S3) owned() error {
	l := &s.lock
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held {
		return nil
	}
	if l.lost {
		return s.taken()
	}
	// By the wall clock: a machine that slept was not alive.
	if time.Now().Round(0).Sub(l.seen) < 2*s.opt.Beat {
		return nil
	}
	return s.renewLocked()
}

// release gives the lock back. Where objects cannot be deleted for a while, the
// object that stays says that it is free.
func (s *S3) release() error {
	l := &s.lock
	l.mu.Lock()
	if !l.held {
		l.mu.Unlock()
		return nil
	}
	close(l.stop)
	l.mu.Unlock()
	<-l.finished
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = false
	s.forgetRecords()
	if l.lost {
		return nil
	}
	l.body.Released = true
	mine := l.etag
	if err := s.putLock(func(o *minio.PutObjectOptions) { o.SetMatchETag(mine) }); err != nil {
		if errors.Is(err, errCondition) {
			return nil // it is another's
		}
		return fmt.Errorf("release the lock of %s: %w", s.Name(), err)
	}
	return s.delete(s.key(s.lock.name))
}
