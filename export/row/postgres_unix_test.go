//go:build unix

package row

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

// Postgres reads the CSV files with COPY, distinguishing nulls from empty
// strings, and writes the same values back. The server runs in single-user mode,
// in a folder of the test.
func TestCSV_postgresCopy(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("FAUNA_EXPORT_CI") != "" {
				t.Fatalf("%s is not installed, and .ci/run should have installed it", program)
			}
			t.Skipf("%s is not installed", program)
		}
	}
	dir, err := os.MkdirTemp("", "rowpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	run := func(input, program string, args ...string) {
		t.Helper()
		command := exec.Command(program, args...)
		command.Dir = dir
		command.Stdin = strings.NewReader(input)
		if os.Getuid() == 0 { // Postgres refuses to run as root
			command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			command.Env = append(os.Environ(), "HOME="+dir)
		}
		out, err := command.CombinedOutput()
		if err != nil || bytes.Contains(out, []byte("ERROR")) {
			t.Fatalf("%s: %v\n%s", program, err, out)
		}
	}
	if os.Getuid() == 0 {
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	run("", "initdb", "-D", data, "-U", "test", "-E", "UTF8", "--no-locale", "-N")

	// NUL is left out, since Postgres text can't contain it.
	g := generator{rand.New(rand.NewPCG(1, 2))}
	columns := []Column{
		{Name: "j", Path: []any{"data", "j"}, Type: TypeJSON}, {Name: "s", Path: []any{"data", "s"}, Type: TypeString},
		{Name: "i", Path: []any{"data", "i"}, Type: TypeInt}, {Name: "f", Path: []any{"data", "f"}, Type: TypeFloat},
		{Name: "b", Path: []any{"data", "b"}, Type: TypeBool}, {Name: "t", Path: []any{"data", "t"}, Type: TypeTime}, {Name: "d", Path: []any{"data", "d"}, Type: TypeDate},
	}
	l := Layout{Collection: "users", Format: CSV, Columns: columns}
	var elements []string
	for id := range 2000 {
		values := documentOf(int64(id), `,"data":{"v":`+g.value(3)+`}`)
		for range columns {
			values += "," + g.value(1)
		}
		values = strings.NewReplacer(`\u0000`, "x", `1E400`, "1").Replace(values)
		elements = append(elements, "["+values+"]")
	}
	var b Batch
	if err := serializerOf(t, l).Page(&b, pageOf(elements...), nil); err != nil {
		t.Fatal(err)
	}
	file := fileOf(t, l, []*Batch{&b}, 0)
	in, out := filepath.Join(dir, "in.csv"), filepath.Join(dir, "out.csv")
	if err := os.WriteFile(in, file, 0o644); err != nil {
		t.Fatal(err)
	}
	run(fmt.Sprintf(`CREATE TABLE rows (ref text PRIMARY KEY, ts bigint NOT NULL, data json NOT NULL, ttl text, j json, s text, i bigint, f text, b boolean, t text, d text);
COPY rows FROM '%s' WITH (FORMAT csv, HEADER);
ALTER TABLE rows ALTER f TYPE float8 USING NULLIF(f, '')::float8;
COPY (SELECT ref, ts, data, ttl, j, s, i, b::text, t, d FROM rows ORDER BY ref::bigint) TO '%s' WITH (FORMAT csv, HEADER);
`, in, out), "postgres", "--single", "-j", "-D", data, "postgres")
	written, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, got := csvRows(t, file), csvRows(t, written)
	if len(got) != len(want) || len(got) != 2001 {
		t.Fatalf("Postgres has %d rows of %d", len(got)-1, len(want)-1)
	}
	for i := range want {
		row := append(append([]cell(nil), want[i][:7]...), want[i][8:]...) // without the float, which Postgres formats differently
		if !reflect.DeepEqual(got[i], row) {
			t.Fatalf("Postgres has\n%+v, not\n%+v", got[i], row)
		}
	}
}
