package emulator

import (
	"cmp"
	"slices"
)

const (
	// buildAtOnce is the number of documents above which an index is built in the
	// background.
	buildAtOnce = 128
	// buildTime is how long that takes. A real server takes 30 seconds at most.
	buildTime = 2_000_000
)

// A fieldSpec is one of an index's terms or values.
type fieldSpec struct {
	path    array
	reverse bool
}

// An index keeps an entry for each period in which a document had the same
// terms and values.
type index struct {
	item     *item
	sources  []*item
	terms    []fieldSpec
	values   []fieldSpec
	entries  []*entry // sorted
	activeAt int64
	off      bool // deactivated by SetIndexActive
}

// endless is the end of an entry that is still valid.
const endless = maxMicros

// An entry of an index, valid from from (inclusive) until to (exclusive).
type entry struct {
	keys     []value // terms, then values
	coll     *item
	hist     *history
	from, to int64
}

func (ix *index) active(now int64) bool { return !ix.off && now >= ix.activeAt }

func (ix *index) compare(a, b *entry) int {
	return cmp.Or(ix.compareKeys(a.keys, b.keys), cmp.Compare(a.hist.id, b.hist.id), cmp.Compare(a.coll.seq, b.coll.seq), cmp.Compare(a.from, b.from))
}

// compareKeys compares as many keys as the shorter has.
func (ix *index) compareKeys(a, b []value) int {
	for i := range min(len(a), len(b)) {
		c := compareValues(a[i], b[i])
		if i >= len(ix.terms) && i-len(ix.terms) < len(ix.values) && ix.values[i-len(ix.terms)].reverse {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// entriesOf computes the entries of one document.
func (ix *index) entriesOf(coll *item, h *history, versions []*version) []*entry {
	var out []*entry
	var open []*entry
	for _, v := range versions {
		var keys [][]value
		if !v.deleted {
			keys = ix.keysOf(coll, h, v)
		}
		var next []*entry
		for _, en := range open {
			if i := slices.IndexFunc(keys, func(k []value) bool { return compareTuples(k, en.keys) == 0 }); i >= 0 {
				keys = slices.Delete(keys, i, i+1)
				next = append(next, en)
			} else {
				en.to = v.ts
			}
		}
		for _, k := range keys {
			en := &entry{keys: k, coll: coll, hist: h, from: v.ts, to: endless}
			next = append(next, en)
			out = append(out, en)
		}
		open = next
	}
	return out
}

// keysOf returns the terms and values of a version: several if a field is an
// array, none if all terms are null.
func (ix *index) keysOf(coll *item, h *history, v *version) [][]value {
	d := &docValue{ref: &ref{class: clsDocument, item: coll, id: h.id}, version: v}
	keys := [][]value{make([]value, 0, len(ix.terms)+len(ix.values))}
	missing := 0
	for i, spec := range slices.Concat(ix.terms, ix.values) {
		found, _ := follow(d, spec.path, true)
		options := asArray(found)
		if len(options) == 0 {
			options = array{nil}
		}
		if i < len(ix.terms) && len(options) == 1 && options[0] == nil {
			missing++
		}
		var wider [][]value
		for _, k := range keys {
			for _, o := range options {
				wider = append(wider, append(slices.Clip(k), o))
			}
		}
		keys = wider
	}
	if len(ix.terms) > 0 && missing == len(ix.terms) {
		return nil
	}
	slices.SortFunc(keys, compareTuples)
	return slices.CompactFunc(keys, func(a, b []value) bool { return compareTuples(a, b) == 0 })
}

// swap replaces a document's entries after its versions changed.
func (ix *index) swap(coll *item, h *history, before, after []*version) {
	for _, en := range ix.entriesOf(coll, h, before) {
		if i, ok := slices.BinarySearchFunc(ix.entries, en, ix.compare); ok {
			ix.entries = slices.Delete(ix.entries, i, i+1)
		}
	}
	for _, en := range ix.entriesOf(coll, h, after) {
		i, _ := slices.BinarySearchFunc(ix.entries, en, ix.compare)
		ix.entries = slices.Insert(ix.entries, i, en)
	}
}

// build recomputes all entries.
func (ix *index) build() {
	ix.entries = nil
	for _, src := range ix.sources {
		for _, h := range src.coll.docs {
			ix.entries = append(ix.entries, ix.entriesOf(src, h, h.versions)...)
		}
	}
	slices.SortFunc(ix.entries, ix.compare)
}

// shown reports whether the entry is valid at a time and its document has not
// expired.
func (en *entry) shown(at, now int64) bool {
	return en.from <= at && at < en.to && en.hist.visible(at, now) != nil
}

// minimum is the earliest time at which all sources can be read.
func (ix *index) minimum(now int64) int64 {
	var out int64
	for _, src := range ix.sources {
		out = max(out, src.coll.minimum(now))
	}
	return out
}

// mayRead reports whether the caller may read the index, and whether it may
// read all of its documents.
func (e *env) mayRead(s *set) (read, all bool) {
	if e.rule(s.ref, actUnrestricted).always {
		return true, true
	}
	return e.allows(e.rule(s.ref, actRead), array(s.terms)), false
}

// scanMatch reads an index.
func (s *set) scanMatch(e *env, q scan, yield func(element) bool) {
	ix := s.ref.item.index
	read, all := e.mayRead(s)
	if !read {
		panic(denied(q.at))
	}
	e.checkAge(ix.minimum(e.tx.now))
	e.tx.readOps += 8
	nterms := len(ix.terms)
	if len(s.terms) != nterms {
		return
	}
	denied := 0
	defer func() { e.tx.passOver(denied, len(ix.entries), q.step) }()
	begin := scan{from: slices.Concat(s.terms, q.from), inclusive: q.inclusive || q.from == nil, desc: q.desc}
	for i := range begin.positions(len(ix.entries), func(i int) int { return ix.compareCursor(ix.entries[i], begin.from) }) {
		en := ix.entries[i]
		if nterms > 0 && compareTuples(en.keys[:nterms], s.terms) != 0 {
			break
		}
		if !en.shown(e.at, e.tx.now) {
			continue
		}
		r := &ref{class: clsDocument, item: en.coll, id: en.hist.id}
		if !all && !e.may(r, actRead) {
			denied++
		} else if !yield(element{ref: r, vals: en.keys[nterms:]}) {
			return
		}
	}
	e.tx.check()
}

// compareCursor compares an entry with terms, values and then a ref.
func (ix *index) compareCursor(en *entry, k []value) int {
	if c := ix.compareKeys(en.keys, k); c != 0 || len(k) <= len(en.keys) {
		return c
	}
	return compareValues(&ref{class: clsDocument, item: en.coll, id: en.hist.id}, k[len(en.keys)])
}
