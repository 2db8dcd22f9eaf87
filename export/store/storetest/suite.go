// Package storetest checks that a Store fulfils its contract. It has an in-memory
// Store, one whose operations fail, and S3 servers. Only tests import it.
package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"fauna-export/export/store"
)

// Kind is a kind of store to test.
type Kind struct {
	// New returns an empty store.
	New func(t *testing.T) store.Store
	// Again returns the same store as another process sees it.
	Again func(t *testing.T, s store.Store) store.Store
	// Crash returns what a power cut would leave of a store; nil if a test can't
	// simulate that.
	Crash func(t *testing.T, s store.Store, random *rand.Rand) store.Store
}

const (
	file = "users.jsonl"
	part = store.WorkPrefix + file + store.PartEnd
)

// Test runs the whole suite.
func Test(t *testing.T, k Kind) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, k Kind)
	}{
		{"an empty store", empty},
		{"names that are none", badNames},
		{"small files", small},
		{"a file is appended to, continued and committed", appended},
		{"a file begins anew", anew},
		{"files are read anywhere", anywhere},
		{"one process at a time", locked},
		{"shared by several processes", sharedByMany},
		{"what a finished run leaves", closed},
		{"many names at once", atOnce},
		{"an operation that fails", failing},
		{"power cuts", cuts},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, k)
		})
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// begin locks a new store, as every user must.
func begin(t *testing.T, k Kind) store.Store {
	t.Helper()
	s := k.New(t)
	release, err := s.Lock()
	must(t, err)
	t.Cleanup(func() { _ = release() })
	return s
}

// put appends text to a file and closes it.
func put(t *testing.T, s store.Store, name string, size int64, text string) {
	t.Helper()
	a, err := s.Append(name, size)
	must(t, err)
	_, err = io.WriteString(a, text)
	must(t, err, a.Sync(), a.Close())
}

// holds compares the content of everything that a store lists.
func holds(t *testing.T, s store.Store, want map[string]string) {
	t.Helper()
	entries, err := s.List()
	must(t, err)
	if !slices.IsSortedFunc(entries, func(a, b store.Entry) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) }) {
		t.Errorf("not in order: %v", entries)
	}
	if len(entries) != len(want) {
		t.Errorf("it lists %v, want %q", entries, want)
	}
	for _, e := range entries {
		text, known := want[e.Name]
		if !known || e.Size != int64(len(text)) {
			t.Errorf("it lists %v, want %q", e, text)
		}
		if got, err := s.Read(e.Name); err != nil || string(got) != text {
			t.Errorf("%s holds %q, %v; want %q", e.Name, got, err, text)
		}
	}
}

func empty(t *testing.T, k Kind) {
	s := k.New(t)
	if s.Name() == "" {
		t.Error("it has no name")
	}
	holds(t, s, nil)
	_, err := s.Read(file)
	_, _, operr := s.Open(file)
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(operr, fs.ErrNotExist) {
		t.Errorf("read %v, open %v", err, operr)
	}
	must(t, s.Remove(file), s.Close())
	if n, err := s.Free(); err != nil || n < -1 {
		t.Errorf("free: %d, %v", n, err)
	}
	release, err := s.Lock()
	must(t, err)
	if err := s.Commit(part, file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("commit of nothing: %v", err)
	}
	must(t, s.Remove(part), release())
}

func badNames(t *testing.T, k Kind) {
	s := begin(t, k)
	for _, name := range []string{"", ".", "..", "/etc/passwd", "../x", "a/b", "a/../b", `a\b`, "c:x", store.WorkPrefix, store.WorkPrefix + "../x", store.WorkPrefix + "a/b", "x\x00y"} {
		_, read := s.Read(name)
		_, _, open := s.Open(name)
		_, app := s.Append(name, 0)
		for doing, err := range map[string]error{"read": read, "open": open, "append": app, "write": s.Write(name, nil), "commit from": s.Commit(name, file), "remove": s.Remove(name)} {
			if err == nil {
				t.Errorf("%s %q is taken", doing, name)
			}
		}
	}
	holds(t, s, nil)
}

func small(t *testing.T, k Kind) {
	s := begin(t, k)
	run := store.WorkPrefix + "run.json"
	must(t, s.Write("manifest.json", []byte("one")), s.Write(run, []byte("{}")), s.Write(run, nil), s.Write("manifest.json", []byte("the other")))
	must(t, s.Write(store.MergedPrefix+"SHA256SUMS", []byte("x")))
	holds(t, k.Again(t, s), map[string]string{"manifest.json": "the other", run: "", store.MergedPrefix + "SHA256SUMS": "x"})
	must(t, s.Remove("manifest.json"), s.Remove("manifest.json"), s.Remove(run))
	holds(t, k.Again(t, s), map[string]string{store.MergedPrefix + "SHA256SUMS": "x"})
}

