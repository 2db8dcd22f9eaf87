package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
)

// beatsToStale is for how many beats a lock must stay unchanged, while this
// process watches it, before it is taken over.
const beatsToStale = 3

// s3Lock is a lock that this process holds.
type s3Lock struct {
	s    *S3
	key  string
	busy error // the error to return if another process holds the lock

	stop     chan struct{}
	finished chan struct{}

	mu struct {
		sync.Mutex
		body  lockBody
		etag  string
		lost  bool
		seen  time.Time // when the lock was last known to be ours (wall clock)
		loose bool      // the server ignores conditions
	}
}

// lockBody is the content of a lock: its owner, and a counter that changes its
// ETag with every beat.
type lockBody struct {
	Owner    string `json:"owner"`
	Host     string `json:"host"`
	Process  int    `json:"process"`
	Beat     int    `json:"beat"`
	Released bool   `json:"released,omitempty"`
}

// Lock creates an object that must not exist yet, and updates it with every beat.
// A lock that misses three heartbeats is taken over. If the server ignores
// conditions, which is tested, two processes that start within a second may both
// get the lock; the user is warned.
func (s *S3) Lock() (func() error, error) {
	return s.lockAs(lockName, &Error{Store: s.Name(), Problem: "another process is working in it", Locked: true})
}

// LockFor is Lock with a separate name.
func (s *S3) LockFor(name string) (func() error, error) {
	return s.lockAs(name+lockEnd, &Error{Store: s.Name(), Problem: "another process is working on its " + name, Locked: true})
}

func (s *S3) lockAs(name string, busy error) (func() error, error) {
	host, _ := os.Hostname()
	l := &s3Lock{s: s, key: s.key(WorkPrefix + name), busy: busy}
	l.mu.body = lockBody{Owner: rand.Text(), Host: host, Process: os.Getpid()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.takeLocked(); err != nil {
		return nil, err
	}
	if l.mu.loose && name != lockName {
		return nil, errors.Join(&Error{Store: s.Name(), Problem: "its server ignores conditions (If-None-Match), so several processes cannot share a run there: do it in one process, without --shard"}, s.delete(l.key))
	}
	l.mu.seen = time.Now().Round(0)
	l.stop, l.finished = make(chan struct{}), make(chan struct{})
	s.mu.Lock()
	s.mu.locks = append(s.mu.locks, l)
	s.mu.alone = s.mu.alone || name == lockName
	s.mu.records = nil
	s.mu.Unlock()
	go l.show()
	return sync.OnceValue(l.release), nil
}

// Create creates an object that must not exist yet.
func (s *S3) Create(name string, data []byte) error {
	if err := s.mayChange(name); err != nil {
		return err
	}
	tried := false
	err := s.do("create "+name, len(data), func(ctx context.Context) error {
		_, err := s.putObject(ctx, s.key(name), data, ifNew)
		if tried && minio.ToErrorResponse(err).StatusCode == http.StatusPreconditionFailed {
			// An earlier attempt may have created it without our seeing the answer.
			if there, _, gerr := s.get(s.key(name)); gerr == nil && bytes.Equal(there, data) {
				return nil
			}
		}
		tried = true
		return err
	})
	if errors.Is(err, errCondition) {
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	return err
}

// takeLocked acquires the lock.
//
// REQUIRES: l.mu is held.
func (l *s3Lock) takeLocked() error {
	s := l.s
	watched, since, told := "", time.Time{}, false
	for {
		err := l.putLocked(ifNew)
		switch {
		case err == nil:
			return l.probeLocked()
		case !errors.Is(err, errCondition):
			return err
		}
		is, etag, err := l.look()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		stale := watched == etag && time.Since(since) >= beatsToStale*s.opt.Beat
		switch {
		case is.Owner == l.mu.body.Owner: // the answer to our own request was lost
			l.mu.etag = etag
			return l.probeLocked()
		case is.Released || stale:
			err := l.putLocked(ifSame(etag))
			if err == nil {
				return l.probeLocked()
			}
			if !errors.Is(err, errCondition) {
				return err
			}
			watched = ""
			continue
		case watched == "":
			watched, since = etag, time.Now()
		case watched != etag:
			return l.busy
		}
		if !told {
			told = true
			s.opt.Notice(fmt.Sprintf("%s: a process on %s held the lock; waiting %s to see whether it is still running", s.Name(), is.Host, beatsToStale*s.opt.Beat))
		}
		if err := s.pause(s.opt.Beat / 4); err != nil {
			return err
		}
	}
}

// pause waits, or returns early with the reason why the run ends.
func (s *S3) pause(d time.Duration) error {
	wait, stop := context.WithTimeout(s.ctx, d)
	defer stop()
	<-wait.Done()
	return context.Cause(s.ctx)
}

// probeLocked tests whether the server respects conditions, and whether the lock is
// still ours a moment later.
//
// REQUIRES: l.mu is held.
func (l *s3Lock) probeLocked() error {
	s := l.s
	err := l.putLocked(ifNew)
	switch {
	case err == nil:
		l.mu.loose = true
		s.opt.Notice(s.Name() + ": the server ignores conditions (If-None-Match), so the lock does not keep out a process that starts at the same moment")
	case !errors.Is(err, errCondition):
		return err
	}
	if err := s.pause(s.opt.Beat / 5); err != nil {
		return err
	}
	is, etag, err := l.look()
	if err == nil && is.Owner != l.mu.body.Owner {
		err = l.busy
	}
	l.mu.etag = etag
	return err
}

// look reads the lock's object. A damaged one has no owner.
func (l *s3Lock) look() (is lockBody, etag string, err error) {
	data, etag, err := l.s.get(l.key)
	_ = json.Unmarshal(data, &is)
	return is, etag, err
}

// putLocked writes the lock's object under a condition.
//
// REQUIRES: l.mu is held.
func (l *s3Lock) putLocked(condition func(*minio.PutObjectOptions)) error {
	s := l.s
	l.mu.body.Beat++
	data, _ := json.Marshal(l.mu.body) // texts and numbers can't fail
	if l.mu.loose {
		condition = nil
	}
	return s.do("write the lock", len(data), func(ctx context.Context) error {
		etag, err := s.putObject(ctx, l.key, data, condition)
		if err == nil {
			l.mu.etag = etag
		}
		return err
	})
}

// show sends heartbeats until stop is closed.
func (l *s3Lock) show() {
	defer close(l.finished)
	t := time.NewTicker(l.s.opt.Beat)
	defer t.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-t.C:
		}
		l.mu.Lock()
		_ = l.renewLocked() // every operation that changes something checks again
		l.mu.Unlock()
	}
}

