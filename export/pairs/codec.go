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

// Encode writes pairs, which must ascend, in the form of a file: the magic, then a
// zstd frame with the meta, the blocks of pairs, an empty block and the number of
// pairs. A block holds the deltas of the times and then those of the ids, as varints.
func Encode(w io.Writer, meta Meta, all iter.Seq2[Pair, error]) error {
	if _, err := io.WriteString(w, magic); err != nil {
		return err
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(window))
	if err != nil {
		return fmt.Errorf("compress: %w", err)
	}
	text, _ := json.Marshal(meta) // strings and numbers can't fail
	buf := append(binary.AppendUvarint(nil, uint64(len(text))), text...)
	if _, err := z.Write(buf); err != nil {
		return err
	}
	n := 0
	block := make([]Pair, 1, 1+blockSize) // after the last pair of the block before
	flush := func() error {
		buf = binary.AppendUvarint(buf[:0], uint64(len(block)-1))
		for i, p := range block[1:] {
			buf = binary.AppendVarint(buf, p.TS-block[i].TS)
		}
		for i, p := range block[1:] {
			buf = binary.AppendVarint(buf, p.ID-block[i].ID)
		}
		block = append(block[:0], block[len(block)-1])
		_, err := z.Write(buf)
		return err
	}
	for p, err := range all {
		if err != nil {
			return err
		}
		if last := block[len(block)-1]; n > 0 && Compare(last, p) >= 0 {
			return fmt.Errorf("document %d at %d follows %d at %d", p.ID, p.TS, last.ID, last.TS)
		}
		n++
		if block = append(block, p); len(block) > blockSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(block) > 1 {
		if err := flush(); err != nil {
			return err
		}
	}
	if _, err := z.Write(binary.AppendUvarint([]byte{0}, uint64(n))); err != nil {
		return err
	}
	return z.Close()
}

// Damaged is the error of a pairs file that cannot be read.
type Damaged struct{ Why string }

// Error says what is wrong with the file.
func (e *Damaged) Error() string { return "the file of pairs is damaged: " + e.Why }

// Reader reads a file written by Encode.
type Reader struct {
	Meta  Meta
	z     *zstd.Decoder
	in    *bufio.Reader
	block []Pair // after the last pair of the block before
	n     uint64 // pairs in the blocks before
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
	p := &Reader{z: z, in: bufio.NewReaderSize(z, bufferSize), block: make([]Pair, 1, 1+blockSize)}
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
		for {
			err := p.fill()
			if err != nil {
				if _, ok := errors.AsType[*Damaged](err); !ok {
					err = &Damaged{err.Error()}
				}
				yield(Pair{}, err)
				return
			}
			for _, next := range p.block[1:] {
				if !yield(next, nil) {
					return
				}
			}
			if len(p.block) == 1 {
				return
			}
		}
	}
}

// fill reads the next block, an empty one at the end.
func (p *Reader) fill() error {
	p.n += uint64(len(p.block) - 1)
	p.block = append(p.block[:0], p.block[len(p.block)-1])
	n, err := binary.ReadUvarint(p.in)
	switch {
	case err != nil:
		return err
	case n == 0:
		return p.end()
	case n > blockSize:
		return &Damaged{"a block is too large"}
	}
	for i := range n {
		d, err := binary.ReadVarint(p.in)
		if err != nil {
			return err
		}
		p.block = append(p.block, Pair{TS: p.block[i].TS + d})
	}
	for i := range n {
		d, err := binary.ReadVarint(p.in)
		if err != nil {
			return err
		}
		p.block[i+1].ID = p.block[i].ID + d
		if p.n+i > 0 && Compare(p.block[i], p.block[i+1]) >= 0 {
			return &Damaged{"its pairs do not ascend"}
		}
	}
	return nil
}

// end reads what follows the empty block.
func (p *Reader) end() error {
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
	return nil
}

// Close frees the Reader; it does not close the underlying reader.
func (p *Reader) Close() {
	if p.z != nil {
		p.z.Close()
	}
}
