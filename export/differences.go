package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// differences lists how two specs differ in the content of the files.
func differences(was, is specText) []string {
	var out []string
	say := func(what string, a, b any) {
		x, errX := json.Marshal(a)
		y, errY := json.Marshal(b)
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			out = append(out, fmt.Sprintf("%s: was %s, is %s", what, x, y))
		}
	}
	say("server", was.Endpoint, is.Endpoint)
	say("mode", was.Mode, is.Mode)
	a, b := slices.Clone(was.Collections), slices.Clone(is.Collections)
	slices.Sort(a)
	slices.Sort(b)
	say("collections", a, b)
	say("format", was.Format, is.Format)
	say("compression", was.Compress, is.Compress)
	say("columns", was.Columns, is.Columns)
	say("no data", was.NoData, is.NoData)
	say("strict", was.Strict, is.Strict)
	say("deletions", was.Deletions, is.Deletions)
	say("parts", was.Parts, is.Parts)
	say("shard", was.Shard, is.Shard)
	say("no snapshot", was.NoSnapshot, is.NoSnapshot)
	if was.At != 0 || is.At != 0 {
		say("time", was.At, is.At)
	}
	return out
}
