package export

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// duckdbByPython runs a script and queries with the Python package, which is how
// DuckDB is often installed; it does not support the shell's commands.
const duckdbByPython = `
import duckdb, json, sys
c = duckdb.connect()
script, queries = json.load(sys.stdin)
c.execute("\n".join(l for l in script.split("\n") if not l.startswith(".")))
print(json.dumps([[r[0] for r in c.execute(q).fetchall()] for q in queries]))
`

func TestLoadScript_duckdb(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("duckdb")
	switch {
	case err == nil:
		testLoading(t, DuckDB, loadDuckDB)
	case exec.Command("python3", "-c", "import duckdb").Run() == nil:
		testLoading(t, DuckDB, loadDuckDBByPython)
	case os.Getenv("FAUNA_EXPORT_CI") != "":
		t.Fatal("neither duckdb nor Python's package of it is installed")
	default:
		t.Skip("neither duckdb nor Python's package of it is installed")
	}
}

// runIn runs a program in a folder and returns its output.
func runIn(t *testing.T, dir, stdin, program string, args ...string) []byte {
	t.Helper()
	command := exec.Command(program, args...)
	command.Dir, command.Stdin = dir, strings.NewReader(stdin)
	var errs bytes.Buffer
	command.Stderr = &errs
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, errs.String())
	}
	return out
}

func loadDuckDBByPython(t *testing.T, dir, script string, queries []string) (answers [][]string) {
	text, err := os.ReadFile(filepath.Join(dir, script))
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := json.Marshal([]any{string(text), queries})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(runIn(t, dir, string(stdin), "python3", "-c", duckdbByPython), &answers); err != nil {
		t.Fatal(err)
	}
	return answers
}

func loadDuckDB(t *testing.T, dir, script string, queries []string) (answers [][]string) {
	file := filepath.Join(t.TempDir(), "fauna.duckdb")
	text, err := os.ReadFile(filepath.Join(dir, script))
	if err != nil {
		t.Fatal(err)
	}
	runIn(t, dir, string(text), "duckdb", file)
	for _, query := range queries {
		var rows []map[string]string
		if out := runIn(t, dir, query, "duckdb", "-json", file); len(bytes.TrimSpace(out)) > 0 {
			if err := json.Unmarshal(out, &rows); err != nil {
				t.Fatalf("%s: %v", out, err)
			}
		}
		var list []string
		for _, one := range rows {
			for _, value := range one {
				list = append(list, value)
			}
		}
		answers = append(answers, list)
	}
	return answers
}