func appended(t *testing.T, k Kind) {
	s := begin(t, k)
	put(t, s, part, 0, "one two")
	put(t, k.Again(t, s), part, 4, "three")
	if _, err := s.Append(part, 100); err == nil {
		t.Error("it goes on after the end of the file")
	}
	if _, err := s.Append(store.WorkPrefix+"none.csv"+store.PartEnd, 1); err == nil {
		t.Error("it goes on with a file that is not there")
	}
	must(t, s.Commit(part, file))
	holds(t, k.Again(t, s), map[string]string{file: "one three"})
	put(t, s, part, 0, "another")
	must(t, s.Commit(part, file))
	holds(t, k.Again(t, s), map[string]string{file: "another"})
}

func anew(t *testing.T, k Kind) {
	s := begin(t, k)
	put(t, s, part, 0, "a long text of an earlier process")
	put(t, s, part, 0, "short")
	must(t, s.Commit(part, file))
	holds(t, s, map[string]string{file: "short"})
	// A cut may become durable at once, or only at the end of the file.
	a, err := s.Append(part, 0)
	must(t, err)
	_, err = a.Write([]byte("cut"))
	durable := a.Cut()
	_, cerr := durable()
	must(t, err, cerr)
	_, err = a.Write([]byte(" here"))
	must(t, err, a.Sync())
	if yes, err := durable(); err != nil || !yes {
		t.Errorf("after Sync a cut is durable: %v, %v", yes, err)
	}
	must(t, a.Close())
	put(t, k.Again(t, s), part, 3, " there")
	must(t, s.Commit(part, file))
	holds(t, s, map[string]string{file: "cut there"})
}

func anywhere(t *testing.T, k Kind) {
	s := begin(t, k)
	want := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	a, err := s.Append(part, 0)
	must(t, err)
	for piece := range slices.Chunk(want, 7000) {
		_, err := a.Write(piece)
		must(t, err)
	}
	must(t, a.Sync(), a.Close(), s.Commit(part, file))
	f, size, err := k.Again(t, s).Open(file)
	must(t, err)
	defer f.Close()
	if size != int64(len(want)) {
		t.Errorf("its size is %d", size)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		at := random.IntN(len(want))
		p := make([]byte, 1+random.IntN(5000))
		n, err := f.ReadAt(p, int64(at))
		left := want[at:min(at+len(p), len(want))]
		if !bytes.Equal(p[:n], left) || (n < len(p)) != errors.Is(err, io.EOF) || err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("%d bytes at %d: %d, %v", len(p), at, n, err)
		}
	}
	if n, err := f.ReadAt(make([]byte, 1), size); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %d, %v", n, err)
	}
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, want) {
		t.Errorf("in order: %d bytes, %v", len(got), err)
	}
}

func locked(t *testing.T, k Kind) {
	s := k.New(t)
	release, err := s.Lock()
	must(t, err)
	_, err = k.Again(t, s).Lock()
	if e, ok := errors.AsType[*store.Error](err); !ok || !e.Locked || e.Store != s.Name() {
		t.Errorf("a second process: %v", err)
	}
	must(t, release())
	again, err := k.Again(t, s).Lock()
	must(t, err)
	must(t, again())
}

func closed(t *testing.T, k Kind) {
	s := k.New(t)
	release, err := s.Lock()
	must(t, err)
	put(t, s, part, 0, "rows")
	must(t, s.Commit(part, file), s.Write("manifest.json", []byte("{}")), s.Close(), release())
	want := map[string]string{file: "rows", "manifest.json": "{}"}
	holds(t, k.Again(t, s), want)
	// Files that are still needed stay.
	release, err = s.Lock()
	must(t, err)
	pairs := store.WorkPrefix + "users.jsonl.pairs"
	put(t, s, pairs, 0, "pairs")
	must(t, s.Close(), release())
	want[pairs] = "pairs"
	holds(t, k.Again(t, s), want)
}

func atOnce(t *testing.T, k Kind) {
	s := begin(t, k)
	var all sync.WaitGroup
	want := map[string]string{}
	errs := make(chan error, 8)
	for i := range 8 {
		name := fmt.Sprintf("c%d.csv", i)
		text := fmt.Sprintf("rows of %d", i)
		want[name] = text
		all.Go(func() {
			from := store.WorkPrefix + name + store.PartEnd
			a, err := s.Append(from, 0)
			if err == nil {
				_, err = io.WriteString(a, text)
				err = errors.Join(err, s.Write(store.WorkPrefix+name+".state", []byte(name)), a.Sync(), a.Close())
			}
			if _, lerr := s.List(); lerr != nil {
				err = errors.Join(err, lerr)
			}
			errs <- errors.Join(err, s.Commit(from, name), s.Remove(store.WorkPrefix+name+".state"))
		})
	}
	all.Wait()
	for range 8 {
		must(t, <-errs)
	}
	holds(t, s, want)
}

