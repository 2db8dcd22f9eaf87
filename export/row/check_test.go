package row

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func checkBytes(l Layout, file []byte) (Summary, error) {
	return Read(context.Background(), Source{Layout: l, File: bytes.NewReader(file), Size: int64(len(file))}, nil)
}

// A file that is truncated, or a compressed or Parquet file with any changed
// byte, is never read as complete with all its rows.
func TestRead_seesDamage(t *testing.T) {
	t.Parallel()
	const n = 300
	for _, l := range layoutsOf() {
		t.Run(l.testName(), func(t *testing.T) {
			file := fileOf(t, l, batchesOf(t, l, n, "some text", 1), 0)
			whole, err := checkBytes(l, file)
			if err != nil || whole.Rows != n {
				t.Fatalf("%+v, %v", whole, err)
			}
			step := max(1, len(file)/60)
			for size := len(file) - 1; size >= 0; size -= step {
				if sum, err := checkBytes(l, file[:size]); err == nil && sum.Rows == n {
					t.Errorf("cut to %d of %d bytes: %+v", size, len(file), sum)
				}
			}
			if sum, err := checkBytes(l, append(bytes.Clone(file), "garbage\n"...)); err == nil {
				t.Errorf("with garbage at the end: %+v", sum)
			}
			if l.Compress.plain() && l.Format != Parquet {
				return
			}
			// Readers ignore some bytes: a gzip header's time, parts of Parquet's
			// page headers, and what its footer contains for readers that skip
			// pages.
			end := len(file)
			if l.Format == Parquet {
				end -= 8 + int(binary.LittleEndian.Uint32(file[end-8:]))
			}
			blind := 0
			tried := 0
			for at := 0; at < end; at += step {
				damaged := bytes.Clone(file)
				damaged[at] ^= 0x10
				tried++
				if sum, err := checkBytes(l, damaged); err == nil && sum == whole {
					blind++
				}
			}
			if limit := tried / 5; blind > limit {
				t.Errorf("%d of %d changed bytes went unseen", blind, tried)
			}
		})
	}
}

// Rows that do not match the layout are named.
func TestRead_namesBadRow(t *testing.T) {
	t.Parallel()
	l := Layout{Collection: "users", Format: JSONL}
	deletion := Layout{Collection: "users", Format: JSONL, Deletion: "gone", Columns: []Column{{Name: "a", Path: []any{"a"}}}}
	csv := Layout{Collection: "users", Format: CSV}
	wire := Layout{Collection: "users", Format: Wire}
	row := func(id string) string { return `{"ref":"` + id + `","ts":1,"data":{},"ttl":null}` + "\n" }
	for _, test := range []struct {
		name   string
		layout Layout
		file   string
		rows   int64
		wrong  string // "" if the file is good
	}{
		{"good", l, row("1") + row("2"), 2, ""},
		{"empty", l, "", 0, ""},
		{"doubled id", l, row("1") + row("1"), 1, "row 2: id 1 after 1"},
		{"descending", l, row("10") + row("9"), 1, "row 2: id 9 after 10"},
		{"no line end", l, row("1") + strings.TrimSuffix(row("2"), "\n"), 1, "row 2: the file ends within"},
		{"empty line", l, row("1") + "\n", 1, "row 2"},
		{"not JSON", l, `{"ref":"1","ts":1,"data":{,"ttl":null}` + "\n", 0, "row 1"},
		{"missing column", l, `{"ref":"1","ts":1,"data":{}}` + "\n", 0, `"ttl" is missing`},
		{"other column", l, `{"ref":"1","ts":1,"x":{},"ttl":null}` + "\n", 0, `"x"`},
		{"one column more", l, `{"ref":"1","ts":1,"data":{},"ttl":null,"x":1}` + "\n", 0, `"x"`},
		{"text behind", l, `{"ref":"1","ts":1,"data":{},"ttl":null}}` + "\n", 0, "not a single object"},
		{"id is a number", l, `{"ref":1,"ts":1,"data":{},"ttl":null}` + "\n", 0, `"ref"`},
		{"ts is a string", l, `{"ref":"1","ts":"1","data":{},"ttl":null}` + "\n", 0, `"ts"`},
		{"removal", deletion, `{"ref":"1","ts":1,"data":{},"ttl":null,"a":1,"gone":null}` + "\n" + `{"ref":"2","ts":1,"gone":"2020-01-01T00:00:00Z"}` + "\n", 2, ""},
		{"half a removal", deletion, `{"ref":"1","ts":1}` + "\n", 0, "missing"},
		{"csv", csv, "ref,ts,data,ttl\n1,2,{},\n2,2,\"{\"\"a\"\":\"\"\n\"\"}\",\n", 1, `column "data"`},
		{"csv, good", csv, "ref,ts,data,ttl\n1,2,{},\n2,2,\"{\"\"a\"\":\"\"x\"\"}\",\n", 2, ""},
		{"csv, header", csv, "ref,ts,data\n", 0, "header"},
		{"csv, none", csv, "", 0, "header"},
		{"csv, fields", csv, "ref,ts,data,ttl\n1,2,{}\n", 0, "3 fields"},
		{"csv, cut", csv, "ref,ts,data,ttl\n1,2,\"{", 0, "ends within"},
		{"csv, quote", csv, "ref,ts,data,ttl\n1,2,a\"b,\n", 0, "quote"},
		{"csv, text after quotes", csv, "ref,ts,data,ttl\n1,2,\"{}\"x,\n", 0, "after a quoted"},
		{"wire", wire, documentOf(1, `,"x":1`) + "\n" + documentOf(2, "") + "\n", 2, ""},
		{"wire, two in a line", wire, documentOf(1, "") + documentOf(2, "") + "\n", 0, "text after"},
		{"wire, no document", wire, "{}\n", 0, "row 1"},
	} {
		sum, err := checkBytes(test.layout, []byte(test.file))
		if sum.Rows != test.rows || (err == nil) != (test.wrong == "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
			t.Errorf("%s: %+v, %v", test.name, sum, err)
		}
	}
}

