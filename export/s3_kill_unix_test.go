//go:build unix

package export

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

func TestKillS3_resumedRunsMakeTheSameObjects(t *testing.T) {
	t.Parallel()
	killS3(t, storetest.S3(t), 10)
}

func TestKillS3_resumedRunsMakeTheSameObjectsOnARealServer(t *testing.T) {
	t.Parallel()
	killS3(t, storetest.NewGateway(t).Endpoint, 20)
}

// s3Source has a collection with that many documents of one or two kilobytes,
// which hardly compress.
func s3Source(many int) *fakeSource {
	src := newFakeSource(map[string]int{"users": many, "orders": 500, "none": 0})
	src.set["users"].text = func(id int64) string {
		var key [32]byte
		binary.LittleEndian.PutUint64(key[:], uint64(id))
		fill := make([]byte, 1000+id%500)
		_, _ = rand.NewChaCha8(key).Read(fill)
		return fmt.Sprintf(`{"fill":"%s"}`, base64.StdEncoding.EncodeToString(fill))
	}
	return src
}

// killS3 kills exporting processes at random moments, at least that many times,
// and resumes each time. Nothing is lost, no wrong file has a final name, and no
// upload is left.
func killS3(t *testing.T, endpoint string, least int) {
	seed := testSeed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	const many = 14_000 // enough for several parts of 5 MiB
	src := s3Source(many)
	type form struct {
		Spec
		want map[string][]byte
		ops  int64
		took time.Duration
	}
	var forms []form
	for i, s := range []Spec{{Format: row.JSONL}, {Format: row.CSV, Compress: row.Gzip}, {Format: row.Parquet}} {
		s = s.withDefaults()
		s.Collections, s.PageSize = []string{"users", "orders", "none"}, 400
		f := form{Spec: s, want: wanted(t, s, src)}
		begin := time.Now()
		_, f.ops = runChild(t, killPlan{Dir: fmt.Sprintf("s3://%s/first%d", storetest.Bucket, i), Endpoint: endpoint, Many: many, Spec: s})
		f.took = time.Since(begin)
		t.Logf("%s: %d operations, %d bytes", f.formName(), f.ops, len(f.want["users."+s.layout("users").Extension()]))
		forms = append(forms, f)
	}
	kills, wentOn := 0, 0
	for round := 0; kills < least || wentOn == 0 && round < 60; round++ {
		f := forms[round%len(forms)]
		name := fmt.Sprintf("s3://%s/run%d", storetest.Bucket, round)
		s, err := store.NewS3(t.Context(), name, storetest.S3Options(endpoint))
		if err != nil {
			t.Fatal(err)
		}
		here := 0
		for left := 1 + random.IntN(3); ; left-- {
			p := killPlan{Dir: name, Endpoint: endpoint, Many: many, Spec: f.Spec, Resume: here > 0, Half: random.IntN(2) == 0}
			switch parts := int64(here + 1); {
			case left == 0:
			case random.IntN(2) == 0:
				p.After = time.Duration(random.Int64N(int64(f.took)/parts) + 1)
			default:
				p.AfterOps = random.Int64N(f.ops/parts) + 1
			}
			killed, _ := runChild(t, p)
			entries, err := s.List()
			if err != nil {
				t.Fatal(err)
			}
			whole := 0
			for _, e := range entries {
				if want, final := f.want[e.Name]; final {
					whole++
					sameObject(t, s, e.Name, want)
				}
				if strings.HasSuffix(e.Name, store.PartEnd) && e.Size >= 5<<20 {
					wentOn++
				}
			}
			if !killed {
				if whole != len(f.want) || len(entries) != len(f.want)+2 {
					t.Errorf("%s: it left %v", f.formName(), entries)
				}
				break
			}
			here++
		}
		kills += here
		if rep, err := archive.Verify(context.Background(), s, nil); err != nil || !rep.OK() {
			t.Errorf("verify: %+v %v", rep, err)
		}
	}
	if wentOn == 0 {
		t.Error("no run went on inside a file")
	}
	t.Logf("seed %d: %d kills, %d times within an upload", seed, kills, wentOn)
}

func sameObject(t *testing.T, s store.Store, name string, want []byte) {
	t.Helper()
	f, _, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is under its final name and has other bytes, %v", name, err)
	}
}
