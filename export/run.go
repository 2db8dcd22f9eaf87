package export

import (
	"context"
	"errors"
	"io"
)

// Run is one export on its way.
type Run struct {
	spec Spec
	src  Source
	env  Env
}

// NewRun prepares a new run. It asks nothing of the server, and refuses with
// a *SpecError or a *DirError what cannot be run.
func NewRun(s Spec, src Source, env Env) (*Run, error) {
	return &Run{spec: s.withDefaults(), src: src, env: env.withDefaults()}, nil
}

// OpenRun prepares to go on with the run that the store holds.
func OpenRun(src Source, env Env) (*Run, error) { return nil, errors.New("not there yet") }

// Do runs to the end.
func (r *Run) Do(ctx context.Context) (*Manifest, error) { return nil, errors.New("not there yet") }

// Stream writes one collection to w.
func (r *Run) Stream(ctx context.Context, w io.Writer) (*Manifest, error) {
	return nil, errors.New("not there yet")
}

// Status is the progress now.
func (r *Run) Status() Status { return Status{} }

// Pause stops asking for more.
func (r *Run) Pause() {}

// Continue goes on after Pause.
func (r *Run) Continue() {}

// SetWorkers changes the number of requests in flight.
func (r *Run) SetWorkers(n int) {}
