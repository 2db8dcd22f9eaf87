package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"fauna-export/export/pairs"
)

// comparedAtOnce is how many collections are compared with their indexes in
// parallel.
const comparedAtOnce = 8

// findUnlisted looks for documents that the server does not list. A document with a
// delete and an update at the same time, which Insert can write, exists and is in
// the indexes, but is neither listed in the collection nor counted. If the spec
// names a collection's index, and it has more documents at the time read at, those
// that only the index has are planned too.
func (r *Run) findUnlisted(ctx context.Context) error {
	src, ok := r.src.(SyncSource)
	if !ok || r.spec.Mode == Incremental { // a first sync is compared with the index anyway
		return nil
	}
	var todo [][]*collection
	for all := r.all; len(all) > 0; {
		n := slices.IndexFunc(all, func(c *collection) bool { return c.name != all[0].name }) // parts are adjacent
		if n < 0 {
			n = len(all)
		}
		var parts []*collection // those read at one time
		for _, c := range all[:n] {
			if c.at != 0 && c.state != CollectionDone && c.state != CollectionFailed && (len(parts) == 0 || c.at == parts[0].at) {
				parts = append(parts, c)
			}
		}
		if name := all[0].name; len(parts) > 0 && r.spec.Indexes[name] != "" && !slices.Contains(r.spec.Filtered, name) {
			todo = append(todo, parts)
		}
		all = all[n:]
	}
	return eachOf(ctx, comparedAtOnce, todo, func(ctx context.Context, _ int, parts []*collection) error {
		return r.compareListed(ctx, src, parts)
	})
}

// compareListed finds the unlisted documents of the parts of one collection. An
// index that can't be read is ignored, since a full run does not need it.
func (r *Run) compareListed(ctx context.Context, src SyncSource, parts []*collection) error {
	var ids []int64
	var err error
	doubtful := true
	for reading := 1; doubtful && reading <= maxReadings; reading++ {
		ids, err = r.onlyIndexed(ctx, src, parts[0], r.spec.Indexes[parts[0].name])
		_, contradicts := errors.AsType[*contradiction](err)
		_, unexplained := errors.AsType[*Unexplained](err)
		doubtful = contradicts || unexplained
	}
	fail := failureOf(err)
	if err != nil && !doubtful && (fail == nil || !fail.Expired() && !fail.Refused() && !fail.Missing()) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range parts {
		if doubtful {
			r.failLocked(c, err)
		}
		c.unlisted = between(ids, c.part.lo, c.part.hi)
	}
	return nil
}

// onlyIndexed returns the ids that an index has and the server's list lacks. It
// reads both only if their counts differ.
func (r *Run) onlyIndexed(ctx context.Context, src SyncSource, c *collection, index string) ([]int64, error) {
	listed, err := r.askCount(ctx, c, c.at)
	if err != nil {
		return nil, err
	}
	indexed, err := r.askPairCount(ctx, src, c, index, 0)
	if err != nil || indexed <= listed {
		return nil, err
	}
	var all []int64
	for p, err := range r.indexPairs(ctx, src, c, index, 0) {
		if err != nil {
			return nil, err
		}
		all = append(all, p.ID)
	}
	slices.Sort(all)
	var only []int64
	found := int64(0)
	for id, err := range pairs.Align(cmp.Compare[int64], pairs.Slice(all), r.ids(ctx, task{c: c, at: c.at, size: laterIDs}, -1)) {
		switch {
		case err != nil:
			return nil, err
		case id.InB:
			found++
		default:
			only = append(only, id.A)
		}
	}
	if found > listed {
		return nil, &contradiction{fmt.Sprintf("it counts %d documents, but lists %d", listed, found)}
	}
	return only, nil
}

// between returns the ids from one up to, but not including, another; a negative
// end means all.
func between(ids []int64, from, to int64) []int64 {
	i, _ := slices.BinarySearch(ids, from)
	if to < 0 {
		return ids[i:]
	}
	j, _ := slices.BinarySearch(ids, to)
	return ids[i:max(i, j)]
}

// unlisted reads the documents of the chunk by their refs.
func (p *reading) unlisted(ctx context.Context) error {
	err := p.pageOf(ctx)
	gone := without(p.ch.ids, p.batch.IDs)
	if err == nil && len(gone) > 0 {
		err = p.checkAccess(ctx, p.c, p.ch.at)
	}
	p.ch.outcome.gone = gone
	return err
}
