package export

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
)

// fakeSource is a server that generates documents on demand. Its collections can
// change while a run reads them, and every answer can be replaced by a fault.
type fakeSource struct {
	mu    sync.Mutex
	now   int64
	least int64 // earlier times have expired
	set   map[string]*fakeCollection
	// fault is called before each answer, with the mutex held; its error replaces
	// the answer.
	fault func(call fakeCall) error
	calls int
	// bend modifies the body of a page of documents.
	bend func(call fakeCall, body []byte) []byte
}

// fakeCall is one request.
type fakeCall struct {
	n          int // from 1
	what       string
	collection string
	at, from   int64
	size       int
}

type fakeCollection struct {
	docs       []int64 // ids at the snapshot, ascending
	text       func(id int64) string
	live       map[int64]bool // ids not in the snapshot (any more) that exist now
	hidden     map[int64]bool // ids that the role hides
	unreadable bool
	filtered   bool
	recreated  bool // it did not exist at the snapshot's time
}

func newFakeSource(sizes map[string]int) *fakeSource {
	f := &fakeSource{now: 1_800_000_000_000_000, set: map[string]*fakeCollection{}}
	for name, n := range sizes {
		f.set[name] = newFakeCollection(n)
	}
	return f
}

func newFakeCollection(n int) *fakeCollection {
	c := &fakeCollection{text: fakeText}
	c.docs = make([]int64, n)
	for i := range c.docs {
		c.docs[i] = int64(i)*3 + 100
	}
	return c
}

// fakeText returns a document's data, whose length depends on the id.
func fakeText(id int64) string {
	return fmt.Sprintf(`{"name":"document %d","list":[1,2.5,true,"x"],"fill":"%.*s"}`, id, int(id%97), fakeFill)
}

const fakeFill = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

// fakeFailure is a Failure with the given properties.
type fakeFailure struct {
	text                                            string
	retry, smaller, expired, refused, slow, missing bool
}

func (f *fakeFailure) Error() string { return f.text }
func (f *fakeFailure) Retry() bool   { return f.retry }
func (f *fakeFailure) Smaller() bool { return f.smaller }
func (f *fakeFailure) Expired() bool { return f.expired }
func (f *fakeFailure) Refused() bool { return f.refused }
func (f *fakeFailure) Slow() bool    { return f.slow }
func (f *fakeFailure) Missing() bool { return f.missing }

var (
	errFakeGone    = &fakeFailure{text: "document not found", missing: true}
	errFakeExpired = &fakeFailure{text: "requested timestamp less than minimum", expired: true}
	errFakeDown    = &fakeFailure{text: "connection refused", retry: true}
	errFakeBusy    = &fakeFailure{text: "too many requests", retry: true, slow: true}
	errFakeTimeout = &fakeFailure{text: "read timed out", retry: true, smaller: true, slow: true}
	errFakeLarge   = &fakeFailure{text: "page too large", smaller: true}
	errFakeServer  = &fakeFailure{text: "internal server error", retry: true, smaller: true}
	errFakeSecret  = &fakeFailure{text: "unauthorized", refused: true}
)

// begin counts a call and returns its fault. The caller holds mu.
func (f *fakeSource) begin(ctx context.Context, call fakeCall) error {
	f.calls++
	call.n = f.calls
	f.now += 1000
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.fault != nil {
		if err := f.fault(call); err != nil {
			return err
		}
	}
	if call.at != 0 && call.at < f.least && (call.what == "ids" || call.what == "documents" || call.what == "count") {
		return errFakeExpired
	}
	return nil
}

func (f *fakeSource) Now(ctx context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(ctx, fakeCall{what: "now"}); err != nil {
		return 0, err
	}
	return f.now, nil
}

func (f *fakeSource) CollectionTimes(ctx context.Context, names []string, at int64) ([]int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(ctx, fakeCall{what: "absent", at: at, collection: names[0]}); err != nil {
		return nil, err
	}
	made := make([]int64, len(names))
	for i, n := range names {
		if made[i] = 1_700_000_000_000_000; f.set[n] == nil || f.set[n].recreated && at != 0 {
			made[i] = madeAbsent
		}
	}
	return made, nil
}

func (f *fakeSource) Unreadable(ctx context.Context, names []string) (unreadable, missing, filtered []string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(ctx, fakeCall{what: "readable", collection: names[0]}); err != nil {
		return nil, nil, nil, err
	}
	for _, name := range names {
		switch c := f.set[name]; {
		case c == nil:
			missing = append(missing, name)
		case c.unreadable:
			unreadable = append(unreadable, name)
		case c.filtered:
			filtered = append(filtered, name)
		}
	}
	return unreadable, missing, filtered, nil
}

func (f *fakeSource) MinimumTime(ctx context.Context, name string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(ctx, fakeCall{what: "minimum", collection: name}); err != nil {
		return 0, err
	}
	return max(f.least, f.now-15*60*1_000_000), nil
}

