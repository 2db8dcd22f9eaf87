package archive

import (
	"fmt"
	"strconv"
)

// wrongParts says which parts of collections are missing, duplicate, or out of
// order. A failed collection may lack some.
func (m *Manifest) wrongParts() (problems []string) {
	if m.Shards > 0 {
		return nil // a shard has only some of them
	}
	failed := make(map[string]bool)
	for _, f := range m.Failed {
		failed[f.Name] = true
	}
	next := make(map[string]int)
	last := make(map[string]int64)
	of := make(map[string]int)
	for _, e := range m.Collections {
		if e.Parts == 0 {
			continue
		}
		if n, later := of[e.Name]; later && n != e.Parts {
			problems = append(problems, fmt.Sprintf("%s has files of %d and of %d parts", e.Name, n, e.Parts))
		}
		of[e.Name] = e.Parts
		if want := next[e.Name]; e.Part < want || e.Part > want && !failed[e.Name] {
			problems = append(problems, fmt.Sprintf("%s: part %d of %d stands where part %d should", e.Name, e.Part, e.Parts, want))
		}
		next[e.Name] = e.Part + 1
		if e.Rows == 0 {
			continue
		}
		first, _ := strconv.ParseInt(e.FirstID, 10, 64) // already compared with the files
		end, _ := strconv.ParseInt(e.LastID, 10, 64)
		if before, later := last[e.Name]; later && first <= before {
			problems = append(problems, fmt.Sprintf("%s: part %d of %d begins with id %d, after id %d of the part before it", e.Name, e.Part, e.Parts, first, before))
		}
		last[e.Name] = end
	}
	for _, e := range m.Latest() {
		if e.Parts > 0 && next[e.Name] < e.Parts && !failed[e.Name] {
			problems = append(problems, fmt.Sprintf("%s: parts from %d of %d on are missing", e.Name, next[e.Name], e.Parts))
		}
	}
	return problems
}
