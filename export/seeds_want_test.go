package export

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// seedWant is the result of an undisturbed run with some options.
type seedWant struct {
	files  map[string][]byte
	merged []map[string][]byte // one per epoch of a chain of syncs
}

// sound checks that files under final names equal those of an undisturbed run.
func (l *seedLife) sound(want *seedWant) bool {
	for _, name := range l.files(false) {
		w, ok := want.files[name]
		got, err := l.disk.Read(name)
		switch {
		case err != nil:
			l.fail("%s: %v", name, err)
		case name == archive.ManifestName || name == archive.SumsName:
		case l.spec.Mode == Incremental && strings.Contains(name, "@"):
		case !ok:
			l.fail("%s is not a file of the run", name)
		case !bytes.Equal(got, w):
			l.fail("%s is under its final name and has %d bytes, not the %d of an undisturbed run", name, len(got), len(w))
		}
	}
	return l.problem == ""
}

// confirm checks that everything is there.
func (l *seedLife) confirm(ctx context.Context, want *seedWant) {
	for name := range want.files {
		if !slices.Contains(l.files(false), name) {
			l.fail("%s is missing", name)
		}
	}
	report, err := archive.Verify(ctx, l.disk, nil)
	if err != nil || !report.OK() {
		l.fail("verify: %+v %v", report, err)
	}
}

// mergesTo checks the merged rows of the syncs.
func (l *seedLife) mergesTo(ctx context.Context, want map[string][]byte) bool {
	got, err := mergedFiles(ctx, l.disk)
	if err != nil {
		l.fail("merge: %v", err)
		return false
	}
	for name, w := range want {
		if l.spec.Fast && l.warns("but the server counts") {
			l.ended = true // it warned that removals went undetected
			return false
		}
		if !bytes.Equal(got[name], w) {
			l.fail("%s comes to %d rows, not %d", name, bytes.Count(got[name], []byte("\n")), bytes.Count(w, []byte("\n")))
		}
	}
	return l.problem == ""
}

// warns reports whether a warning in the manifest contains some words.
func (l *seedLife) warns(words string) bool {
	m, err := archive.ReadManifest(l.disk)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(m.Collections, func(e archive.Entry) bool {
		return slices.ContainsFunc(e.Warnings, func(w string) bool { return strings.Contains(w, words) })
	})
}

// mergedFiles merges a copy of a store.
func mergedFiles(ctx context.Context, disk *storetest.Memory) (map[string][]byte, error) {
	disk = disk.Crash(func(unsynced []byte) []byte { return unsynced })
	if _, err := archive.Merge(ctx, disk); err != nil {
		return nil, err
	}
	entries, err := disk.List()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name, store.MergedPrefix) && strings.HasSuffix(e.Name, ".jsonl") {
			if files[e.Name], err = disk.Read(e.Name); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

// want returns the result of an undisturbed run with the spec.
func (l *seedLife) want(ctx context.Context) (*seedWant, error) {
	key := fmt.Sprintf("%s %s %d %d %d", l.spec.Mode, l.spec.formName(), len(l.spec.Columns), l.spec.Parts, l.page)
	l.mu.Lock()
	w := l.undisturbed[key]
	l.mu.Unlock()
	if w != nil {
		return w, nil
	}
	w = &seedWant{files: map[string][]byte{}}
	disk := storetest.NewMemory()
	spec := l.spec
	spec.Fast = false
	for epoch := range seedEpochs {
		client, stop, err := (&seedServer{handler: l.world.handlers[epoch], page: cmp.Or(l.page, 1000)}).seedClient(l.world.right)
		if err != nil {
			return nil, err
		}
		r, err := NewRun(spec, client, Env{Store: disk})
		if err == nil {
			_, err = r.Do(ctx)
		}
		stop()
		if err != nil {
			return nil, err
		}
		if epoch == 0 {
			entries, err := disk.List()
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				if !strings.HasPrefix(e.Name, store.WorkPrefix) {
					if w.files[e.Name], err = disk.Read(e.Name); err != nil {
						return nil, err
					}
				}
			}
		}
		if spec.Mode != Incremental {
			break
		}
		merged, err := mergedFiles(ctx, disk)
		if err != nil {
			return nil, err
		}
		w.merged = append(w.merged, merged)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.undisturbed[key] = w
	return w, nil
}
