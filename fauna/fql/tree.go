package fql

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// wireNode is a JSON value as it was sent: it keeps the order of members and
// the digits of numbers.
type wireNode struct {
	kind  wireKind
	text  string // of a string, a number, true or false
	keys  []string
	items []*wireNode // of an array, or the members' values
}

type wireKind int

const (
	wireNull wireKind = iota
	wireBool
	wireNumber
	wireString
	wireArray
	wireObject
)

// maxWireDepth limits the nesting, and so the stack that reading and printing
// use. A server's expressions are far less deep.
const maxWireDepth = 2000

// parseWire reads one JSON value.
func parseWire(text []byte) (*wireNode, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	n, err := parseWireValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return n, nil
}

func parseWireValue(d *json.Decoder, depth int) (*wireNode, error) {
	if depth > maxWireDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxWireDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case nil:
		return &wireNode{kind: wireNull}, nil
	case bool:
		return &wireNode{kind: wireBool, text: fmt.Sprint(t)}, nil
	case json.Number:
		return &wireNode{kind: wireNumber, text: t.String()}, nil
	case string:
		return &wireNode{kind: wireString, text: t}, nil
	}
	n := &wireNode{kind: wireArray}
	if token == json.Delim('{') {
		n.kind = wireObject
	}
	for d.More() {
		if n.kind == wireObject {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			n.keys = append(n.keys, key.(string))
		}
		item, err := parseWireValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, err = d.Token() // the closing bracket
	return n, err
}

// member returns the value of a member, nil if there is none.
func (n *wireNode) member(key string) *wireNode {
	for i, k := range n.keys {
		if k == key {
			return n.items[i]
		}
	}
	return nil
}

// tag returns the tag of a value with one, and what stands behind it.
func (n *wireNode) tag() (string, *wireNode) {
	if n.kind == wireObject && len(n.keys) == 1 && len(n.keys[0]) > 1 && n.keys[0][0] == '@' {
		return n.keys[0], n.items[0]
	}
	return "", nil
}
