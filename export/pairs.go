package export

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"
)

// pair is a document as an index of ts and ref lists it.
type pair struct{ ts, id int64 }

// noTime stands for a document that is not there.
const noTime = math.MinInt64

// comparePairs is the index's own order: by time, and by id within a time.
func comparePairs(a, b pair) int {
	if a.ts != b.ts {
		return cmp.Compare(a.ts, b.ts)
	}
	return cmp.Compare(a.id, b.id)
}

const (
	pairsMagic   = "fauna-export pairs 1\n"
	pairsBlock   = 4096    // pairs that are coded together
	pairsWindow  = 1 << 20 // of the compressor: what reading and writing take in memory
	mostMeta     = 1 << 16
	pairsBuffers = 64 << 10
)

// pairsMeta tells whose pairs a file holds: the state of one collection after a
// sync. It names no secret.
type pairsMeta struct {
	Endpoint   string `json:"endpoint"`
	Collection string `json:"collection"`
	Sync       int    `json:"sync"`
	// At is the time that the rows of all syncs so far are as of.
	At int64 `json:"at"`
	// Made is the ts of the collection's settings at that time, 0 when it is
	// not known. Another one at the same time is another collection.
	Made int64 `json:"made"`
	// Guess: these are all rows of files that leave removals out, so that some
	// may be of documents that are gone.
	Guess bool `json:"guess,omitempty"`
}

// pairWriter writes pairs, in their order, as a file: the magic, and zstd frames
// of the meta and of blocks of pairs. A block is the differences of the times and
// then those of the ids, as varints.
type pairWriter struct {
	z     *zstd.Encoder
	block []pair
	buf   []byte
	last  pair
	n     int64
}

func newPairWriter(w io.Writer, meta pairsMeta) (*pairWriter, error) {
	if _, err := io.WriteString(w, pairsMagic); err != nil {
		return nil, err
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(pairsWindow))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	p := &pairWriter{z: z, block: make([]pair, 0, pairsBlock)}
	text, err := json.Marshal(meta)
	if err != nil {
		return nil, fmt.Errorf("encode the state: %w", err)
	}
	p.buf = binary.AppendUvarint(p.buf[:0], uint64(len(text)))
	p.buf = append(p.buf, text...)
	_, err = z.Write(p.buf)
	return p, err
}

// add writes the next pair.
func (p *pairWriter) add(next pair) error {
	p.block = append(p.block, next)
	if len(p.block) < pairsBlock {
		return nil
	}
	return p.flush()
}

func (p *pairWriter) flush() error {
	p.buf = binary.AppendUvarint(p.buf[:0], uint64(len(p.block)))
	last := p.last
	for _, b := range p.block {
		if comparePairs(last, b) >= 0 && (p.n > 0 || last != p.last) {
			return fmt.Errorf("document %d at %d follows %d at %d", b.id, b.ts, last.id, last.ts)
		}
		p.buf = binary.AppendVarint(p.buf, b.ts-last.ts)
		last = b
	}
	last = p.last
	for _, b := range p.block {
		p.buf = binary.AppendVarint(p.buf, b.id-last.id)
		last = b
	}
	p.last = last
	p.n += int64(len(p.block))
	p.block = p.block[:0]
	_, err := p.z.Write(p.buf)
	return err
}

// close ends the file; it does not close what it was written to.
func (p *pairWriter) close() error {
	if len(p.block) > 0 {
		if err := p.flush(); err != nil {
			return err
		}
	}
	// An empty block ends the pairs, and tells how many there were.
	p.buf = binary.AppendUvarint(p.buf[:0], 0)
	p.buf = binary.AppendUvarint(p.buf, uint64(p.n))
	if _, err := p.z.Write(p.buf); err != nil {
		return err
	}
	return p.z.Close()
}

// damagedPairs is a file of pairs that cannot be read.
type damagedPairs struct{ why string }

func (e *damagedPairs) Error() string { return "the file of pairs is damaged: " + e.why }

// pairReader reads what a pairWriter wrote.
type pairReader struct {
	meta  pairsMeta
	z     *zstd.Decoder
	in    *bufio.Reader
	block []pair
	at    int
	last  pair
	n     uint64
	done  bool
}

func newPairReader(r io.Reader) (*pairReader, error) {
	magic := make([]byte, len(pairsMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != pairsMagic {
		return nil, &damagedPairs{"it does not begin as one of this version"}
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8*pairsWindow))
	if err != nil {
		return nil, &damagedPairs{err.Error()}
	}
	p := &pairReader{z: z, in: bufio.NewReaderSize(z, pairsBuffers)}
	n, err := binary.ReadUvarint(p.in)
	if err != nil || n > mostMeta {
		p.close()
		return nil, &damagedPairs{"it does not say whose it is"}
	}
	text := make([]byte, n)
	if _, err = io.ReadFull(p.in, text); err == nil {
		err = json.Unmarshal(text, &p.meta)
	}
	if err != nil {
		p.close()
		return nil, &damagedPairs{"it does not say whose it is"}
	}
	return p, nil
}

// next is the next pair; false at the end.
func (p *pairReader) next() (pair, bool, error) {
	if p.at == len(p.block) {
		if p.done {
			return pair{}, false, nil
		}
		if err := p.fill(); err != nil {
			if _, ok := errors.AsType[*damagedPairs](err); !ok {
				err = &damagedPairs{err.Error()}
			}
			return pair{}, false, err
		}
		if p.done {
			return pair{}, false, nil
		}
	}
	p.at++
	return p.block[p.at-1], true, nil
}

func (p *pairReader) fill() error {
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
			return &damagedPairs{fmt.Sprintf("it holds %d pairs and says %d", p.n, total)}
		}
		if _, err := p.in.ReadByte(); !errors.Is(err, io.EOF) {
			return &damagedPairs{"it goes on behind its end"}
		}
		p.done = true
		return nil
	}
	if n > pairsBlock {
		return &damagedPairs{"a block is too large"}
	}
	p.block, p.at = p.block[:0], 0
	last := p.last
	for range n {
		d, err := binary.ReadVarint(p.in)
		if err != nil {
			return err
		}
		last.ts += d
		p.block = append(p.block, pair{ts: last.ts})
	}
	for i := range p.block {
		d, err := binary.ReadVarint(p.in)
		if err != nil {
			return err
		}
		last.id += d
		p.block[i].id = last.id
		if before := p.last; (p.n > 0 || i > 0) && comparePairs(before, p.block[i]) >= 0 {
			return &damagedPairs{"its pairs do not ascend"}
		}
		p.last = p.block[i]
	}
	p.n += n
	return nil
}

func (p *pairReader) close() {
	if p.z != nil {
		p.z.Close()
	}
}
