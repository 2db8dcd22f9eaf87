package tui

import (
	"slices"
	"strings"
	"testing"

	"fauna-export/export"
	"fauna-export/export/row"
)

func TestLoading_showsTheScriptThatTheEngineWrites(t *testing.T) {
	for i, d := range export.Databases() {
		b := newBench(t, 120, 40)
		b.to(doneID).keys("l", string(rune('1'+i)))
		p := b.w.panel
		if p == nil {
			t.Fatalf("%s: no panel", d)
		}
		spec := b.w.runner.progress().spec
		want := export.LoadScript(d, b.w.runner.progress().manifest, spec.Dir)
		if p.copy != want || p.file != d.ScriptName() || !slices.Equal(p.text, cleanLines(want)) {
			t.Errorf("%s: the panel shows %q, copies %q into %q", d, p.text, p.copy, p.file)
		}
	}
}

func TestLoading_ofParquetSaysWhoReadsIt(t *testing.T) {
	b := newBench(t, 120, 40)
	b.to(doneID)
	b.w.runner.now.spec.Format = row.Parquet
	b.keys("l", "2")
	if p := b.w.panel; p == nil || !strings.Contains(strings.Join(p.text, " "), "duckdb") || p.copy != "" {
		t.Errorf("SQLite and Parquet: %+v", p)
	}
	b.keys("3")
	if p := b.w.panel; p == nil || !strings.Contains(p.copy, ".parquet") && !strings.Contains(p.copy, "CREATE") {
		t.Errorf("DuckDB and Parquet: %+v", p)
	}
}
