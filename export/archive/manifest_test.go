package archive

import (
	"encoding/json"
	"testing"
)

func TestDecodeManifest_refusesNamesThatLeadOut(t *testing.T) {
	for _, name := range []string{"../x", "/etc/passwd", "a/../../x", `..\x`, "", ".", "c:x", "a//b"} {
		data, err := json.Marshal(Manifest{Version: Version, Collections: []Entry{{File: name}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeManifest(data); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
	if _, err := decodeManifest([]byte(`{"version":99}`)); err == nil {
		t.Error("another version is accepted")
	}
}

func FuzzDecodeManifest(f *testing.F) {
	f.Add([]byte(`{"version":1,"collections":[{"file":"users.jsonl","rows":1}]}`))
	f.Add([]byte(`{"version":1,"collections":[{"file":"../users.jsonl"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decodeManifest(data)
		if err != nil {
			return
		}
		for _, e := range m.Collections {
			if !localName(e.File) {
				t.Errorf("%q", e.File)
			}
		}
	})
}
