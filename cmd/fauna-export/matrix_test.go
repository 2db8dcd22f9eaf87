package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fauna-export/fauna/emulator/fault"
)

var (
	matrixAll  = flag.String("matrix", "1/200", "the lies that TestMatrix tells: all, a share of them like 1/10 or 2/10, or those whose name holds this text")
	matrixList = flag.String("matrix-list", "", "write what each combination came to into this file")
)

// matrixScenario is a command that gets false answers.
type matrixScenario struct {
	name         string
	truth, later *matrixServer
	secret       string
	args         []string                       // DIR means the folder
	before       func(t *testing.T, dir string) // prepares the folder
	again        []string                       // what a person runs after a failure; may be nil
	// denied is a collection that the key may not read. A run that was tricked into
	// planning it ends without it; resuming is refused, naming it.
	denied string
}

const matrixDomain = "http://localhost:8443"

func matrixScenarios(t *testing.T, at []*matrixServer) []matrixScenario {
	full := []string{"run", "--domain", matrixDomain, "--all", "--out", "DIR", "--page-size", "20", "--workers", "2", "--column", "users:n:int=data.n"}
	sync := []string{"run", "--domain", matrixDomain, "--all", "--out", "DIR", "--page-size", "20", "--workers", "2", "--mode", "incremental"}
	fast := append(slices.Clone(sync), "--fast")
	named := []string{"run", "--domain", matrixDomain, "--collection", "users", "--collection", "orders", "--out", "DIR", "--page-size", "20", "--workers", "2"}
	resumeAt := []string{"resume", "DIR", "--domain", matrixDomain}
	honest := func(s *matrixServer, key string, args []string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if got := matrixRun(t, newLiar(s, s), key, inFolder(args, dir)...); got.code != exitDone {
				t.Fatalf("%v: exit %d: %s", args, got.code, got.err)
			}
		}
	}
	interrupted := func(t *testing.T, dir string) {
		l := newLiar(at[0], at[0])
		var n atomic.Int32 // requests are answered in parallel
		l.hook = func(x exchange) {
			if strings.HasPrefix(x.kind, "documents") {
				if n.Add(1) == 5 {
					l.enough()
				}
				time.Sleep(10 * time.Second) // checkpoints are only written after some time
			}
		}
		got := matrixRun(t, l, at[0].key, inFolder(full, dir)...)
		if got.code == exitDone {
			t.Fatalf("the run was not interrupted: %s", got.err)
		}
	}
	return []matrixScenario{
		{name: "full", truth: at[0], later: at[1], secret: at[0].key, args: full, again: resumeAt},
		{name: "named", truth: at[0], later: at[1], secret: at[0].names, args: named, again: resumeAt},
		{name: "part", truth: at[0], later: at[1], secret: at[0].part, args: full, again: resumeAt, denied: "orders"},
		{name: "first sync", truth: at[0], later: at[1], secret: at[0].key, args: sync, again: sync},
		{name: "second sync", truth: at[1], later: at[2], secret: at[1].key, args: sync, before: honest(at[0], at[0].key, sync), again: sync},
		{name: "fast", truth: at[1], later: at[2], secret: at[1].key, args: fast, before: honest(at[0], at[0].key, fast), again: fast},
		{name: "resume", truth: at[0], later: at[1], secret: at[0].key, args: resumeAt, before: interrupted, again: resumeAt},
		{name: "check", truth: at[0], later: at[1], secret: at[0].key, args: []string{"check", "--domain", matrixDomain, "--all", "--mode", "incremental", "--json"}},
		{name: "verify", truth: at[0], later: at[1], secret: at[0].key, args: []string{"verify", "DIR", "--domain", matrixDomain}, before: honest(at[0], at[0].key, full)},
		{name: "schema", truth: at[0], later: at[1], secret: at[0].Secret(), args: []string{"schema", "--domain", matrixDomain}},
	}
}

func inFolder(args []string, dir string) []string {
	args = slices.Clone(args)
	for i := range args {
		if args[i] == "DIR" {
			args[i] = dir
		}
	}
	return args
}

