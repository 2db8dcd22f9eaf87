package fauna

import (
	"cmp"
	"context"
	"errors"
	"math"
	"sync"
	"time"

	f "github.com/fauna/faunadb-go/v4/faunadb"
	"golang.org/x/sync/errgroup"

	"fauna-export/fauna/fql"
)

// Special values of Access.HistoryDays.
const (
	HistoryForever = -1 // history is kept forever
	HistoryUnknown = -2 // the key can't read Collections()
)

// grace is how long the server keeps history in addition to history_days.
const grace = 15 * time.Minute

// Access is what a key may do with a collection, and for how long a snapshot of
// it stays readable.
type Access struct {
	Collection string
	Exists     bool
	Readable   bool // at least some documents can be read
	// Filtered means that the role hides some documents with a predicate on
	// their data. The server omits them silently. Predicates on ids cannot be
	// detected.
	Filtered    bool
	HistoryDays int // days, HistoryForever or HistoryUnknown
	// Minimum is the oldest time that can be read, in microseconds since 1970.
	// It costs a request per collection, so it is 0 unless HistoryDays is
	// unknown. See MinimumTime.
	Minimum int64
}

// Life returns how long a snapshot taken at now (microseconds since 1970) stays
// readable; the largest Duration means forever. If HistoryDays is unknown it is
// how far the readable history goes back now, which is a lower bound.
func (a Access) Life(now int64) time.Duration {
	switch {
	case a.HistoryDays == HistoryForever, a.HistoryDays > 100*365:
		return math.MaxInt64
	case a.HistoryDays >= 0:
		return time.Duration(a.HistoryDays)*24*time.Hour + grace
	case a.Minimum > 0 && now > a.Minimum:
		return time.Duration(now-a.Minimum) * time.Microsecond
	}
	return grace
}

// Access reports what the key may do with each collection, in the order given.
// A collection that does not exist or cannot be read is not an error. Access is
// probed with Get of a document, since pages don't show it.
func (c *Client) Access(ctx context.Context, collections []string) ([]Access, error) {
	list := make([]Access, len(collections))
	for i, name := range collections {
		list[i] = Access{Collection: name, HistoryDays: HistoryUnknown}
	}
	// In parallel, to save a round trip.
	var probeErr, historyErr error
	var wg sync.WaitGroup
	wg.Go(func() { probeErr = c.probe(ctx, list) })
	wg.Go(func() { historyErr = c.histories(ctx, list) })
	wg.Wait()
	if err := cmp.Or(probeErr, historyErr); err != nil {
		return nil, err
	}
	if err := c.minimums(ctx, list); err != nil {
		return nil, err
	}
	return list, nil
}

// probe fills in Exists, Readable and Filtered.
func (c *Client) probe(ctx context.Context, list []Access) error {
	const op = "check what the key can read"
	asked, results, err := c.eachOf(ctx, c.reading(op, 0), list, func(name string) f.Expr { return probeExpr(name, 0) })
	if err != nil {
		return err
	}
	var denied []*Access
	for i, a := range asked {
		p := results[i].problem
		switch {
		case p == nil:
			a.Exists, a.Readable = true, true
		case p.Code == "invalid ref":
		case p.kind() == KindMissing:
			a.Exists, a.Readable = true, true
		case p.kind() == KindDenied:
			a.Exists = true
			denied = append(denied, a)
		default:
			return c.problemError(op, p)
		}
	}
	return c.probeFiltered(ctx, op, denied)
}

// eachOf evaluates an expression for each collection that can exist.
func (c *Client) eachOf(ctx context.Context, r request, list []Access, expr func(name string) f.Expr) ([]*Access, []result, error) {
	var asked []*Access
	var exprs []f.Expr
	for i := range list {
		if fql.CheckName(list[i].Collection) == nil {
			asked = append(asked, &list[i])
			exprs = append(exprs, expr(list[i].Collection))
		}
	}
	results, err := c.each(ctx, r, exprs)
	return asked, results, err
}

