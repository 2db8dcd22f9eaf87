package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// combination is one lie in one run of a command.
type combination struct {
	scenario *matrixScenario
	kind     string
	place    string // first, middle, last
	mutation mutation
	always   bool
	query    string
	also     []lie // other lies in the same run
}

func (c combination) String() string {
	how := "once"
	if c.always {
		how = "always"
	}
	return fmt.Sprintf("%s | %s | %s | %s | %s", c.scenario.name, c.kind, c.place, c.mutation.name, how)
}

// combinationsOf returns the lies about one kind of request: in the answer to the
// first, a middle and the last one.
func combinationsOf(s *matrixScenario, kind string, seen []exchange) []combination {
	var queries []exchange
	for _, x := range seen {
		if x.kind == kind && !slices.ContainsFunc(queries, func(q exchange) bool { return q.query == x.query }) {
			queries = append(queries, x)
		}
	}
	places := map[string]exchange{"first": queries[0]}
	if n := len(queries); n > 1 {
		places["last"] = queries[n-1]
		if n > 2 {
			places["middle"] = queries[n/2]
		}
	}
	var list []combination
	for _, place := range []string{"first", "middle", "last"} {
		x, ok := places[place]
		if !ok {
			continue
		}
		for _, m := range mutations() {
			if strings.HasPrefix(kind, "documents") && m.name == "ids of the other, refs of this" && !s.chain() {
				continue // different document contents, which only the ts in the index could reveal
			}
			if strings.HasPrefix(kind, "definitions of") && (m.name == "ids as numbers" || m.name == "ref of another collection") {
				continue // different definition contents, which nothing else could reveal
			}
			l := newLiar(s.truth, s.later)
			if _, ok := m.make(l, x, previousOf(seen, x)); !ok {
				continue
			}
			for _, always := range []bool{false, true} {
				if always && m.name == "endless" {
					continue // 16 MiB per attempt
				}
				list = append(list, combination{scenario: s, kind: kind, place: place, mutation: m, always: always, query: x.query})
			}
		}
	}
	return list
}

// confirmedLies are wrong lists of ids with a matching wrong count.
func confirmedLies(s *matrixScenario, seen []exchange) (list []combination) {
	for _, name := range matrixNames() {
		var pages []exchange
		count := ""
		for _, x := range seen {
			switch {
			case !strings.Contains(x.query, `{"collection":"`+name+`"}`):
			case x.kind == "ids" && !slices.ContainsFunc(pages, func(p exchange) bool { return p.query == x.query }):
				pages = append(pages, x)
			case x.kind == "count":
				count = x.query
			}
		}
		for i, x := range pages {
			for _, m := range listMutations() {
				a, ok := m.make(nil, x, exchange{})
				p, fine := parse(exchange{status: a.status, body: a.body})
				if !ok || !fine || count == "" || p.form != formPage {
					continue
				}
				n := len(p.list)
				for j, page := range pages {
					if q, ok := parse(page); ok && (j < i || j > i && p.after != nil) {
						n += len(q.list)
					}
				}
				confirms := mutateParts("confirms", func(p *parsed) bool {
					p.value = []byte(strconv.Itoa(n))
					return p.form == formValue
				})
				m.name += ", and the count confirms it"
				list = append(list, combination{scenario: s, kind: x.kind, place: fmt.Sprintf("%s %d", name, i+1), mutation: m, always: true, query: x.query,
					also: []lie{{kind: "count", query: count, always: true, mutation: confirms}}})
			}
		}
	}
	return list
}

func previousOf(seen []exchange, x exchange) (previous exchange) {
	for _, one := range seen {
		if one.query == x.query {
			break
		}
		if one.kind == x.kind {
			previous = one
		}
	}
	return previous
}
