package archive

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fauna-export/export/row"
	"fauna-export/export/store"
)

// whole returns a complete run that Keep counts.
func whole(name, snapshot string, change ...func(*oldRun)) oldRun {
	r := oldRun{name: name, sizes: map[string]int64{ManifestName: 9, SumsName: 9, "a.jsonl": 5, "b.jsonl": 7}}
	r.manifest = &Manifest{
		Version: Version, Tool: "fauna-export v2", Endpoint: "http://x:8443", Mode: Full, Snapshot: snapshot, Consistency: ConsistencySnapshot,
		Collections: []Entry{
			{Name: "a", File: "a.jsonl", Bytes: 5, Made: 11, Columns: []string{"ref", "ts"}},
			{Name: "b", File: "b.jsonl", Bytes: 7, Made: 12, Columns: []string{"ref", "ts"}},
		},
	}
	for _, c := range change {
		c(&r)
	}
	if r.sums == "" {
		r.sums = string(r.manifest.Sums())
	}
	return r
}

func TestRetain_whatCountsAndWhatGoes(t *testing.T) {
	t.Parallel()
	day := func(d string) string { return "2026-11-" + d + "T00:00:00Z" }
	present := whole("now", day("28"))
	for _, test := range []struct {
		name    string
		keep    int
		present oldRun
		others  []oldRun
		gone    []string
		says    string
	}{
		{name: "nothing else", keep: 1, present: present},
		{name: "the oldest", keep: 2, present: present, others: []oldRun{whole("x", day("01")), whole("y", day("03")), whole("z", day("02"))}, gone: []string{"x", "z"}},
		{name: "the present one never, where the clock of others was ahead", keep: 2, present: present,
			others: []oldRun{whole("2030", "2030-01-01T00:00:00Z"), whole("2031", "2031-01-01T00:00:00Z")}, gone: []string{"2030"}},
		{name: "ordered by the manifest's time, not by name", keep: 2, present: present, others: []oldRun{whole("1", day("09")), whole("9", day("01"))}, gone: []string{"9"}},
		{name: "a failed collection does not count", keep: 1, present: present, says: "lacks b",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.manifest.Failed = []Skipped{{Name: "b"}} })}},
		{name: "nothing, where the present one is not whole", keep: 1, says: "lacks b",
			present: whole("now", day("28"), func(r *oldRun) { r.manifest.Failed = []Skipped{{Name: "b"}} }), others: []oldRun{whole("x", day("01"))}},
		{name: "nothing, where the present one cannot be found", keep: 1, says: "no finished run", others: []oldRun{whole("x", day("01"))}},
		{name: "nothing, with none to keep", keep: 0, present: present, says: "at least one", others: []oldRun{whole("x", day("01"))}},
		{name: "more than one time does not count", keep: 1, present: present, says: "not from a single point in time",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.manifest.Consistency = ConsistencyWindow })}},
		{name: "a missing file does not count", keep: 1, present: present, says: "b.jsonl is missing",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { delete(r.sizes, "b.jsonl") })}},
		{name: "a cut file does not count", keep: 1, present: present, says: "another length",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.sizes["b.jsonl"]-- })}},
		{name: "other hashes do not count", keep: 1, present: present, says: SumsName,
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.sums = "other" })}},
		{name: "another server", keep: 1, present: present, says: "another server",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.manifest.Endpoint = "http://y:8443" })}},
		{name: "another database of the server", keep: 1, present: present, says: "another database",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.manifest.Collections[0].Made = 99 })}},
		{name: "other collections: the last copy of one stays", keep: 1, present: present, says: "contains collection c",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) {
				r.manifest.Collections = append(r.manifest.Collections, Entry{Name: "c", File: "c.jsonl"})
				r.sizes["c.jsonl"] = 0
			})}},
		{name: "fewer collections", keep: 1, present: present, says: "lacks collection b",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.manifest.Collections = r.manifest.Collections[:1] })}},
		{name: "other columns", keep: 1, present: present, says: "other columns",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.manifest.Collections[0].Columns = []string{"ref", "ts", "data"} })}},
		{name: "a column with another path", keep: 1, present: present, says: "other columns",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.manifest.Collections[0].Paths = map[string]string{"ts": "data.at"} })}},
		{name: "a column of another type", keep: 1, present: present, says: "other columns",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.manifest.Collections[0].Types = map[string]row.Type{"ts": row.TypeString} })}},
		{name: "another format, which may keep more", keep: 1, present: present, says: "another format",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.manifest.Collections[1].Format = "wire" })}},
		{name: "all documents, where the present key hides some", keep: 1, says: "other documents of b",
			present: whole("now", day("28"), func(r *oldRun) { r.manifest.Collections[1].Filtered = true }), others: []oldRun{whole("x", day("01"))}},
		{name: "another tool", keep: 1, present: present, says: `was created by "thesis 1.0"`,
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.manifest.Tool = "thesis 1.0" })}},
		{name: "no manifest", keep: 1, present: present, says: "no finished run", others: []oldRun{{name: "x"}}},
		{name: "a foreign file keeps one run and not the others", keep: 1, present: present, says: ".DS_Store", gone: []string{"x"},
			others: []oldRun{whole("x", day("01")), whole("y", day("02"), func(r *oldRun) { r.sizes[".DS_Store"] = 4 })}},
		{name: "a folder in a run keeps it", keep: 1, present: present, says: "merged",
			others: []oldRun{whole("x", day("01"), func(r *oldRun) { r.sizes["merged"] = -1 })}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			remove, warnings := retain(test.keep, test.present, test.others)
			var gone []string
			for _, r := range remove {
				gone = append(gone, r.name)
			}
			said := strings.Join(warnings, "\n")
			if !slices.Equal(gone, test.gone) || !strings.Contains(said, test.says) || test.says == "" && said != "" {
				t.Errorf("goes %q, want %q; says %q, want %q", gone, test.gone, said, test.says)
			}
		})
	}
}

