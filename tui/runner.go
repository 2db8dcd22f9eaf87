package tui

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// An exporting is the part of an export that the wizard uses, such as *export.Run.
type exporting interface {
	Do(ctx context.Context) (*archive.Manifest, error)
	Verify(ctx context.Context, progress func(archive.VerifyStatus)) (*archive.Report, error)
	Status() export.Status
	Pause()
	Continue()
	SetWorkers(n int)
	SetMaxRate(documents int)
}

// A runner owns the goroutine of the export. The screen polls it; it outlives steps,
// and the program waits for it before ending.
type runner struct {
	ctx   context.Context
	open  func(export.Spec, export.Source, bool) (exporting, error)
	limit func(bytes int64) // sets the memory limit for the export
	wg    sync.WaitGroup

	mu   sync.Mutex
	stop context.CancelFunc
	run  exporting
	now  progress
}

type progress struct {
	state    runState
	spec     export.Spec
	status   export.Status
	checking archive.VerifyStatus
	manifest *archive.Manifest // nil until finished
	err      error             // from the export; a *export.Partial alongside a manifest
	report   *archive.Report   // result of re-reading the files, nil if unknown
	unread   error             // why they could not be re-read
}

// elapsed returns the time of the whole run, across stops and resumes.
func (p progress) elapsed() time.Duration { return p.status.Earlier + p.status.Elapsed }

func (p progress) retries() int { return p.status.EarlierRetries + p.status.Retries }

// active reports whether the export or its verification is running.
func (p progress) active() bool { return p.state == runGoing || p.state == runVerifying }

// failure returns the error of the export or of re-reading its files, or nil.
func (p progress) failure() error {
	switch {
	case p.err != nil:
		return p.err
	case p.unread != nil:
		return p.unread
	case p.report != nil && !p.report.OK():
		return errors.New("the files do not match the manifest")
	}
	return nil
}

type runState int

const (
	runIdle runState = iota
	runGoing
	runVerifying
	runEnded
)

// screenMemory is how many bytes the wizard may use besides the export.
const screenMemory = 16 << 20

func newRunner(ctx context.Context) *runner {
	return &runner{ctx: ctx, open: openRun, stop: func() {}, limit: func(n int64) { debug.SetMemoryLimit(n) }}
}

// openRun prepares a new run in the spec's folder, or resumes the one there.
func openRun(spec export.Spec, src export.Source, resume bool) (exporting, error) {
	if client, ok := src.(*fauna.Client); ok {
		src = client.Once() // a run retries its requests itself
	}
	into, err := storeOf(spec.Dir)
	if err != nil {
		return nil, err
	}
	if resume {
		run, err := export.OpenRun(src, export.Env{Store: into})
		if _, ok := errors.AsType[*archive.NotARun](err); !ok { // else it stopped before writing anything
			return run, err
		}
	}
	return export.NewRun(spec, src, export.Env{Store: into})
}

// start starts or resumes an export while none is running, and returns once it is.
func (r *runner) start(spec export.Spec, src export.Source, resume bool) error {
	ctx, cancel := context.WithCancel(r.ctx)
	r.wg.Add(1)
	r.locked(func() { r.now, r.stop = progress{state: runGoing, spec: spec}, cancel })
	r.limit(spec.MemoryLimit() + screenMemory)
	run, err := r.open(spec, src, resume)
	r.locked(func() {
		if r.run = run; err != nil {
			r.now, r.run = progress{}, nil
		}
	})
	go func() {
		defer r.wg.Done()
		defer cancel()
		if err == nil {
			r.work(ctx, spec, run)
		}
	}()
	return err
}

// work exports, then re-reads the files. A panic in the engine becomes an error, as the
// terminal must be restored before anything is printed.
func (r *runner) work(ctx context.Context, spec export.Spec, run exporting) {
	var end progress
	defer func() {
		if p := recover(); p != nil {
			end.err = fmt.Errorf("the export crashed: %v\n%s", p, debug.Stack())
		}
		end.state, end.spec, end.status = runEnded, spec, run.Status()
		r.locked(func() {
			end.checking = r.now.checking
			r.now, r.run = end, nil
		})
	}()
	end.manifest, end.err = run.Do(ctx)
	if end.manifest == nil {
		return
	}
	r.locked(func() { r.now.state, r.now.manifest, r.now.status = runVerifying, end.manifest, run.Status() })
	end.report, end.unread = run.Verify(ctx, func(v archive.VerifyStatus) { r.locked(func() { r.now.checking = v }) })
}

func (r *runner) locked(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *runner) progress() (p progress) {
	var run exporting
	r.locked(func() { p, run = r.now, r.run })
	if p.state == runGoing && run != nil {
		p.status = run.Status()
	}
	return p
}

// verified stores the result of re-reading the files.
func (r *runner) verified(report *archive.Report) {
	r.locked(func() { r.now.report, r.now.unread = report, nil })
}

func (r *runner) active() bool { return r.progress().active() }

func (r *runner) cancel() { r.locked(func() { r.stop() }) }

// with calls f with the export if one is running.
func (r *runner) with(f func(exporting)) {
	var run exporting
	r.locked(func() { run = r.run })
	if run != nil {
		f(run)
	}
}

// line describes the export in one line, or returns "" if there is none.
func (p progress) line() string {
	st := p.status
	switch {
	case p.state == runVerifying:
		return "verifying the files"
	case p.state == runEnded:
		return "export ended"
	case p.state != runGoing:
		return ""
	}
	line := "exporting: " + text.Count(st.Rows, "row")
	if st.ExpectedFinal && st.Expected > 0 {
		line = fmt.Sprintf("exporting: %s of %s rows, %d %%", text.Number(st.Rows), text.Number(st.Expected), text.Percent(st.Rows, st.Expected))
		if st.ETA > 0 {
			line += ", " + text.Span(st.ETA) + " left"
		}
	}
	if st.Waiting != nil {
		line += ", waiting: " + text.Sentence(st.Waiting)
	}
	return line
}
