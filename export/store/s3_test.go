package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"go.uber.org/goleak"
)

const (
	testKey    = "AKIDTESTTESTTEST"
	testSecret = "SECRETSECRETSECRETSECRET"
	testPart   = 5 << 20
)

// s3Server is an S3 server in memory with something in front of it that can
// answer in its place.
type s3Server struct {
	*httptest.Server
	mu     sync.Mutex
	before func(w http.ResponseWriter, r *http.Request) (answered bool)
	after  func(r *http.Request) (drop bool) // the server did as asked; its answer is cut
	log    []string
}

func newS3Server(t *testing.T) *s3Server {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("bucket"); err != nil {
		t.Fatal(err)
	}
	s := &s3Server{}
	real := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.log = append(s.log, r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery)
		before, after := s.before, s.after
		s.mu.Unlock()
		if before != nil && before(w, r) {
			return
		}
		if after != nil && after(r) {
			rec := httptest.NewRecorder()
			real.ServeHTTP(rec, r)
			panic(http.ErrAbortHandler)
		}
		real.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// set puts something in front of the server, nil for nothing.
func (s *s3Server) set(before func(http.ResponseWriter, *http.Request) bool, after func(*http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

// count is how many requests began with a text.
func (s *s3Server) count(begin, contains string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.log {
		if strings.HasPrefix(line, begin) && strings.Contains(line, contains) {
			n++
		}
	}
	return n
}

func s3Fail(w http.ResponseWriter, status int, code, message string) bool {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)
	return true
}

func testEnv(more map[string]string) func(string) string {
	return func(name string) string {
		if v, ok := more[name]; ok {
			return v
		}
		return map[string]string{"AWS_ACCESS_KEY_ID": testKey, "AWS_SECRET_ACCESS_KEY": testSecret}[name]
	}
}

func (s *s3Server) options() S3Options {
	return S3Options{Endpoint: s.URL, Getenv: testEnv(nil), PartSize: testPart, Beat: 100 * time.Millisecond, Patience: 20 * time.Second}
}

func (s *s3Server) open(t *testing.T, prefix string) *S3 {
	t.Helper()
	st, err := NewS3(t.Context(), "s3://bucket/"+prefix, s.options())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// NewS3ForTest is an empty store on a server of its own, and AgainS3ForTest the same
// store as another process sees it.
func NewS3ForTest(t *testing.T) *S3 { return newS3Server(t).open(t, "some/prefix") }

func AgainS3ForTest(t *testing.T, s *S3) *S3 {
	t.Helper()
	again, err := NewS3(t.Context(), s.Name(), s.opt)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// noise is n bytes that no part repeats.
func noise(seed uint64, n int) []byte {
	out := make([]byte, n)
	var key [32]byte
	key[0] = byte(seed)
	_, _ = rand.NewChaCha8(key).Read(out)
	return out
}

func content(t *testing.T, s Store, name string) []byte {
	t.Helper()
	f, size, err := s.Open(name)
	ok(t, err)
	defer f.Close()
	data := must(io.ReadAll(f))(t)
	if int64(len(data)) != size {
		t.Fatalf("%s has %d bytes, Open says %d", name, len(data), size)
	}
	return data
}

func sizes(t *testing.T, s Store) map[string]int64 {
	t.Helper()
	out := make(map[string]int64)
	for _, e := range must(s.List())(t) {
		out[e.Name] = e.Size
	}
	return out
}

// uploads are the ids of what is being uploaded anywhere in the bucket.
func (s *s3Server) uploads(t *testing.T) []string {
	t.Helper()
	resp, err := http.Get(s.URL + "/bucket?uploads")
	ok(t, err)
	defer resp.Body.Close()
	var list struct {
		Upload []struct{ Key string }
	}
	ok(t, xml.NewDecoder(resp.Body).Decode(&list))
	var out []string
	for _, u := range list.Upload {
		out = append(out, u.Key)
	}
	return out
}

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

func TestParseS3(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, bucket, prefix, wrong string }{
		{"s3://my-bucket", "my-bucket", "", ""},
		{"s3://my-bucket/", "my-bucket", "", ""},
		{"s3://my-bucket/a/b", "my-bucket", "a/b/", ""},
		{"s3://my-bucket/a/b//", "my-bucket", "a/b/", ""},
		{"s3://my-bucket/Ünï", "my-bucket", "Ünï/", ""},
		{"s3:///a", "", "", "name of a bucket"},
		{"s3://", "", "", "name of a bucket"},
		{"s3://ab", "", "", "3 to 63"},
		{"s3://buc ket/a", "", "", "3 to 63"},
		{"s3://key:hushhush@bucket/a", "", "", "no name or password"},
		{"s3://bucket/a//b", "", "", "empty part"},
		{"s3://bucket/../b", "", "", "empty part"},
		{"s3://bucket/a?versionId=1", "", "", "? #"},
		{"/tmp/x", "", "", "not of the form"},
	} {
		u, err := ParseS3(c.in)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), "hushhush") {
				t.Errorf("%s: %v", c.in, err)
			}
			continue
		}
		if err != nil || u.Bucket != c.bucket || u.Prefix != c.prefix {
			t.Errorf("%s: %+v, %v", c.in, u, err)
		}
	}
}

