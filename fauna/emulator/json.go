package emulator

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"fauna-export/fauna/fql"
)

// parseRequest parses the JSON of a request. Integers must fit in 64 bits.
func parseRequest(text []byte) (*fql.Node, error) {
	n, err := fql.ParseJSON(text)
	if err == nil && !inRange(n) {
		err = errors.New("is not valid JSON")
	}
	return n, err
}

func inRange(n *fql.Node) bool {
	if n.Kind == fql.Number {
		return scalar(n) != nil
	}
	return !slices.ContainsFunc(n.Items, func(item *fql.Node) bool { return !inRange(item) })
}

// scalar returns a value without parts, or nil for a number out of range.
func scalar(n *fql.Node) value {
	switch n.Kind {
	case fql.Bool:
		return n.Text == "true"
	case fql.String:
		return n.Text
	case fql.Number:
		if strings.ContainsAny(n.Text, ".eE") {
			f, _ := strconv.ParseFloat(n.Text, 64) // infinite if out of range
			return f
		}
		if whole, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			return whole
		}
	}
	return nil
}

// jsonType returns the name of a JSON type as used in errors.
func jsonType(n *fql.Node) string {
	switch n.Kind {
	case fql.Array:
		return "Array"
	case fql.Object:
		return "Object"
	}
	return typeName(scalar(n))
}
