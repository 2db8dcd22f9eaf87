package export

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"math"
	"slices"
	"sync"
	"time"
)

// prepare asks the server, before any file is made, for the time to read at
// and whether all collections are there and readable.
func (r *Run) prepare(ctx context.Context) error {
	now, err := r.askNow(ctx)
	if err != nil {
		return err
	}
	at := now
	switch {
	case r.spec.NoSnapshot:
		at = 0
	case r.spec.At > now:
		return &AtError{At: r.spec.At, Now: now, Future: true}
	case r.spec.At != 0:
		at = r.spec.At
	}
	names := r.spec.Collections
	existed := at
	if existed == 0 {
		existed = now
	}
	absent, err := r.askAbsent(ctx, nil, names, existed)
	if err != nil {
		return err
	}
	if len(absent) > 0 && r.spec.At != 0 {
		missing, err := r.askAbsent(ctx, nil, absent, now)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			return &AtError{At: at, Now: now, Absent: absent}
		}
		absent = missing
	}
	if len(absent) > 0 {
		return &Missing{Collections: absent}
	}
	if err := r.probe(ctx, r.all, at); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times = []int64{at}
	for _, c := range r.all {
		c.at = at
		c.segments = []segment{{From: 0, At: at}}
	}
	return nil
}

// probe asks for each of the collections whether it is readable, and how long
// a snapshot of it lives.
func (r *Run) probe(ctx context.Context, of []*collection, at int64) error {
	var (
		mu         sync.Mutex
		unreadable []string
		missing    []string
		first      error
		todo       = make(chan *collection)
		done       sync.WaitGroup
	)
	one := func(c *collection) error {
		yes, err := r.askReadable(ctx, c, c.name)
		if fail := failureOf(err); fail != nil && fail.Missing() {
			mu.Lock()
			missing = append(missing, c.name)
			mu.Unlock()
			return nil
		}
		if err != nil {
			return err
		}
		if !yes {
			mu.Lock()
			unreadable = append(unreadable, c.name)
			mu.Unlock()
			return nil
		}
		if at == 0 || (c.life > 0 && r.spec.At == 0) {
			return nil
		}
		least, err := r.askMinimum(ctx, c.name)
		if err != nil {
			return err
		}
		if at < least && !r.resume {
			return &AtError{At: at, Minimum: least, Collection: c.name}
		}
		c.life = time.Duration(at-least) * time.Microsecond
		return nil
	}
	for range min(len(of), r.spec.Workers) {
		done.Go(func() {
			for c := range todo {
				mu.Lock()
				failed := first != nil
				mu.Unlock()
				if failed {
					continue
				}
				if err := one(c); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	for _, c := range of {
		todo <- c
	}
	close(todo)
	done.Wait()
	if first != nil {
		return first
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return &Missing{Collections: missing}
	}
	if len(unreadable) > 0 {
		slices.Sort(unreadable)
		return &Unreadable{Collections: unreadable}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.order = slices.Clone(r.all)
	slices.SortStableFunc(r.order, func(a, b *collection) int { return cmp.Compare(a.life, b.life) })
	if at != 0 {
		least := time.Duration(math.MaxInt64)
		for _, c := range of {
			least = min(least, c.life)
		}
		if least < time.Duration(math.MaxInt64) {
			r.ends = r.env.Clock.Now().Add(least)
		}
	}
	return nil
}

// OpenRun prepares to go on with the run that the store holds. It asks
// nothing of the server. A finished run gives a Run that answers its
// manifest at once; a store without a run is a *NotARun.
func OpenRun(src Source, env Env) (*Run, error) {
	f, err := Inspect(env)
	if err != nil {
		return nil, err
	}
	switch {
	case f.Spec != nil:
		r, err := newRun(*f.Spec, src, env)
		if err != nil {
			return nil, &NotARun{Dir: storeName(env.Store), Why: err.Error()}
		}
		if r.spec.Mode == Incremental {
			return r, r.openFolder()
		}
		r.resume = true
		return r, nil
	case f.Manifest != nil:
		env = env.withDefaults()
		r := &Run{spec: Spec{Dir: storeName(env.Store)}, env: env, finished: f.Manifest}
		r.wake.L = &r.mu
		r.pace = newPace(env.Clock, env.Rand, 1, 0)
		return r, nil
	default:
		return nil, &NotARun{Dir: storeName(env.Store)}
	}
}

// Spec is what the run exports and how; that of the earlier process for a
// run that is gone on with.
func (r *Run) Spec() Spec { return r.spec }

// Differences says in which of the things that decide what the files hold
// another Spec differs; nothing when a run of one may go on as the other.
func (s Spec) Differences(other Spec) []string {
	return differences(s.withDefaults().text(), other.withDefaults().text())
}

// reopen takes up where an earlier process ended.
func (r *Run) reopen(ctx context.Context) (release func() error, err error) {
	unlock, err := r.env.Store.Lock()
	if err != nil {
		return nil, r.diskError("lock the folder", err)
	}
	defer func() {
		if err != nil {
			unlock()
		}
	}()
	saved, spec, err := readRun(r.env.Store)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotARun{Dir: storeName(r.env.Store), Why: "another process has finished it meanwhile"}
	}
	if err != nil {
		return nil, err
	}
	if diff := r.spec.Differences(spec); len(diff) > 0 {
		return nil, &Changed{Differences: diff}
	}
	if len(saved.Times) == 0 {
		return nil, &NotARun{Dir: storeName(r.env.Store), Why: runName + " names no time"}
	}
	left, err := r.takeUp(saved)
	if err != nil {
		return nil, err
	}
	if len(left) > 0 {
		if err := r.sameServer(ctx, saved.Times[0]); err != nil {
			return nil, err
		}
		if err := r.probe(ctx, left, left[0].at); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{ManifestName, SumsName} {
		if err := r.env.Store.Remove(name); err != nil {
			return nil, r.diskError("remove "+name, err)
		}
	}
	return unlock, nil
}

// takeUp reads how far each collection is, and returns those that are not
// finished.
func (r *Run) takeUp(saved *runState) (left []*collection, err error) {
	entries, err := r.env.Store.List()
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]int64, len(entries))
	for _, e := range entries {
		sizes[e.Name] = e.Size
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times = slices.Clone(saved.Times)
	r.began = saved.Started
	for _, c := range r.all {
		st, err := readState(r.env.Store, c.file)
		if err != nil {
			return nil, err
		}
		part, whole := sizes[partName(c.file)], sizes[c.file]
		if st != nil && st.Finished && st.Entry != nil && (part == st.Offset || whole == st.Offset) {
			c.entry, c.segments, c.put = st.Entry, st.Segments, st.Tally
			c.read, c.planned, c.bytes = st.Rows, st.Rows, st.Bytes
			c.gone, c.appeared, c.pages, c.retries = 0, 0, st.Pages, st.Retries
			c.scanFrom, c.saved = -1, st
			r.written += st.Offset
			r.laid += st.Rows
			if _, there := sizes[partName(c.file)]; there {
				if err := r.env.Store.Commit(partName(c.file), c.file); err != nil {
					return nil, r.diskError("rename "+partName(c.file), err)
				}
			}
			c.state = CollectionDone
			for _, s := range c.segments {
				r.times = append(r.times, s.At)
			}
			continue
		}
		left = append(left, c)
		c.segments = []segment{{From: 0, At: saved.Times[0]}}
		if st != nil && !st.Finished && part >= st.Offset {
			c.saved, c.segments = st, st.Segments
			c.scanFrom = st.Next
			c.planned = st.Tally.Expected
			c.read = st.Tally.Expected - st.Tally.Gone + st.Tally.Appeared
			c.gone, c.appeared, c.bytes = st.Tally.Gone, st.Tally.Appeared, st.Bytes
			c.pages, c.retries = st.Pages, st.Retries
			c.before = time.Duration(st.Seconds * float64(time.Second))
			r.written += st.Offset
			r.laid += st.Rows
		}
		c.at = c.segments[len(c.segments)-1].At
		for _, s := range c.segments {
			r.times = append(r.times, s.At)
		}
	}
	slices.Sort(r.times)
	r.times = slices.Compact(r.times)
	r.renewed = len(r.times) - 1
	return left, nil
}

// sameServer refuses to go on against a database that is not the one the run
// was begun with.
func (r *Run) sameServer(ctx context.Context, at int64) error {
	now, err := r.askNow(ctx)
	if err != nil {
		return err
	}
	if now < at {
		return &Changed{Differences: []string{"the server's time is " + FormatTime(now) + ", before the snapshot of " + FormatTime(at)}}
	}
	if at == 0 {
		return nil
	}
	absent, err := r.askAbsent(ctx, nil, r.spec.Collections, at)
	if err != nil {
		return err
	}
	if len(absent) == len(r.spec.Collections) {
		return &Changed{Differences: []string{"the server: none of the collections is there that was read at " + FormatTime(at) + "; they were deleted, or this is another database"}}
	}
	return nil
}
