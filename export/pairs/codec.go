// Package pairs keeps the state of incremental syncs: for each collection, the
// (ts, id) pairs of the documents that result from the rows of all syncs. It
// defines the file format, sorts any number of pairs in bounded memory, and joins
// the state with what an index lists now.
package pairs

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"

	"github.com/klauspost/compress/zstd"
)

// Pair is a document in an index of ts and ref.
type Pair struct{ TS, ID int64 }

// NoTime is the ts of a document that does not exist.
const NoTime = math.MinInt64

// Compare orders pairs as the index does: by time, then by id.
func Compare(a, b Pair) int {
	return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.ID, b.ID))
}

const (
	magic      = "fauna-export pairs 1\n"
	blockSize  = 4096    // pairs per block
	window     = 1 << 20 // the compressor's window, which bounds the memory of readers and writers
	maxMeta    = 1 << 16
	bufferSize = 64 << 10
)

// Meta identifies the content of a file: the state of one collection after a
// sync. It contains no secret.
type Meta struct {
	Endpoint   string `json:"endpoint"`
	Collection string `json:"collection"`
	Sync       int    `json:"sync"`
	// At is the point in time of the rows of all syncs so far.
	At int64 `json:"at"`
	// Made is the ts of the collection's settings at that time, 0 if unknown. A
	// different ts at the same time means a different collection.
	Made int64 `json:"made"`
	// Guess means that the pairs come from files without removals, so some of the
	// documents may have been deleted since.
	Guess bool `json:"guess,omitempty"`
}

// Writer writes pairs, in order, to a file: the magic, then zstd frames with the
// meta and blocks of pairs. A block holds the deltas of the times and then those
// of the ids, as varints.
type Writer struct {
	z     *zstd.Encoder
	block []Pair
	buf   []byte
	last  Pair
	n     int64
}

// NewWriter starts a file.
func NewWriter(w io.Writer, meta Meta) (*Writer, error) {
	if _, err := io.WriteString(w, magic); err != nil {
		return nil, err
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(window))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	p := &Writer{z: z, block: make([]Pair, 0, blockSize)}
	text, err := json.Marshal(meta)
	if err != nil {
		return nil, fmt.Errorf("encode the state: %w", err)
	}
	p.buf = binary.AppendUvarint(p.buf[:0], uint64(len(text)))
	p.buf = append(p.buf, text...)
	_, err = z.Write(p.buf)
	return p, err
}

// Add writes the next pair.
func (p *Writer) Add(next Pair) error {
	p.block = append(p.block, next)
	if len(p.block) < blockSize {
		return nil
	}
	return p.flush()
}

func (p *Writer) flush() error {
	p.buf = binary.AppendUvarint(p.buf[:0], uint64(len(p.block)))
	last := p.last
	for _, b := range p.block {
		if Compare(last, b) >= 0 && (p.n > 0 || last != p.last) {
			return fmt.Errorf("document %d at %d follows %d at %d", b.ID, b.TS, last.ID, last.TS)
		}
		p.buf = binary.AppendVarint(p.buf, b.TS-last.TS)
		last = b
	}
	last = p.last
	for _, b := range p.block {
		p.buf = binary.AppendVarint(p.buf, b.ID-last.ID)
		last = b
	}
	p.last = last
	p.n += int64(len(p.block))
	p.block = p.block[:0]
	_, err := p.z.Write(p.buf)
	return err
}

// Close completes the file; it does not close the underlying writer.
func (p *Writer) Close() error {
	if len(p.block) > 0 {
		if err := p.flush(); err != nil {
			return err
		}
	}
	// An empty block and the number of pairs end the file.
	p.buf = binary.AppendUvarint(p.buf[:0], 0)
	p.buf = binary.AppendUvarint(p.buf, uint64(p.n))
	if _, err := p.z.Write(p.buf); err != nil {
		return err
	}
	return p.z.Close()
}

// Damaged is the error of a pairs file that cannot be read.
type Damaged struct{ Why string }

// Error says what is wrong with the file.
func (e *Damaged) Error() string { return "the file of pairs is damaged: " + e.Why }

// Reader reads a file written by a Writer.
type Reader struct {
	Meta  Meta
	z     *zstd.Decoder
	in    *bufio.Reader
	block []Pair
	last  Pair
	n     uint64
	done  bool
}

// NewReader opens a file; its error is a *Damaged if that is not a pairs file.
// Close the Reader after use.
func NewReader(r io.Reader) (*Reader, error) {
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != magic {
		return nil, &Damaged{"it has an unknown format or version"}
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8*window))
	if err != nil {
		return nil, &Damaged{err.Error()}
	}
	p := &Reader{z: z, in: bufio.NewReaderSize(z, bufferSize)}
	n, err := binary.ReadUvarint(p.in)
	text := make([]byte, min(n, maxMeta))
	if err == nil {
		_, err = io.ReadFull(p.in, text)
	}
	if err == nil {
		err = json.Unmarshal(text, &p.Meta)
	}
	if err != nil || n > maxMeta {
		p.Close()
		return nil, &Damaged{"its header is unreadable"}
	}
	return p, nil
}

// All iterates over the pairs, in order. Call it once. It stops after
// yielding the first error, which is a *Damaged.
func (p *Reader) All() iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		for !p.done {
			if err := p.fill(); err != nil {
				if _, ok := errors.AsType[*Damaged](err); !ok {
					err = &Damaged{err.Error()}
				}
				yield(Pair{}, err)
				return
			}
			for _, next := range p.block {
				if !yield(next, nil) {
					return
				}
			}
		}
	}
}

// fill reads the next block, an empty one at the end.
func (p *Reader) fill() error {
	p.block = p.block[:0]
	n, err := binary.ReadUvarint(p.in)
	if err != nil {
		return err
	}
	if n == 0 {
		total, err := binary.ReadUvarint(p.in)
		if err != nil {
			return err
		}
		if total != p.n {
			return &Damaged{fmt.Sprintf("it has %d pairs, but its trailer says %d", p.n, total)}
		}
		if _, err := p.in.ReadByte(); !errors.Is(err, io.EOF) {
			return &Damaged{"it has data after its end"}
		}
		p.done = true
		return nil
	}
	if n > blockSize {
		return &Damaged{"a block is too large"}
	}
	last := p.last
	for range n {
		d, err := binary.ReadVarint(p.in)
		if err != nil {
			return err
		}
		last.TS += d
		p.block = append(p.block, Pair{TS: last.TS})
	}
	for i := range p.block {
		d, err := binary.ReadVarint(p.in)
		if err != nil {
			return err
		}
		last.ID += d
		p.block[i].ID = last.ID
		if before := p.last; (p.n > 0 || i > 0) && Compare(before, p.block[i]) >= 0 {
			return &Damaged{"its pairs do not ascend"}
		}
		p.last = p.block[i]
	}
	p.n += n
	return nil
}

// Close frees the Reader; it does not close the underlying reader.
func (p *Reader) Close() {
	if p.z != nil {
		p.z.Close()
	}
}