func TestS3Endpoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, host string
		secure   bool
		wrong    string
	}{
		{"", "s3.amazonaws.com", true, ""},
		{"minio.example.org", "minio.example.org", true, ""},
		{"minio.example.org:9000", "minio.example.org:9000", true, ""},
		{"localhost:9000", "localhost:9000", false, ""},
		{"127.0.0.1:9000", "127.0.0.1:9000", false, ""},
		{"[::1]:9000", "[::1]:9000", false, ""},
		{"http://10.0.0.1:9000/", "10.0.0.1:9000", false, ""},
		{"https://a.b", "a.b", true, ""},
		{"https://a.b/bucket", "", false, "nothing after it"},
		{"ftp://a.b", "", false, "neither"},
		{"https://u:hushhush@a.b", "", false, "no name or password"},
	} {
		host, secure, err := parseS3Endpoint(c.in)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), "hushhush") {
				t.Errorf("%s: %v", c.in, err)
			}
		} else if err != nil || host != c.host || secure != c.secure {
			t.Errorf("%s: %s %v %v", c.in, host, secure, err)
		}
	}
}

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

// writeParts writes data in pieces and takes a cut every so many bytes; it
// answers the last cut that was durable.
func writeParts(t *testing.T, a Appender, data []byte, from, piece, every int64) (durable int64) {
	t.Helper()
	last := from
	var pending func() (bool, error)
	var at int64
	for from < int64(len(data)) {
		n := min(piece, int64(len(data))-from)
		must(a.Write(data[from : from+n]))(t)
		from += n
		if pending == nil && from-last >= every {
			pending, at, last = a.Cut(), from, from
		}
		if pending != nil && must(pending())(t) {
			durable, pending = at, nil
		}
	}
	for pending != nil && at <= from/testPart*testPart {
		if must(pending())(t) {
			return at
		}
	}
	return durable
}

