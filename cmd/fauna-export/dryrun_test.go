package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fauna-export/export"
	"fauna-export/export/row"
	"fauna-export/fauna/emulator"
)

func TestDryRun_countsAndWritesNothing(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	dir := filepath.Join(t.TempDir(), "backup")
	env := []string{"FAUNA_SECRET=" + s.Secret()}
	got := runHere(t, env, "run", "--domain", s.endpoint, "--all", "--out", dir, "--dry-run", "--json")
	var f forecast
	if err := json.Unmarshal([]byte(got.out), &f); err != nil || got.code != exitDone {
		t.Fatalf("exit %d, %v: %s\n%s", got.code, err, got.err, got.out)
	}
	var rows int64
	for _, name := range emulator.SampleCollections() {
		want := int64(len(sampleRows(t, name)))
		i := slices.IndexFunc(f.Collections, func(c collectionForecast) bool { return c.Name == name })
		if i < 0 || f.Collections[i].Rows != want || (f.Collections[i].Bytes > 0) != (want > 0) {
			t.Errorf("%s has %d rows; the forecast is %+v", name, want, f.Collections)
		}
		rows += want
	}
	if f.Rows != rows || f.Requests < int64(len(f.Collections)) || f.Seconds <= 0 || f.Bytes < 8_000_000 || f.Bytes > 30_000_000 || f.DiskFree == nil {
		t.Errorf("the forecast: %+v", f)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
	got = runHere(t, env, "run", "--domain", s.endpoint, "--collection", "carts", "--dry-run")
	if got.code != exitDone || !strings.Contains(got.out, "carts") || !strings.Contains(got.out, "300") || !strings.Contains(got.out, "15 min") || !strings.Contains(got.err, "nothing was written") {
		t.Errorf("as text: exit %d: %s\n%s", got.code, got.err, got.out)
	}
}

func TestDryRun_refusesATimeInTheFutureAtOnce(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	got := runHere(t, []string{"FAUNA_SECRET=" + s.Secret()}, "run", "--domain", s.endpoint, "--all", "--dry-run", "--at", "2999-01-01T00:00:00Z")
	if got.code != exitUsage || !strings.Contains(got.err, "is in the future") {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
}

func TestForecast_warnsOfAShortSnapshotAndASmallDisk(t *testing.T) {
	t.Parallel()
	free := int64(10)
	f := forecast{
		Seconds: 3600, Bytes: 1000, DiskFree: &free,
		Collections: []collectionForecast{{Name: "short", Lives: keptFor(15 * time.Minute)}, {Name: "long", Lives: keptFor(48 * time.Hour)}},
	}
	f.warn(export.Spec{Format: row.JSONL})
	if len(f.Warnings) != 2 || !strings.Contains(f.Warnings[0], `"short"`) || !strings.Contains(f.Warnings[1], "10 B free") {
		t.Errorf("warnings: %q", f.Warnings)
	}
}

// busyServer behaves like a server with two cores: it handles two requests at a
// time, each with a fixed cost and one for the length of the response. It waits
// in virtual time.
type busyServer struct {
	inner http.Handler
	cores chan struct{}
}

func (b *busyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	b.inner.ServeHTTP(answer, r)
	b.cores <- struct{}{}
	time.Sleep(2*time.Millisecond + time.Duration(answer.Body.Len())*time.Microsecond)
	<-b.cores
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func TestForecast_isWithinTwiceTheRunAndCheckIsNoSlower(t *testing.T) {
	t.Parallel()
	clock := matrixEpoch()
	s := emulator.New(emulator.Options{Clock: func() time.Time { return clock }, Seed: 7})
	load := func(name string, n int64) {
		err := s.Load(name, func(yield func(emulator.Document) bool) {
			for id := range n {
				if !yield(emulator.Document{ID: id, TS: clock.UnixMicro() - n + id, Data: fmt.Appendf(nil, `{"text":"%0400d"}`, id)}) {
					return
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 500 {
		load(fmt.Sprintf("small-%d", i), 10)
	}
	load("large", 40_000)
	clock = clock.Add(time.Hour)
	for name, choice := range map[string][]string{
		"many small collections": {"--all", "--exclude", "large"},
		"a large one":            {"--collection", "large"},
		"both":                   {"--all"},
	} {
		server := &busyServer{inner: s.Handler()}
		ask := func(args ...string) (ran, time.Duration) {
			args = append(append(args, choice...), "--domain", matrixDomain)
			got, took := runInBubble(t, server, s.Secret(), func(func()) {
				server.cores = make(chan struct{}, 2) // each bubble needs its own
			}, args...)
			if got.code != exitDone {
				t.Fatalf("%s: %v: exit %d: %s", name, args, got.code, got.err)
			}
			return got, took
		}
		dir := filepath.Join(t.TempDir(), "out")
		_, run := ask("run", "--out", dir)
		_, check := ask("check")
		told, _ := ask("run", "--out", dir+"2", "--dry-run", "--json")
		var f forecast
		if err := json.Unmarshal([]byte(told.out), &f); err != nil {
			t.Fatal(err)
		}
		if check > run {
			t.Errorf("%s: check took %s, the run %s", name, check, run)
		}
		if f.Seconds > 2*run.Seconds() || f.Seconds < run.Seconds()/2 {
			t.Errorf("%s: the run took %s, and %.1f s were forecast", name, run, f.Seconds)
		}
		t.Logf("%s: check %s, run %s, forecast %.1f s", name, check, run, f.Seconds)
	}
}

// A forecast must cope with documents that are too large for one sample.
func TestForecast_ofDocumentsTooLargeForASample(t *testing.T) {
	t.Parallel()
	s := serveEmpty(t)
	err := s.Load("fat", func(yield func(emulator.Document) bool) {
		text := bytes.Repeat([]byte("x"), 200_000)
		for id := range int64(200) {
			if !yield(emulator.Document{ID: id, TS: 1 + id, Data: fmt.Appendf(nil, `{"text":"%s"}`, text)}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	got := runHere(t, []string{"FAUNA_SECRET=" + s.Secret()}, "check", "--domain", s.endpoint, "--all")
	if got.code != exitDone || !strings.Contains(got.out, "40 MB") {
		t.Errorf("exit %d: %s\n%s", got.code, got.err, got.out)
	}
}
