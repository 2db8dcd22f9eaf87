package store

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestS3_lock(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	one, two := server.open(t, "run"), server.open(t, "run")
	release := must(one.Lock())(t)
	if got := sizes(t, one); len(got) != 0 {
		t.Errorf("the lock is listed: %v", got)
	}
	_, err := two.Lock()
	if e, locked := errors.AsType[*Error](err); !locked || !e.Locked {
		t.Fatalf("%v", err)
	}
	ok(t, release())
	release = must(two.Lock())(t)
	ok(t, two.Write("x", nil))
	ok(t, release())
	if n := len(sizes(t, one)); n != 1 {
		t.Errorf("%d left", n)
	}
	if _, err := one.Read(WorkPrefix + lockName); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the lock is left: %v", err)
	}
}

func TestS3_aLockWhoseHolderIsDeadIsTakenAndTheHolderStopsWhenItWakes(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	dead, next := server.open(t, "run"), server.open(t, "run")
	must(dead.Lock())(t)
	lock := dead.mu.locks[0]
	close(lock.stop) // it is suspended
	<-lock.finished
	release := must(next.Lock())(t)
	lock.mu.Lock()
	lock.mu.seen = time.Now().Add(-time.Hour)
	lock.mu.Unlock()
	err := dead.Write("x", []byte("late"))
	if e, locked := errors.AsType[*Error](err); !locked || !e.Locked || !strings.Contains(err.Error(), "taken it over") {
		t.Errorf("it wakes and writes: %v", err)
	}
	ok(t, next.Write("x", []byte("ours")))
	ok(t, release())
}

func TestS3_aServerThatIgnoresConditionsIsFoundOut(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	server.set(func(w http.ResponseWriter, r *http.Request) bool {
		r.Header.Del("If-None-Match")
		r.Header.Del("If-Match")
		return false
	}, nil)
	o := server.options()
	var told []string
	var mu sync.Mutex
	o.Notice = func(text string) { mu.Lock(); told = append(told, text); mu.Unlock() }
	s, err := NewS3(t.Context(), "s3://bucket/run", o)
	ok(t, err)
	release := must(s.Lock())(t)
	ok(t, release())
	mu.Lock()
	defer mu.Unlock()
	if len(told) != 1 || !strings.Contains(told[0], "ignores conditions") {
		t.Errorf("%q", told)
	}
}

func TestS3_isSharedByProcesses(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	var won atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		s := server.open(t, "run")
		all.Go(func() {
			switch err := s.Create(WorkPrefix+"plan.json", []byte{byte(i)}); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := won.Load(); n != 1 {
		t.Errorf("%d made it", n)
	}
	// A lost answer is not mistaken for another process.
	server.set(nil, loseOnce(func(r *http.Request) bool { return r.Method == http.MethodPut }))
	ok(t, server.open(t, "run2").Create("x", []byte("mine")))
	server.set(nil, nil)
	one, two := server.open(t, "run"), server.open(t, "run")
	first := must(one.LockFor("shard-1"))(t)
	second := must(two.LockFor("shard-2"))(t)
	if _, err := two.LockFor("shard-1"); !is[*Error](err) || !strings.Contains(err.Error(), "shard-1") {
		t.Errorf("%v", err)
	}
	a := must(one.Append(WorkPrefix+"u.part", 0))(t)
	must(a.Write(noise(1, testPart+1)))(t)
	ok(t, two.Close()) // leaves the other's uploads alone
	ok(t, a.Sync())
	ok(t, a.Close())
	ok(t, one.Commit(WorkPrefix+"u.part", "u"))
	ok(t, first())
	ok(t, second())
	if got := sizes(t, one); len(got) != 2 {
		t.Errorf("left: %v", got)
	}
}