func TestS3_anUploadSurvivesItsProcess(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	data := noise(1, 3*testPart+12345)
	want := sha256.Sum256(data)
	first := server.open(t, "run")
	a := must(first.Append(".fauna-export/u.jsonl.part", 0))(t)
	durable := writeParts(t, a, data[:2*testPart+testPart/2], 0, 100_000, 300_000)
	a.(*s3File).sent.Wait() // the process ends here
	if durable == 0 {
		t.Fatal("no cut became durable")
	}
	if len(server.uploads(t)) != 1 {
		t.Fatal("no upload")
	}
	second := server.open(t, "run")
	if got := sizes(t, second)[".fauna-export/u.jsonl.part"]; got < durable || got%testPart != 0 {
		t.Fatalf("%d bytes there, the cut is at %d", got, durable)
	}
	if _, err := second.Append(".fauna-export/u.jsonl.part", durable+1); err == nil {
		t.Error("it goes on where there was no cut")
	}
	a = must(second.Append(".fauna-export/u.jsonl.part", durable))(t)
	writeParts(t, a, data, durable, 77_777, 1<<20)
	ok(t, a.Sync())
	ok(t, a.Close())
	if got := sizes(t, second); got[".fauna-export/u.jsonl.part"] != int64(len(data)) {
		t.Fatalf("%v", got)
	}
	third := server.open(t, "run") // it ended between the last checkpoint and the end
	ok(t, third.Commit(".fauna-export/u.jsonl.part", "u.jsonl"))
	if sha256.Sum256(content(t, third, "u.jsonl")) != want {
		t.Error("other bytes")
	}
	if got := sizes(t, third); len(got) != 1 {
		t.Errorf("left: %v", got)
	}
	if up := server.uploads(t); len(up) != 0 {
		t.Errorf("uploads left: %v", up)
	}
}

func TestS3_otherBytesAfterACutAreRefusedAndTheUploadGoes(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	data := noise(2, 2*testPart)
	s := server.open(t, "run")
	for _, how := range []string{"other bytes", "an earlier end"} {
		a := must(s.Append(".fauna-export/u.part", 0))(t)
		durable := writeParts(t, a, data, 0, 500_000, 1_000_000)
		ok(t, a.Close())
		if durable%testPart == 0 {
			t.Fatal("the cut lies at the end of a part")
		}
		a = must(s.Append(".fauna-export/u.part", durable))(t)
		var err error
		if how == "other bytes" {
			changed := bytes.Clone(data)
			changed[durable+1] ^= 1
			_, err = a.Write(changed[durable:])
		} else {
			must(a.Write(data[durable : durable+10]))(t)
			err = a.Sync()
		}
		if _, diverged := errors.AsType[*Diverged](err); !diverged {
			t.Fatalf("%s: %v", how, err)
		}
		ok(t, a.Close())
		if got, up := sizes(t, s), server.uploads(t); len(got) != 0 || len(up) != 0 {
			t.Errorf("%s: left %v, %v", how, got, up)
		}
	}
}

