package tui

import (
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/fql"
)

var pictures = flag.Bool("pictures", false, "write the pictures of assets/pictures anew")

// TestPictures_showTheScreensAsTheyAre walks through all steps on an embedded server
// with the sample data, draws each as SVG, and compares the drawings with those in the
// README. `go test ./tui -run TestPictures -pictures` writes them.
func TestPictures_showTheScreensAsTheyAre(t *testing.T) {
	shots := map[string]string{}
	for id, view := range story(t) {
		shots[strings.ToLower(stepNames[id])] = view
	}
	for name, scene := range map[string]string{ // a choice, a warning, an error, an outage
		"picker": "collections picker", "misspelt": "collections after the secret", "unreadable": "check unreadable", "outage": "export waits for the network", "load": "done loading planned",
	} {
		for _, sc := range scenes() {
			if sc.name == scene {
				b := newBench(t, 80, 24, func(b *bench, c *Config) {
					if c.Color = "always"; sc.change != nil {
						sc.change(b, c)
					}
				})
				sc.play(b)
				shots[name] = b.w.View()
			}
		}
	}
	for name, view := range shots {
		t.Run(name, func(t *testing.T) {
			isKept(t, name+".svg", drawSVG(t, "fauna-export: "+name, view))
		})
	}
}

// isKept checks that a picture is unchanged, or writes it.
func isKept(t *testing.T, name, made string) {
	t.Helper()
	file := filepath.Join("..", "assets", "pictures", name)
	if *pictures {
		if err := os.WriteFile(file, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(file)
	if err != nil || string(kept) != made {
		t.Errorf("%s is stale (%v): run `go test ./tui -run 'TestPictures|TestRecording' -pictures`", file, err)
	}
	if strings.HasSuffix(name, ".svg") {
		if err := xml.Unmarshal(kept, new(any)); err != nil {
			t.Errorf("%s is not XML: %v", file, err)
		}
	}
}

// story walks once from the address to the verified files, and returns the screen of
// each step. The server, its answers and the files are real; only the address, the
// folder and the clock are fixed.
func story(t *testing.T) (views [steps]string) {
	t.Helper()
	b, shell := onSample(t)
	take := func(id stepID) {
		t.Helper()
		b.at(id)
		views[id] = b.w.View()
	}
	take(domainID)
	b.keys("enter")
	take(accessID)
	b.keys("enter")
	b.paste(shell(fql.CollectionsFQL(fql.V4)))
	take(collectionsID)
	b.keys("enter", "c")
	take(setupID)
	setup := b.w.setup()
	b.keys("enter")
	shell(setup.RoleFQL())
	b.paste(shell(setup.KeyFQL()))
	take(secretID)
	b.keys("enter", "down")
	b.typed("carts:customer_id:string=data.customer.id")
	b.keys("enter")
	take(outputID)
	b.keys("enter")
	take(checkID)

	b.run.manifest = exported(t, b)
	b.run.hold, b.held = make(chan struct{}), true
	b.run.status = export.Status{Phase: export.Preparing, Workers: 8, Elapsed: 3500 * time.Millisecond}
	b.keys("enter")
	b.showing(progress{state: runGoing, status: halfway(b.run.manifest)})
	take(exportID)
	b.endRun()
	take(doneID)
	return views
}

// sampleServer starts an embedded server with the sample data.
func sampleServer(t *testing.T, clock func() time.Time) (srv *emulator.Server, address string) {
	t.Helper()
	srv = emulator.New(emulator.Options{Clock: clock})
	if err := srv.LoadSample(); err != nil {
		t.Fatal(err)
	}
	address, stop, err := srv.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return srv, address
}

// onSample returns a wizard on an embedded server with sample data, and its shell.
func onSample(t *testing.T) (*bench, func(fql string) string) {
	t.Helper()
	srv, address := sampleServer(t, func() time.Time { return testNow })
	endpoint, err := fauna.ParseEndpoint(address)
	if err != nil {
		t.Fatal(err)
	}
	shell := func(fql string) string {
		t.Helper()
		text, err := srv.Shell(t.Context(), srv.Secret(), fql)
		if err != nil {
			t.Fatalf("%s: %v", fql, err)
		}
		return text
	}
	b := newBench(t, 80, 24, func(b *bench, c *Config) {
		c.Color, c.Dir = "always", "/srv/shop"
		b.dial = func(o fauna.Options) (server, error) {
			o.Endpoint = endpoint
			return fauna.NewClient(o)
		}
	})
	return b, shell
}

// exported runs a wizard's export for real, into a folder of the test.
func exported(t *testing.T, b *bench) *archive.Manifest {
	t.Helper()
	spec, err := b.w.spec()
	if err != nil {
		t.Fatal(err)
	}
	spec.Dir = filepath.Join(t.TempDir(), "shop")
	run, err := export.NewRun(spec, b.w.server, export.OSEnv(spec.Dir))
	if err != nil {
		t.Fatal(err)
	}
	m, err := run.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// halfway returns the status of an export with about half of its documents written.
func halfway(m *archive.Manifest) export.Status {
	st := running()
	st.Rows, st.Rate, st.Expected, st.Bytes, st.Collections = 0, 0, m.Rows(), 5_300_000, nil
	st.ETA = 1400 * time.Millisecond
	for i, e := range m.Collections {
		c := export.CollectionStatus{Name: e.Name, State: export.CollectionWaiting, Expected: e.Rows, ExpectedFinal: true}
		switch {
		case i < 2:
			c.State, c.Rows = export.CollectionDone, e.Rows
		case i < 4:
			c.State, c.Rows, c.Rate, c.Bytes = export.CollectionRunning, e.Rows*int64(8-2*i)/8, 11_200/float64(i), e.Bytes/2
		}
		st.Rows += c.Rows
		st.Rate += c.Rate
		st.Collections = append(st.Collections, c)
	}
	return st
}
