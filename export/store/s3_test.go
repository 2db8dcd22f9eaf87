package store

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

func TestS3_smallFiles(t *testing.T) {
	t.Parallel()
	s := newS3Server(t).open(t, "a/b")
	if got := sizes(t, s); len(got) != 0 {
		t.Errorf("empty: %v", got)
	}
	if _, err := s.Read("x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read of nothing: %v", err)
	}
	if _, _, err := s.Open("x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open of nothing: %v", err)
	}
	if err := s.Commit(".fauna-export/x.part", "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("commit of nothing: %v", err)
	}
	ok(t, s.Remove("x"))
	ok(t, s.Write(".fauna-export/run.json", []byte("one")))
	ok(t, s.Write(".fauna-export/run.json", []byte("two")))
	a := must(s.Append(".fauna-export/u.jsonl.part", 0))(t)
	must(a.Write([]byte("hello ")))(t)
	ok(t, a.Sync())
	must(a.Write([]byte("world")))(t)
	ok(t, a.Sync())
	ok(t, a.Close())
	if got := sizes(t, s); got[".fauna-export/u.jsonl.part"] != 11 || got[".fauna-export/run.json"] != 3 {
		t.Errorf("%v", got)
	}
	a = must(s.Append(".fauna-export/u.jsonl.part", 5))(t)
	must(a.Write([]byte("!")))(t)
	ok(t, a.Sync())
	ok(t, a.Close())
	if _, err := s.Append(".fauna-export/u.jsonl.part", 7); err == nil {
		t.Error("an append beyond the end")
	}
	ok(t, s.Commit(".fauna-export/u.jsonl.part", "u.jsonl"))
	if got := content(t, s, "u.jsonl"); string(got) != "hello!" {
		t.Errorf("%q", got)
	}
	if got := sizes(t, s); len(got) != 2 || got["u.jsonl"] != 6 {
		t.Errorf("%v", got)
	}
}

func TestS3_filesWithFinalNamesExistOnceClosed(t *testing.T) {
	t.Parallel()
	s := newS3Server(t).open(t, "")
	data := noise(3, testPart+10)
	for _, n := range []int{10, len(data)} {
		a := must(s.Append(".fauna-export/u.pairs", 0))(t)
		must(a.Write(data[:n]))(t)
		ok(t, a.Sync())
		ok(t, a.Close())
		if got := content(t, s, ".fauna-export/u.pairs"); !bytes.Equal(got, data[:n]) {
			t.Errorf("%d bytes: other ones", n)
		}
	}
	if got := sizes(t, s); len(got) != 1 {
		t.Errorf("%v", got)
	}
	// It can be continued from any byte.
	a := must(s.Append(".fauna-export/u.pairs", testPart+1))(t)
	must(a.Write([]byte("end")))(t)
	ok(t, a.Sync())
	ok(t, a.Close())
	if got := content(t, s, ".fauna-export/u.pairs"); string(got) != string(data[:testPart+1])+"end" {
		t.Error("other bytes")
	}
}

func TestS3_reading(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	s := server.open(t, "r")
	data := noise(4, 3<<20)
	ok(t, s.Write("f", data))
	f, size, err := s.Open("f")
	ok(t, err)
	defer f.Close()
	if size != int64(len(data)) {
		t.Fatal(size)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		at := random.Int64N(size)
		p := make([]byte, random.IntN(5000))
		n, err := f.ReadAt(p, at)
		wantN := min(int64(len(p)), size-at)
		if int64(n) != wantN || !bytes.Equal(p[:n], data[at:at+int64(n)]) || (int64(len(p)) > wantN) != errors.Is(err, io.EOF) {
			t.Fatalf("%d bytes at %d: %d, %v", len(p), at, n, err)
		}
	}
	if n, err := f.ReadAt(make([]byte, 1), size); n != 0 || err != io.EOF {
		t.Errorf("behind the end: %d %v", n, err)
	}
	before := server.count("GET", "/r/f")
	g, _, err := s.Open("f")
	ok(t, err)
	defer g.Close()
	got := must(io.ReadAll(io.NewSectionReader(g, 0, size)))(t)
	if !bytes.Equal(got, data) {
		t.Error("other bytes")
	}
	if n := server.count("GET", "/r/f") - before; n != 1 {
		t.Errorf("%d requests to read in order", n)
	}
	// An object is not mixed with another one that replaces it.
	h, _, err := s.Open("f")
	ok(t, err)
	defer h.Close()
	must(h.ReadAt(make([]byte, 100), 0))(t)
	ok(t, s.Write("f", noise(5, 3<<20)))
	if _, err := h.ReadAt(make([]byte, 100), 2<<20); err == nil {
		t.Skip("this server has no If-Match on reads")
	}
}

func TestS3_cutConnectionsAndLostAnswersChangeNothing(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(3, 4))
	dice := func() int { mu.Lock(); defer mu.Unlock(); return random.IntN(8) }
	server.set(func(w http.ResponseWriter, r *http.Request) bool {
		switch dice() {
		case 0:
			panic(http.ErrAbortHandler)
		case 1:
			return s3Fail(w, 503, "SlowDown", "slow down")
		}
		return false
	}, func(r *http.Request) bool { return dice() == 0 })
	o := server.options()
	o.Patience = 2 * time.Minute // so that no request fails for all of it
	open := func() *S3 { return must(NewS3(t.Context(), "s3://bucket/run", o))(t) }
	s := open()
	data := noise(6, 2*testPart+5)
	a := must(s.Append(".fauna-export/u.part", 0))(t)
	durable := writeParts(t, a, data[:testPart+testPart/2], 0, 500_000, 1_000_000)
	ok(t, a.Close())
	s = open()
	a = must(s.Append(".fauna-export/u.part", durable))(t)
	writeParts(t, a, data, durable, 500_000, 1_000_000)
	ok(t, a.Sync())
	ok(t, a.Close())
	ok(t, s.Commit(".fauna-export/u.part", "u"))
	if !bytes.Equal(content(t, s, "u"), data) {
		t.Error("other bytes")
	}
	server.set(nil, nil)
	if got, up := sizes(t, s), server.uploads(t); len(got) != 1 || len(up) != 0 {
		t.Errorf("left: %v %v", got, up)
	}
}

func TestS3_aLostAnswerToTheLockIsOurLock(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	server.set(nil, loseOnce(func(r *http.Request) bool { return r.Method == http.MethodPut }))
	release := must(server.open(t, "run").Lock())(t)
	ok(t, release())
}