// putRun creates a folder with a finished run.
func putRun(t *testing.T, dir string, more ...string) {
	t.Helper()
	run := whole("x", "2026-11-01T00:00:00Z")
	data, err := run.manifest.Encode()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{ManifestName: string(data), "a.jsonl": "12345", "b.jsonl": "1234567", SumsName: run.sums, "load-duckdb.sql": "-- Loads 2 files of x"}
	for _, name := range more {
		files[name] = "x"
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeep_removesWholeFoldersAndNothingElse(t *testing.T) {
	t.Parallel()
	parent, victim := t.TempDir(), t.TempDir()
	for _, name := range []string{"a-2026-01-01T00-00-00Z", "a-2026-01-02T00-00-00Z", "a-2026-01-03T00-00-00Z", "a-yesterday", "b-2020-01-01T00-00-00Z"} {
		putRun(t, filepath.Join(parent, name))
	}
	putRun(t, filepath.Join(parent, "a-2019-01-01T00-00-00Z"), "thesis.txt")
	putRun(t, filepath.Join(parent, "a-2016-01-01T00-00-00Z"), "load-postgres.sql") // the user's own
	if err := os.Mkdir(filepath.Join(parent, "a-2026-01-02T00-00-00Z", "merged"), 0o700); err != nil {
		t.Fatal(err)
	}
	putRun(t, victim)
	if err := os.Symlink(victim, filepath.Join(parent, "a-2018-01-01T00-00-00Z")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(parent, "a-2017-01-01T00-00-00Z", ".fauna-export"), 0o700); err != nil {
		t.Fatal(err)
	}
	kept, err := Keep(store.NewFolderShelf(parent), "a-{time}", 2, "a-2026-01-01T00-00-00Z")
	if err != nil || !slices.Equal(kept.Removed, []string{"a-2026-01-02T00-00-00Z"}) || len(kept.Warnings) != 3 {
		t.Errorf("%+v, %v", kept, err)
	}
	for name, n := range map[string]int{"a-2026-01-01T00-00-00Z": 5, "a-2026-01-03T00-00-00Z": 5, "a-yesterday": 5, "a-2019-01-01T00-00-00Z": 6, "a-2016-01-01T00-00-00Z": 6, "a-2018-01-01T00-00-00Z": 5, "b-2020-01-01T00-00-00Z": 5} {
		if entries, err := os.ReadDir(filepath.Join(parent, name)); err != nil || len(entries) != n {
			t.Errorf("%s holds %d files, %v", name, len(entries), err)
		}
	}
	for _, pattern := range []string{"x", "{time}-{time}"} {
		if _, err := Keep(store.NewFolderShelf(parent), pattern, 1, "x"); err == nil {
			t.Errorf("%s is taken", pattern)
		}
	}
}
