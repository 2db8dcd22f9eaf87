package export

import (
	"cmp"
	"slices"
)

// change is a document that two lists of pairs differ in.
type change struct {
	id  int64
	old int64 // its ts in the rows of the syncs so far, noTime when they lack it
	new int64 // its ts in the index, noTime when it is not there
}

// joiner compares the pairs of the last sync with those of the index, two
// streams in the same order. It keeps only what differs.
type joiner struct {
	state func() (pair, bool, error)
	head  pair
	more  bool

	old, new []pair
}

func newJoiner(state func() (pair, bool, error)) (*joiner, error) {
	j := &joiner{state: state}
	return j, j.advance()
}

func (j *joiner) advance() (err error) {
	j.head, j.more, err = j.state()
	return err
}

// add takes the next pair of the index.
func (j *joiner) add(p pair) error {
	for j.more {
		c := comparePairs(j.head, p)
		if c > 0 {
			break
		}
		if c < 0 {
			j.old = append(j.old, j.head)
		}
		if err := j.advance(); err != nil {
			return err
		}
		if c == 0 {
			return nil
		}
	}
	j.new = append(j.new, p)
	return nil
}

// end takes the end of the index.
func (j *joiner) end() error {
	for j.more {
		j.old = append(j.old, j.head)
		if err := j.advance(); err != nil {
			return err
		}
	}
	return nil
}

// changes are what differs, by id.
func (j *joiner) changes() []change { return changesOf(j.old, j.new) }

// changesOf brings the two sides of each document together. A document that the
// index lists twice counts with its latest time.
func changesOf(old, new []pair) []change {
	byID := func(a, b pair) int {
		if a.id != b.id {
			return cmp.Compare(a.id, b.id)
		}
		return cmp.Compare(a.ts, b.ts)
	}
	slices.SortFunc(old, byID)
	slices.SortFunc(new, byID)
	out := make([]change, 0, max(len(old), len(new)))
	for len(old) > 0 || len(new) > 0 {
		c := change{old: noTime, new: noTime}
		switch {
		case len(new) == 0 || len(old) > 0 && old[0].id <= new[0].id:
			c.id = old[0].id
		default:
			c.id = new[0].id
		}
		for len(old) > 0 && old[0].id == c.id {
			c.old = old[0].ts
			old = old[1:]
		}
		for len(new) > 0 && new[0].id == c.id {
			c.new = new[0].ts
			new = new[1:]
		}
		out = append(out, c)
	}
	return out
}

// applied gives the pairs of the last sync with what a sync wrote put into them:
// exactly what the rows of all syncs come to. now is the ts of each change's row,
// noTime for a removed document.
func applied(state func() (pair, bool, error), changes []change, now []int64) func() (pair, bool, error) {
	var drop, put []pair
	for i, c := range changes {
		if c.old != noTime {
			drop = append(drop, pair{c.old, c.id})
		}
		if now[i] != noTime {
			put = append(put, pair{now[i], c.id})
		}
	}
	slices.SortFunc(drop, comparePairs)
	slices.SortFunc(put, comparePairs)
	var head pair
	var have, started bool
	advance := func() (err error) {
		for {
			if head, have, err = state(); err != nil || !have {
				return err
			}
			for len(drop) > 0 && comparePairs(drop[0], head) < 0 {
				drop = drop[1:]
			}
			if len(drop) == 0 || drop[0] != head {
				return nil
			}
		}
	}
	return func() (pair, bool, error) {
		if !started {
			started = true
			if err := advance(); err != nil {
				return pair{}, false, err
			}
		}
		if len(put) > 0 && (!have || comparePairs(put[0], head) < 0) {
			p := put[0]
			put = put[1:]
			return p, true, nil
		}
		if !have {
			return pair{}, false, nil
		}
		p := head
		return p, true, advance()
	}
}