// visible returns the ids that a page at a time can contain.
func (c *fakeCollection) visible(at, from int64, size int) (ids []int64, next int64) {
	if c.unreadable || (c.recreated && at != 0) {
		return nil, -1
	}
	docs := c.docs
	if at == 0 && len(c.live) > 0 {
		docs = slices.Clone(docs)
		for id := range c.live {
			docs = append(docs, id)
		}
		slices.Sort(docs)
	}
	i, _ := slices.BinarySearch(docs, from)
	if len(c.hidden) == 0 {
		end := i + min(len(docs)-i, size)
		if end < len(docs) {
			return docs[i:end], docs[end]
		}
		return docs[i:end], -1
	}
	for _, id := range docs[i:] {
		if c.hidden[id] {
			continue
		}
		if len(ids) == size {
			return ids, id
		}
		ids = append(ids, id)
	}
	return ids, -1
}

func (f *fakeSource) IDs(ctx context.Context, p PageRequest) ([]int64, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(ctx, fakeCall{what: "ids", collection: p.Collection, at: p.At, from: p.From, size: p.Size}); err != nil {
		return nil, -1, err
	}
	ids, next := f.set[p.Collection].visible(p.At, p.From, p.Size)
	return slices.Clone(ids), next, nil
}

func (f *fakeSource) Documents(ctx context.Context, p PageRequest) ([]byte, error) {
	f.mu.Lock()
	call := fakeCall{what: "documents", collection: p.Collection, at: p.At, from: p.From, size: p.Size}
	if err := f.begin(ctx, call); err != nil {
		f.mu.Unlock()
		return p.Buf, err
	}
	call.n = f.calls
	c := f.set[p.Collection]
	ids, next := c.visible(p.At, p.From, p.Size)
	bend := f.bend
	f.mu.Unlock()
	p.Buf = fakeBody(p.Buf[:0], p.Collection, ids, next, p.Paths, c.text)
	if bend != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		p.Buf = bend(call, p.Buf)
	}
	return p.Buf, nil
}

func (f *fakeSource) Presence(ctx context.Context, name string, ids []int64) (alive, gone, hidden []int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(ctx, fakeCall{what: "presence", collection: name}); err != nil {
		return nil, nil, nil, err
	}
	c := f.set[name]
	for _, id := range ids {
		_, there := slices.BinarySearch(c.docs, id)
		switch {
		case c.unreadable || c.hidden[id]:
			hidden = append(hidden, id)
		case there || c.live[id]:
			alive = append(alive, id)
		default:
			gone = append(gone, id)
		}
	}
	return alive, gone, hidden, nil
}

// Count counts the documents at a time.
func (f *fakeSource) Count(ctx context.Context, name string, at int64) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(ctx, fakeCall{what: "count", collection: name, at: at}); err != nil {
		return 0, err
	}
	ids, _ := f.set[name].visible(at, 0, math.MaxInt)
	return int64(len(ids)), nil
}

// CountPage counts the documents of a page.
func (f *fakeSource) CountPage(ctx context.Context, p PageRequest) (n, next int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin(ctx, fakeCall{what: "count", collection: p.Collection, at: p.At, from: p.From, size: p.Size}); err != nil {
		return 0, -1, err
	}
	ids, next := f.set[p.Collection].visible(p.At, p.From, p.Size)
	return int64(len(ids)), next, nil
}

// remove removes documents from the snapshot, as if their ttl had passed.
func (c *fakeCollection) remove(ids ...int64) {
	for _, id := range ids {
		if i, ok := slices.BinarySearch(c.docs, id); ok {
			c.docs = slices.Delete(slices.Clone(c.docs), i, i+1)
		}
	}
}

// insert adds documents to the snapshot, like a backdated write.
func (c *fakeCollection) insert(ids ...int64) {
	for _, id := range ids {
		if i, ok := slices.BinarySearch(c.docs, id); !ok {
			c.docs = slices.Insert(slices.Clone(c.docs), i, id)
		}
	}
}

// fakeBody returns the body of a page.
func fakeBody(b []byte, name string, ids []int64, next int64, paths [][]any, text func(int64) string) []byte {
	ref := func(id int64) {
		b = append(b, `{"@ref":{"id":"`...)
		b = strconv.AppendInt(b, id, 10)
		b = append(b, `","collection":{"@ref":{"id":"`...)
		b = append(b, name...)
		b = append(b, `","collection":{"@ref":{"id":"collections"}}}}}}`...)
	}
	b = append(b, `{"resource":{`...)
	if next >= 0 {
		b = append(b, `"after":[`...)
		ref(next)
		b = append(b, `],`...)
	}
	b = append(b, `"data":[`...)
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		if paths != nil {
			b = append(b, '[')
		}
		b = append(b, `{"ref":`...)
		ref(id)
		b = append(b, `,"ts":`...)
		b = strconv.AppendInt(b, 1_700_000_000_000_000+id%1_000_000_000, 10)
		b = append(b, `,"data":`...)
		b = append(b, text(id)...)
		b = append(b, '}')
		if paths != nil {
			for range paths[1:] {
				b = append(b, `,"column"`...)
			}
			b = append(b, ']')
		}
	}
	return append(b, `]}}`...)
}
