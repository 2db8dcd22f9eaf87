package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
)

// smallBuffer is the size up to which a buffer grows with its content.
const smallBuffer = 1 << 20

// s3File is a file of an S3 store being written. Bytes are buffered into parts of
// equal size; each is sent while the next one fills.
type s3File struct {
	s    *S3
	name string
	part int64

	// Used only by the writing goroutine.
	buf    []byte // the bytes after base
	base   int64  // offset of buf in the file
	redo   *uploadCut
	cuts   []int64 // marked positions in buf
	sealed bool    // fully uploaded, or sent as one object

	sent sync.WaitGroup

	saving sync.Mutex // one record is saved at a time

	mu struct {
		sync.Mutex
		up     *upload          // nil while everything fits into one part; parts that are being sent are zero
		hashes map[int64]string // by mark: hash of the bytes between it and the end of its part
		synced int64            // durable size of a file that is one object so far
		err    error
	}
}

// Append starts a file, or continues one from a Cut; a file smaller than a part
// can be continued from any byte.
func (s *S3) Append(name string, size int64) (Appender, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	u, err := s.record(name)
	if err != nil {
		return nil, err
	}
	f := &s3File{s: s, name: name, part: s.opt.PartSize}
	f.mu.hashes = make(map[int64]string)
	switch {
	case size == 0 && u != nil:
		err = s.abort(u)
	case size == 0 && name != final(name):
		err = s.delete(s.key(name))
	case size == 0:
	case u != nil:
		err = f.resume(u, size)
	default:
		err = f.copyFrom(size)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// copyFrom starts with the first bytes of an existing object.
func (f *s3File) copyFrom(size int64) error {
	old, whole, err := f.s.Open(f.name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && whole < size {
		return short(f.name, size)
	}
	if err != nil {
		return err
	}
	defer old.Close()
	_, err = io.CopyN(f, old, size)
	return err
}

// resume continues an earlier process's upload from one of its cuts.
func (f *s3File) resume(u *upload, size int64) error {
	at := slices.IndexFunc(u.Cuts, func(c uploadCut) bool { return c.At == size })
	if at < 0 {
		return short(f.name, size)
	}
	there, err := f.s.listParts(u.Final, u.ID)
	if errors.Is(err, fs.ErrNotExist) {
		return &UploadLost{Store: f.s.Name(), Name: u.Final}
	}
	if err != nil {
		return err
	}
	f.part = u.PartSize
	now := *u
	now.Parts, now.Cuts, now.Size = slices.Clone(u.Parts[:partsFor(size, f.part)]), slices.Clone(u.Cuts[:at+1]), 0
	for i, p := range now.Parts {
		if there[i+1] != p {
			return &UploadLost{Store: f.s.Name(), Name: u.Final}
		}
	}
	f.mu.up = &now
	f.base = size
	if cut := u.Cuts[at]; cut.SHA256 != "" {
		f.redo = &cut
	}
	return nil
}

// end returns the end of the current part.
func (f *s3File) end() int64 { return (f.base/f.part + 1) * f.part }

// Write buffers bytes, and waits if too many parts are being sent.
func (f *s3File) Write(p []byte) (int, error) {
	if f.sealed {
		return 0, fmt.Errorf("%s is completely uploaded: nothing can be appended", f.name)
	}
	done := 0
	for len(p) > 0 {
		if err := f.failed(); err != nil {
			return done, err
		}
		n := min(int64(len(p)), f.end()-f.base-int64(len(f.buf)))
		f.room(int(n))
		f.buf = append(f.buf, p[:n]...)
		p, done = p[n:], done+int(n)
		if f.base+int64(len(f.buf)) == f.end() {
			if err := f.full(); err != nil {
				f.fail(err)
				return done, err
			}
		}
	}
	return done, nil
}

// room makes room in the buffer: a small buffer grows with its content, a larger
// one has the size of a part.
func (f *s3File) room(n int) {
	need := len(f.buf) + n
	if need <= cap(f.buf) {
		return
	}
	if need <= smallBuffer {
		f.buf = slices.Grow(f.buf, n)
		return
	}
	var whole []byte
	select {
	case whole = <-f.s.free:
	default:
	}
	if int64(cap(whole)) != f.part {
		whole = make([]byte, 0, f.part)
	}
	f.buf = append(whole[:0], f.buf...)
}

func (f *s3File) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.err == nil {
		f.mu.err = err
	}
}

func (f *s3File) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mu.err
}

// full sends the complete part in the buffer, or compares it with the one that an
// earlier process has sent.
func (f *s3File) full() error {
	data, base, cuts := f.buf, f.base, f.cuts
	f.buf, f.cuts, f.base = nil, nil, f.end()
	if f.redo != nil {
		same := hexSum(data) == f.redo.SHA256
		f.redo = nil
		if !same {
			return f.diverged()
		}
		f.hash(data, base, cuts)
		return nil
	}
	number := int(f.base / f.part)
	if number > maxParts {
		return fmt.Errorf("%s: %s has %d parts of %d MiB, the most that S3 allows: start over with more files for it (--parts)", f.s.Name(), final(f.name), maxParts, f.part>>20)
	}
	if f.upload() == nil {
		up, err := f.s.begin(f.name, f.part)
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.mu.up = up
		f.mu.Unlock()
	}
	f.send(data, base, number, cuts)
	return nil
}

// diverged aborts the upload of an earlier process.
func (f *s3File) diverged() error {
	return errors.Join(&Diverged{Name: final(f.name)}, f.s.abort(f.upload()))
}

// hash records the hashes of the bytes after each mark in a part.
func (f *s3File) hash(data []byte, base int64, cuts []int64) {
	for _, at := range cuts {
		sum := hexSum(data[at-base:])
		f.mu.Lock()
		f.mu.hashes[at] = sum
		f.mu.Unlock()
	}
}

// send sends a part in the background.
func (f *s3File) send(data []byte, base int64, number int, cuts []int64) {
	f.mu.Lock()
	up := f.mu.up
	for len(up.Parts) < number {
		up.Parts = append(up.Parts, uploadPart{})
	}
	f.mu.Unlock()
	f.s.sending <- struct{}{}
	f.sent.Go(func() {
		defer func() { <-f.s.sending }()
		f.hash(data, base, cuts)
		p, err := f.s.putPart(up, number, data)
		if err != nil {
			f.fail(err)
			return
		}
		f.mu.Lock()
		up.Parts[number-1] = p
		f.mu.Unlock()
		select {
		case f.s.free <- data:
		default: // the pool is full
		}
	})
}

// Cut marks the end of what has been written.
func (f *s3File) Cut() func() (bool, error) {
	at := f.base + int64(len(f.buf))
	if len(f.buf) > 0 {
		f.cuts = append(f.cuts, at)
	}
	return func() (bool, error) { return f.durable(at) }
}

// durable saves the record up to a mark, once its part has been sent.
func (f *s3File) durable(at int64) (bool, error) {
	f.saving.Lock()
	defer f.saving.Unlock()
	f.mu.Lock()
	if at <= f.mu.synced {
		defer f.mu.Unlock()
		return true, f.mu.err
	}
	n := partsFor(at, f.part)
	sum, whole := f.mu.hashes[at]
	known := f.mu.err == nil && f.mu.up != nil && len(f.mu.up.Parts) >= n && (whole || at%f.part == 0) && !slices.Contains(f.mu.up.Parts[:n], uploadPart{})
	if !known || slices.ContainsFunc(f.mu.up.Cuts, func(c uploadCut) bool { return c.At == at }) {
		defer f.mu.Unlock()
		return known, f.mu.err
	}
	next := *f.mu.up
	next.Parts = slices.Clone(f.mu.up.Parts[:n])
	next.Cuts = append(slices.Clone(f.mu.up.Cuts[max(0, len(f.mu.up.Cuts)-1):]), uploadCut{At: at, SHA256: sum})
	delete(f.mu.hashes, at)
	f.mu.Unlock()
	err := f.save(next)
	return err == nil, err
}

// Sync uploads the rest. A file smaller than a part becomes one object, which can
// still be appended to; a larger file cannot.
func (f *s3File) Sync() error {
	if f.redo != nil {
		err := f.diverged() // it ends before the earlier upload does
		f.fail(err)
		return err
	}
	if f.upload() == nil {
		if err := f.failed(); err != nil {
			return err
		}
		if err := f.s.put(f.s.key(f.name), f.buf); err != nil {
			return err
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.mu.synced = int64(len(f.buf))
		return nil
	}
	if !f.sealed && len(f.buf) > 0 {
		f.send(f.buf, f.base, int(f.base/f.part)+1, nil)
		f.base += int64(len(f.buf))
		f.buf = nil
	}
	f.sealed = true
	f.sent.Wait()
	f.saving.Lock()
	defer f.saving.Unlock()
	f.mu.Lock()
	if f.mu.err != nil || f.mu.up.Size > 0 {
		defer f.mu.Unlock()
		return f.mu.err
	}
	next := *f.mu.up
	next.Parts, next.Size = slices.Clone(f.mu.up.Parts), f.base
	f.mu.Unlock()
	return f.save(next)
}

// save durably replaces the record.
func (f *s3File) save(next upload) error {
	if err := f.s.saveRecord(next); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.up.Cuts, f.mu.up.Size = next.Cuts, next.Size
	return nil
}

// upload returns the record of the file's upload, nil while the file fits into
// one part.
func (f *s3File) upload() *upload {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mu.up
}

// Close waits for parts being sent. A file that needs no Commit exists once it
// was synced and closed.
func (f *s3File) Close() error {
	f.sent.Wait()
	f.buf = nil
	if f.sealed && final(f.name) == f.name && f.failed() == nil {
		return f.s.complete(f.upload())
	}
	return nil
}
