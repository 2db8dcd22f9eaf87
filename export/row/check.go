package row

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func newLines(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, 256<<10) }

// cancelled reads until its context ends.
type cancelled struct {
	ctx context.Context
	io.Reader
	io.ReaderAt
}

func (c cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(p)
}

func (c cancelled) ReadAt(p []byte, at int64) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.ReaderAt.ReadAt(p, at)
}

// decompress returns the uncompressed bytes of a file. It reads every frame;
// anything else after the frames is an error.
func decompress(c Compression, r io.Reader) (plain io.Reader, stop func(), err error) {
	switch c {
	case Gzip:
		z, err := gzip.NewReader(bufio.NewReaderSize(r, 64<<10))
		if err != nil {
			return nil, nil, fmt.Errorf("read gzip: %w", unexpectedEOF(err))
		}
		return z, func() { z.Close() }, nil
	case Zstd:
		// Only wrong options are an error.
		z, _ := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(64<<20))
		return z, z.Close, nil
	}
	return r, func() {}, nil
}

// unexpectedEOF turns an unexpected end of file into io.ErrUnexpectedEOF, so that it is
// not mistaken for a normal end.
func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// checker reads the rows of one file.
type checker struct {
	Summary
	layout Layout
	file   *io.SectionReader // for formats that do not stream
	lines  *bufio.Reader     // for formats that do
	line   []byte
	long   []byte // a line longer than the reader's buffer
	work   work

	each  func(Row) error // called for every row, unless nil
	found Row             // the current row, as far as it has been read

	texts     Text
	text      []byte      // the memory of found.Text
	columns   []column    // those of a text after ts, in the file's order
	documents *Serializer // of wire files, as rows of JSONL
	batch     Batch       // a row of documents
}

// wanted reports whether the current row needs a text.
func (c *checker) wanted() bool { return c.texts != NoText && !c.found.Removed }

// fail is the error of a row that does not match the layout. Rows count from 1.
func (c *checker) fail(reason string) error { return fmt.Errorf("row %d: %s", c.Rows+1, reason) }

// row counts the row just read and passes it to each.
func (c *checker) row(id int64) error {
	if c.Rows > 0 && id <= c.LastID {
		return c.fail(fmt.Sprintf("id %d after %d: ids must ascend", id, c.LastID))
	}
	if c.Rows == 0 {
		c.FirstID = id
	}
	c.LastID = id
	c.Rows++
	if c.each == nil {
		return nil
	}
	c.found.ID = id
	err := c.each(c.found)
	c.found = Row{}
	return err
}

// maxRow is the longest row that is read back, in bytes. A document takes up to 8
// MiB in the server's storage, and more as text. The limit keeps a small
// compressed file from exhausting memory.
const maxRow = 128 << 20

func (c *checker) tooLong() error {
	return c.fail(fmt.Sprintf("it is longer than %d MiB", maxRow>>20))
}

// next reads a line without its line end into c.line, valid until the next call.
// It returns io.EOF at the end.
func (c *checker) next() error {
	line, err := c.lines.ReadSlice('\n')
	for c.long = c.long[:0]; errors.Is(err, bufio.ErrBufferFull) && len(c.long) <= maxRow; {
		c.long = append(c.long, line...)
		line, err = c.lines.ReadSlice('\n')
	}
	if len(c.long) > 0 { // most lines need no copy
		c.long = append(c.long, line...)
		line = c.long
	}
	switch {
	case len(line) > maxRow:
		return c.tooLong()
	case err == nil:
		c.line = line[:len(line)-1]
		return nil
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("read row %d: %w", c.Rows+1, err)
	case len(line) > 0:
		return c.fail("the file ends within the row")
	}
	return io.EOF
}

// rowLines reads rows of one line each.
func (c *checker) rowLines(read func() (id int64, reason string)) error {
	for {
		if err := c.next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		id, reason := read()
		if reason != "" {
			return c.fail(reason)
		}
		if err := c.row(id); err != nil {
			return err
		}
	}
}
