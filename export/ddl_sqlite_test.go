package export

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

func TestLoadScript_sqlite(t *testing.T) { testLoading(t, SQLite, loadSQLite) }

// loadSQLite runs the script with the sqlite3 shell where that is installed, and
// with a library and a stand-in for the shell's own commands where it is not.
func loadSQLite(t *testing.T, dir, script string, queries []string) [][]string {
	file := filepath.Join(t.TempDir(), "fauna.db")
	text, err := os.ReadFile(filepath.Join(dir, script))
	if err != nil {
		t.Fatal(err)
	}
	shell, lookErr := exec.LookPath("sqlite3")
	if lookErr == nil {
		command := exec.Command(shell, file)
		command.Dir, command.Stdin = dir, bytes.NewReader(text)
		if out, err := command.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("sqlite3: %v\n%s\n%s", err, out, text)
		}
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1) // a temporary table is one connection's
	if lookErr != nil {
		runSQLite(t, db, dir, string(text))
	}
	var answers [][]string
	for _, query := range queries {
		answers = append(answers, askSQLite(t, db, query))
	}
	return answers
}

func askSQLite(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var one sql.NullString
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		out = append(out, one.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

var importCommand = regexp.MustCompile(`^\.import (--csv --skip 1 )?("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*"|\S+)$`)

// runSQLite runs a script, with what the shell does for .import.
func runSQLite(t *testing.T, db *sql.DB, dir, script string) {
	t.Helper()
	statement := ""
	for line := range strings.Lines(script) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case statement == "" && strings.HasPrefix(line, ".import"):
			parts := importCommand.FindStringSubmatch(line)
			if parts == nil {
				t.Fatalf("not an import: %s", line)
			}
			importSQLite(t, db, dir, parts[1] != "", unquoted(t, parts[2]), unquoted(t, parts[3]))
		case statement == "" && (strings.HasPrefix(line, ".") || strings.HasPrefix(line, "--") || line == ""):
		default:
			if statement += line + "\n"; strings.HasSuffix(line, ";") {
				if _, err := db.Exec(statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
				statement = ""
			}
		}
	}
}

func unquoted(t *testing.T, word string) string {
	t.Helper()
	if !strings.HasPrefix(word, `"`) {
		return word
	}
	text, err := strconv.Unquote(word)
	if err != nil {
		t.Fatalf("%s: %v", word, err)
	}
	return text
}

func importSQLite(t *testing.T, db *sql.DB, dir string, isCSV bool, from, table string) {
	t.Helper()
	command := exec.Command("cat", from)
	if shell, ok := strings.CutPrefix(from, "|"); ok {
		command = exec.Command("sh", "-c", shell)
	}
	command.Dir = dir
	data, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v", from, err)
	}
	var rows [][]string
	if isCSV {
		if rows, err = csv.NewReader(bytes.NewReader(data)).ReadAll(); err != nil {
			t.Fatal(err)
		}
		rows = rows[1:]
	} else {
		for line := range strings.Lines(string(data)) {
			rows = append(rows, []string{strings.TrimSuffix(line, "\n")})
		}
	}
	for _, fields := range rows {
		values := make([]any, len(fields))
		for i, field := range fields {
			values[i] = field
		}
		marks := strings.TrimSuffix(strings.Repeat("?,", len(fields)), ",")
		if _, err := db.Exec("INSERT INTO "+identifier(table)+" VALUES ("+marks+")", values...); err != nil {
			t.Fatal(err)
		}
	}
}