// renewLocked sends a heartbeat, and checks whether another process has taken the
// lock.
//
// REQUIRES: l.mu is held.
func (l *s3Lock) renewLocked() error {
	s := l.s
	if l.mu.lost {
		return s.taken()
	}
	err := l.putLocked(ifSame(l.mu.etag))
	if errors.Is(err, errCondition) || errors.Is(err, fs.ErrNotExist) {
		is, etag, gerr := l.look()
		if gerr == nil && is.Owner != l.mu.body.Owner || errors.Is(gerr, fs.ErrNotExist) {
			l.mu.lost = true
			return s.taken()
		}
		if err = gerr; err == nil { // the answer to our own request was lost
			l.mu.etag = etag
		}
	}
	if err == nil {
		l.mu.seen = time.Now().Round(0)
	}
	return err
}

func (s *S3) taken() error {
	return &Error{Store: s.Name(), Problem: "another process has taken it over, because this one did not respond for a while; that one continues", Locked: true}
}

// owned returns an error if a lock that this process took may belong to another
// one by now. It returns nil if this process took no lock.
func (s *S3) owned() error {
	s.mu.Lock()
	locks := s.mu.locks
	s.mu.Unlock()
	for _, l := range locks {
		if err := l.owned(); err != nil {
			return err
		}
	}
	return nil
}

func (l *s3Lock) owned() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.lost {
		return l.s.taken()
	}
	// By the wall clock: a suspended machine sends no heartbeats.
	if time.Now().Round(0).Sub(l.mu.seen) < 2*l.s.opt.Beat {
		return nil
	}
	return l.renewLocked()
}

// release releases the lock. In case the object can't be deleted, it is first
// marked as released.
func (l *s3Lock) release() error {
	s := l.s
	close(l.stop)
	<-l.finished
	s.mu.Lock()
	s.mu.locks = slices.DeleteFunc(slices.Clone(s.mu.locks), func(o *s3Lock) bool { return o == l })
	s.mu.alone = s.mu.alone && l.key != s.key(WorkPrefix+lockName)
	s.mu.records = nil
	s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.lost {
		return nil
	}
	l.mu.body.Released = true
	if err := l.putLocked(ifSame(l.mu.etag)); err != nil {
		if errors.Is(err, errCondition) {
			return nil // another process holds it
		}
		return fmt.Errorf("release the lock of %s: %w", s.Name(), err)
	}
	return s.delete(l.key)
}