// If the key may read few or no documents, the server searches the whole
// collection for a page: with size 1 that takes 0.6 ms per document, with a
// large size almost nothing. If it takes longer than this, there is probably no
// readable document.
const (
	probeSize = 80_000
	probeTime = 10 * time.Second
)

// probeFiltered finds, among collections whose probe was denied, those with
// some readable documents: a page of them is not empty, and its first document
// can be read.
func (c *Client) probeFiltered(ctx context.Context, op string, denied []*Access) error {
	visible := map[*Access]int64{} // id of a document in each, -1 for none
	var mu sync.Mutex
	err := sideBySide(ctx, denied, func(ctx context.Context, a *Access) error {
		id, err := c.firstVisible(ctx, op, a.Collection)
		mu.Lock()
		defer mu.Unlock()
		visible[a] = id
		return err
	})
	if err != nil {
		return err
	}
	var asked []*Access
	var probes []f.Expr
	for _, a := range denied {
		if visible[a] >= 0 {
			asked = append(asked, a)
			probes = append(probes, probeExpr(a.Collection, visible[a]), probeExpr(a.Collection, 0))
		}
	}
	results, err := c.each(ctx, c.reading(op, 0), probes)
	if err != nil {
		return err
	}
	reads := func(r result) bool { return r.problem == nil || r.problem.kind() == KindMissing }
	for i, a := range asked {
		// A key with only unrestricted_read lists ids, but reads nothing. One that
		// is denied nothing when asked again was not denied at first either.
		if reads(results[2*i]) {
			a.Readable, a.Filtered = true, !reads(results[2*i+1])
		}
	}
	return nil
}

// firstVisible returns the first id that the key can see in the collection, -1
// for none.
func (c *Client) firstVisible(ctx context.Context, op, collection string) (int64, error) {
	outer := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, probeTime, errTimeout)
	defer cancel()
	first := f.Select(f.Arr{"data", 0, "id"}, f.Paginate(f.Documents(f.Collection(collection)), f.Size(probeSize)), f.Default(nil))
	begun := time.Now()
	value, err := c.query(ctx, c.reading(op, 0), first)
	switch {
	case err == nil:
	case outer.Err() == nil && ctx.Err() != nil, // our time is up, or the server's, which is a little less
		failed(err, KindTimeout) && time.Since(begun) > probeTime/2,
		failed(err, KindMissing): // deleted since
		return -1, nil
	default:
		return -1, err
	}
	if value.IsNull() {
		return -1, nil
	}
	id, err := parseID(value.Str())
	if err != nil {
		return -1, c.strange(op, "%v", err)
	}
	return id, nil
}

// atOnce is how many requests run in parallel.
const atOnce = 8

// sideBySide runs a task for each item until one fails.
func sideBySide[T any](ctx context.Context, items []T, task func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, item := range items {
		group.Go(func() error { return task(ctx, item) })
	}
	return group.Wait()
}

// histories fills in HistoryDays of the existing collections, if the key may
// read it.
func (c *Client) histories(ctx context.Context, list []Access) error {
	const op = "read how long history is kept"
	r := c.reading(op, 0)
	r.values = true
	asked, results, err := c.eachOf(ctx, r, list, func(name string) f.Expr {
		return f.Select("history_days", f.Get(f.Collection(name)), f.Default(nil))
	})
	if err != nil {
		return err
	}
	for i, a := range asked {
		r := results[i]
		if r.problem != nil {
			if k := r.problem.kind(); k != KindDenied && k != KindMissing {
				return c.problemError(op, r.problem)
			}
			continue
		}
		days, ok := r.value.Int()
		switch {
		case r.value.IsNull():
			a.HistoryDays = HistoryForever
		case !ok || days < 0:
			return c.strange(op, "history_days of %s is not a number of days", quoteName(a.Collection))
		default:
			a.HistoryDays = int(min(days, math.MaxInt32))
		}
	}
	return nil
}

