package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// cutRun returns an interrupted run of users and orders, in memory, with parts of
// both written.
func cutRun(t *testing.T, spec Spec, src *fakeSource) *storetest.Memory {
	t.Helper()
	disk := storetest.NewMemory()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	written := make(chan struct{})
	once := sync.OnceFunc(func() { close(written) })
	src.fault = func(c fakeCall) error {
		if c.what == "documents" && c.from > 5000 {
			<-written
			cancel()
			return context.Canceled
		}
		return nil
	}
	seen := &storetest.Faults{Store: disk, Fail: func(_ int, op storetest.Op, name string) error {
		if op == storetest.OpAppendWrite && name == archive.PartName("users.jsonl") {
			once()
		}
		return nil
	}}
	r, err := NewRun(spec, src, Env{Store: seen, Clock: newSwiftClock(1000)})
	if err == nil {
		_, err = r.Do(ctx)
	}
	if err == nil {
		t.Fatal("the run was not interrupted")
	}
	src.fault = nil
	return disk
}

// resumedIn resumes a run on a store.
func resumedIn(t *testing.T, src Source, disk store.Store) error {
	t.Helper()
	r, err := OpenRun(src, Env{Store: disk, Clock: newSwiftClock(1000)})
	if err == nil {
		_, err = r.Do(t.Context())
	}
	return err
}

// restate modifies the state in a state file and updates its checksum.
func restate(t *testing.T, s store.Store, name string, change func(st map[string]any)) {
	t.Helper()
	var st map[string]any
	if err := archive.ReadState(s, name, &st); err != nil {
		t.Fatal(err)
	}
	change(st)
	if err := archive.WriteState(s, name, st); err != nil {
		t.Fatal(err)
	}
}

