package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"fauna-export/export/store"
)

// files is a folder of typed files, one per collection. A file under its final
// name is complete and verified.
type files struct {
	kind  *fileKind
	dir   string
	loads map[string]*loadedTable
	// was is the text that loads was read from, and release, once files are written,
	// lets other loads into the folder.
	was     []byte
	release func() error
}

// lockName is the file that is locked while a load writes into a folder.
const lockName = ".fauna-export-loads.lock"

// fileKind is a kind of typed files.
type fileKind struct {
	extension string
	state     string // the name of the file that records what was loaded, of each kind its own
	dialect   *dialect
	value     func(cell, Type) any // the form in which the proof compares a cell
	writer    func(w *bufio.Writer, columns []Column) (typedWriter, error)
	read      func(f *os.File, columns int, take func(values []any)) error
}

// typedWriter writes the rows of one file.
type typedWriter interface {
	write(values []any) error
	close() error
}

func (f *files) dialect() *dialect { return f.kind.dialect }

func (f *files) name() string { return f.dialect().title + " files in " + f.dir }

func (f *files) close() {
	if f.release != nil {
		_ = f.release() // the lock ends with the process at the latest
	}
}

func (f *files) fail(doing string, err error) error {
	return explained(f.name(), doing, err, func(e *Error) {
		_, odd := errors.AsType[*store.NotRegular](err)
		busy, _ := errors.AsType[*store.Error](err)
		switch {
		case busy != nil && busy.Locked:
			e.Kind, e.What, e.Err, e.Do = KindUsage, "another load is writing into it", nil, "wait for it, and load again to continue with what is missing"
		case errors.Is(err, syscall.ENOSPC):
			e.Do = "the disk is full: free some space and load again; it continues with what is missing"
		case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
			e.Kind, e.Do = KindUsage, "check that you may write there"
		case odd, errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.EINVAL):
			e.Kind, e.Do = KindUsage, "choose another folder"
		}
	})
}

func (f *files) open(context.Context) error {
	if info, err := os.Stat(f.dir); err == nil && !info.IsDir() {
		return &Error{Kind: KindUsage, Where: f.name(), What: "it is a file, not a folder", Do: "choose another name"}
	}
	return f.fail("look at the folder", store.MayCreate(f.dir))
}

func (f *files) state(context.Context) (map[string]*loadedTable, error) {
	all := map[string]*loadedTable{}
	f.loads = map[string]*loadedTable{}
	text, err := store.ReadRegular(filepath.Join(f.dir, f.kind.state), store.MaxSmall)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if f.was = text; err == nil {
		err = json.Unmarshal(text, &f.loads)
	}
	if err == nil && f.loads == nil { // null
		err = errors.New("it was not written by a load: move it away, and load into an empty folder")
	}
	for name, k := range f.loads {
		if err != nil {
			break
		}
		if !k.sound(name) || store.CheckName(k.Table.Name) != nil {
			err = fmt.Errorf("its entry for %q was not written by a load: move the file away, and load into an empty folder", name)
		} else if _, missing := os.Lstat(f.path(k.Table.Name)); missing == nil {
			all[name] = k
		}
	}
	return all, f.fail("read "+f.kind.state, err)
}

func (f *files) path(name string) string { return filepath.Join(f.dir, name+"."+f.kind.extension) }

// part returns the path of a file while it is written. No user would give a file
// this name, so one that is there is what a killed load left.
func (f *files) part(name string) string {
	return filepath.Join(f.dir, ".fauna-export-"+name+"."+f.kind.extension+".part")
}

func (f *files) foreign(_ context.Context, names []string) (found []string, err error) {
	for _, name := range names {
		if _, err := os.Lstat(f.path(name)); err == nil {
			found = append(found, name)
		}
	}
	return found, nil
}

