package export

import (
	"context"
	"io"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// Pause lets requests in flight end and asks nothing more until Continue.
func (r *Run) Pause() { r.setPaused(true) }

// Continue goes on after Pause.
func (r *Run) Continue() { r.setPaused(false) }

func (r *Run) setPaused(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pass != nil {
		r.pass.setPaused(yes)
	}
	r.paused = yes
	r.wake.Broadcast()
}

// SetWorkers changes the number of requests in flight, within 1 and
// MaxWorkers, and ends the engine's own search for it.
func (r *Run) SetWorkers(n int) {
	n = min(max(n, 1), MaxWorkers)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pass != nil {
		r.pass.SetWorkers(n)
	}
	r.tuner = nil
	r.employ(n)
}

// SetMaxRate changes the largest number of documents a second; 0 is any.
func (r *Run) SetMaxRate(n int) {
	n = max(n, 0)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pass != nil {
		r.pass.SetMaxRate(n)
	}
	r.maxRate = n
	r.pace.setMaxRate(n)
}

// Stream writes the rows of the run's one collection to w, in order and
// without a folder: it cannot be resumed. An error of w comes back wrapped.
func (r *Run) Stream(ctx context.Context, w io.Writer) (*archive.Manifest, error) {
	if r.spec.Mode == Incremental {
		return nil, &SpecError{Problem: "an incremental sync needs a folder for its state"}
	}
	if r.spec.Parts != 0 && r.spec.Parts != 1 {
		return nil, &SpecError{Problem: "a stream is one part"}
	}
	if len(r.all) != 1 {
		return nil, &SpecError{Problem: "only one collection can be written to a stream"}
	}
	r.env.Store = store.NewStream(w)
	return r.Do(ctx)
}
