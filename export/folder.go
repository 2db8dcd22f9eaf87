package export

import (
	"context"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// openFolder determines whether a run does the first sync of its folder,
// resumes it, or does the next one.
func (r *Run) openFolder() error {
	f, err := archive.Inspect(r.env.Store)
	if err != nil {
		return err
	}
	switch f.Kind {
	case archive.Unfinished, archive.Partial:
		spec, err := SpecOf(r.env.Store, f.Run)
		if err != nil {
			return err
		}
		// The manifest of a sync without failures outranks the state of an older
		// run.
		r.chain = f.Run.Sync > 0 || f.Manifest != nil && (f.Manifest.LastSync() > 1 || len(f.Manifest.Failed) == 0)
		r.resume = !r.chain
		if r.chain {
			spec.Collections = r.spec.Collections
		}
		if diff := r.spec.Differences(spec); len(diff) > 0 {
			return &Changed{Differences: diff}
		}
	case archive.Finished, archive.Syncs:
		if f.Manifest.Consistency == archive.ConsistencyNone {
			return &store.Error{Store: f.Store, Problem: "contains a run without a snapshot, which can't be continued as a sync: choose another folder"}
		}
		r.chain = true
	default:
		return f.Usable()
	}
	return nil
}

// Verify re-reads the files of a finished run, except those that Do verified
// while writing, and compares them with the manifest.
func (r *Run) Verify(ctx context.Context, progress func(archive.VerifyStatus)) (*archive.Report, error) {
	r.mu.Lock()
	found := r.mu.found
	r.mu.Unlock()
	return archive.VerifyRun(ctx, r.env.Store, found, progress)
}
