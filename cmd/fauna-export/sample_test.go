package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"fauna-export/assets"
	"fauna-export/fauna/emulator"
)

// sampleTag finds the values of the sample that a row shows without a tag.
var sampleTag = regexp.MustCompile(`\{"@(ts|date|bytes)":"([^"]*)"\}|\{"@ref":\{"id":"(\d+)","collection":\{"@ref":\{"id":"([^"]*)","collection":\{"@ref":\{"id":"collections"\}\}\}\}\}\}`)

// sampleRows are the rows that an export of a sample collection must contain. They
// are made from the documents that the server loads, independently of the code
// that exports; the rows of every kind of value were written by hand.
func sampleRows(t *testing.T, name string) []sampleRow {
	t.Helper()
	text, err := assets.Sample.ReadFile("sample/words.json")
	var words struct{ Kinds []struct{ Row string } }
	if err == nil {
		err = json.Unmarshal(text, &words)
	}
	if err != nil {
		t.Fatal(err)
	}
	docs, err := emulator.SampleDocuments(name)
	if err != nil {
		t.Fatal(err)
	}
	var rows []sampleRow
	for d := range docs {
		row := sampleRow{ref: strconv.FormatInt(d.ID, 10), ts: d.TS}
		if d.TTL != 0 {
			row.ttl = &d.TTL
		}
		row.data = sampleTag.ReplaceAllStringFunc(string(d.Data), func(tagged string) string {
			m := sampleTag.FindStringSubmatch(tagged)
			if m[3] != "" {
				return fmt.Sprintf(`{"id":"%s","collection":"%s","type":"document"}`, m[3], m[4])
			}
			return `"` + strings.NewReplacer("+", "-", "/", "_").Replace(m[2]) + `"`
		})
		if name == "every_kind_of_value" {
			row.data = words.Kinds[len(rows)].Row
		}
		rows = append(rows, row)
	}
	return rows
}

// line is the row as a line of JSONL.
func (r sampleRow) line() string {
	ttl := "null"
	if r.ttl != nil {
		at := strings.TrimSuffix(time.UnixMicro(*r.ttl).UTC().Format("2006-01-02T15:04:05.000"), ".000")
		ttl = `"` + at + `Z"`
	}
	return fmt.Sprintf(`{"ref":"%s","ts":%d,"data":%s,"ttl":%s}`, r.ref, r.ts, r.data, ttl)
}
