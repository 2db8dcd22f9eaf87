package export

import (
	"context"
	"io"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// Stream writes the rows of the run's only collection to w, in order and
// without a folder, so it cannot be resumed. Errors of w are wrapped.
func (r *Run) Stream(ctx context.Context, w io.Writer) (*archive.Manifest, error) {
	if r.spec.Mode == Incremental {
		return nil, &SpecError{Problem: "an incremental sync needs a folder for its state"}
	}
	if r.spec.Parts != 1 {
		return nil, &SpecError{Problem: "a stream has only one part"}
	}
	if len(r.all) != 1 {
		return nil, &SpecError{Problem: "only one collection can be written to a stream"}
	}
	r.env.Store = store.NewStream(w)
	return r.Do(ctx)
}
