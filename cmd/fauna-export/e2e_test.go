package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fauna-export/export"
	"fauna-export/fauna/emulator"
)

// exported is the folder of a run as described by its manifest.
type exported struct {
	files    map[string]string
	manifest struct {
		Snapshot, Consistency, Endpoint, Tool, Mode string
		Collections                                 []struct {
			Name, File, Format, Compress, SHA256, First_ID, Last_ID string
			Rows, Expected_Rows, Bytes                              int64
			Columns                                                 []string
		}
	}
}

func readExport(t *testing.T, dir string) exported {
	t.Helper()
	e := exported{files: filesBelow(t, dir)}
	text, there := e.files["manifest.json"]
	if !there {
		t.Fatalf("no manifest in %s", dir)
	}
	if err := json.Unmarshal([]byte(text), &e.manifest); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestExport_everyRowOfTheSampleIsWhatItMustBe(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	dir := filepath.Join(t.TempDir(), "out")
	got := runHere(t, []string{"FAUNA_SECRET=" + s.keyForAll(t)}, "run", "--domain", s.endpoint, "--all", "--out", dir)
	if got.code != exitDone {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	e := readExport(t, dir)
	if e.manifest.Consistency != "snapshot" || e.manifest.Snapshot == "" || e.manifest.Endpoint != s.endpoint {
		t.Errorf("the manifest says consistency %q, snapshot %q, endpoint %q", e.manifest.Consistency, e.manifest.Snapshot, e.manifest.Endpoint)
	}
	var names []string
	for _, c := range e.manifest.Collections {
		names = append(names, c.Name)
	}
	if want := emulator.SampleCollections(); !slices.Equal(names, want) {
		t.Errorf("the manifest names %q, the sample has %q", names, want)
	}
	total := 0
	for _, c := range e.manifest.Collections {
		want := sampleRows(t, c.Name)
		total += len(want)
		content, there := e.files[c.File]
		if !there {
			t.Errorf("%s: no file %s", c.Name, c.File)
			continue
		}
		sum := sha256.Sum256([]byte(content))
		if hex.EncodeToString(sum[:]) != c.SHA256 || int64(len(content)) != c.Bytes {
			t.Errorf("%s: the manifest's hash or size is not the file's", c.Name)
		}
		if !strings.Contains(e.files["SHA256SUMS"], c.SHA256+"  "+c.File+"\n") {
			t.Errorf("%s: SHA256SUMS does not name it", c.Name)
		}
		if !slices.Equal(c.Columns, []string{"ref", "ts", "data", "ttl"}) {
			t.Errorf("%s: columns %v", c.Name, c.Columns)
		}
		lines := strings.SplitAfter(content, "\n")
		if lines[len(lines)-1] != "" {
			t.Errorf("%s: the last line has no end", c.Name)
		}
		lines = lines[:len(lines)-1]
		if len(lines) != len(want) || int64(len(want)) != c.Rows || int64(len(want)) != c.Expected_Rows {
			t.Errorf("%s: %d lines, %d documents, the manifest says %d of %d", c.Name, len(lines), len(want), c.Rows, c.Expected_Rows)
			continue
		}
		for i, line := range lines {
			if line == want[i].line()+"\n" {
				continue
			}
			got, err := canonical([]byte(line))
			if err != nil {
				t.Fatalf("%s line %d: %v\n%s", c.Name, i+1, err, line)
			}
			must, err := canonical([]byte(want[i].line()))
			if err != nil {
				t.Fatal(err)
			}
			if got != must {
				t.Fatalf("%s line %d:\n got %s\nwant %s", c.Name, i+1, got, must)
			}
		}
	}
	if total < 20_000 {
		t.Errorf("the sample has only %d documents", total)
	}
}

func TestDemo_twiceBesideTheCallerGivesTheSameFilesInTwoFolders(t *testing.T) {
	t.Parallel()
	here := t.TempDir()
	sums := map[string]string{}
	for _, folder := range []string{"fauna-demo", "fauna-demo-2"} {
		p := &process{Cmd: execIn(t, here, "demo")}
		p.Stdout, p.Stderr = &p.out, &p.err
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		got := p.end(t)
		if got.code != exitDone || got.out != "" {
			t.Fatalf("exit %d, stdout %q, stderr:\n%s", got.code, got.out, got.err)
		}
		if !strings.Contains(got.err, "verified: "+folder+"\n") {
			t.Errorf("the summary does not name the check and the folder %s:\n%s", folder, got.err)
		}
		e := readExport(t, filepath.Join(here, folder))
		if len(e.manifest.Collections) < 4 {
			t.Errorf("%s has %d collections", folder, len(e.manifest.Collections))
		}
		sums[e.files["SHA256SUMS"]] = folder
	}
	if len(sums) != 1 {
		t.Errorf("two demos gave different files: %v", sums)
	}
	got := runHere(t, nil, "demo", "--out", filepath.Join(here, "fauna-demo"))
	if got.code != exitUsage || !strings.Contains(got.err, "finished run") {
		t.Errorf("a demo into a folder that is not empty: exit %d: %s", got.code, got.err)
	}
}

func TestRun_toStdoutWritesTheRowsOfTheFile(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	name := largest(t)
	env := []string{"FAUNA_SECRET=" + secret}
	dir := filepath.Join(t.TempDir(), "out")
	if got := runHere(t, env, "run", "--domain", s.endpoint, "--collection", name, "--out", dir); got.code != exitDone {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	e := readExport(t, dir)
	got := runHere(t, env, "run", "--domain", s.endpoint, "--collection", name, "--out", "-")
	if got.code != exitDone || got.out != e.files[e.manifest.Collections[0].File] {
		t.Errorf("exit %d, %d bytes on stdout, %d in the file: %s", got.code, len(got.out), e.manifest.Collections[0].Bytes, got.err)
	}
	got = runHere(t, env, "run", "--domain", s.endpoint, "--all", "--out", "-")
	if got.code != exitUsage || got.out != "" {
		t.Errorf("all collections to stdout: exit %d, %d bytes: %s", got.code, len(got.out), got.err)
	}
}

func TestRun_underACancelledContextMakesNoFile(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := filepath.Join(t.TempDir(), "out")
	got := runHereWith(t, ctx, "", []string{"FAUNA_SECRET=" + s.Secret()}, "run", "--domain", s.endpoint, "--all", "--out", dir)
	if got.code == exitDone {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
	if names := finalFiles(t, dir); len(names) > 0 {
		t.Errorf("files: %v", names)
	}
}

func TestRunJSON_isAnEventALineAndASummary(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	env := []string{"FAUNA_SECRET=" + secret}
	dir := filepath.Join(t.TempDir(), "out")
	got := runHere(t, env, "run", "--domain", s.endpoint, "--all", "--out", dir, "--json", "--progress-interval", "20ms", "--max-rate", "60000")
	if got.code != exitDone {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	lines := strings.Split(strings.TrimSuffix(got.out, "\n"), "\n")
	if len(lines) < 3 {
		t.Errorf("only %d events", len(lines))
	}
	for i, line := range lines {
		var e export.Event
		dec := json.NewDecoder(strings.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&e); err != nil {
			t.Fatalf("line %d: %v: %s", i+1, err, line)
		}
		switch last := i == len(lines)-1; {
		case !last && e.Event != "progress":
			t.Errorf("line %d is %q", i+1, e.Event)
		case last && (e.Event != "summary" || e.Outcome != "done" || e.Manifest == nil || e.Rows != e.Manifest.Rows()):
			t.Errorf("the last line is no summary: %s", line)
		}
	}
}
