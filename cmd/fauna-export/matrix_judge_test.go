package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// outcome is what a command left behind.
type outcome struct {
	ran
	files  map[string]string // by final name
	state  bool              // there is a run to resume
	merged map[string]string // of a chain of syncs
}

func outcomeOf(t *testing.T, dir string, r ran) outcome {
	t.Helper()
	o := outcome{ran: r, files: map[string]string{}}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if strings.HasPrefix(name, ".fauna-export") {
			o.state = o.state || filepath.Base(name) == "run.json"
			return nil
		}
		data, err := os.ReadFile(path)
		o.files[name] = string(data)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return o
}

// figures are what check prints based on a single answer: a sample, a count or a
// setting that only affects the estimate of a run.
var figures = regexp.MustCompile(`"(bytes_about|documents|history_days|snapshot_lives_seconds)": ?[^,\n}]*`)

// outputOf returns the part of a command's output that must not change.
func outputOf(command, out string) string {
	switch command {
	case "schema", "check": // in the server's order
		out = figures.ReplaceAllString(out, "")
		lines := strings.Split(strings.ReplaceAll(out, ",\n", "\n"), "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	return out
}

// manifestFacts returns the content of a manifest, without what may differ between runs.
func manifestFacts(manifest string) string {
	type entry struct {
		Name, File, Sha256 string
		Sync, Rows         int64
	}
	var m struct {
		Mode, Snapshot, Consistency string
		Collections                 []entry
	}
	if err := json.Unmarshal([]byte(manifest), &m); err != nil {
		return manifest
	}
	slices.SortFunc(m.Collections, func(a, b entry) int { return strings.Compare(a.File, b.File) })
	text, _ := json.MarshalIndent(m, "", " ")
	return string(text)
}

// chain reports whether the command is part of a chain of syncs.
func (s matrixScenario) chain() bool {
	return slices.Contains(s.args, "incremental") && s.args[0] == "run"
}

// merged returns the current rows of all collections in a chain of syncs.
func merged(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := matrixRun(t, newLiar(nil, nil), "", "merge", dir)
	if got.code != exitDone {
		return map[string]string{"merge": got.err}
	}
	files := map[string]string{}
	for name, text := range outcomeOf(t, dir, got).files {
		if strings.HasPrefix(name, "merged/") && strings.HasSuffix(name, ".jsonl") {
			files[name] = text
		}
	}
	return files
}

// undated returns rows without the times of removals.
func undated(rows string) string {
	var out strings.Builder
	for line := range strings.Lines(rows) {
		if !strings.HasSuffix(line, `"deleted_at":null}`+"\n") {
			line, _, _ = strings.Cut(line, `,"ts":`)
		}
		out.WriteString(line)
	}
	return out.String()
}

// judge says what is wrong with an outcome, or "".
func (s matrixScenario) judge(t *testing.T, kind string, want, got outcome, dir string) string {
	for _, word := range []string{"panic", "runtime error", "unexpected end", "unexpected EOF", "goroutine ", "nil pointer", "deadlock"} {
		if strings.Contains(got.err, word) {
			return "says " + word
		}
	}
	if got.code != exitDone && strings.TrimSpace(got.err) == "" {
		return fmt.Sprintf("exit %d without a word", got.code)
	}
	switch got.code {
	case want.code:
	case exitPartial:
	case exitError, exitUsage, exitRefused, exitUnreachable:
		if strings.Contains(got.err, "finished, but incomplete") {
			break // a privilege was lost
		}
		if text, there := got.files["manifest.json"]; there && s.before == nil && manifestFacts(text) != manifestFacts(want.files["manifest.json"]) {
			return fmt.Sprintf("exit %d and a manifest", got.code)
		}
	default:
		return fmt.Sprintf("exit %d", got.code)
	}
	for _, name := range slices.Sorted(maps.Keys(got.files)) {
		if name == "manifest.json" || name == "SHA256SUMS" {
			continue
		}
		if _, there := want.files[name]; s.chain() && (!there || !strings.Contains(name, "@")) {
			continue // the merged rows are compared instead
		}
		if s.name == "fast" && strings.Contains(got.err, "but the server counts") {
			continue // it reports that removals are missing
		}
		if (kind == "events" || kind == "oldest time") && undated(got.files[name]) == undated(want.files[name]) {
			continue // events only date removals
		}
		if got.files[name] != want.files[name] {
			return fmt.Sprintf("exit %d: %s has %d lines, not %d", got.code, name, strings.Count(got.files[name], "\n"), strings.Count(want.files[name], "\n"))
		}
	}
	if got.code != want.code {
		return ""
	}
	for name := range want.files {
		collection, _, _ := strings.Cut(strings.TrimSuffix(name, ".jsonl"), "@")
		if _, there := got.files[name]; !there && !(got.code == exitPartial && strings.Contains(lastLine(got.err), collection)) {
			return fmt.Sprintf("exit %d without %s", got.code, name)
		}
	}
	if got.code == exitPartial {
		return ""
	}
	if s.chain() {
		for name, text := range merged(t, dir) {
			if s.name == "fast" && strings.Contains(got.err, "but the server counts") {
				break
			}
			if text != want.merged[name] {
				return fmt.Sprintf("exit %d: %s has %d lines, not %d", got.code, name, strings.Count(text, "\n"), strings.Count(want.merged[name], "\n"))
			}
		}
		return ""
	}
	if a, b := manifestFacts(got.files["manifest.json"]), manifestFacts(want.files["manifest.json"]); a != b {
		return fmt.Sprintf("exit %d, another manifest: %s", got.code, firstDifference(a, b))
	}
	if a, b := outputOf(s.args[0], got.out), outputOf(s.args[0], want.out); a != b {
		return fmt.Sprintf("exit %d, another output: %s", got.code, firstDifference(a, b))
	}
	return ""
}

func firstDifference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range as {
		if i >= len(bs) {
			return fmt.Sprintf("%.100q more", as[i])
		}
		if as[i] != bs[i] {
			return fmt.Sprintf("%.100q for %.100q", strings.TrimSpace(as[i]), strings.TrimSpace(bs[i]))
		}
	}
	return fmt.Sprintf("%d lines for %d", len(as), len(bs))
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