func TestResume_aDamagedStateLosesNothing(t *testing.T) {
	t.Parallel()
	spec := Spec{Collections: []string{"users", "orders"}, PageSize: 100}
	want := wanted(t, spec, twoCollections())
	const users = ".fauna-export/users.jsonl.state"
	raw := func(change func([]byte) []byte) func(*testing.T, *storetest.Memory) {
		return func(t *testing.T, s *storetest.Memory) {
			data, err := s.Read(users)
			must(t, err)
			must(t, s.Write(users, change(data)))
		}
	}
	set := func(key string, value any) func(*testing.T, *storetest.Memory) {
		return func(t *testing.T, s *storetest.Memory) {
			restate(t, s, users, func(st map[string]any) { st[key] = value })
		}
	}
	for name, spoil := range map[string]func(*testing.T, *storetest.Memory){
		"a digit of next": raw(func(b []byte) []byte {
			at := bytes.Index(b, []byte(`"next":`)) + len(`"next":`)
			b[at] = '1' + (b[at]-'0'+3)%9
			return b
		}),
		"cut off":          raw(func(b []byte) []byte { return b[:len(b)/2] }),
		"empty":            raw(func([]byte) []byte { return nil }),
		"null":             raw(func([]byte) []byte { return []byte("null") }),
		"not JSON":         raw(func([]byte) []byte { return []byte("\x00\x00\x00") }),
		"no segments":      set("segments", []any{}),
		"no first segment": set("segments", []any{map[string]any{"from": 7, "at": 9}}),
		"rows":             set("rows", -1),
		"rows and ids":     set("first", -1),
		"fewer rows":       set("rows", 1),
		"offset":           set("offset", 1<<40),
		"hash":             set("hash", "AAAA"),
		"file":             set("file", []byte(`{"format":"csv"}`)),
		"finished":         set("finished", true),
		"of orders": func(t *testing.T, s *storetest.Memory) {
			data, err := s.Read(".fauna-export/orders.jsonl.state")
			if errors.Is(err, fs.ErrNotExist) {
				data = []byte("{}")
			}
			must(t, s.Write(users, data))
		},
		"missing": func(t *testing.T, s *storetest.Memory) { must(t, s.Remove(users)) },
		"the file is cut": func(t *testing.T, s *storetest.Memory) {
			must(t, s.Write(".fauna-export/users.jsonl.part", []byte("{}")))
		},
		"the file is gone": func(t *testing.T, s *storetest.Memory) {
			must(t, s.Remove(".fauna-export/users.jsonl.part"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := twoCollections()
			disk := cutRun(t, spec, src)
			if _, err := disk.Read(users); err != nil {
				t.Fatal("nothing was saved of users: ", err)
			}
			spoil(t, disk)
			must(t, resumedIn(t, src, disk))
			if n := whole(t, disk, want); n != len(want) {
				t.Errorf("%d files of %d", n, len(want))
			}
			if rep, err := archive.Verify(t.Context(), disk, nil); err != nil || !rep.OK() {
				t.Errorf("verify: %+v, %v", rep, err)
			}
		})
	}
}

func TestResume_aDamagedRunIsNamed(t *testing.T) {
	t.Parallel()
	spec := Spec{Collections: []string{"users", "orders"}, PageSize: 100}
	set := func(key string, value any) func(*testing.T, *storetest.Memory) {
		return func(t *testing.T, s *storetest.Memory) {
			restate(t, s, archive.RunName, func(st map[string]any) { st[key] = value })
		}
	}
	write := func(text string) func(*testing.T, *storetest.Memory) {
		return func(t *testing.T, s *storetest.Memory) { must(t, s.Write(archive.RunName, []byte(text))) }
	}
	for name, c := range map[string]struct {
		spoil func(*testing.T, *storetest.Memory)
		says  string
	}{
		"the time 1970":        {set("times", []int64{0}), "1970"},
		"no time":              {set("times", []int64{}), "no time"},
		"times that descend":   {set("times", []int64{9, 8}), "the invalid time 8"},
		"a time after 9999":    {set("times", []int64{1 << 60}), "the invalid time"},
		"no start":             {set("started", "yesterday"), "when it started"},
		"a spec of nothing":    {set("spec", map[string]any{}), "no collection"},
		"a spec that is none":  {set("spec", "x"), "damaged"},
		"nonsense":             {write("nonsense"), "run.json is damaged"},
		"null":                 {write("null"), "run.json is damaged"},
		"a later version":      {write(`{"version":3,"sha256":"","state":{}}`), "version 3"},
		"one of the version 1": {write(`{"version":1,"spec":{"endpoint":"http://x","collections":["users"]},"times":[5],"started":"2026-01-01T00:00:00Z"}`), "version 1 of this program"},
		"a digit of the time": {func(t *testing.T, s *storetest.Memory) {
			data, err := s.Read(archive.RunName)
			must(t, err)
			at := bytes.Index(data, []byte(`"times":[`)) + len(`"times":[`) + 4
			data[at] ^= 1
			must(t, s.Write(archive.RunName, data))
		}, "checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := twoCollections()
			disk := cutRun(t, spec, src)
			c.spoil(t, disk)
			err := resumedIn(t, src, disk)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error %v, want one that says %q", err, c.says)
			}
			if m, err := archive.ReadManifest(disk); err == nil {
				t.Errorf("there is a manifest: %+v", m)
			}
		})
	}
}

