package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
)

// sampleRow is a row as every format must return it: data as JSON, ttl in
// microseconds.
type sampleRow struct {
	ref, data string
	ts        int64
	ttl       *int64
}

func (r sampleRow) String() string {
	ttl := "none"
	if r.ttl != nil {
		ttl = strconv.FormatInt(*r.ttl, 10)
	}
	return fmt.Sprintf("ref %s ts %d ttl %s data %s", r.ref, r.ts, ttl, r.data)
}

// canonicalText returns canonical(text); invalid JSON fails the test.
func canonicalText(text string) string {
	if text == "" {
		return ""
	}
	c, err := canonical([]byte(text))
	if err != nil {
		return fmt.Sprintf("%q: %v", text, err)
	}
	return c
}

// readTTL parses a ttl in microseconds.
func readTTL(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	micros := t.UnixMicro()
	return &micros, err
}

func rowsOfJSONL(content []byte) ([]sampleRow, error) {
	var rows []sampleRow
	for line := range bytes.Lines(content) {
		var r struct {
			Ref  string
			TS   int64
			Data json.RawMessage
			TTL  string
		}
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, err
		}
		ttl, err := readTTL(r.TTL)
		if err != nil {
			return nil, err
		}
		rows = append(rows, sampleRow{r.Ref, string(r.Data), r.TS, ttl})
	}
	return rows, nil
}

func rowsOfCSV(content []byte) ([]sampleRow, error) {
	records, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		return nil, err
	}
	if got := strings.Join(records[0], " "); got != "ref ts data ttl" {
		return nil, fmt.Errorf("the header is %q", got)
	}
	var rows []sampleRow
	for _, r := range records[1:] {
		ts, err := strconv.ParseInt(r[1], 10, 64)
		if err != nil {
			return nil, err
		}
		ttl, err := readTTL(r[3])
		if err != nil {
			return nil, err
		}
		rows = append(rows, sampleRow{r[0], r[2], ts, ttl})
	}
	return rows, nil
}

func rowsOfParquet(content []byte) ([]sampleRow, error) {
	type record struct {
		Ref  string `parquet:"ref"`
		TS   int64  `parquet:"ts"`
		Data string `parquet:"data"`
		TTL  *int64 `parquet:"ttl"`
	}
	records, err := parquet.Read[record](bytes.NewReader(content), int64(len(content)))
	var rows []sampleRow
	for _, r := range records {
		rows = append(rows, sampleRow{r.Ref, r.Data, r.TS, r.TTL})
	}
	return rows, err
}

// rowsOfWire returns the parts of each document that are the same in all
// formats.
func rowsOfWire(content []byte) ([]sampleRow, error) {
	var rows []sampleRow
	for line := range bytes.Lines(content) {
		var d struct {
			Ref struct {
				Ref struct{ ID string } `json:"@ref"`
			}
			TS  int64
			TTL struct {
				TS string `json:"@ts"`
			}
		}
		if err := json.Unmarshal(line, &d); err != nil {
			return nil, err
		}
		ttl, err := readTTL(d.TTL.TS)
		if err != nil {
			return nil, err
		}
		rows = append(rows, sampleRow{ref: d.Ref.Ref.ID, ts: d.TS, ttl: ttl})
	}
	return rows, nil
}

func unpack(compress string, content []byte) ([]byte, error) {
	switch compress {
	case "gzip":
		r, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	case "zstd":
		r, err := zstd.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(r)
	}
	return content, nil
}

func TestFormats_allHoldTheRowsOfTheSample(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	formats := []struct {
		format   string
		read     func([]byte) ([]sampleRow, error)
		compress []string
	}{
		{"jsonl", rowsOfJSONL, []string{"none", "gzip", "zstd"}},
		{"csv", rowsOfCSV, []string{"none", "gzip", "zstd"}},
		{"parquet", rowsOfParquet, []string{"none"}},
		{"wire", rowsOfWire, []string{"none", "gzip", "zstd"}},
	}
	for _, f := range formats {
		for _, compress := range f.compress {
			t.Run(f.format+" "+compress, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "out")
				args := []string{"run", "--domain", s.endpoint, "--all", "--out", dir, "--format", f.format, "--compress", compress}
				if compress != "none" { // test the largest file only once per format
					args = append(args, "--exclude", largest(t))
				}
				if got := runHere(t, []string{"FAUNA_SECRET=" + secret}, args...); got.code != exitDone {
					t.Fatalf("exit %d: %s", got.code, got.err)
				}
				if got := runHere(t, nil, "verify", dir); got.code != exitDone {
					t.Errorf("verify: exit %d: %s", got.code, got.err)
				}
				e := readExport(t, dir)
				for _, c := range e.manifest.Collections {
					content, err := unpack(compress, []byte(e.files[c.File]))
					if err != nil {
						t.Fatalf("%s: %v", c.File, err)
					}
					rows, err := f.read(content)
					if err != nil {
						t.Fatalf("%s: %v", c.File, err)
					}
					compareRows(t, c.Name, rows, f.format != "wire")
				}
			})
		}
	}
}

// compareRows compares the rows of a file with the sample's.
func compareRows(t *testing.T, name string, rows []sampleRow, withData bool) {
	t.Helper()
	i := 0
	for _, want := range sampleRows(t, name) {
		if !withData {
			want.data = ""
		}
		if i >= len(rows) {
			t.Fatalf("%s: only %d rows", name, len(rows))
		}
		got := rows[i]
		if got.data != want.data { // may be the same value in another form
			got.data, want.data = canonicalText(got.data), canonicalText(want.data)
		}
		if got.String() != want.String() {
			t.Fatalf("%s row %d:\n got %s\nwant %s", name, i+1, got, want)
		}
		i++
	}
	if len(rows) != i {
		t.Errorf("%s: %d rows, want %d", name, len(rows), i)
	}
}

func TestAt_whatCannotBeReadIsRefusedBeforeAnyFile(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	env := []string{"FAUNA_SECRET=" + s.Secret()}
	for _, c := range []struct {
		name, at string
		code     int
		says     string
	}{
		{"in the future", "2099-01-01T00:00:00Z", exitUsage, "is in the future"},
		{"before the collections", time.Now().Add(-10 * time.Minute).UTC().Format(time.RFC3339), exitError, "did not exist at"},
		{"older than what is kept", "2020-01-01T00:00:00Z", exitError, "2020-01-01T00:00:00Z"},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		got := runHere(t, env, "run", "--domain", s.endpoint, "--all", "--out", dir, "--at", c.at)
		if got.code != c.code || !strings.Contains(got.err, c.says) {
			t.Errorf("%s: exit %d: %s", c.name, got.code, got.err)
		}
		if names := filesBelow(t, dir); len(names) > 0 {
			t.Errorf("%s: files were made: %v", c.name, names)
		}
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	dir := filepath.Join(t.TempDir(), "out")
	if got := runHere(t, env, "run", "--domain", s.endpoint, "--all", "--out", dir, "--at", strconv.FormatInt(now.UnixMicro(), 10)); got.code != exitDone {
		t.Fatalf("now: exit %d: %s", got.code, got.err)
	}
	if e := readExport(t, dir); e.manifest.Snapshot == "" || canonicalTime(t, e.manifest.Snapshot) != now {
		t.Errorf("snapshot %q, want %s", e.manifest.Snapshot, now)
	}
}

func canonicalTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}