func TestS3_filesWithoutAWorkingNameAreThereOnceTheyAreClosed(t *testing.T) {
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
	// It can be gone on with from any byte.
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
	// An object that another one has taken the place of is not mixed with it.
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
	s := server.open(t, "run")
	data := noise(6, 2*testPart+5)
	a := must(s.Append(".fauna-export/u.part", 0))(t)
	durable := writeParts(t, a, data[:testPart+testPart/2], 0, 500_000, 1_000_000)
	ok(t, a.Close())
	s = server.open(t, "run")
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

func TestS3_aDroppedUploadIsNamedAndTheFileBeginsAnew(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	s := server.open(t, "run")
	data := noise(7, 3*testPart)
	a := must(s.Append(".fauna-export/u.part", 0))(t)
	durable := writeParts(t, a, data[:testPart+100_000], 0, 50_000, 1_000_000)
	if durable == 0 {
		t.Fatal("no cut")
	}
	a.(*s3File).sent.Wait()
	u := must(s.record(".fauna-export/u.part"))(t)
	ok(t, s.abortID(u.Final, u.ID)) // as a lifecycle rule does
	// While it is written.
	_, err := a.Write(data[testPart+100_000:])
	if err == nil {
		err = a.Sync()
	}
	a.Close()
	if _, lost := errors.AsType[*UploadLost](err); !lost || !strings.Contains(err.Error(), "dropped") {
		t.Errorf("%v", err)
	}
	// When it is gone on with.
	if got := sizes(t, s)[".fauna-export/u.part"]; got != 0 {
		t.Errorf("%d bytes are there", got)
	}
	if _, err := s.Append(".fauna-export/u.part", durable); err == nil {
		t.Error("it can be gone on with")
	}
	a = must(s.Append(".fauna-export/u.part", 0))(t)
	must(a.Write(data))(t)
	ok(t, a.Sync())
	ok(t, a.Close())
	ok(t, s.Commit(".fauna-export/u.part", "u"))
	if !bytes.Equal(content(t, s, "u"), data) {
		t.Error("other bytes")
	}
}

func TestS3_completingTwiceAsksOnceAndThenLooks(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	s := server.open(t, "run")
	data := noise(8, testPart+1)
	a := must(s.Append(".fauna-export/u.part", 0))(t)
	must(a.Write(data))(t)
	ok(t, a.Sync())
	ok(t, a.Close())
	once := true
	server.set(nil, func(r *http.Request) bool {
		lost := once && r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
		once = once && !lost
		return lost
	})
	ok(t, s.Commit(".fauna-export/u.part", "u"))
	if n := server.count("POST", "uploadId"); n != 1 {
		t.Errorf("%d requests to complete it", n)
	}
	if !bytes.Equal(content(t, s, "u"), data) {
		t.Error("other bytes")
	}
	// Another object under the name is not taken for ours.
	a = must(s.Append(".fauna-export/u.part", 0))(t)
	must(a.Write(data))(t)
	ok(t, a.Sync())
	ok(t, a.Close())
	u := must(s.record(".fauna-export/u.part"))(t)
	ok(t, s.abortID(u.Final, u.ID))
	if err := s.Commit(".fauna-export/u.part", "u"); err == nil {
		t.Error("a dropped upload was completed")
	} else if _, lost := errors.AsType[*UploadLost](err); !lost {
		t.Errorf("%v", err)
	}
}

func TestS3_closeAbortsWhatIsLeft(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	s := server.open(t, "run")
	a := must(s.Append(".fauna-export/u.part", 0))(t)
	must(a.Write(noise(9, testPart+1)))(t)
	ok(t, a.Close())
	other := server.open(t, "run2")
	b := must(other.Append(".fauna-export/u.part", 0))(t)
	must(b.Write(noise(9, testPart+1)))(t)
	ok(t, b.Close())
	ok(t, s.Close())
	if up := server.uploads(t); len(up) != 1 || up[0] != "run2/u" {
		t.Errorf("%v", up)
	}
	// One that died before its upload had a record leaves it to the next.
	_, err := other.core.NewMultipartUpload(context.Background(), "bucket", "run/u", minio.PutObjectOptions{})
	ok(t, err)
	a = must(s.Append(".fauna-export/u.part", 0))(t)
	must(a.Write(noise(9, testPart+1)))(t)
	ok(t, a.Sync())
	ok(t, a.Close())
	ok(t, s.Commit(".fauna-export/u.part", "u"))
	if up := server.uploads(t); len(up) != 1 {
		t.Errorf("%v", up)
	}
}

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
	lock := dead.locks[0]
	close(lock.stop) // it sleeps
	<-lock.finished
	release := must(next.Lock())(t)
	lock.mu.Lock()
	lock.seen = time.Now().Add(-time.Hour)
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
	// An answer that is lost is no other process.
	once := true
	server.set(nil, func(r *http.Request) bool {
		lost := once && r.Method == http.MethodPut
		once = once && !lost
		return lost
	})
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
	ok(t, two.Close()) // of the other's uploads it knows nothing
	ok(t, a.Sync())
	ok(t, a.Close())
	ok(t, one.Commit(WorkPrefix+"u.part", "u"))
	ok(t, first())
	ok(t, second())
	if got := sizes(t, one); len(got) != 2 {
		t.Errorf("left: %v", got)
	}
}

