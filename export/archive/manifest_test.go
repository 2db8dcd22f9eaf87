package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"fauna-export/export/store/storetest"
)

func TestDecodeManifest_refusesWhatNoRunWrites(t *testing.T) {
	t.Parallel()
	one := func(change func(e *Entry)) Manifest {
		e := Entry{Name: "users", File: "users.jsonl"}
		change(&e)
		return Manifest{Version: Version, Collections: []Entry{e}}
	}
	for name, m := range map[string]Manifest{
		"another version": {Version: Version + 1},
		"no version":      {},
		"a name twice":    {Version: Version, Collections: []Entry{{Name: "a", File: "a.csv"}, {Name: "b", File: "a.csv"}}},
		"no collection":   one(func(e *Entry) { e.Name = "" }),
		"rows below none": one(func(e *Entry) { e.Rows = -1 }),
		"bytes too many":  one(func(e *Entry) { e.Bytes = 1 << 62 }),
		"a part of none":  one(func(e *Entry) { e.Part, e.Parts = 3, 3 }),
		"a sync of none":  one(func(e *Entry) { e.Sync = -1 }),
		"syncs descend":   {Version: Version, Syncs: []Sync{{Sync: 2}, {Sync: 1}}},
		"a sum too large": {Version: Version, Collections: []Entry{{Name: "a", File: "a", Bytes: maxBytes}, {Name: "b", File: "b", Bytes: maxBytes}}},
	} {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeManifest(data); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, file := range []string{"../x", "/etc/passwd", "a/../../x", `..\x`, "", ".", "..", "c:x", "a//b", "a/b", "x\x00", ".fauna-export", ".fauna-export/run.json", "merged/a.jsonl", "manifest.json", "SHA256SUMS"} {
		data, err := json.Marshal(one(func(e *Entry) { e.File = file }))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeManifest(data); err == nil {
			t.Errorf("%q is accepted", file)
		}
	}
}

// firstEdition returns a run as written by version 1 of the program.
func firstEdition(t *testing.T) *storetest.Memory {
	t.Helper()
	s := storetest.NewMemory()
	for name, text := range map[string]string{
		"users.jsonl": `{"ref":"1","ts":1,"data":{},"ttl":null}` + "\n",
		ManifestName: `{"version":1,"tool":"fauna-export v1.0.0","endpoint":"http://localhost:8443","mode":"full","snapshot":"2026-01-01T00:00:00Z","consistency":"snapshot",` +
			`"started":"2026-01-01T00:00:00Z","finished":"2026-01-01T00:00:01Z","collections":[{"name":"users","file":"users.jsonl","format":"jsonl","compress":"none","rows":1,"expected_rows":1,"gone":0,"appeared":0,` +
			`"bytes":40,"sha256":"` + firstHash + `","first_id":"1","last_id":"1","columns":["ref","ts","data","ttl"],"pages":1,"retries":0,"seconds":0.1}]}`,
		SumsName: firstHash + "  users.jsonl\n",
	} {
		if err := s.Write(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

const firstHash = "8b22fce81d45c8f170744e901e13cd5d56a0021528d27e07500ab9959425fe4c"

func TestManifest_ofTheFirstEditionReadsVerifiesAndMerges(t *testing.T) {
	t.Parallel()
	s := firstEdition(t)
	m, err := ReadManifest(s)
	if err != nil || m.Version != Version || m.Rows() != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	rep, err := Verify(t.Context(), s, nil)
	if err != nil || !rep.OK() {
		t.Errorf("%+v, %v", rep, err)
	}
	if files, err := Merge(t.Context(), s); err != nil || len(files) != 1 || files[0].Rows != 1 {
		t.Errorf("%v, %v", files, err)
	}
	if f, err := Inspect(s); err != nil || f.Kind != Finished {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestManifest_comesBackAsItWasEncoded(t *testing.T) {
	t.Parallel()
	want := whole("x", "2026-11-01T00:00:00Z").manifest
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeManifest(data)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// published returns the run of firstEdition with a manifest of this version.
func published(t *testing.T, warnings ...string) (s *storetest.Memory, manifest []byte) {
	t.Helper()
	s = firstEdition(t)
	m, err := ReadManifest(s)
	if err != nil {
		t.Fatal(err)
	}
	m.Collections[0].Warnings = warnings
	if err := Publish(s, m); err != nil {
		t.Fatal(err)
	}
	if manifest, err = s.Read(ManifestName); err != nil {
		t.Fatal(err)
	}
	return s, manifest
}

func TestVerify_findsEveryChangedByteOfTheManifest(t *testing.T) {
	t.Parallel()
	s, data := published(t)
	good := func(data []byte) bool {
		if err := s.Write(ManifestName, data); err != nil {
			t.Fatal(err)
		}
		rep, err := Verify(t.Context(), s, nil)
		return err == nil && rep.OK()
	}
	if !good(data) {
		t.Fatal("the manifest does not match its own checksum")
	}
	for i := range data {
		for _, bit := range []byte{0x01, 0x20} {
			data[i] ^= bit
			if good(data) {
				t.Errorf("byte %d of %d is %q", i, len(data), data[i])
			}
			data[i] ^= bit
		}
	}
}

func TestVerify_findsAChecksumThatIsNone(t *testing.T) {
	t.Parallel()
	s, data := published(t)
	before, sum, ok := bytes.Cut(data, []byte(`"checksum": `))
	if !ok {
		t.Fatalf("%s", data)
	}
	for name, own := range map[string]string{
		"null": `"checksum": null}`, "empty": `"checksum": ""}`, "a number": `"checksum": 0}`,
		"of another case": `"Checksum": ` + string(sum), "null, of another case": `"Checksum": null}`,
	} {
		if err := s.Write(ManifestName, append(bytes.Clone(before), own...)); err != nil {
			t.Fatal(err)
		}
		if rep, err := Verify(t.Context(), s, nil); err != nil || rep.OK() {
			t.Errorf("%s is accepted: %v", name, err)
		}
	}
}

// White space, escapes and the order of keys are not content: tools that read and
// write JSON change them.
func TestVerify_acceptsAManifestThatWasFormattedAnew(t *testing.T) {
	t.Parallel()
	s, data := published(t, "a <b> & \u2028 c", "")
	var compact, wide bytes.Buffer
	var content map[string]any
	if err := errors.Join(json.Compact(&compact, data), json.Indent(&wide, data, "", "\t"), json.Unmarshal(data, &content)); err != nil {
		t.Fatal(err)
	}
	ordered, err := json.Marshal(content) // with < as an escape, too
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"with keys in order": ordered, "on one line": compact.Bytes(), "with tabs": wide.Bytes(),
		"with CR": bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")), "without the last newline": bytes.TrimSpace(data),
	} {
		for _, changed := range []bool{false, true} {
			if changed {
				text = bytes.Replace(text, []byte("localhost"), []byte("localhose"), 1)
			}
			if err := s.Write(ManifestName, text); err != nil {
				t.Fatal(err)
			}
			if rep, err := Verify(t.Context(), s, nil); err != nil || rep.OK() == changed {
				t.Errorf("%s, changed %t: %v, %v", name, changed, rep.Wrong(), err)
			}
		}
	}
}

func FuzzDecodeManifest(f *testing.F) {
	f.Add([]byte(`{"version":1,"collections":[{"name":"users","file":"users.jsonl","rows":1}]}`))
	f.Add([]byte(`{"version":2,"collections":[{"name":"users","file":"../users.jsonl"}],"syncs":[{"sync":1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decodeManifest(data)
		if err != nil {
			return
		}
		for _, e := range m.Latest() {
			if !localName(e.File) || e.Documents < 0 || m.Last(e.Name) == nil || len(m.Chain(e.Name)) == 0 {
				t.Errorf("%+v", e)
			}
			_ = m.SnapshotOf(e)
			_ = e.Layout()
			_ = m.gap(m.Chain(e.Name))
		}
		if m.Rows() < 0 || m.Bytes() < 0 || m.LastSync() < 0 {
			t.Errorf("%d rows, %d bytes, sync %d", m.Rows(), m.Bytes(), m.LastSync())
		}
		_ = m.wrongParts()
		again, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeManifest(again); err != nil {
			t.Errorf("its own text is refused: %v", err)
		}
	})
}

func FuzzDecodeState(f *testing.F) {
	good, err := EncodeState(RunName, RunState{Spec: []byte("{}"), Times: []int64{1}, Started: "2026-01-01T00:00:00Z"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(fmt.Sprintf(`{"version":2,"sha256":"%s","state":{"times":[0,1]}}`, stateSHA256(RunName, []byte(`{"times":[0,1]}`)))))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := storetest.NewMemory()
		if err := s.Write(RunName, data); err != nil {
			t.Fatal(err)
		}
		st, err := ReadRun(s)
		if err != nil {
			return
		}
		if st.check() != nil || !strings.Contains(string(data), stateSHA256(RunName, []byte(st.raw(data)))) {
			t.Errorf("%q is taken", data)
		}
	})
}

// raw returns the state inside a state file.
func (st *RunState) raw(data []byte) string {
	var e envelope
	_ = json.Unmarshal(data, &e)
	return string(e.State)
}

func TestWorkFile_knowsWhatRunsMake(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"users.jsonl", "users@2.csv.gz", "a.b.parquet", "line%20items.wire.zst", "users-00001-of-00004.jsonl"} {
		for _, name := range []string{PartName(file), StateName(file), PairsName(file), StateName(file) + ".new", PairsName(file) + ".run0", PairsName(file) + ".ids.run12"} {
			if got, ok := workFile(name); !ok || got != file {
				t.Errorf("%s is of %q, %v", name, got, ok)
			}
		}
	}
	for _, name := range []string{"users.jsonl.part", ".fauna-export/notes.txt", ".fauna-export/movie.part", ".fauna-export/.part", ".fauna-export/.jsonl.part", ".fauna-export/", ".fauna-export/users.jsonl", ".fauna-export/users.jsonl.part.bak"} {
		if file, ok := workFile(name); ok {
			t.Errorf("%s is taken as of %q", name, file)
		}
	}
	if file, ok := workFile(RunName); !ok || file != "" {
		t.Errorf("%q, %v", file, ok)
	}
}

func TestReadManifest_saysThatARunIsUnfinished(t *testing.T) {
	t.Parallel()
	s := storetest.NewMemory()
	if _, err := ReadManifest(s); err == nil || !strings.Contains(err.Error(), "no manifest.json") {
		t.Error(err)
	}
	if err := s.Write(RunName, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadManifest(s); err == nil || !strings.Contains(err.Error(), "unfinished") {
		t.Error(err)
	}
}