// matrixRun runs one command line in virtual time, against a liar.
func matrixRun(t *testing.T, l *liar, secret string, args ...string) (got ran) {
	got, l.took = runInBubble(t, l, secret, func(cancel func()) { l.enough = cancel }, args...)
	return got
}

// runInBubble runs one command line in virtual time, against a server behind pipes.
// begun receives a function that stops the command.
func runInBubble(t *testing.T, server http.Handler, secret string, begun func(stop func()), args ...string) (got ran, took time.Duration) {
	var out, errs bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 30*24*time.Hour)
		defer cancel()
		begun(cancel)
		dial, stop := fault.Pipe(server)
		defer stop()
		got.code = execute(ctx, args, streams{
			in: strings.NewReader(""), out: &out, err: &errs, dial: dial,
			getenv: func(name string) string {
				if name == "FAUNA_SECRET" {
					return secret
				}
				return ""
			},
		})
		took = time.Since(began)
	})
	got.out, got.err = out.String(), errs.String()
	return got, took
}

// prepared is a scenario with its starting point and its outcome without lies.
type prepared struct {
	*matrixScenario
	folder string
	want   outcome
	asked  []exchange
}

func TestMatrix_detectsWrongAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	began := time.Now()
	at := []*matrixServer{newMatrixServer(t, 0), newMatrixServer(t, 1), newMatrixServer(t, 2)}
	root := matrixRoot(t)
	var work []combination
	ready := map[*matrixScenario]*prepared{}
	scenarios := matrixScenarios(t, at)
	for i := range scenarios {
		s := &scenarios[i]
		p := &prepared{matrixScenario: s, folder: filepath.Join(root, "before-"+s.name)}
		if s.before != nil {
			s.before(t, p.folder)
		}
		dir := filepath.Join(root, "out")
		copyFolder(t, p.folder, dir)
		l := newLiar(s.truth, s.later)
		got := matrixRun(t, l, s.secret, inFolder(s.args, dir)...)
		p.want, p.asked = outcomeOf(t, dir, got), l.seen
		if got.code != exitDone && s.name != "part" {
			t.Fatalf("%s: exit %d: %s", s.name, got.code, got.err)
		}
		if s.chain() {
			p.want.merged = merged(t, dir)
		}
		os.RemoveAll(dir)
		ready[s] = p
		for _, kind := range l.kindsSeen() {
			if !slices.Contains(slices.Collect(maps.Values(kindNames())), kind) {
				t.Errorf("%s: a request of a new kind: %s", s.name, kind)
			}
			work = append(work, combinationsOf(s, kind, l.seen)...)
		}
		work = append(work, confirmedLies(s, l.seen)...)
	}
	all := len(work)
	if first, n, ok := strings.Cut(*matrixAll, "/"); ok {
		share, err := strconv.Atoi(first)
		step, err2 := strconv.Atoi(n)
		if err != nil || err2 != nil || share < 1 || share > step {
			t.Fatalf("-matrix=%s is no share", *matrixAll)
		}
		// Take turns of an odd number: an even one would only get lies told once, or
		// only lies told always.
		some, turn := work[:0], step|1
		for i, c := range work {
			if min(i%turn, step-1) == share-1 {
				some = append(some, c)
			}
		}
		work = some
	} else if *matrixAll != "all" {
		work = slices.DeleteFunc(work, func(c combination) bool { return !strings.Contains(c.String(), *matrixAll) })
	}
	var list *os.File
	if *matrixList != "" {
		var err error
		if list, err = os.Create(*matrixList); err != nil {
			t.Fatal(err)
		}
		defer list.Close()
	}
	var mu sync.Mutex
	var told, unmet, wrong, same atomic.Int64
	jobs := make(chan combination)
	var done sync.WaitGroup
	for n := range runtime.GOMAXPROCS(0) {
		done.Go(func() {
			for c := range jobs {
				p := ready[c.scenario]
				if list != nil {
					mu.Lock()
					fmt.Fprintf(list, "BEGIN %s\n", c)
					mu.Unlock()
				}
				dir := filepath.Join(root, fmt.Sprintf("out-%d", n))
				problem, got, met := p.try(t, c, dir)
				os.RemoveAll(dir)
				told.Add(1)
				if !met {
					unmet.Add(1)
				}
				if got.code == p.want.code {
					same.Add(1)
				}
				if problem != "" {
					wrong.Add(1)
					t.Errorf("%s: %s\n%s", c, problem, got.err)
				}
				if list != nil {
					mu.Lock()
					fmt.Fprintf(list, "END %s | %d | met %v | %s | %.200q\n", c, got.code, met, problem, lastLine(got.err))
					mu.Unlock()
				}
			}
		})
	}
	for _, c := range work {
		jobs <- c
	}
	close(jobs)
	done.Wait()
	t.Logf("%d of %d combinations in %s: %d ended as without the lie, %d with a named error, %d were not met, %d wrong",
		told.Load(), all, time.Since(began).Round(time.Second), same.Load(), told.Load()-same.Load(), unmet.Load(), wrong.Load())
}

