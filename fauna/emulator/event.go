package emulator

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// An event of a set: a document entered or left it.
type event struct {
	ts     int64
	remove bool
	own    bool // a document's own event, with vals the one object that shows it
	ref    *ref
	vals   []value
}

// compare orders events: by time, removes before adds, by id, by values.
func (a event) compare(b event) int {
	return cmp.Or(cmp.Compare(a.ts, b.ts), number(b.remove)-number(a.remove), a.ref.compare(b.ref), compareTuples(a.vals, b.vals))
}

func (a event) value(e *env) *object {
	if a.own {
		return a.vals[0].(*object)
	}
	action := "add"
	if a.remove {
		action = "remove"
	}
	o := newObject("ts", a.ts, "action", action, e.subject(), a.ref)
	if len(a.vals) > 0 {
		o.add("data", array(a.vals))
	}
	return o
}

// subject is the key of an event's document, which old versions of the API
// call instance.
func (e *env) subject() string {
	if e.tx.legacy {
		return "instance"
	}
	return "document"
}

// A span is a stretch of time in which a set held a document.
type span struct{ from, to int64 }

// spans returns the times during which Documents held the document. A change of
// its ttl ends one span and starts another; a torn version ends one, and the
// next starts only after a delete and a create.
func (h *history) spans() []span {
	var out []span
	alive, lost := false, false
	var ttl int64
	for _, v := range h.versions {
		if alive && (v.deleted || v.torn || v.expires != ttl) {
			out[len(out)-1].to = v.ts
			alive = false
		}
		lost = v.torn || lost && !v.deleted
		if !v.deleted && !lost && !alive {
			out = append(out, span{v.ts, endless})
			alive, ttl = true, v.expires
		}
	}
	return out
}

// events lists the events of a set up to the env's time. Events before the
// minimum are left out, except for the adds of documents that still existed
// then. at is the position of the set.
func (s *set) events(e *env, at *position) []event {
	var out []event
	note := func(r *ref, sp span, vals []value, minimum int64) {
		if sp.to <= minimum || sp.from > e.at {
			return
		}
		out = append(out, event{ts: sp.from, ref: r, vals: vals})
		if sp.to <= e.at {
			out = append(out, event{ts: sp.to, remove: true, ref: r, vals: vals})
		}
	}
	kind := s.kind
	if s.ref != nil && s.ref.native {
		kind = setNative
	}
	switch kind {
	case setDocuments:
		c := s.ref.item.coll
		minimum := c.minimum(e.tx.now)
		e.checkAge(minimum)
		guard := e.guard(s.ref)
		if guard.never() {
			return nil
		}
		for _, h := range c.docs {
			r := &ref{class: clsDocument, item: c.item, scope: s.ref.scope, id: h.id}
			if !guard.always && !e.allows(guard, r) {
				continue
			}
			for _, sp := range h.spans() {
				note(r, sp, nil, minimum)
			}
		}
	case setMatch:
		ix := s.ref.item.index
		read, all := e.mayRead(s)
		if !read {
			panic(denied(at))
		}
		minimum := ix.minimum(e.tx.now)
		e.checkAge(minimum)
		nterms := len(ix.terms)
		for _, en := range ix.entries {
			r := &ref{class: clsDocument, item: en.coll, id: en.hist.id}
			if len(s.terms) != nterms || compareTuples(en.keys[:nterms], s.terms) != 0 || !all && !e.may(r, actRead) {
				continue
			}
			note(r, span{en.from, en.to}, en.keys[nterms:], minimum)
		}
	case setUnion, setDistinct:
		for _, in := range s.sets {
			out = append(out, in.events(e, at)...)
		}
	default:
		panic(noEvents(at.up))
	}
	slices.SortFunc(out, event.compare)
	return slices.CompactFunc(out, func(a, b event) bool { return a.compare(b) == 0 })
}

// An eventBound is a position in a sequence of events.
type eventBound struct {
	event
	whole bool // only the time matters
	add   bool // only the adds at that time
}

// side reports whether an event comes before the bound (-1), after it (1) or is
// at it (0).
func (b eventBound) side(ev event) int {
	switch {
	case b.whole || b.add:
		if c := cmp.Compare(ev.ts, b.ts); c != 0 {
			return c
		}
		if b.add && !ev.remove {
			return 0
		}
		return -1
	case b.event.vals == nil:
		ev.vals = nil
	}
	return ev.compare(b.event)
}

