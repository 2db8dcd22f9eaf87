package export

import "testing"

func TestParseAt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"2026-11-22T10:31:02.399Z":      1795343462399000,
		"2026-11-22T12:31:02.399+02:00": 1795343462399000,
		"1795343462399000":              1795343462399000,
	} {
		if got, err := ParseAt(text); err != nil || got != want {
			t.Errorf("%s: %d %v", text, got, err)
		}
	}
	for _, text := range []string{"", "now", "2026-11-22", "2026-11-22T10:31:02", "-5", "0", "2026-11-22T10:31:02.1234567Z"} {
		if got, err := ParseAt(text); err == nil {
			t.Errorf("%q gave %d", text, got)
		}
	}
}
