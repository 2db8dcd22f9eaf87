package tui

import (
	"slices"
	"strings"
	"testing"

	"fauna-export/export"
)

func TestColumns_marksOfAllCollectionsStayAndAreTaken(t *testing.T) {
	b := newBench(t, 200, 50).to(outputID)
	b.keys("ctrl+o", "space", "tab", "space", "down", "space", "shift+tab")
	b.shows("[x] data.address", "3 marked in all")
	b.keys("enter")
	b.shows("3 columns added.")
	if n := len(b.w.columns); n != 3 {
		t.Fatalf("%d columns", n)
	}
	b.keys("ctrl+o")
	b.shows("[x] data.address")
	b.keys("space", "enter")
	b.shows("0 columns added, 1 removed.")
}

func TestColumns_aHalfTypedOneIsNotDropped(t *testing.T) {
	b := newBench(t, 80, 24).to(outputID)
	b.keys("down")
	b.typed("users:city")
	b.keys("up", "enter")
	b.at(outputID)
	b.shows("Write it like customers:email:string=data.email")
	b.typed(":string=data.address.city")
	b.keys("up", "enter")
	b.at(checkID)
	if len(b.w.columns) != 1 || b.w.columns[0].Name != "city" {
		t.Errorf("columns %+v", b.w.columns)
	}
}

func TestOutput_unfinishedExportIsResumedWithoutAnError(t *testing.T) {
	b := newBench(t, 80, 24)
	b.w.look = func(path string) place { return place{path: path, begun: true, free: -1} }
	resumed := []bool{}
	b.w.runner.open = func(_ export.Spec, _ export.Source, resume bool) (exporting, error) {
		resumed = append(resumed, resume)
		return b.run, nil
	}
	b.to(outputID).shows("Contains an unfinished export. Enter resumes it with its", "original options.")
	b.keys("enter")
	b.shows("Ready to resume the export?", "enter resume the export")
	b.keys("enter")
	b.at(doneID)
	if !slices.Equal(resumed, []bool{true}) {
		t.Errorf("resumed %v", resumed)
	}
}

func TestColumns_nothingIsMarkedWhileAnotherCollectionIsRead(t *testing.T) {
	b := newBench(t, 120, 40).to(outputID)
	b.keys("ctrl+o")
	b.w.key(keyMsg("tab")) // its answer is still pending
	b.w.key(keyMsg("a"))
	b.shows("0 marked in all")
	b.act()
	b.shows("0 marked in all", "[ ] data.name")
}

func TestOutput_noRowsOfAnotherFormatWhileTheNewOnesAreRead(t *testing.T) {
	b := newBench(t, 80, 24).to(outputID)
	b.shows("First rows of", `{"ref":`)
	b.w.steps[outputID].(*outputStep).focus = 1
	b.later(func() { b.w.key(keyMsg("right")) })
	b.hides(`{"ref":`, "First rows of")
	b.shows("reading the first documents")
}

func TestOutput_aLongErrorOfTheFolderLeavesRoomForTheRest(t *testing.T) {
	b := newBench(t, 60, 18)
	b.w.look = func(path string) place {
		return place{path: path, free: -1, err: sayError(strings.Repeat("a long story ", 40))}
	}
	b.to(outputID).shows("a long story", "…", "Columns", "add")
}

func TestOutput_theFolderThatIsExaminedIsTheOneWrittenTo(t *testing.T) {
	b := newBench(t, 80, 24, func(_ *bench, c *Config) { c.Dir = "/srv/two\tparts" }) // a field has no tabs
	examined := ""
	b.w.look = func(path string) place {
		examined = path
		return place{path: path, free: -1}
	}
	b.to(outputID)
	if spec, err := b.w.spec(); err != nil || examined != spec.Dir {
		t.Errorf("examined %q, to write into %q: %v", examined, spec.Dir, err)
	}
}
