//go:build unix

package load

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
)

// people writes a sync's file with documents of 640 bytes, and the removed ids.
func people(b *testing.B, f *folder, sync int, ids []int64, gone []int64, documents int64) {
	b.Helper()
	name := fmt.Sprintf("people-%d.wire", sync)
	out, err := os.Create(filepath.Join(f.dir, name))
	f.check(err)
	sum := sha256.New()
	w := bufio.NewWriter(io.MultiWriter(out, sum))
	r := rand.New(rand.NewPCG(1, uint64(sync)))
	size := 0
	write := func(line string) {
		size += len(line) + 1
		w.WriteString(line + "\n")
	}
	words := strings.Fields("amber basil cedar delta ember fjord grove hazel ivory jetty karma lemon maple north olive pearl quilt river stone tulip")
	for _, id := range ids {
		text := make([]string, 60)
		for i := range text {
			text[i] = words[r.IntN(len(words))]
		}
		write(document("people", id, fmt.Sprintf(`{"name":"%s %d","email":"p%d@example.org","joined":{"@ts":"2024-0%d-02T03:04:05.%03dZ"},"balance":%.2f,"visits":%d,"active":%t,"tags":["%s","%s"],"notes":"%s"}`,
			words[id%20], id, id, 1+id%9, 1+id%999, 1.01+float64(id)/8, id%1000, id%2 == 0, words[id%19], words[id%17], strings.Join(text, " ")[:317])))
	}
	for _, id := range gone {
		write(strings.TrimSuffix(document("people", id, `{}`), `,"data":{}}`) + `,"deleted":{"@ts":"2026-01-01T00:00:00Z"}}`)
	}
	f.check(w.Flush())
	f.check(out.Close())
	f.m.Mode = "incremental"
	f.m.Syncs = append(f.m.Syncs, archive.Sync{Sync: sync, Snapshot: f.m.Snapshot, Consistency: f.m.Consistency})
	rows := int64(len(ids) + len(gone))
	f.m.Collections = append(f.m.Collections, archive.Entry{Name: "people", Sync: sync, File: name, Format: "wire", Compress: "none", Rows: rows, ExpectedRows: rows,
		Bytes: int64(size), SHA256: hex.EncodeToString(sum.Sum(nil)), Deletion: "deleted", Documents: documents, Columns: []string{}})
	f.manifest()
	if sync == 1 {
		b.ReportMetric(float64(size)/float64(len(ids)), "B/document")
	}
}

// peak returns the peak memory of the process since the last call, in MiB.
func peak(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		return 0
	}
	kB, _ := strconv.Atoi(string(found[1]))
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // only affects the figure if it fails
	return float64(kB) / 1024
}

func BenchmarkLoad_besideCopy(b *testing.B) {
	db := database(b)
	psql, err := findProgram("psql")
	if err != nil {
		b.Skip(err)
	}
	n := int64(1_000_000)
	if testing.Short() {
		n /= 4
	}
	f := newFolder(b, row.Wire)
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i) + 1
	}
	people(b, f, 1, ids, nil, n)
	ids = nil
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(100 << 20))
	for range b.N {
		runtime.GC()
		debug.FreeOSMemory()
		peak(b)
		began := time.Now()
		r := f.must(db)
		took := time.Since(began).Seconds()
		b.ReportMetric(peak(b), "MiB")
		b.ReportMetric(took, "load-s")
		copied := r.Proofs[0].Copying
		b.ReportMetric(float64(n)/copied, "rows/s")

		dir := b.TempDir()
		run := func(command string) float64 {
			began := time.Now()
			if out, err := exec.Command(psql, db, "-v", "ON_ERROR_STOP=1", "-qc", command).CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
			return time.Since(began).Seconds()
		}
		csv := filepath.Join(dir, "people.csv")
		run(`\copy people to '` + csv + `' csv`)
		run("CREATE TABLE again (LIKE people)")
		other := run(`\copy again from '` + csv + `' csv`)
		b.ReportMetric(float64(n)/other, "psql-rows/s")
		b.ReportMetric(copied/other, "copy/psql")
		run("DROP TABLE again")

		var changed, gone []int64
		for i := range int64(50) {
			changed, gone = append(changed, i*1000+1), append(gone, n-50+i+1)
		}
		people(b, f, 2, changed, gone, n-50)
		began = time.Now()
		if r := f.must(db); r.Proofs[0].Sent != 50 || r.Proofs[0].Removed != 50 {
			b.Fatalf("%+v", r)
		}
		b.ReportMetric(time.Since(began).Seconds(), "changes-s")
	}
}
