package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestWords_fewPlacesWriteToATerminal checks that text from a server reaches a
// terminal only through say, the tables of cleaned cells, the progress line and
// the wizard, all of which clean it.
func TestWords_fewPlacesWriteToATerminal(t *testing.T) {
	t.Parallel()
	writes := regexp.MustCompile(`(Fprint\w*|WriteString)\(a\.err\b|a\.err\.Write\(|os\.Stderr\.Write|Fprint\w*\(os\.Std|fmt\.Print`)
	may := []string{"say.go", "summary.go", "progress.go", "wizard.go", "main.go", "signals.go"}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range writes.FindAllString(string(source), -1) {
			seen++
			if !slices.Contains(may, file) {
				t.Errorf("%s writes to the terminal by itself (%s): use say", file, call)
			}
		}
	}
	if seen == 0 {
		t.Error("nobody writes anything: the test looks for the wrong calls")
	}
}
