package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// diskImage is a Store in memory that knows what a power cut would leave: of
// a file what was synced, and some of what was not.
type diskImage struct {
	mu    sync.Mutex
	files map[string]*imageFile
	n     int // operations so far
	cutAt int // the power goes at this one, 0 for never
	off   bool
	rand  *rand.Rand
}

type imageFile struct {
	data   []byte
	synced int
}

var errPowerCut = errors.New("the power is off")

func newDiskImage(seed uint64) *diskImage {
	return &diskImage{files: map[string]*imageFile{}, rand: rand.New(rand.NewPCG(seed, 3))}
}

// step counts an operation. The caller holds mu.
func (d *diskImage) step() error {
	d.n++
	if d.off {
		return errPowerCut
	}
	if d.n == d.cutAt {
		d.off = true
		return errPowerCut
	}
	return nil
}

// powerUp is the disk after the cut: unsynced ends are cut anywhere, and
// what is left of them may be anything.
func (d *diskImage) powerUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.files {
		if n := len(f.data) - f.synced; n > 0 {
			f.data = slices.Clone(f.data[:f.synced+d.rand.IntN(n+1)])
			for i := f.synced; i < len(f.data); i++ {
				if d.rand.IntN(2) == 0 {
					f.data[i] = 0
				}
			}
		}
	}
	d.n, d.cutAt, d.off = 0, 0, false
}

func (d *diskImage) Lock() (func() error, error) { return func() error { return nil }, nil }

func (d *diskImage) List() ([]store.Entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []store.Entry
	for name, f := range d.files {
		out = append(out, store.Entry{Name: name, Size: int64(len(f.data))})
	}
	slices.SortFunc(out, func(a, b store.Entry) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func (d *diskImage) Read(name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return slices.Clone(f.data), nil
}

func (d *diskImage) Name() string { return "the disk" }

func (d *diskImage) Open(name string) (store.File, int64, error) {
	data, err := d.Read(name)
	if err != nil {
		return nil, 0, err
	}
	return imageReader{bytes.NewReader(data)}, int64(len(data)), nil
}

type imageReader struct{ *bytes.Reader }

func (imageReader) Close() error { return nil }

func (d *diskImage) Write(name string, data []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return err
	}
	d.files[name] = &imageFile{data: slices.Clone(data), synced: len(data)}
	return nil
}

func (d *diskImage) Append(name string, size int64) (store.Appender, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return nil, err
	}
	f := d.files[name]
	if f == nil {
		f = &imageFile{}
		d.files[name] = f
	}
	if int64(len(f.data)) < size {
		return nil, fmt.Errorf("%s has %d bytes of %d", name, len(f.data), size)
	}
	f.data = f.data[:size]
	f.synced = min(f.synced, int(size))
	return &imageAppender{d, f}, nil
}

func (d *diskImage) Commit(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return err
	}
	f, ok := d.files[from]
	if !ok {
		return fs.ErrNotExist
	}
	delete(d.files, from)
	d.files[to] = f
	return nil
}

func (d *diskImage) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step(); err != nil {
		return err
	}
	delete(d.files, name)
	return nil
}

func (d *diskImage) Close() error         { return nil }
func (d *diskImage) Free() (int64, error) { return -1, nil }

type imageAppender struct {
	d *diskImage
	f *imageFile
}

func (a *imageAppender) Write(p []byte) (int, error) {
	a.d.mu.Lock()
	defer a.d.mu.Unlock()
	if err := a.d.step(); err != nil {
		return 0, err
	}
	a.f.data = append(a.f.data, p...)
	return len(p), nil
}

func (a *imageAppender) Cut() func() (bool, error) {
	return func() (bool, error) {
		err := a.Sync()
		return err == nil, err
	}
}

func (a *imageAppender) Sync() error {
	a.d.mu.Lock()
	defer a.d.mu.Unlock()
	if err := a.d.step(); err != nil {
		return err
	}
	a.f.synced = len(a.f.data)
	return nil
}

func (a *imageAppender) Close() error { return nil }

// TestPowerCut_leavesARunThatCanBeGoneOnWith cuts the power at every
// operation, and sometimes again while the run goes on.
func TestPowerCut_leavesARunThatCanBeGoneOnWith(t *testing.T) {
	defer goleak.VerifyNone(t)
	seed := testSeed(t)
	random := rand.New(rand.NewPCG(seed, 4))
	src := newFakeSource(map[string]int{"users": 1500, "orders": 90, "none": 0})
	for _, form := range []Spec{{Format: row.JSONL}, {Format: row.CSV, Compress: row.Gzip}} {
		form = form.withDefaults()
		form.Collections = []string{"users", "orders", "none"}
		form.PageSize = 100
		want := wanted(t, form, src)
		cuts := 0
		for n := 1; ; n++ {
			disk := newDiskImage(seed + uint64(n))
			disk.cutAt = n
			env := Env{Store: disk, Clock: newSwiftClock(2000), Rand: rand.NewPCG(seed, uint64(n))}
			r, err := NewRun(form, src, env)
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Do(context.Background())
			if !disk.off {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			for again := 0; disk.off; again++ {
				cuts++
				disk.powerUp()
				whole(t, disk, want)
				if again < 4 {
					disk.cutAt = random.IntN(3 * n)
				}
				r, err = OpenRun(src, env)
				if isError[*archive.NotARun](err) {
					r, err = NewRun(form, src, env)
				}
				if err != nil {
					t.Fatalf("cut at %d: %v", n, err)
				}
				if _, err = r.Do(context.Background()); err != nil && !disk.off {
					t.Fatalf("cut at %d: %v", n, err)
				}
			}
			if got := whole(t, disk, want); got != len(want) {
				t.Errorf("cut at %d: %d files of %d", n, got, len(want))
			}
		}
		t.Logf("%s: %d cuts", form.formName(), cuts)
	}
}

// whole fails when a file under a final name is not the one wanted.
func whole(t *testing.T, d *diskImage, want map[string][]byte) (found int) {
	t.Helper()
	for name, w := range want {
		f, ok := d.files[name]
		if !ok {
			continue
		}
		found++
		if !bytes.Equal(f.data, w) {
			t.Errorf("%s is under its final name and not whole", name)
		}
	}
	return found
}