// eventBound reads a cursor among events. {ts} and {ts, action} come after all
// events of that time; a bare time comes before its adds.
func (c cursor) eventBound() eventBound {
	switch v := c.val.(type) {
	case nil:
		return eventBound{event: event{ts: endless}, whole: true}
	case int64, time.Time:
		return eventBound{event: event{ts: asMicros(v, c.at)}, add: true}
	case dateValue:
		return eventBound{event: event{ts: int64(v) * dayMicros}, add: true}
	case *object:
		return objectBound(v, c.at)
	}
	panic(expected(c.at, "Object, Integer, Time, or Date", c.val))
}

// objectBound reads a cursor that is an object: a time, and then an action, a
// document and an index's values.
func objectBound(o *object, at *position) eventBound {
	b := eventBound{whole: true}
	unknown := invalidArgument(at, "Cannot create event cursor with keys %s", strings.Join(o.keys, ", "))
	allowed := [][]string{{"ts"}, {"action"}, {"document", "instance", "resource"}, {"data", "values"}}
	if len(o.keys) == 0 || len(o.keys) > len(allowed) {
		panic(unknown)
	}
	for _, names := range allowed[:len(o.keys)] {
		i := slices.IndexFunc(o.keys, func(k string) bool { return slices.Contains(names, k) })
		if i < 0 {
			panic(unknown)
		}
		place, v := at.child(o.keys[i]), o.vals[i]
		switch names[0] {
		case "ts":
			b.ts = as[int64](v, "Integer", place)
		case "action":
			b.remove = v == "remove" || v == "delete"
			if v != "add" && v != "remove" {
				asAction(v, place)
			}
		case "document":
			b.ref, b.whole = as[*ref](v, "Ref", place), false
		case "data":
			b.vals = asArray(v)
		}
	}
	return b
}

// eventPage reads one page of the events of a set or a document.
func (e *env) eventPage(s *set, c cursor, size int, at *position) *page {
	var bound eventBound
	var echo value
	if c.given {
		if bound = c.eventBound(); bound.ref != nil {
			bound.ref.mustExist(c.at)
			echo = bound.event.value(e)
		}
	}
	var list []event
	if s.ref != nil {
		list = e.documentEvents(s.ref, at)
	} else {
		list = s.sets[0].events(e, at)
	}
	checkWidth(size, len(list))
	first := 0
	if c.given {
		first, _ = slices.BinarySearchFunc(list, bound, func(ev event, b eventBound) int {
			if b.side(ev) < 0 {
				return -1
			}
			return 1
		})
	}
	p := &page{data: array{}}
	from, to := first, min(len(list), first+size)
	more, next := to < len(list) && size > 0, to
	if c.before {
		from, to = max(0, first-size), first
		more, next = from > 0, from
	}
	if more {
		p.turn(c, echo, true, list[next].value(e))
	} else {
		p.turn(c, echo, false, nil)
	}
	e.take((to - from) * elementSize)
	for _, ev := range list[from:to] {
		p.data = append(p.data, ev.value(e))
	}
	return p
}

// documentEvents lists the versions of one document. The oldest one kept is shown
// as a create.
func (e *env) documentEvents(r *ref, at *position) []event {
	r.mustExist(at)
	if !e.may(r, actHistoryRead) {
		panic(denied(at))
	}
	h, minimum := e.history(r)
	if h == nil {
		return nil
	}
	var out []event
	var last *version
	for i, v := range h.versions {
		lost := v.ts <= minimum && (v.deleted || i+1 < len(h.versions) && h.versions[i+1].ts <= minimum)
		if lost {
			last = nil
			continue
		}
		if v.ts <= e.at {
			out = append(out, event{ts: v.ts, remove: v.deleted, own: true, ref: r, vals: []value{e.versionEvent(r, last, v)}})
		}
		last = v
	}
	return out
}

// versionEvent returns a version as an event; an update contains the changed fields.
func (e *env) versionEvent(r *ref, last, v *version) *object {
	action, data := "delete", value(nil)
	if !v.deleted {
		action, data = "create", v.content().get("data")
		if last != nil && !last.deleted {
			action, data = "update", difference(last.content().get("data"), data)
		}
	}
	return newObject("ts", v.ts, "action", action, e.subject(), r, "data", data)
}

// difference returns the changes that turn old into now when merged.
func difference(old, now value) value {
	a, okA := old.(*object)
	b, okB := now.(*object)
	if !okA || !okB {
		return now
	}
	out := &object{}
	for i, k := range b.keys {
		before, had := a.field(k)
		if had && equal(before, b.vals[i]) {
			continue
		}
		out.add(k, difference(before, b.vals[i]))
	}
	for _, k := range a.keys {
		if _, still := b.field(k); !still {
			out.add(k, nil)
		}
	}
	return out
}
