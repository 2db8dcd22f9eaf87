package emulator

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"fauna-export/fauna/fql"
)

// parseRequest reads the JSON of a request, with its numbers as the server shows
// them. Whole ones must fit in 64 bits.
func parseRequest(text []byte) (*fql.Node, error) {
	n, err := fql.ParseJSON(text)
	if err == nil && !readNumbers(n) {
		err = errors.New("is not valid JSON")
	}
	return n, err
}

// readNumbers rewrites the numbers in n; it returns false for one out of range.
func readNumbers(n *fql.Node) bool {
	if n.Kind == fql.Number {
		number := scalar(n)
		if f, isDouble := number.(float64); !isDouble || !math.IsInf(f, 0) {
			n.Text = rendered(number)
		}
		return number != nil
	}
	return !slices.ContainsFunc(n.Items, func(item *fql.Node) bool { return !readNumbers(item) })
}

// scalar returns a value without parts, nil for a number out of range.
func scalar(n *fql.Node) value {
	switch n.Kind {
	case fql.Bool:
		return n.Text == "true"
	case fql.String:
		return n.Text
	case fql.Number:
		if strings.ContainsAny(n.Text, ".eE") {
			f, _ := strconv.ParseFloat(n.Text, 64) // of one out of range it is an infinity
			return f
		}
		if whole, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			return whole
		}
	}
	return nil
}

// jsonType names the type of JSON as errors do.
func jsonType(n *fql.Node) string {
	switch n.Kind {
	case fql.Array:
		return "Array"
	case fql.Object:
		return "Object"
	}
	return typeName(scalar(n))
}
