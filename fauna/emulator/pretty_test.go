package emulator

import (
	"bytes"
	"encoding/json"
	"testing"
)

func FuzzIndentJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1,{"b":[]},"x\"}{"],"":{}}`, `[[[]]]`, `"`, `}]`, `{"a" : [ ] }`, `1`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		indented := indentJSON(text)
		if !json.Valid(text) {
			return
		}
		var before, after bytes.Buffer
		if json.Compact(&before, text) != nil || json.Compact(&after, indented) != nil || !bytes.Equal(before.Bytes(), after.Bytes()) {
			t.Errorf("%s became %s", text, indented)
		}
		if again := indentJSON(indented); !bytes.Equal(again, indented) {
			t.Errorf("%s is not stable: %s", indented, again)
		}
	})
}
