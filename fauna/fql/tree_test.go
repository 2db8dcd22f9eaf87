package fql

import "testing"

func TestParseJSON_readsJSONAlone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"a\ud83d\ude00\\ud800"`:  `"a😀\\ud800"`,
		`["\ud800x","\uDE00"]`:    `["?x","?"]`,
		`["\udcff\ud800\ud83d"]`:  `["???"]`,
		"\"\xff\xfe\"":            "\"\ufffd\ufffd\"",
		`{"a":1,"b":2,"a":3}`:     `{"a":1,"b":2}`,
		" [ -0 , 1.0 , 1E400 ]\n": `[-0,1.0,1E400]`,
	} {
		n, err := ParseJSON([]byte(text))
		if err != nil || string(n.Append(nil)) != want {
			t.Errorf("%s is read as %v, %v", text, n, err)
		}
	}
	for _, text := range []string{
		``, `1 2`, `[1}`, `[1,]`, `{"a"}`, `{1:2}`, `01`, `"\x"`, `"a`, `"\u12"`, "\"\n\"",
		// Escapes that are none, where two characters more would be a surrogate.
		`"\ud8zz"`, `"\ud8"}x"`, `{"a":"\ud8"}"}`, `"\ud800\udc"}"`,
	} {
		if n, err := ParseJSON([]byte(text)); err == nil {
			t.Errorf("%s is read as %s", text, n.Append(nil))
		}
	}
}