// Reading stops when the context ends.
func TestRead_stops(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(context.Background())
	stop()
	for _, l := range layoutsOf() {
		file := fileOf(t, l, batchesOf(t, l, 50, "x", 1), 0)
		if _, err := Read(ctx, Source{Layout: l, File: bytes.NewReader(file), Size: int64(len(file))}, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", l.testName(), err)
		}
	}
}

// Read reads the rows of removed documents in every format.
func TestRemoval(t *testing.T) {
	t.Parallel()
	for _, l := range layoutsOf() {
		l.Deletion = "deleted_at"
		if l.Format == Wire {
			continue
		}
		s := serializerOf(t, l)
		var b Batch
		if err := s.Page(&b, pageOf(elementOf(l, 3, "x")), nil); err != nil {
			t.Fatal(err)
		}
		s.Removal(&b, 9, 1659398359360000, 1659398359360000)
		file := fileOf(t, l, []*Batch{&b}, 0)
		if sum, err := checkBytes(l, file); err != nil || sum != (Summary{Rows: 2, FirstID: 3, LastID: 9}) {
			t.Errorf("%s: %+v, %v", l.testName(), sum, err)
		}
		if l.Format == JSONL && l.Compress.plain() && !bytes.HasSuffix(file, []byte("\n"+`{"ref":"9","ts":1659398359360000,"deleted_at":"2022-08-01T23:59:19.360Z"}`+"\n")) {
			t.Errorf("%s: %s", l.testName(), file)
		}
		if l.Format == Parquet {
			rows := parquetRows(t, file)
			last := rows[1][len(rows[1])-1]
			if last != (cell{text: "1659398359360000"}) || !rows[1][2].null || !rows[0][len(rows[0])-1].null {
				t.Errorf("%s: %+v", l.testName(), rows)
			}
		}
	}
	for micros, want := range map[int64]string{0: "1970-01-01T00:00:00Z", 1659398359360000: "2022-08-01T23:59:19.360Z", -1: "1969-12-31T23:59:59.999999Z"} {
		if got := FormatTime(micros); got != want {
			t.Errorf("%d is %s, want %s", micros, got, want)
		}
	}
}

// gunzip and zstd can read compressed files.
func TestFile_otherDecompressors(t *testing.T) {
	t.Parallel()
	for compress, command := range map[Compression][]string{Gzip: {"gunzip", "-c"}, Zstd: {"zstd", "-d", "-c", "-q"}} {
		t.Run(command[0], func(t *testing.T) {
			path, err := exec.LookPath(command[0])
			if err != nil {
				if os.Getenv("FAUNA_EXPORT_CI") != "" {
					t.Fatalf("%s is not installed, and .ci/run should have installed it", command[0])
				}
				t.Skipf("%s is not installed", command[0])
			}
			l := Layout{Collection: "users", Format: JSONL}
			plain := fileOf(t, l, batchesOf(t, l, 1000, "text", 1), 0)
			l.Compress = compress
			for name, want := range map[string][]byte{"rows": plain, "empty": nil} {
				n := 1000
				if want == nil {
					n = 0
				}
				file := filepath.Join(t.TempDir(), name+"."+l.Extension())
				if err := os.WriteFile(file, fileOf(t, l, batchesOf(t, l, n, "text", 2), 0), 0o600); err != nil {
					t.Fatal(err)
				}
				got, err := exec.Command(path, append(command[1:], file)...).CombinedOutput()
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s of %s: %v, %d bytes, want %d", command[0], name, err, len(got), len(want))
				}
			}
		})
	}
}
