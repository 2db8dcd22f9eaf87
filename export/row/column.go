package row

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Column is an additional column: a value that the server selects from each
// document.
type Column struct {
	Name string `json:"name"` // the column's name in the file
	Path []any  `json:"path"` // path from the document to the value: field names, and int64 array positions
	Type Type   `json:"type"` // type of the column; "" means TypeJSON
}

// UnmarshalJSON decodes the numbers of a path as array positions.
func (c *Column) UnmarshalJSON(text []byte) error {
	type plain Column
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode((*plain)(c)); err != nil {
		return err
	}
	return takePositions(c.Path)
}

// ParseColumn parses COLLECTION:NAME[:TYPE]=PATH. PATH is dotted (data.parent.id,
// if all parts are names), or a JSON array of names and array positions
// (["data","list",0,"id"]).
func ParseColumn(text string) (collection string, c Column, err error) {
	head, path, found := strings.Cut(text, "=")
	parts := strings.Split(head, ":")
	if !found || len(parts) < 2 || len(parts) > 3 || parts[0] == "" {
		return "", Column{}, fmt.Errorf("column %q: write it like customers:email:string=data.email", text)
	}
	c = Column{Name: parts[1], Type: TypeJSON}
	if len(parts) == 3 {
		c.Type, err = ParseType(parts[2])
	}
	if err == nil {
		c.Path, err = ParsePath(path)
	}
	if err == nil {
		err = checkColumnName(c.Name)
	}
	if err != nil {
		return "", Column{}, fmt.Errorf("column %q: %w", text, err)
	}
	return parts[0], c, nil
}

// ParsePath parses a column's path: dotted names, or a JSON array of names and
// array positions.
func ParsePath(text string) ([]any, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		return parseArrayPath(text)
	}
	if text == "" {
		return nil, errors.New("the path is empty")
	}
	var path []any
	for name := range strings.SplitSeq(text, ".") {
		if name == "" {
			return nil, fmt.Errorf("path %q has an empty part: write names that contain dots or are empty as a JSON array", text)
		}
		path = append(path, name)
	}
	if strings.ContainsAny(text, "\"'[]") {
		return nil, fmt.Errorf("path %q has quotes or brackets: write it as a JSON array, such as [\"data\",\"a.b\",0]", text)
	}
	return path, nil
}

func parseArrayPath(text string) ([]any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var path []any
	if err := d.Decode(&path); err != nil {
		return nil, fmt.Errorf("path %q is not a JSON array: %w", text, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("path %q: text after the array", text)
	}
	if len(path) == 0 {
		return nil, errors.New("the path is empty")
	}
	if err := takePositions(path); err != nil {
		return nil, fmt.Errorf("path %q: %w", text, err)
	}
	return path, nil
}

// takePositions converts the numbers of a decoded path to array positions.
func takePositions(path []any) error {
	for i, step := range path {
		switch step := step.(type) {
		case string:
		case json.Number:
			position, err := step.Int64()
			if err != nil || position < 0 {
				return fmt.Errorf("%s is not an array position", step)
			}
			path[i] = position
		default:
			return errors.New("a step must be a name or an array position")
		}
	}
	return nil
}

// FormatPath returns a path in the shortest form that ParsePath accepts.
func FormatPath(path []any) string {
	var dotted []string
	for _, step := range path {
		name, ok := step.(string)
		if !ok || name == "" || strings.ContainsAny(name, ".\"'[]") {
			text, err := json.Marshal(path)
			if err != nil {
				return fmt.Sprint(path)
			}
			return string(text)
		}
		dotted = append(dotted, name)
	}
	return strings.Join(dotted, ".")
}

// reservedNames lists the columns that every row has.
var reservedNames = [...]string{"ref", "ts", "data", "ttl"}

// checkColumnName rejects names that would clash with a file's own columns,
// ignoring case as SQLite, DuckDB and Postgres do.
func checkColumnName(name string) error {
	if name == "" {
		return errors.New("a column needs a name")
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return fmt.Errorf("column name %q contains control characters or is not UTF-8", name)
	}
	for _, reserved := range reservedNames {
		if strings.EqualFold(name, reserved) {
			return fmt.Errorf("column name %q is reserved: every row has ref, ts, data and ttl", name)
		}
	}
	return nil
}
