//go:build unix

package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// killVariable holds the killPlan of a child process, as JSON.
const killVariable = "FAUNA_EXPORT_KILL_TEST"

func init() { children[killVariable] = killChild }

// killPlan says what a child process does.
type killPlan struct {
	Dir      string
	Spec     Spec
	Resume   bool
	AfterOps int64         // it kills itself at this operation of store or source
	After    time.Duration // or after this time
	Half     bool          // in the middle of a write
	Endpoint string        // of the S3 server, if Dir is a URL
	Many     int           // users in the source, 0 for killSource's default
}

// killSource is large enough for several frames and row groups.
func killSource() *fakeSource {
	return newFakeSource(map[string]int{"users": 34_000, "orders": 500, "none": 0})
}

func killChild(text string) int {
	var p killPlan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	var ops atomic.Int64
	die := func() bool {
		if n := ops.Add(1); p.AfterOps == 0 || n < p.AfterOps {
			return false
		}
		return true
	}
	kill := func() { syscall.Kill(os.Getpid(), syscall.SIGKILL) }
	if p.After > 0 {
		time.AfterFunc(p.After, kill)
	}
	src := killSource()
	if p.Many > 0 {
		src = s3Source(p.Many)
	}
	src.fault = func(fakeCall) error {
		if die() {
			kill()
		}
		if p.Endpoint != "" {
			time.Sleep(20 * time.Millisecond) // a real server takes time, during which parts are sent
		}
		return nil
	}
	// Time runs fast, so that there are many checkpoints.
	into, err := store.At(context.Background(), p.Dir, storetest.S3Options(p.Endpoint))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	env := Env{Store: &killStore{Store: into, die: die, kill: kill, half: p.Half}, Clock: newSwiftClock(200)}
	r, err := NewRun(p.Spec, src, env)
	if p.Resume {
		r, err = OpenRun(src, env)
		if isError[*archive.NotARun](err) { // killed before anything was written
			r, err = NewRun(p.Spec, src, env)
		}
	}
	if err == nil {
		_, err = r.Do(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(ops.Load())
	return 0
}

// killStore kills the process at one of its operations.
type killStore struct {
	store.Store
	die  func() bool
	kill func()
	half bool
}

func (s *killStore) Write(name string, data []byte) error {
	if s.die() {
		if s.half {
			if !strings.HasPrefix(name, store.WorkPrefix) {
				name = ".fauna-export-" + name
			}
			os.WriteFile(filepath.Join(s.Store.Name(), name)+".new", data[:len(data)/2], 0o600)
		}
		s.kill()
	}
	return s.Store.Write(name, data)
}

func (s *killStore) Commit(from, to string) error {
	if s.die() {
		if s.half {
			s.Store.Commit(from, to)
		}
		s.kill()
	}
	return s.Store.Commit(from, to)
}

func (s *killStore) Remove(name string) error {
	if s.die() {
		s.kill()
	}
	return s.Store.Remove(name)
}

func (s *killStore) Append(name string, size int64) (store.Appender, error) {
	if s.die() {
		s.kill()
	}
	a, err := s.Store.Append(name, size)
	return &killFile{a, s}, err
}

type killFile struct {
	store.Appender
	s *killStore
}

func (f *killFile) Write(p []byte) (int, error) {
	if f.s.die() {
		if f.s.half {
			f.Appender.Write(p[:len(p)/2])
		}
		f.s.kill()
	}
	return f.Appender.Write(p)
}

func (f *killFile) Cut() func() (bool, error) {
	durable := f.Appender.Cut()
	return func() (bool, error) {
		if f.s.die() {
			f.s.kill()
		}
		return durable()
	}
}

func (f *killFile) Sync() error {
	if f.s.die() {
		f.s.kill()
	}
	return f.Appender.Sync()
}

// runChild runs a child process. It returns whether it was killed, and how many
// operations it performed otherwise.
func runChild(t *testing.T, p killPlan) (killed bool, ops int64) {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killVariable+"="+string(text))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if st, ok := exit.Sys().(syscall.WaitStatus); ok && st.Signaled() && st.Signal() == syscall.SIGKILL {
			return true, 0
		}
	}
	if err != nil {
		t.Fatalf("a child with %s: %v: %s", text, err, errs.String())
	}
	ops, err = strconv.ParseInt(string(bytes.TrimSpace(out.Bytes())), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return false, ops
}

// TestKill_resumedRunsMakeTheSameFiles kills the process at 50 or more random
// moments, in runs of every format and compression, most of them several times
// per run, and resumes each time.
func TestKill_resumedRunsMakeTheSameFiles(t *testing.T) {
	t.Parallel()
	seed := testSeed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	start := time.Now()
	type form struct {
		Spec
		want map[string][]byte
		ops  int64
		took time.Duration
	}
	var all []form
	src := killSource()
	for _, s := range formats() {
		s = s.withDefaults()
		s.Collections = []string{"users", "orders", "none"}
		f := form{Spec: s, want: wanted(t, s, src)}
		begin := time.Now()
		_, f.ops = runChild(t, killPlan{Dir: exportDir(t), Spec: s})
		f.took = time.Since(begin)
		all = append(all, f)
	}
	kills, doubles, runs := 0, 0, 0
	for round := 0; round < 2 || kills < 50; round++ {
		if round > 10 {
			t.Fatalf("only %d kills in %d runs", kills, runs)
		}
		for _, f := range all {
			t.Run(fmt.Sprintf("%s/%d", f.formName(), round), func(t *testing.T) {
				dir := exportDir(t)
				here := 0
				for left := 2 + random.IntN(3); ; left-- {
					p := killPlan{Dir: dir, Spec: f.Spec, Resume: here > 0, Half: random.IntN(2) == 0}
					// A run resumed several times has less left to do.
					switch parts := int64(here + 1); {
					case left == 0:
						// run to the end
					case random.IntN(3) == 0:
						p.After = time.Duration(random.Int64N(int64(f.took)/parts) + 1)
					default:
						p.AfterOps = random.Int64N(f.ops/parts) + 1
					}
					killed, _ := runChild(t, p)
					found := wholeFiles(t, dir, f.want)
					if !killed {
						if found != len(f.want) {
							t.Errorf("%d files of %d", found, len(f.want))
						}
						break
					}
					here++
				}
				runs++
				kills += here
				if here > 1 {
					doubles++
				}
				rep, err := archive.Verify(context.Background(), store.NewFolder(dir), nil)
				if err != nil || !rep.OK() {
					t.Errorf("verify: %+v %v", rep, err)
				}
			})
		}
	}
	t.Logf("seed %d: %d kills in %d runs, %d of them killed more than once, in %s", seed, kills, runs, doubles, time.Since(start).Round(time.Millisecond))
}
