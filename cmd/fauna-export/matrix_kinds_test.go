package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// kindNames names the kinds of requests that the program makes, by the shape of
// the query: without names, ids, times and sizes. A new kind of request needs a
// line here; it is then part of the matrix like all others.
func kindNames() map[string]string {
	return map[string]string{
		"now": "time",
		"collection(paginate(collections)),map(expr(from,select(id)),lambda)": "list of collections",
		"collection(paginate(indexes)),map(expr(get),lambda)":                 "definitions of indexes",
		"collection(paginate(functions)),map(expr(get),lambda)":               "definitions of functions",
		"collection(paginate(roles)),map(expr(get),lambda)":                   "definitions of roles",
		"count(collections)": "count of collections",
		"collection(paginate(collections)),map(expr(get),lambda)": "definitions of collections",
		"[get(index)]":                                 "settings of indexes",
		"[paginate(match(index))]":                     "first pairs",
		"[from(get(collection)),select(history_days)]": "history",
		"[from(get(collection)),select(ts)]":           "collections' own times",
		"from(get(collection)),select(ts)":             "collection's own time",
		"[from(get(id,ref(collection))),select(ts)]":   "probe",
		"collection(paginate(documents(collection))),map(expr(from,select(id)),lambda)":                           "ids",
		"collection(paginate(documents(collection))),map(expr(get),lambda)":                                       "documents",
		"collection(paginate(match(index))),map(expr([from,select(id)]),lambda)":                                  "pairs",
		"collection(paginate(documents(collection))),map(expr(in([from,select([data n])]),let([d(get)])),lambda)": "documents with columns",
		"at,expr(paginate(documents(collection)))":                                                                "oldest time",
		"from(paginate(documents(collection))),select([data 0 id])":                                               "first id",
		"paginate(events(documents(collection)))":                                                                 "events",
		"object(data(collection([id,ref(collection)]),map(expr(else,if(exists),then(get)),lambda)))":              "documents by ref",
		"count(match(index))":                "count of pairs",
		"count(from,range(match(index)),to)": "count of pairs",
		"count(indexes)":                     "count of indexes",
		"count(functions)":                   "count of functions",
		"count(roles)":                       "count of roles",
		"count(documents(collection))":       "count",
	}
}

// kindOf returns the kind of a request, or its shape if that has no name.
func kindOf(body []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var query any
	if err := decoder.Decode(&query); err != nil {
		return "not JSON"
	}
	shape := shapeOf(query)
	if name, ok := kindNames()[shape]; ok {
		return name
	}
	return shape
}

// shapeOf returns a query without names and values.
func shapeOf(query any) string {
	switch q := query.(type) {
	case []any:
		var shapes []string
		for _, one := range q {
			if s := shapeOf(one); s != "" && !slices.Contains(shapes, s) {
				shapes = append(shapes, s)
			}
		}
		if len(shapes) == 0 {
			return ""
		}
		return "[" + strings.Join(shapes, " ") + "]"
	case map[string]any:
		if at, ok := q["at"]; ok && fmt.Sprint(at) != "0" {
			return shapeOf(q["expr"]) // reads of the present and of a time are the same kind
		}
		var parts []string
		for key, value := range q {
			switch key {
			case "size", "after", "var", "default":
				continue
			}
			s := shapeOf(value)
			if key == "select" {
				s = fmt.Sprint(value)
			}
			if s != "" {
				key += "(" + s + ")"
			}
			parts = append(parts, key)
		}
		slices.Sort(parts)
		return strings.Join(parts, ",")
	}
	return ""
}