func (f *files) ready(_ context.Context, _ map[string]*loadedTable, jobs []*job, drop []*loadedTable) error {
	if len(jobs) == 0 {
		return nil
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return f.fail("create the folder", err)
	}
	var err error
	if f.release, err = store.LockIn(f.dir, lockName); err != nil {
		return f.fail("lock the folder", err)
	}
	now, err := store.ReadRegular(filepath.Join(f.dir, f.kind.state), store.MaxSmall)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.fail("read "+f.kind.state, err)
	}
	if !bytes.Equal(now, f.was) {
		return &Error{Where: f.name(), What: "another load into it was faster", Do: "load again to continue with what is missing"}
	}
	for _, k := range drop {
		delete(f.loads, k.Table.Collection)
		if err := os.Remove(f.path(k.Table.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f.fail("remove a file", err)
		}
	}
	return nil
}

func (f *files) keys(context.Context, []*Table) error { return nil }

func (f *files) constraints(*Table) string { return "" }

func (f *files) definition(t *Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.%s\n", t.Name, f.kind.extension)
	for _, c := range t.all() {
		fmt.Fprintf(&b, "  %s %s\n", identifier(c.Name), f.dialect().types[c.Type])
	}
	return b.String()
}

func (f *files) load(_ context.Context, j *job, proof *Proof) error {
	t := j.table
	part := f.part(t.Name)
	sent, err := f.writeFile(part, j)
	if err == nil {
		proof.sent(sent)
		proof.Rows, err = f.prove(part, t, sent)
	}
	if err == nil {
		err = os.Rename(part, f.path(t.Name))
	}
	if err != nil {
		if _, foreign := errors.AsType[*store.NotRegular](err); !foreign {
			os.Remove(part) // the first error matters
		}
		return f.fail("write "+filepath.Base(f.path(t.Name)), err)
	}
	k := &loadedTable{Table: t, Loads: map[int]string{}}
	for _, one := range j.syncs {
		k.Loads[one.sync] = one.sha256
	}
	f.loads[t.Collection] = k
	text, err := json.MarshalIndent(f.loads, "", " ")
	if err == nil {
		err = store.WritePrivate(filepath.Join(f.dir, f.kind.state), text)
	}
	return f.fail("write "+f.kind.state, err)
}

func (f *files) writeFile(part string, j *job) (sent sum, err error) {
	out, err := newPart(part)
	if err != nil {
		return sent, err
	}
	defer func() {
		if bad := out.Close(); err == nil {
			err = bad
		}
	}()
	buffered := bufio.NewWriterSize(out, 256<<10)
	columns := j.table.all()
	w, err := f.kind.writer(buffered, columns)
	if err != nil {
		return sent, err
	}
	values := make([]any, len(columns))
	var buf []byte
	err = j.each(f.dialect(), nil, func(cells []cell) error {
		for i, c := range cells {
			values[i] = f.kind.value(c, columns[i].Type)
		}
		buf = sent.addValues(buf, values)
		return w.write(values)
	})
	if err != nil {
		return sent, err
	}
	if err := w.close(); err != nil {
		return sent, err
	}
	if err := buffered.Flush(); err != nil {
		return sent, err
	}
	return sent, out.Sync()
}

// newPart creates the file to write, replacing one left by a killed load. It
// follows no links.
func newPart(part string) (*os.File, error) {
	if info, err := os.Lstat(part); err == nil {
		if !info.Mode().IsRegular() {
			return nil, &store.NotRegular{Name: part, Mode: info.Mode()}
		}
		if err := os.Remove(part); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// prove reads a file back, compares it with what was sent, and returns its number
// of rows.
func (f *files) prove(part string, t *Table, sent sum) (int64, error) {
	in, err := os.Open(part)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	var back sum
	var buf []byte
	err = f.kind.read(in, len(t.all()), func(values []any) { buf = back.addValues(buf, values) })
	if err == nil {
		err = back.same(t, sent)
	}
	if err == nil && sent.rows != t.Documents {
		err = differ(t, "row counts of manifest and file", t.Documents, sent.rows)
	}
	return back.rows, err
}
