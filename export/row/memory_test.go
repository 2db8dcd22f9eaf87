package row

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"strings"
	"testing"
)

// heapAfter returns the heap size after garbage collection.
func heapAfter() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The memory of a File does not grow with its rows (here 60 MB of them), except for a few
// hundred bytes per row group for Parquet's footer.
func TestFile_memoryStaysFlat(t *testing.T) {
	for _, l := range layoutsOf() {
		if len(l.Columns) > 0 || l.NoData {
			continue
		}
		t.Run(l.testName(), func(t *testing.T) {
			f, err := NewFile(l)
			if err != nil {
				t.Fatal(err)
			}
			batches := batchesOf(t, l, 2000, strings.Repeat("text ", 20), 1)
			write := func(times int) {
				for range times {
					for _, b := range batches {
						if err := f.Append(b, func(Piece) error { return nil }); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			write(60)
			before := heapAfter()
			write(120) // 240 000 more rows
			after := heapAfter()
			if grown := int64(after) - int64(before); grown > 2<<20 {
				t.Errorf("%d bytes more after 240 000 rows more", grown)
			}
			runtime.KeepAlive(f)
		})
	}
}

// A large file has room for the footer of any length that a changed bit makes.
func TestParquet_aFooterThatIsNoneTakesNoMemory(t *testing.T) {
	const length = 16 << 20
	for name, begin := range map[string][]byte{
		"zeros": {0, 0}, "text longer than the footer": {0x18, 0xff, 0xff, 0xff, 0xff, 0x07}, "text and zeros": {0x18, 0x02},
	} {
		file := append(binary.LittleEndian.AppendUint32(make([]byte, length), length), parquetMagic...)
		copy(file, begin)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := checkFooter(io.NewSectionReader(bytes.NewReader(file), 0, int64(len(file))))
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; err == nil || grown > 1<<20 {
			t.Errorf("%s: %v, and %d bytes", name, err, grown)
		}
	}
}