func TestS3_aLostAnswerToTheLockIsOurLock(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	once := true
	server.set(nil, func(r *http.Request) bool {
		lost := once && r.Method == http.MethodPut
		once = once && !lost
		return lost
	})
	release := must(server.open(t, "run").Lock())(t)
	ok(t, release())
}

func TestS3_namedErrors(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	fail := func(status int, code, message string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool { return s3Fail(w, status, code, message) }
	}
	for _, c := range []struct {
		name string
		fail func(http.ResponseWriter, *http.Request) bool
		is   func(error) bool
		says string
	}{
		{"no bucket", fail(404, "NoSuchBucket", "x"), is[*Error], "there is no bucket"},
		{"wrong key", fail(403, "InvalidAccessKeyId", "the key "+testKey+" is unknown"), is[*Refused], "[redacted]"},
		{"wrong secret", fail(403, "SignatureDoesNotMatch", "no"), is[*Refused], "SignatureDoesNotMatch"},
		{"denied", fail(403, "AccessDenied", "no"), is[*Refused], "AccessDenied"},
		{"expired", fail(400, "ExpiredToken", "no"), is[*Refused], "expired: get new ones and resume"},
		{"clock", fail(403, "RequestTimeTooSkewed", "no"), is[*Refused], "this machine's clock"},
		{"down", fail(503, "ServiceUnavailable", "no"), is[*Unreachable], "gave up after"},
	} {
		server.set(c.fail, nil)
		o := server.options()
		o.Patience = 500 * time.Millisecond
		s, err := NewS3(t.Context(), "s3://bucket/run", o)
		ok(t, err)
		for what, call := range map[string]func() error{
			"write": func() error { return s.Write("x", []byte("y")) },
			"list":  func() error { _, err := s.List(); return err },
			"read":  func() error { _, err := s.Read("x"); return err },
			"lock":  func() error { _, err := s.Lock(); return err },
		} {
			err := call()
			if err == nil || !c.is(err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, %s: %v", c.name, what, err)
			}
			if err != nil && (strings.Contains(err.Error(), testKey) || strings.Contains(err.Error(), testSecret)) {
				t.Errorf("%s, %s: credentials in %v", c.name, what, err)
			}
		}
	}
}

func is[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

func TestS3_credentialsThatAreNotThereOrHalfAreNeverAnonymous(t *testing.T) {
	server := newS3Server(t)
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	t.Setenv("AWS_CONFIG_FILE", "")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "")
	for _, c := range []struct {
		env  map[string]string
		says string
	}{
		{map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_EC2_METADATA_DISABLED": "true"}, "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"},
		{map[string]string{"AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"},
		{map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}, `the environment holds no AWS_ACCESS_KEY_ID; profile "default"`},
	} {
		o := server.options()
		o.Getenv = testEnv(c.env)
		s, err := NewS3(t.Context(), "s3://bucket/run", o)
		ok(t, err)
		err = s.Write("x", nil)
		if !is[*NoCredentials](err) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), testSecret) {
			t.Errorf("%v: %v", c.env, err)
		}
	}
	if n := server.count("", ""); n != 0 {
		t.Errorf("%d requests were made without credentials", n)
	}
}

func TestS3Shelf(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	shelf, err := NewS3Shelf(t.Context(), "s3://bucket/backups", server.options())
	ok(t, err)
	for _, name := range []string{"b", "a"} {
		ok(t, shelf.Store(name).Write("f", []byte(name)))
	}
	if got := must(shelf.Names())(t); strings.Join(got, " ") != "a b" {
		t.Errorf("%v", got)
	}
	if err := shelf.Remove("a"); err == nil {
		t.Error("one that holds something was removed")
	}
	ok(t, shelf.Store("a").Remove("f"))
	ok(t, shelf.Remove("a"))
	if got := must(shelf.Names())(t); strings.Join(got, " ") != "b" {
		t.Errorf("%v", got)
	}
	if got := shelf.Store("b").Name(); got != "s3://bucket/backups/b" {
		t.Error(got)
	}
}
