package row

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// long compresses head followed by n times fill, and nothing after that.
func long(t *testing.T, c Compression, head, fill string, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	if c == Gzip {
		w, err = gzip.NewWriterLevel(&out, gzip.BestSpeed)
	} else {
		w, err = zstd.NewWriter(&out, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(w, head)
	block := strings.Repeat(fill, (1<<20)/len(fill))
	for range n >> 20 {
		_, werr := io.WriteString(w, block)
		err = errors.Join(err, werr)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRead_aSmallFileWithALongRowIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		format     Format
		compress   Compression
		head, fill string
		says       string
	}{
		{"JSONL zstd", JSONL, Zstd, `{"ref":"1","ts":1,"data":{"a":"`, "aaaaaaaa", "longer than 128 MiB"},
		{"JSONL gzip", JSONL, Gzip, `{"ref":"1","ts":1,"data":{"a":"`, "aaaaaaaa", "longer than 128 MiB"},
		{"wire zstd", Wire, Zstd, `{"ref":`, "[[[[[[[[", "longer than 128 MiB"},
		{"CSV zstd, a line", CSV, Zstd, "ref,ts,data,ttl\n1,2,\"", "aaaaaaaa", "longer than 128 MiB"},
		{"CSV zstd, lines in a field", CSV, Zstd, "ref,ts,data,ttl\n1,2,\"", "aaaaaaa\n", "longer than 128 MiB"},
		{"CSV zstd, fields", CSV, Zstd, "ref,ts,data,ttl\n", ",,,,,,,\n", "more than 4 fields"},
		{"CSV zstd, the header", CSV, Zstd, "", ",,,,,,,,", "longer than 128 MiB"},
	} {
		data := long(t, test.compress, test.head, test.fill, maxRow+(2<<20))
		if len(data) > 2<<20 {
			t.Fatalf("%s: the file has %d bytes", test.name, len(data))
		}
		l := Layout{Collection: "c", Format: test.format, Compress: test.compress}
		_, err := Read(t.Context(), Source{Layout: l, File: bytes.NewReader(data), Size: int64(len(data))}, nil)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// page returns a Parquet page with a header and a payload.
func page(t *testing.T, plain int32, payload []byte, change func(*format.PageHeader)) []byte {
	t.Helper()
	h := format.PageHeader{Type: format.DataPage, UncompressedPageSize: plain, CompressedPageSize: int32(len(payload))}
	h.DataPageHeader.V, h.DataPageHeader.Valid = format.DataPageHeader{NumValues: 3, Encoding: format.Plain, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE}, true
	if change != nil {
		change(&h)
	}
	head, err := thrift.Marshal(new(thrift.CompactProtocol), &h)
	if err != nil {
		t.Fatal(err)
	}
	return append(head, payload...)
}

func TestParquet_pagesThatUnpackToTooMuchAreRefused(t *testing.T) {
	t.Parallel()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text := bytes.Repeat([]byte("x"), 100_000)
	frame := z.EncodeAll(text, nil)
	// 100 blocks that each repeat one byte 131 071 times, in a frame without a size.
	runs := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58}
	for range 100 {
		size := uint32(131_071)<<3 | 1<<1
		runs = append(runs, byte(size), byte(size>>8), byte(size>>16), 'x')
	}
	for _, test := range []struct {
		name string
		page []byte
		says string
	}{
		{"one that is right", page(t, 100_000, frame, nil), ""},
		{"another length", page(t, 100, frame, nil), "does not unpack to the length"},
		{"two frames", page(t, 100_000, append(bytes.Clone(frame), frame...), nil), "more than one frame"},
		{"runs", page(t, 1000, runs, nil), "unpacks to more"},
		{"a head of 2 GiB", page(t, 1<<31-1, frame, nil), "more than 130 MiB"},
		{"values", page(t, 100_000, frame, func(h *format.PageHeader) { h.DataPageHeader.V.NumValues = 1 << 30 }), "of 1073741824 values"},
		{"runs of a dictionary", page(t, 100_000, frame, func(h *format.PageHeader) { h.DataPageHeader.V.Encoding = format.RLEDictionary }), "coded as"},
		{"a dictionary", page(t, 100_000, frame, func(h *format.PageHeader) { h.Type = format.DictionaryPage }), "of type"},
		{"cut off", page(t, 100_000, frame, nil)[:len(frame)], "EOF"},
		{"no frame", page(t, 100, []byte("no frame of zstd at all"), nil), "not a zstd frame"},
	} {
		in := bufio.NewReader(bytes.NewReader(test.page))
		_, err := checkPage(in, format.Zstd)
		if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestParquet_aFooterLongerThanItsFileIsRefused(t *testing.T) {
	t.Parallel()
	l := Layout{Collection: "users", Format: Parquet}
	file := fileOf(t, l, batchesOf(t, l, 1, "x", 1), 0)
	// Field 2 is the list of columns; its length is 2^31-1.
	columns := append([]byte(parquetMagic), 0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00)
	columns = append(binary.LittleEndian.AppendUint32(columns, 8), parquetMagic...)
	for name, test := range map[string]struct {
		file []byte
		says string
	}{
		"its length": {append(binary.LittleEndian.AppendUint32(bytes.Clone(file[:len(file)-8]), 1<<31), parquetMagic...), "a footer of 2147483648 bytes"},
		"its list":   {columns, "EOF"},
		"none":       {file[:7], "EOF"},
	} {
		if _, err := checkBytes(l, test.file); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
