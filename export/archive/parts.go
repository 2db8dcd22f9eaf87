package archive

import (
	"fmt"
	"strconv"
)

// wrongParts lists parts of collections that are missing, duplicate, or out of
// order. A failed collection may lack some.
func (m *Manifest) wrongParts() (problems []string) {
	if m.Shards > 0 {
		return nil // a shard has only some of the parts
	}
	failed := make(map[string]bool)
	for _, f := range m.Failed {
		failed[f.Name] = true
	}
	type place struct {
		of, next int
		last     int64 // id
	}
	places := make(map[string]place)
	for _, e := range m.Collections {
		if e.Parts == 0 {
			continue
		}
		p, later := places[e.Name]
		if !later {
			p.last = -1
		} else if p.of != e.Parts {
			problems = append(problems, fmt.Sprintf("%s has files of %d and of %d parts", e.Name, p.of, e.Parts))
		}
		if e.Part < p.next || e.Part > p.next && !failed[e.Name] {
			problems = append(problems, fmt.Sprintf("%s: found part %d of %d where part %d was expected", e.Name, e.Part, e.Parts, p.next))
		}
		p.of, p.next = e.Parts, e.Part+1
		if e.Rows > 0 {
			first, _ := strconv.ParseInt(e.FirstID, 10, 64) // already compared with the files
			if first <= p.last {
				problems = append(problems, fmt.Sprintf("%s: part %d of %d begins with id %d, but the previous part reaches id %d", e.Name, e.Part, e.Parts, first, p.last))
			}
			p.last, _ = strconv.ParseInt(e.LastID, 10, 64)
		}
		places[e.Name] = p
	}
	for _, e := range m.Latest() {
		if next := places[e.Name].next; e.Parts > 0 && next < e.Parts && !failed[e.Name] {
			problems = append(problems, fmt.Sprintf("%s: parts are missing from part %d of %d on", e.Name, next, e.Parts))
		}
	}
	return problems
}