// try tells one lie, and reports whether a request got it.
func (p *prepared) try(t *testing.T, c combination, dir string) (problem string, got outcome, met bool) {
	copyFolder(t, p.folder, dir)
	l := newLiar(p.truth, p.later, append([]lie{{kind: c.kind, query: c.query, always: c.always, mutation: c.mutation}}, c.also...)...)
	l.limit = 20*len(p.asked) + 3000
	r := matrixRun(t, l, p.secret, inFolder(p.args, dir)...)
	got = outcomeOf(t, dir, r)
	met = len(l.timesTold) > 0
	if l.number > l.limit {
		return fmt.Sprintf("hammers: %d requests", l.number), got, met
	}
	if l.took > 3*time.Hour {
		return fmt.Sprintf("lasts %s", l.took), got, met
	}
	if problem := p.judge(t, c.kind, p.want, got, dir); problem != "" {
		return problem, got, met
	}
	if p.again == nil || got.code == exitDone || !got.state && p.again[0] == "resume" {
		return "", got, met
	}
	again := matrixRun(t, newLiar(p.truth, p.later), p.secret, inFolder(p.again, dir)...)
	after := outcomeOf(t, dir, again)
	refused := p.denied != "" && again.code == exitRefused && strings.HasSuffix(lastLine(again.err), "the key can't read: "+p.denied)
	if again.code != p.want.code && again.code != exitDone && again.code != exitPartial && !refused {
		return fmt.Sprintf("again: exit %d: %s", again.code, lastLine(again.err)), got, met
	}
	if p.chain() {
		if again.code == exitPartial {
			return "", got, met
		}
		for name, text := range merged(t, dir) {
			if text != p.want.merged[name] {
				return fmt.Sprintf("again: exit %d: %s has %d lines, not %d", again.code, name, strings.Count(text, "\n"), strings.Count(p.want.merged[name], "\n")), got, met
			}
		}
		return "", got, met
	}
	for name, text := range after.files {
		if name != "manifest.json" && name != "SHA256SUMS" && text != p.want.files[name] {
			return fmt.Sprintf("again: exit %d: %s has %d lines, not %d", again.code, name, strings.Count(text, "\n"), strings.Count(p.want.files[name], "\n")), got, met
		}
	}
	for name := range p.want.files {
		if _, there := after.files[name]; !there && again.code == exitDone {
			return "again: exit 0 without " + name, got, met
		}
	}
	return "", got, met
}

// matrixRoot returns a folder for the matrix, in memory if possible.
func matrixRoot(t *testing.T) string {
	t.Helper()
	if dir, err := os.MkdirTemp("/dev/shm", "fauna-export-matrix"); err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		return dir
	}
	return t.TempDir()
}

// copyFolder copies a folder with all permissions.
func copyFolder(t *testing.T, from, to string) {
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(from, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Mkdir(filepath.Join(to, name), info.Mode().Perm())
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), data, info.Mode().Perm())
	})
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
}
