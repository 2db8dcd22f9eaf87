package row

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// maxPage is the largest page that is read back, in uncompressed bytes.
const maxPage = maxRow + 2*pageSize

// maxGroup is the largest row group: one ends after the row that passes
// groupSize.
const maxGroup = maxRow + 2*groupSize

// checkFooter returns an error if the footer, or a list in it, says that it is longer
// than what is there: the library would allocate all of it first.
func checkFooter(file *io.SectionReader) error {
	var tail [8]byte // the footer's length, and the magic
	end := file.Size() - int64(len(tail))
	if n, err := file.ReadAt(tail[:], max(0, end)); n < len(tail) {
		return unexpectedEOF(err)
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if length > end {
		return fmt.Errorf("a footer of %d bytes in a file of %d", length, file.Size())
	}
	// A struct without fields passes over all of them, element by element.
	in := bufio.NewReaderSize(io.NewSectionReader(file, end-length, length), 64<<10)
	if err := thrift.NewDecoder(new(thrift.CompactProtocol).NewReader(in)).Decode(&struct{}{}); err != nil {
		return unexpectedEOF(err)
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return cmp.Or(err, errors.New("a footer that is shorter than it says"))
	}
	return nil
}

// checkPages reads the page headers of a row group without decompressing pages,
// and rejects pages that this program does not write. Otherwise a small file
// could exhaust memory: the library allocates what a header says, decompresses
// pages to any size, and expands runs and dictionaries.
func checkPages(file *io.SectionReader, group format.RowGroup) error {
	if group.NumRows < 0 || group.NumRows > groupRows {
		return fmt.Errorf("read parquet: a group of %d rows", group.NumRows)
	}
	total := int64(0)
	for _, column := range group.Columns {
		m := column.MetaData
		from, length := m.DataPageOffset, m.TotalCompressedSize
		if m.DictionaryPageOffset != 0 || from < 0 || length < 0 || from > file.Size() || length > file.Size()-from {
			return fmt.Errorf("read parquet: a column lies at byte %d, with %d bytes", from, length)
		}
		in := bufio.NewReaderSize(io.NewSectionReader(file, from, length), 64<<10)
		for {
			if _, err := in.Peek(1); errors.Is(err, io.EOF) {
				break
			}
			plain, err := checkPage(in, m.Codec)
			if err != nil {
				return fmt.Errorf("read parquet: %w", unexpectedEOF(err))
			}
			if total += plain; total > maxGroup {
				return fmt.Errorf("read parquet: a group of more than %d MiB", int64(maxGroup)>>20)
			}
		}
	}
	return nil
}

// checkPage skips one page and returns its uncompressed size.
func checkPage(in *bufio.Reader, codec format.CompressionCodec) (int64, error) {
	var page format.PageHeader
	if err := thrift.NewDecoder(new(thrift.CompactProtocol).NewReader(in)).Decode(&page); err != nil {
		return 0, err
	}
	plain, packed := page.UncompressedPageSize, page.CompressedPageSize
	switch head := page.DataPageHeader.V; {
	case page.Type != format.DataPage:
		return 0, fmt.Errorf("a page of type %s", page.Type)
	case head.Encoding != format.Plain:
		return 0, fmt.Errorf("a page coded as %s", head.Encoding)
	case head.NumValues < 0 || head.NumValues > groupRows:
		return 0, fmt.Errorf("a page of %d values", head.NumValues)
	case plain < 0 || plain > maxPage || packed < 0:
		return 0, fmt.Errorf("a page of %d bytes, which is more than %d MiB", plain, maxPage>>20)
	case codec != format.Zstd && codec != format.Uncompressed:
		return 0, fmt.Errorf("a page packed by %s", codec)
	case codec == format.Zstd:
		return int64(plain), overFrame(in, int64(packed), int64(plain))
	}
	_, err := in.Discard(int(packed))
	return int64(plain), err
}

// maxBlock is the largest uncompressed size of a zstd block.
const maxBlock = 128 << 10

// overFrame skips one zstd frame and returns an error if it may decompress to more
// than about plain bytes. The decoder enforces the size in a frame's header; a
// frame without one must have few blocks.
func overFrame(in *bufio.Reader, packed, plain int64) error {
	head, err := in.Peek(int(min(packed, zstd.HeaderMaxSize)))
	if err != nil {
		return err
	}
	var frame zstd.Header
	if err := frame.Decode(head); err != nil {
		return fmt.Errorf("a page that is not a zstd frame: %w", err)
	}
	if frame.Skippable || frame.HasFCS && frame.FrameContentSize != uint64(plain) {
		return errors.New("a page that does not unpack to the length it says")
	}
	left, blocks := packed-int64(frame.HeaderSize), int64(0)
	if _, err := in.Discard(frame.HeaderSize); err != nil {
		return err
	}
	for last := false; !last; {
		b, err := in.Peek(3)
		if err != nil {
			return err
		}
		block := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16
		last = block&1 != 0
		length := block >> 3
		if block>>1&3 == 1 { // a run of a single byte
			length = 1
		}
		if blocks++; !frame.HasFCS && (blocks-1)*maxBlock > plain {
			return errors.New("a page that unpacks to more than it says")
		}
		if left -= 3 + length; left < 0 {
			return errors.New("a page that ends within its frame")
		}
		if _, err := in.Discard(int(3 + length)); err != nil {
			return err
		}
	}
	if frame.HasCheckSum {
		left -= 4
		if _, err := in.Discard(4); err != nil {
			return err
		}
	}
	if left != 0 {
		return errors.New("a page of more than one frame")
	}
	return nil
}
