package emulator

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A sampleText writes the data of one document, either in wire form or as an
// export writes it. Each type that the two write differently has a method that
// knows both.
type sampleText struct {
	row bool
	out []byte
}

func newSampleText(row bool) *sampleText { return &sampleText{row: row, out: make([]byte, 0, 768)} }

// done returns what was written, in a slice of its own size.
func (t *sampleText) done() []byte { return bytes.Clone(t.out) }

// comma separates a value from one before it.
func (t *sampleText) comma() {
	if n := len(t.out); n > 0 && t.out[n-1] != '{' && t.out[n-1] != '[' && t.out[n-1] != ':' {
		t.out = append(t.out, ',')
	}
}

func (t *sampleText) raw(text string)   { t.comma(); t.out = append(t.out, text...) }
func (t *sampleText) open(brace string) { t.raw(brace) }
func (t *sampleText) close(brace string) {
	t.out = append(t.out, brace...)
}

// key writes a member's key; its value comes next.
func (t *sampleText) key(name string) *sampleText {
	t.raw(quoted(name))
	t.out = append(t.out, ':')
	return t
}

func (t *sampleText) text(text string) { t.raw(quoted(text)) }
func (t *sampleText) whole(n int64)    { t.raw(strconv.FormatInt(n, 10)) }
func (t *sampleText) truth(yes bool)   { t.raw(strconv.FormatBool(yes)) }

// money writes an amount of cents as a double.
func (t *sampleText) money(cents int64) {
	text := fmt.Sprintf("%d.%02d", cents/100, cents%100)
	t.raw(strings.TrimSuffix(text, "0"))
}

// tagged writes text under a tag on the wire and bare in a row.
func (t *sampleText) tagged(tag, text string) {
	if t.row {
		t.text(text)
		return
	}
	t.raw(`{"`)
	t.out = append(append(t.out, tag...), `":`...)
	t.out = append(append(t.out, quoted(text)...), '}')
}

func (t *sampleText) time(at time.Time) { t.tagged("@ts", string(appendTime(nil, at.UTC()))) }
func (t *sampleText) date(at time.Time) { t.tagged("@date", at.Format(time.DateOnly)) }

// bytes writes bytes: base64 of two alphabets.
func (t *sampleText) bytes(b []byte) {
	if t.row {
		t.tagged("@bytes", base64.URLEncoding.EncodeToString(b))
		return
	}
	t.tagged("@bytes", base64.StdEncoding.EncodeToString(b))
}

// ref writes a ref to a document.
func (t *sampleText) ref(collection string, id int64) {
	number, name := strconv.FormatInt(id, 10), quoted(collection)
	if t.row {
		t.raw(`{"id":"`)
		t.out = append(append(t.out, number...), `","collection":`...)
		t.out = append(append(t.out, name...), `,"type":"document"}`...)
		return
	}
	t.raw(`{"@ref":{"id":"`)
	t.out = append(append(t.out, number...), `","collection":{"@ref":{"id":`...)
	t.out = append(append(t.out, name...), `,"collection":{"@ref":{"id":"collections"}}}}}}`...)
}

// parseGood reads a line of name|category|price.
func parseGood(line string) (sampleGood, error) {
	parts := strings.Split(line, "|")
	if len(parts) != 3 {
		return sampleGood{}, fmt.Errorf("read the sample's products: %q is not name|category|price", line)
	}
	cents, err := strconv.ParseInt(strings.ReplaceAll(parts[2], ".", ""), 10, 64)
	if err != nil {
		return sampleGood{}, fmt.Errorf("read the sample's products: %w", err)
	}
	return sampleGood{parts[0], parts[1], cents}, nil
}

// parseKind reads a line of kinds.jsonl.
func parseKind(line string) (sampleKind, error) {
	var kind sampleKind
	if err := json.Unmarshal([]byte(line), &kind); err != nil {
		return kind, fmt.Errorf("read the sample's kinds of values: %w", err)
	}
	return kind, nil
}

// A sampleChance is a random source that gives the same numbers for the same
// name on every machine and with every version of Go.
type sampleChance uint64

func newSampleChance(name string) *sampleChance {
	c := sampleChance(sampleSeed)
	for _, b := range []byte(name) {
		c = c*1099511628211 + sampleChance(b)
	}
	return &c
}

// below returns a number from 0 to n-1. It is SplitMix64.
func (c *sampleChance) below(n int64) int64 {
	*c += 0x9e3779b97f4a7c15
	x := uint64(*c)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return int64((x ^ x>>31) >> 1 % uint64(n))
}

// of returns true with a probability of n percent.
func (c *sampleChance) of(n int64) bool { return c.below(100) < n }

func pick[T any](c *sampleChance, from []T) T { return from[c.below(int64(len(from)))] }

// quoted is a string as a response shows it.
func quoted(text string) string { return string(appendString(nil, text)) }