func TestRun_refusesAWorkFolderWithAStrangersFileAndTouchesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"notes.txt", "movie.part", "x.jsonl.part.bak", "sub/x"} {
		for _, mode := range []Mode{Full, Incremental} {
			dir := exportDir(t)
			path := filepath.Join(dir, ".fauna-export", filepath.FromSlash(name))
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			must(t, os.WriteFile(path, []byte("mine"), 0o600))
			src := twoCollections()
			_, err := NewRun(Spec{Collections: []string{"users"}, Mode: mode}, src, swiftEnv(dir, 1))
			first, _, _ := strings.Cut(name, "/")
			if e, ok := errors.AsType[*store.Error](err); !ok || !strings.Contains(e.Problem, first) || !strings.Contains(e.Problem, "move it away") {
				t.Errorf("%s, %s: %v", name, mode, err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != "mine" || src.calls != 0 {
				t.Errorf("%s: %q, %v, %d requests", name, got, err, src.calls)
			}
		}
	}
}

func TestRun_removesOnlyItsOwnFilesFromTheWorkFolder(t *testing.T) {
	t.Parallel()
	dir := exportDir(t)
	src := twoCollections()
	stranger := filepath.Join(dir, ".fauna-export", "notes.txt")
	src.fault = func(c fakeCall) error { // it appears during the run
		if c.what == "documents" {
			return os.WriteFile(stranger, []byte("mine"), 0o600)
		}
		return nil
	}
	mustDo(t, Spec{Collections: []string{"users"}}, src, swiftEnv(dir, 1))
	if got, err := os.ReadFile(stranger); err != nil || string(got) != "mine" {
		t.Errorf("%q, %v", got, err)
	}
}

// Every format is read, verified, inspected and kept without a file system.
func TestRun_inMemoryIsAnArchiveToo(t *testing.T) {
	t.Parallel()
	for _, form := range formats() {
		form.Collections = []string{"users", "orders"}
		disk := storetest.NewMemory()
		m := mustDo(t, form, twoCollections(), Env{Store: disk, Clock: newSwiftClock(1000)})
		rep, err := archive.Verify(t.Context(), disk, nil)
		found, ferr := archive.Inspect(disk)
		if err != nil || !rep.OK() || ferr != nil || found.Kind != archive.Finished {
			t.Fatalf("%s: %+v, %v, %s, %v", form.formName(), rep, err, found.Kind, ferr)
		}
		a, err := archive.Open(disk)
		must(t, err)
		n := int64(0)
		for one, err := range a.Rows(t.Context(), archive.Rows{Files: a.Manifest.Chain("users"), Text: row.JSONText}) {
			must(t, err)
			if !json.Valid(one.Text) {
				t.Fatalf("%s: %s", form.formName(), one.Text)
			}
			n++
		}
		if n != 3000 || m.Rows() != 3500 {
			t.Errorf("%s: %d rows", form.formName(), n)
		}
		files, err := archive.Merge(t.Context(), disk)
		if err != nil || len(files) != 2 {
			t.Errorf("%s: %v, %v", form.formName(), files, err)
		}
	}
}

func TestMerge_ofADamagedFileIsNoFile(t *testing.T) {
	t.Parallel()
	for _, form := range []Spec{{Format: row.JSONL}, {Format: row.Wire}, {Format: row.CSV, Compress: row.Gzip}, {Format: row.JSONL, Compress: row.Zstd}, {Format: row.Parquet}} {
		form.Collections = []string{"orders"}
		disk := storetest.NewMemory()
		m := mustDo(t, form, twoCollections(), Env{Store: disk, Clock: newSwiftClock(1000)})
		file := m.Collections[0].File
		good, err := disk.Read(file)
		must(t, err)
		for name, bad := range map[string][]byte{
			"a byte":   bytes.Replace(good, []byte("0"), []byte("1"), 1),
			"the last": append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1),
			"the end":  good[:len(good)-9],
			"more":     append(bytes.Clone(good), '\n'),
			"nothing":  nil,
		} {
			must(t, disk.Write(file, bad))
			_, err := archive.Merge(t.Context(), disk)
			if e, ok := errors.AsType[*archive.Damaged](err); !ok || e.File != file {
				t.Errorf("%s, %s: %v", form.formName(), name, err)
			}
			entries, err := disk.List()
			must(t, err)
			for _, e := range entries {
				if strings.HasPrefix(e.Name, store.MergedPrefix) {
					t.Errorf("%s, %s: it left %s", form.formName(), name, e.Name)
				}
			}
		}
	}
}

func FuzzReadState(f *testing.F) {
	f.Add([]byte(`{"next":5,"put":4,"segments":[{"from":0,"at":9}],"offset":10,"hash":"","rows":2,"first":3,"tally":{"expected":2}}`))
	f.Add([]byte(`{"finished":true,"put":-1,"first":-1,"segments":[{"from":0,"at":9}],"entry":{"name":"users","file":"users.parquet"}}`))
	c := &collection{name: "users", file: "users.parquet", layout: row.Layout{Collection: "users", Format: row.Parquet}}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := storetest.NewMemory()
		if !json.Valid(data) || archive.WriteState(s, archive.StateName(c.file), json.RawMessage(data)) != nil {
			return
		}
		st, err := readState(s, c)
		if err != nil {
			t.Fatalf("a state that cannot be used stops the run: %v", err)
		}
		if st != nil && (len(st.Segments) == 0 || st.Offset < 0 || st.Next < 0 || st.Finished && st.Entry.Bytes != st.Offset) {
			t.Errorf("%s is taken", data)
		}
	})
}

func FuzzSpecOf(f *testing.F) {
	f.Add([]byte(`{"endpoint":"http://x","mode":"full","collections":["a"],"columns":{"a":[{"name":"n","path":["data",0],"type":"int"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		spec, err := SpecOf(storetest.NewMemory(), &archive.RunState{Spec: data, Times: []int64{1}})
		if err == nil {
			_ = spec.Validate()
			_ = spec.Differences(Spec{})
		}
	})
}
