package row

import (
	"fmt"
	"slices"
	"strings"
)

// Counts tallies what a collection's rows leave out, lack or could not
// represent. The zero value is empty, and batches can be merged in any order.
type Counts struct {
	Other    []Tally `json:"other,omitempty"`    // other top-level fields, by name, which rows leave out
	Missing  []Tally `json:"missing,omitempty"`  // additional columns that were null or absent, by column
	Misfit   []Tally `json:"misfit,omitempty"`   // values that do not fit their column's type, by column
	Floored  []Tally `json:"floored,omitempty"`  // times more precise than a microsecond, by column (Parquet)
	NotUTF8  Tally   `json:"not_utf8,omitzero"`  // documents with invalid UTF-8, which is copied unchanged
	Overflow int64   `json:"overflow,omitempty"` // other fields beyond the first maxNames names
}

// Tally counts documents, and keeps the lowest few ids.
type Tally struct {
	Name  string  `json:"name,omitempty"`
	Count int64   `json:"count"`
	IDs   []int64 `json:"ids,omitempty"` // the lowest ids, at most maxIDs
}

const (
	maxIDs   = 5   // ids kept per tally
	maxNames = 100 // names of other fields kept
)

func (t *Tally) add(id int64) {
	t.Count++
	t.keep(id)
}

// keep keeps the lowest ids, ascending.
func (t *Tally) keep(id int64) {
	n := len(t.IDs)
	if n == maxIDs && id >= t.IDs[n-1] {
		return
	}
	at, found := slices.BinarySearch(t.IDs, id)
	if found {
		return
	}
	if t.IDs == nil {
		t.IDs = make([]int64, 0, maxIDs+1)
	}
	t.IDs = slices.Insert(t.IDs, at, id)
	if len(t.IDs) > maxIDs {
		t.IDs = t.IDs[:maxIDs]
	}
}

// tally returns the tally of a name, adding one if needed; nil if there are too
// many.
func tally[N string | []byte](list *[]Tally, name N) *Tally {
	for i := range *list {
		if (*list)[i].Name == string(name) {
			return &(*list)[i]
		}
	}
	if len(*list) >= maxNames {
		return nil
	}
	*list = append(*list, Tally{Name: string(name)})
	return &(*list)[len(*list)-1]
}

// otherField counts a top-level field that rows leave out. It allocates only for
// names not seen before.
func (c *Counts) otherField(name []byte, id int64) {
	if t := tally(&c.Other, name); t != nil {
		t.add(id)
	} else {
		c.Overflow++
	}
}

// Merge adds the counts of other rows of the same collection.
func (c *Counts) Merge(o Counts) {
	for _, list := range [...]struct {
		into *[]Tally
		from []Tally
	}{{&c.Other, o.Other}, {&c.Missing, o.Missing}, {&c.Misfit, o.Misfit}, {&c.Floored, o.Floored}} {
		for _, f := range list.from {
			if t := tally(list.into, f.Name); t != nil {
				t.merge(f)
			} else if list.into == &c.Other {
				c.Overflow += f.Count
			}
		}
		slices.SortFunc(*list.into, func(a, b Tally) int { return strings.Compare(a.Name, b.Name) })
	}
	c.NotUTF8.merge(o.NotUTF8)
	c.Overflow += o.Overflow
}

func (t *Tally) merge(o Tally) {
	t.Count += o.Count
	for _, id := range o.IDs {
		t.keep(id)
	}
}

// Warnings describes the counts in plain sentences, in a fixed order. Names
// come from the server, so they are quoted to escape control characters.
func (c Counts) Warnings() []string {
	var out []string
	list := func(tallies []Tally, text string) {
		for _, t := range tallies {
			out = append(out, fmt.Sprintf(text, t.Name, t.documents()))
		}
	}
	list(c.Other, "field %q of %s is left out of the rows (the wire format keeps it)")
	if c.Overflow > 0 {
		out = append(out, fmt.Sprintf("other fields are left out of the rows %d times (the wire format keeps them)", c.Overflow))
	}
	list(c.Missing, "column %q is null or absent in %s")
	list(c.Misfit, "column %q has a value of another type in %s: null in CSV and Parquet")
	list(c.Floored, "column %q has a time more precise than a microsecond in %s: truncated to microseconds")
	if c.NotUTF8.Count > 0 {
		out = append(out, fmt.Sprintf("invalid UTF-8 was copied unchanged in %s", c.NotUTF8.documents()))
	}
	return out
}

// documents returns "3 documents (ids 1, 5, 9)".
func (t Tally) documents() string {
	ids := strings.Trim(strings.ReplaceAll(fmt.Sprint(t.IDs), " ", ", "), "[]")
	if t.Count > int64(len(t.IDs)) {
		ids += ", …"
	}
	if t.Count == 1 {
		return fmt.Sprintf("1 document (id %s)", ids)
	}
	return fmt.Sprintf("%d documents (ids %s)", t.Count, ids)
}
