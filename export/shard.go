package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// Shard identifies one of the processes, perhaps on several machines, that share
// a run. It writes the files of the parts k with k % Of == Index. The zero value
// means that the run is not shared.
type Shard struct {
	Index int `json:"index"`
	Of    int `json:"of"`
}

// ShardsOfPlan, as Shard.Of, takes the number of shards from the run's plan.
const ShardsOfPlan = -1

// partsPerShard is how many parts a planned run has per shard, so that all of
// them stay busy to the end.
const partsPerShard = 8

// NewShard prepares one shard of a run in a store that all shards share. The
// first one writes the plan: the time that all read at, and the parts. The
// others follow it, and may take Shard.Of from it too (ShardsOfPlan). An
// interrupted shard is resumed; for a finished one Do returns the manifest at
// once. The error is *Changed if the spec differs from the plan's, and a
// *store.Error if another process is working on the shard. archive.Finish joins
// the shards.
func NewShard(ctx context.Context, s Spec, src Source, env Env) (*Run, error) {
	shared, ok := env.Store.(store.Shared)
	if !ok {
		return nil, &SpecError{Problem: "this store cannot be shared by several processes"}
	}
	plan, err := archive.ReadPlan(shared)
	if errors.Is(err, fs.ErrNotExist) {
		plan, err = makePlan(ctx, s, src, env)
	}
	if err != nil {
		return nil, err
	}
	var planned Spec
	if err := json.Unmarshal(plan.Spec, &planned); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	if s.Shard.Of == ShardsOfPlan {
		s.Shard.Of = plan.Shards
	}
	if later := s.beyond(planned); len(later) > 0 {
		r, err := newRun(s, src, env)
		if err != nil {
			return nil, err
		}
		absent, err := r.askAbsent(ctx, nil, later, plan.Time)
		if err != nil {
			return nil, err
		}
		if len(absent) == len(later) { // all of them were created after the plan's time
			s.Collections = planned.Collections
		}
	}
	whole := s
	whole.Shard = Shard{}
	if differ := planned.Differences(whole); len(differ) > 0 || s.Shard.Of != plan.Shards {
		if s.Shard.Of != plan.Shards {
			differ = append(differ, fmt.Sprintf("shards: was %d, is %d", plan.Shards, s.Shard.Of))
		}
		return nil, &Changed{Differences: differ}
	}
	if s.Shard.Index < 0 || s.Shard.Index >= plan.Shards {
		return nil, &SpecError{Problem: fmt.Sprintf("shard %d is not in 0 to %d", s.Shard.Index, plan.Shards-1)}
	}
	env.Store = plan.Shard(shared, s.Shard.Index)
	found, err := archive.Inspect(env.Store)
	if err != nil {
		return nil, err
	}
	if err := notPublished(shared, found); err != nil {
		return nil, err
	}
	s.At, s.Parts = plan.Time, planned.Parts
	if found.Kind == archive.Finished {
		before := s
		before.Filtered = planned.Filtered // of the key that read the other files
		again, err := newRun(before, src, env)
		if err != nil {
			return nil, err
		}
		again.shared = plan
		if err := again.remake(found.Manifest); err != nil {
			return nil, err
		}
	}
	if found.Kind != archive.Empty {
		return OpenRun(src, env)
	}
	r, err := NewRun(s, src, env)
	if err != nil {
		return nil, err
	}
	r.shared = plan
	return r, nil
}

// notPublished returns an error if the shards were joined already, and the finish
// was interrupted after it had removed what was found missing of this shard.
func notPublished(s store.Shared, found archive.Found) error {
	if found.Kind == archive.Finished || found.Kind == archive.Partial {
		return nil
	}
	_, err := s.Read(archive.ManifestName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return diskError("read "+archive.ManifestName, err)
	}
	return &store.Error{Store: s.Name(), Problem: "contains a finished run, whose finish was interrupted while it removed what only the shards needed: run finish again; this shard has nothing left to do"}
}

// beyond returns the collections that a spec names in addition to all of the
// planned ones; nil if it lacks some of these.
func (s Spec) beyond(planned Spec) []string {
	later := slices.DeleteFunc(slices.Clone(s.Collections), func(name string) bool { return slices.Contains(planned.Collections, name) })
	if len(s.Collections) != len(planned.Collections)+len(later) {
		return nil
	}
	return later
}

// makePlan gets the time and the sizes of the run's collections from the server
// and writes the plan. If another process was faster, it returns that plan.
func makePlan(ctx context.Context, s Spec, src Source, env Env) (*archive.Plan, error) {
	shared := env.Store.(store.Shared)
	switch {
	case s.Shard.Of < 1 || s.Shard.Of > archive.MaxShards:
		return nil, &SpecError{Problem: fmt.Sprintf("the first shard needs the number of shards, 1 to %d: use --shard I/N", archive.MaxShards)}
	case s.NoSnapshot:
		return nil, &SpecError{Problem: "shards read at a single point in time: leave out --no-snapshot"}
	}
	if err := archive.CheckNew(shared); err != nil {
		return nil, err
	}
	r, err := newRun(s, src, env)
	if err != nil {
		return nil, err
	}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	at, ends := r.snapshot()
	plan := &archive.Plan{Shards: s.Shard.Of, Time: at, Made: r.made}
	plan.Bounds, plan.Counts, err = r.findBounds(ctx, s.Shard.Of, func(n, all int64) int {
		if s.Parts > 1 {
			return s.Parts
		}
		return int(min(maxParts, 1+n*int64(partsPerShard*s.Shard.Of)/max(1, all)))
	})
	if err != nil {
		return nil, err
	}
	if plan.Rate, err = r.measureRate(ctx, plan); err != nil {
		return nil, err
	}
	total := totalOf(plan)
	alone, err := r.checkTime(plan.Shards, total, plan.Rate)
	if err != nil {
		return nil, err
	}
	if left := ends.Sub(r.clock.Now()); alone > left && env.Warn != nil {
		env.Warn(fmt.Sprintf("the snapshot stays readable for %s, but one process needs about %s for %d documents: it expires too early unless the server serves %d processes as fast as one", minutes(left), minutes(alone), total, plan.Shards))
	}
	all := s
	all.Shard = Shard{}
	if plan.Spec, err = json.Marshal(all); err != nil {
		return nil, fmt.Errorf("encode the plan: %w", err)
	}
	for _, p := range r.collections(plan.Bounds) {
		plan.Files = append(plan.Files, archive.PlanFile{Collection: p.name, File: p.file})
	}
	if err := archive.CreatePlan(shared, plan); errors.Is(err, fs.ErrExist) {
		return archive.ReadPlan(shared)
	} else if err != nil {
		return nil, diskError("write "+archive.PlanName, err)
	}
	return plan, nil
}

// fitsPlan returns an error if the shard's database or key differs from the
// plan's.
func (r *Run) fitsPlan(filtered []string) error {
	if r.shared == nil {
		return nil
	}
	var planned Spec
	if err := json.Unmarshal(r.shared.Spec, &planned); err != nil {
		return fmt.Errorf("read the plan: %w", err)
	}
	if diff := newlyHiding(filtered, planned.Filtered, "plan"); len(diff) > 0 {
		return &Changed{Differences: diff}
	}
	return r.sameMade(r.shared.Made, r.made)
}

// ofShard returns the parts that belong to a shard.
func (s Shard) ofShard(parts []*collection) []*collection {
	if s.Of == 0 {
		return parts
	}
	var own []*collection
	for k, p := range parts {
		if k%s.Of == s.Index {
			own = append(own, p)
		}
	}
	return own
}