// failing makes each operation fail in turn, and then repeats all of them.
func failing(t *testing.T, k Kind) {
	how := errors.New("input/output error")
	for n := 1; ; n++ {
		s := begin(t, k)
		must(t, s.Write("manifest.json", []byte("old")))
		f := &Faults{Store: s, Fail: func(op int, _ Op, _ string) error {
			if op == n {
				return how
			}
			return nil
		}}
		work := func() error {
			a, err := f.Append(part, 0)
			if err != nil {
				return err
			}
			_, err = io.WriteString(a, "the rows")
			if err = errors.Join(err, a.Sync()); err != nil {
				return errors.Join(err, a.Close())
			}
			if err := a.Close(); err != nil {
				return err
			}
			if err := f.Commit(part, file); err != nil {
				return err
			}
			return f.Write("manifest.json", []byte("new"))
		}
		err := work()
		if f.Ops() < n {
			must(t, err)
			return
		}
		if !errors.Is(err, how) {
			t.Fatalf("operation %d failed and the store says %v", n, err)
		}
		if got, err := s.Read("manifest.json"); err != nil || string(got) != "old" && string(got) != "new" {
			t.Errorf("operation %d: the manifest is %q, %v", n, got, err)
		}
		if got, err := s.Read(file); !errors.Is(err, fs.ErrNotExist) && string(got) != "the rows" {
			t.Errorf("operation %d: a part has the final name: %q, %v", n, got, err)
		}
		must(t, work())
		holds(t, s, map[string]string{file: "the rows", "manifest.json": "new"})
	}
}

// cuts simulates a power cut anywhere in random work, and compares what is left
// with what was promised.
func cuts(t *testing.T, k Kind) {
	if k.Crash == nil {
		t.Skip("a test cannot cut the power of this kind")
	}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := k.New(t)
		release, err := s.Lock()
		must(t, err)
		whole := map[string]string{} // what must be there
		var written, synced string   // content of the part
		a, err := s.Append(part, 0)
		must(t, err)
		for range random.IntN(30) {
			switch random.IntN(5) {
			case 0, 1:
				text := fmt.Sprintf("row %d\n", random.IntN(1000))
				_, err := io.WriteString(a, text)
				must(t, err)
				written += text
			case 2:
				must(t, a.Sync())
				synced = written
			case 3:
				text := fmt.Sprintf("state %d", random.IntN(1000))
				must(t, s.Write(store.WorkPrefix+"run.json", []byte(text)))
				whole[store.WorkPrefix+"run.json"] = text
			case 4:
				must(t, a.Sync(), a.Close(), s.Commit(part, file))
				whole[file] = written
				written, synced = "", ""
				a, err = s.Append(part, 0)
				must(t, err)
			}
		}
		left := k.Crash(t, s, random)
		must(t, release()) // a lock that is held takes time
		for name, text := range whole {
			if got, err := left.Read(name); err != nil || string(got) != text {
				t.Errorf("seed %d: %s is %q, %v; want %q", seed, name, got, err, text)
			}
		}
		if synced == "" {
			continue
		}
		put(t, left, part, int64(len(synced)), "end")
		must(t, left.Commit(part, file))
		if got, err := left.Read(file); err != nil || string(got) != synced+"end" {
			t.Errorf("seed %d: it went on to %q, %v; want %q", seed, got, err, synced+"end")
		}
	}
}

// sharedByMany tests stores that several processes can share; others are skipped.
func sharedByMany(t *testing.T, k Kind) {
	one, ok := k.New(t).(store.Shared)
	if !ok {
		t.Skip("it cannot be shared")
	}
	const plan = store.WorkPrefix + "plan.json"
	won := make([]bool, 8)
	var all sync.WaitGroup
	for i := range won {
		s := k.Again(t, one).(store.Shared)
		all.Go(func() {
			err := s.Create(plan, []byte{byte('0' + i)})
			if won[i] = err == nil; err != nil && !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	winner := slices.Index(won, true)
	if winner < 0 || slices.Contains(won[winner+1:], true) {
		t.Fatalf("created by %v", won)
	}
	holds(t, one, map[string]string{plan: string(byte('0' + winner))})

	first, err := one.LockFor("shard-00001")
	must(t, err)
	other := k.Again(t, one).(store.Shared)
	if _, err := other.LockFor("shard-00001"); !isLocked(err) {
		t.Errorf("the same name twice: %v", err)
	}
	second, err := other.LockFor("shard-00002")
	must(t, err)
	must(t, one.Write("a", []byte("1")), other.Write("b", []byte("2")))
	holds(t, one, map[string]string{plan: string(byte('0' + winner)), "a": "1", "b": "2"})
	must(t, first())
	again, err := k.Again(t, one).(store.Shared).LockFor("shard-00001")
	must(t, err, again(), second())
}

func isLocked(err error) bool {
	locked, ok := errors.AsType[*store.Error](err)
	return ok && locked.Locked
}