// minimums fills in Minimum of readable collections whose HistoryDays is
// unknown. The answer is an error of the whole query, so each collection needs
// its own request.
func (c *Client) minimums(ctx context.Context, list []Access) error {
	var asked []*Access
	for i := range list {
		if list[i].Readable && list[i].HistoryDays == HistoryUnknown {
			asked = append(asked, &list[i])
		}
	}
	return sideBySide(ctx, asked, func(ctx context.Context, a *Access) error {
		m, err := c.MinimumTime(ctx, a.Collection)
		if failed(err, KindMissing, KindDenied) {
			return nil // deleted, or denied, since the probe
		}
		a.Minimum = m
		return err
	})
}

// Unreadable returns the collections in which the key may read no document,
// those that do not exist, and those in which the role hides documents with a
// predicate, each in the order given. It checks a thousand collections per
// query.
func (c *Client) Unreadable(ctx context.Context, collections []string) (unreadable, missing, filtered []string, err error) {
	list := make([]Access, len(collections))
	for i, name := range collections {
		list[i] = Access{Collection: name}
	}
	if err := c.probe(ctx, list); err != nil {
		return nil, nil, nil, err
	}
	return Which(list, func(a Access) bool { return a.Exists && !a.Readable }), Which(list, func(a Access) bool { return !a.Exists }),
		Which(list, func(a Access) bool { return a.Filtered }), nil
}

// Which returns the collections that meet a condition, in the list's order.
func Which(list []Access, meets func(Access) bool) []string {
	var names []string
	for _, a := range list {
		if meets(a) {
			names = append(names, a.Collection)
		}
	}
	return names
}

// MinimumTime returns the oldest time at which a collection can be read, in
// microseconds since 1970. Every key may ask, because the error of a read at
// time 0 names it. 0 means that all times can be read.
func (c *Client) MinimumTime(ctx context.Context, collection string) (int64, error) {
	op := "read the oldest readable time of " + quoteName(collection)
	// Not atTime, which takes 0 for the present.
	_, err := c.query(ctx, request{op: op}, f.At(0, f.Paginate(f.Documents(f.Collection(collection)), f.Size(1))))
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == KindExpired && e.Minimum != 0 {
		return e.Minimum, nil
	}
	return 0, err
}

// What CollectionTimes returns instead of a time.
const (
	CollectionAbsent  = -1
	CollectionUnknown = 0
)

// CollectionTimes returns the ts of each collection's own settings at a time,
// in microseconds since 1970 and in the order given: when it was created or its
// settings last changed. The history of settings is kept forever, so this shows
// whether a collection is still the one that was read at that time. It is
// CollectionAbsent for one that did not exist then or does not exist now, and
// CollectionUnknown for a key that may not read Collections().
func (c *Client) CollectionTimes(ctx context.Context, collections []string, at int64) ([]int64, error) {
	const op = "check that the collections existed at the snapshot's time"
	exprs := make([]f.Expr, len(collections))
	for i, name := range collections {
		exprs[i] = f.At(at, f.Select("ts", f.Get(f.Collection(name))))
	}
	results, err := c.each(ctx, request{op: op, lastSeen: at, values: true}, exprs)
	if err != nil {
		return nil, err
	}
	times := make([]int64, len(collections))
	for i, r := range results {
		if r.problem == nil {
			var ok bool
			if times[i], ok = r.value.Int(); !ok || times[i] <= 0 || times[i] > at {
				return nil, c.strange(op, "the ts of the collection %s is not a time before the snapshot", quoteName(collections[i]))
			}
			continue
		}
		switch r.problem.kind() {
		case KindMissing:
			times[i] = CollectionAbsent
		case KindDenied:
		default:
			return nil, c.problemError(op, r.problem)
		}
	}
	return times, nil
}
