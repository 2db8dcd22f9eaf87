package emulator

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// testdata/inspect.jsonl holds values of the wire with what Node 20's
// util.inspect prints of them after the JavaScript driver read them: as the
// shell prints an answer (depth: null), and as it prints an error's body, read
// as plain JSON (depth: null, compact: false).
func TestInspect_printsAsNodeDoes(t *testing.T) {
	file, err := os.Open("testdata/inspect.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	cases := 0
	for lines.Scan() {
		var c struct{ Wire, Compact, Expanded string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases++
		value, err := parseJSON([]byte(c.Wire))
		if err != nil {
			t.Fatalf("%v in %s", err, c.Wire)
		}
		if got := inspect(faunaValue(value), true); got != c.Compact {
			t.Errorf("%s\n got %s\nwant %s", c.Wire, got, c.Compact)
		}
		if got := inspect(plainValue(value), false); got != c.Expanded {
			t.Errorf("%s\n got %s\nwant %s", c.Wire, got, c.Expanded)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if cases < 100 {
		t.Fatalf("only %d cases", cases)
	}
}
