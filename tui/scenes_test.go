package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

// A scene brings a wizard into a state worth seeing.
type scene struct {
	name   string
	change func(*bench, *Config) // before it starts, or nil
	play   func(*bench)
}

// running returns the status of a half-finished export.
func running() export.Status {
	return export.Status{
		Phase: export.Running, Snapshot: testNow.UnixMicro(), SnapshotEnds: testNow.Add(14 * time.Minute),
		Elapsed: 1300 * time.Millisecond, Rows: 12_824, Expected: 21_004, ExpectedFinal: true, Bytes: 8_100_000,
		InFlight: 8, Workers: 8, Rate: 9_870, BytesRate: 6_200_000, ETA: 1200 * time.Millisecond, Free: -1, Need: -1,
		Collections: []export.CollectionStatus{
			{Name: "users", State: export.CollectionRunning, Rows: 12_812, Expected: 20_000, ExpectedFinal: true, Bytes: 8_090_000, Rate: 9_870, ETA: 700 * time.Millisecond},
			{Name: "products", State: export.CollectionDone, Rows: 12, Expected: 12, ExpectedFinal: true},
			{Name: "line-items", State: export.CollectionWaiting},
		},
	}
}

// showing gives the export step a status as a poll would.
func (b *bench) showing(p progress) {
	b.t.Helper()
	c := b.w.steps[exportID].(*exportStep)
	for i := range 12 {
		q := p
		q.status.BytesRate = p.status.BytesRate * float64(i+1) / 12
		c.sampled = time.Time{}
		c.progressed(q)
	}
	c.moved = time.Time{} // a while ago
	c.progressed(p)
}

func scenes() []scene {
	return []scene{
		{"domain answers", nil, func(*bench) {}},
		{"domain closed service", nil, func(b *bench) { b.keys("ctrl+u"); b.typed("db.fauna.com") }},
		{"domain plaintext question", nil, func(b *bench) { b.keys("ctrl+u"); b.typed("http://10.0.0.7:8443"); b.keys("enter") }},
		{"domain unreachable", func(b *bench, _ *Config) { b.server.reach = errNoNetwork }, func(*bench) {}},
		{"domain leave question", nil, func(b *bench) { b.keys("esc") }},
		{"domain recent", nil, func(b *bench) {
			b.w.recent = []string{"https://core.example.org:8443", "http://localhost:8443"}
			b.keys("down")
		}},
		{"domain tls", nil, func(b *bench) { b.keys("ctrl+u"); b.typed("core.example.org"); b.keys("enter") }},
		{"access", nil, func(b *bench) { b.to(accessID) }},
		{"access with a secret in the environment", withEnv, func(b *bench) { b.to(accessID) }},
		{"access secret entered", nil, func(b *bench) { b.to(accessID).keys("2"); b.paste(testSecret) }},
		{"access admin", nil, func(b *bench) { b.to(accessID).keys("3"); b.typed("fnADMIN") }},
		{"access rejected", func(b *bench, _ *Config) { b.server.list = errRefused }, func(b *bench) {
			b.to(accessID).paste(testSecret)
			b.keys("enter")
		}},
		{"collections empty", nil, func(b *bench) { b.to(collectionsID) }},
		{"collections typed", nil, func(b *bench) { b.to(collectionsID).typed("users, products, line-items") }},
		{"collections pasted cut", nil, func(b *bench) {
			b.to(collectionsID).paste("{\n  data: [ 'users', 'products', 'a b/c',\n    ... 900 more items\n  ]\n}\n")
		}},
		{"collections picker", withAudit, func(b *bench) { b.withSecret(collectionsID).keys("down") }},
		{"collections after the secret", withAudit, func(b *bench) {
			b.names = "users, prodcuts, audit_log"
			b.to(secretID).paste(testSecret)
			b.keys("enter")
		}},
		{"collections a thousand filtered", func(b *bench, _ *Config) { thousand(b) }, func(b *bench) {
			b.withSecret(collectionsID).keys("/")
			b.typed("collection-09")
		}},
		{"collections a thousand", func(b *bench, _ *Config) { thousand(b) }, func(b *bench) { b.withSecret(collectionsID) }},
		{"set-up role", nil, func(b *bench) { b.to(setupID) }},
		{"set-up key", nil, func(b *bench) { b.to(setupID).keys("c", "right") }},
		{"set-up update", nil, func(b *bench) { b.to(setupID).keys("u") }},
		{"set-up v10", nil, func(b *bench) { b.to(setupID).keys("v") }},
		{"set-up plain", nil, func(b *bench) { b.to(setupID).keys("p") }},
		{"set-up indexes", incremental, func(b *bench) { b.to(setupID).keys("i", "right", "right") }},
		{"set-up demo answer", demo, func(b *bench) { b.to(setupID).keys("right", "r") }},
		{"set-up written", nil, func(b *bench) { b.to(setupID).w.wrote("/srv/fauna-setup.fql") }},
		{"set-up key accepted", nil, func(b *bench) { b.to(outputID).keys("esc", "esc") }},
		{"set-up admin", nil, func(b *bench) { b.withAdmin(setupID) }},
		{"set-up admin done", nil, func(b *bench) { b.withAdmin(setupID).keys("enter") }},
		{"secret empty", nil, func(b *bench) { b.to(secretID) }},
		{"secret pasted", nil, func(b *bench) {
			b.to(secretID).paste("{\n  ref: Ref(Keys(), \"1\"),\n  secret: '" + testSecret + "',\n  hashed_secret: '$2a$05$x'\n}")
		}},
		{"secret refused", func(b *bench, _ *Config) { b.server.list = errRefused }, func(b *bench) { b.to(secretID).typed(testSecret); b.keys("enter") }},
		{"secret no network", func(b *bench, _ *Config) { b.server.list = errNoNetwork }, func(b *bench) { b.to(secretID).typed(testSecret); b.keys("enter") }},
		{"secret odd shape", nil, func(b *bench) { b.to(secretID).typed("hunter2") }},
		{"secret make a new key", nil, func(b *bench) { b.to(secretID).keys("ctrl+g") }},
		{"secret accepted before", nil, func(b *bench) { b.to(outputID).keys("esc") }},
		{"output", nil, func(b *bench) { b.to(outputID) }},
		{"output csv with a column", nil, func(b *bench) {
			b.to(outputID).keys("up", "right", "up", "right", "down", "down", "down")
			b.typed("users:parent_id:string=data.parent.id")
			b.keys("enter")
		}},
		{"output folder not empty", nil, func(b *bench) {
			b.w.look = func(path string) place {
				return place{path: path, free: -1, err: errors.New("This folder isn't empty. Choose another.")}
			}
			b.to(outputID).keys("enter")
		}},
		{"output unfinished export", nil, func(b *bench) {
			b.w.look = func(path string) place { return place{path: path, free: -1, begun: true} }
			b.to(outputID)
		}},
		{"output fields of documents", nil, func(b *bench) { b.to(outputID).keys("ctrl+o", "space", "down", "down", "space") }},
		{"output fields cannot be read", nil, func(b *bench) { b.to(outputID); b.server.err = errNoNetwork; b.keys("ctrl+o") }},
		{"check", nil, func(b *bench) { b.to(checkID) }},
		{"check unreadable", nil, func(b *bench) {
			b.to(outputID)
			b.server.access = map[string]fauna.Access{
				"products":   {Exists: true},
				"line-items": {Exists: true, Readable: true, Filtered: true, HistoryDays: 7, Minimum: testNow.Add(-7 * 24 * time.Hour).UnixMicro()},
			}
			b.keys("enter", "enter")
		}},
		{"check server went away", nil, func(b *bench) { b.to(checkID); b.server.err = errNoNetwork; b.keys("r") }},
		{"check update of the role", nil, func(b *bench) {
			b.to(outputID)
			b.server.access = map[string]fauna.Access{"products": {Exists: true}}
			b.keys("enter", "u")
		}},
		{"check indexes", incremental, func(b *bench) { b.to(checkID) }},
		{"check indexes missing and wrong", func(b *bench, c *Config) {
			incremental(b, c)
			b.server.index = map[string]fauna.IndexCheck{"users": missingIndex(), "products": wrongIndex(), "line-items": {Exists: true, Building: true}}
		}, func(b *bench) { b.to(checkID).keys("down", "enter") }},
		{"check indexes being built", func(b *bench, c *Config) {
			incremental(b, c)
			b.server.index = map[string]fauna.IndexCheck{"users": {Exists: true, Building: true}}
		}, func(b *bench) { b.to(checkID).keys("enter") }},
		{"check FQL of the indexes", func(b *bench, c *Config) {
			incremental(b, c)
			b.server.index = map[string]fauna.IndexCheck{"products": wrongIndex()}
		}, func(b *bench) { b.to(checkID).keys("u", "c") }},
		{"check exported already", nil, func(b *bench) { b.to(doneID).keys("esc") }},
		{"export begins", nil, func(b *bench) { b.to(exportID) }},
		{"export before all is planned", nil, func(b *bench) {
			st := running()
			st.Expected, st.ExpectedFinal, st.Collections[0].Expected, st.Collections[0].ExpectedFinal = 14_000, false, 13_988, false
			b.to(exportID).showing(progress{state: runGoing, status: st})
		}},
		{"export running", nil, func(b *bench) { b.to(exportID).showing(progress{state: runGoing, status: running()}) }},
		{"export waits for the network", nil, func(b *bench) { b.to(exportID).showing(progress{state: runGoing, status: outage()}) }},
		{"export paused", nil, func(b *bench) {
			st := running()
			st.Paused = true
			b.to(exportID).showing(progress{state: runGoing, status: st})
		}},
		{"export limited", nil, func(b *bench) {
			b.to(exportID).showing(progress{state: runGoing, status: running()})
			b.keys("<")
		}},
		{"export stop question", nil, func(b *bench) {
			b.to(exportID).showing(progress{state: runGoing, status: running()})
			b.keys("s")
		}},
		{"export stopped", nil, func(b *bench) { b.to(exportID).showing(stopped(context.Canceled)) }},
		{"export gave up", nil, func(b *bench) {
			b.to(exportID).showing(stopped(&export.GaveUp{After: 5 * time.Minute, Tries: 12, Err: errNoNetwork}))
		}},
		{"export refused folder", nil, func(b *bench) {
			b.to(checkID)
			b.w.runner.open = func(export.Spec, export.Source, bool) (exporting, error) {
				return nil, &store.Error{Store: "/srv/fauna-2026-11-22", Problem: "another export is there", Resumable: true}
			}
			b.keys("enter")
		}},
		{"export verifying", nil, func(b *bench) {
			b.to(exportID).showing(progress{state: runVerifying, status: running(), checking: archive.VerifyStatus{File: "users.jsonl", Files: 1, Total: 3, Bytes: 6_000_000, Size: 13_400_000}})
		}},
		{"export a thousand", func(b *bench, _ *Config) { thousand(b) }, func(b *bench) {
			b.to(exportID).showing(progress{state: runGoing, status: thousandStatus(500)})
		}},
		{"export a thousand listed", func(b *bench, _ *Config) { thousand(b) }, func(b *bench) {
			b.to(exportID).showing(progress{state: runGoing, status: thousandStatus(500)})
			b.keys("tab")
		}},
		{"done", nil, func(b *bench) { b.to(doneID) }},
		{"done not all", func(b *bench, _ *Config) {
			b.run.manifest.Collections = b.run.manifest.Collections[:2]
			b.run.manifest.Failed = []archive.Skipped{{Name: "line-items", Why: "the privilege to read it was revoked"}}
			b.run.manifest.Collections[0].Warnings = []string{"1 document has fields beside data: they are not in the file"}
			b.run.err = &export.Partial{Failures: []*export.CollectionError{{Collection: "line-items", Err: &export.PrivilegeLost{}}}}
		}, func(b *bench) { b.to(doneID) }},
		{"done damaged", func(b *bench, _ *Config) {
			b.run.report = &archive.Report{Files: []archive.FileReport{{Collection: "users", File: "users.jsonl", Problem: "its SHA-256 is another"}}}
		}, func(b *bench) { b.to(doneID) }},
		{"done sync", secondSync, func(b *bench) { b.to(doneID) }},
		{"done loading", nil, func(b *bench) { b.to(doneID).keys("l") }},
		{"done loading planned", nil, func(b *bench) { b.to(doneID).keys("l"); b.typed("sqlite:shop.db"); b.keys("enter") }},
		{"done loading failed", func(b *bench, _ *Config) { b.loadErr = errNoNetwork }, func(b *bench) {
			b.to(doneID).keys("l")
			b.typed("postgres://app@localhost/shop")
			b.keys("enter")
		}},
		{"done loaded", nil, func(b *bench) { b.to(doneID).keys("l"); b.typed("sqlite:shop.db"); b.keys("enter", "enter") }},
		{"output with a target", nil, func(b *bench) { b.to(outputID).keys("up", "up", "up", "right", "right") }},
		{"done saved", nil, func(b *bench) { b.to(doneID).w.steps[doneID].(*doneStep).kept("/srv/fauna-export.yaml") }},
		{"help", nil, func(b *bench) { b.to(setupID).keys("?") }},
		{"names that disturb", func(b *bench, _ *Config) {
			b.server.names = hostileNames
			b.server.docs = map[string]int{}
			for i, name := range hostileNames {
				b.server.docs[name] = i * 10
			}
		}, func(b *bench) { b.withSecret(checkID) }},
	}
}

// withEnv sets FAUNA_SECRET.
func withEnv(_ *bench, c *Config) {
	c.Env = func(name string) string {
		if name == "FAUNA_SECRET" {
			return testSecret
		}
		return ""
	}
}

// withAudit adds a collection that the key can't read.
func withAudit(b *bench, _ *Config) {
	b.server.names = append(b.server.names, "audit_log")
	b.server.access = map[string]fauna.Access{"audit_log": {Exists: true}}
}

// withSecret walks to a step as a user who has a secret.
func (b *bench) withSecret(id stepID) *bench {
	b.t.Helper()
	b.to(accessID).paste(testSecret)
	b.keys("enter")
	b.at(collectionsID)
	return b.continueTo(id)
}

// withAdmin walks to a step as a user who has an admin's secret.
func (b *bench) withAdmin(id stepID) *bench {
	b.t.Helper()
	b.to(accessID).keys("3")
	b.paste(testSecret)
	b.keys("enter")
	b.at(collectionsID)
	return b.continueTo(id)
}

// continueTo presses enter until a step is reached.
func (b *bench) continueTo(id stepID) *bench {
	b.t.Helper()
	for b.w.at < id {
		at := b.w.at
		if at == checkID {
			b.hold(id)
		}
		b.keys("enter")
		if b.w.at == at && (at != setupID || b.w.made == "") {
			b.t.Fatalf("enter does not leave %s:\n%s", at, b.view())
		}
	}
	return b
}

// outage returns the status of an export whose server went away.
func outage() export.Status {
	st := running()
	st.Waiting, st.NextTry, st.Retries, st.InFlight = errOutage, testNow.Add(4*time.Second), 2, 0
	st.Collections[0].Retries = 2
	return st
}

var errOutage = &fauna.Error{Op: "read users", Kind: fauna.KindUnreachable, Endpoint: "localhost:8443", Err: errors.New("connection refused")}

// stopped returns the state of an export that ended without a manifest.
func stopped(err error) progress {
	return progress{state: runEnded, status: running(), err: err, spec: export.Spec{Dir: "/srv/fauna 2026"}}
}

// hostileNames are names that would break a careless screen.
var hostileNames = []string{
	"東京の顧客", "مستخدمين", "Ünï-cödé.1", "e\u0301e\u0301", "👩‍👩‍👧", "bell\a\x1b[31mred\x1b]0;title\a", "a\u202eb", "new\nline", "tab\tbed",
	strings.Repeat("long-", 60), "z\u0300\u0301\u0302\u0303\u0304", "\u200bzero", "\x00nul", "\x9b2J",
}

// demo plays Fauna's shell.
func demo(_ *bench, c *Config) {
	c.Demo = true
	c.Shell = func(_ context.Context, fql string) (string, error) {
		if strings.Contains(fql, "CreateKey") {
			return "{\n  ref: Ref(Keys(), \"481386119929266688\"),\n  ts: 1795344428860000,\n  role: Role(\"connect-readonly\"),\n  secret: '" + testSecret + "',\n  hashed_secret: '$2a$05$EXAMPLEHASH'\n}\n", nil
		}
		if strings.Contains(fql, "Paginate") {
			return "{\n  data: [ 'users', 'products', 'line-items' ]\n}\n", nil
		}
		return "{\n  ref: Role(\"connect-readonly\"),\n  ts: 1795344425850000\n}\n", nil
	}
}

// incremental chooses an incremental export on the Set-up step.
func incremental(b *bench, _ *Config) { b.onSetup = []string{"i"} }

// missingIndex returns the check of an index that doesn't exist.
func missingIndex() fauna.IndexCheck {
	return fauna.IndexCheck{
		Problems: []string{"it does not exist"},
		Fix:      []fql.Query{{Title: "Index of users", Why: "Lists every document.", FQL: "CreateIndex({\n  name: \"users-ts\"\n})"}},
	}
}

// wrongIndex returns the check of an index with all settings wrong.
func wrongIndex() fauna.IndexCheck {
	return fauna.IndexCheck{
		Exists:   true,
		Settings: []string{"source", "terms", "values", "order"},
		Problems: []string{`it is of another source than the collection "products"`, "it has terms, and must have none", "its values are ts, and must be ts, ref", "it is sorted in reverse"},
		Fix: []fql.Query{
			{Title: "Delete the index products-ts", Why: "Its settings cannot be changed. If something else uses it, leave it and choose another name for the export's index.", FQL: "Delete(Index(\"products-ts\"))"},
			{Title: "Index of products", Why: "Lists every document.", FQL: "CreateIndex({\n  name: \"products-ts\"\n})"},
		},
	}
}

// secondSync turns the export into the second sync of a folder.
func secondSync(b *bench, c *Config) {
	incremental(b, c)
	m := b.run.manifest
	m.Mode = export.Incremental
	m.Syncs = []archive.Sync{{Sync: 1, Snapshot: m.Snapshot}, {Sync: 2, Snapshot: m.Snapshot}}
	for i := range m.Collections {
		m.Collections[i].Sync = 1
	}
	for _, e := range m.Collections[:3:3] {
		e.File, e.Sync, e.Rows, e.Removed, e.Bytes = e.Name+"@2.jsonl", 2, 12, 2, 4_096
		m.Collections = append(m.Collections, e)
	}
}

// thousand gives the server a thousand collections.
func thousand(b *bench) {
	b.server.names = nil
	for i := range 1000 {
		name := fmt.Sprintf("collection-%04d", i)
		b.server.names = append(b.server.names, name)
		b.server.docs[name] = i
	}
}

// thousandStatus returns an export of a thousand collections, the first done finished.
func thousandStatus(done int) export.Status {
	st := running()
	st.Collections = nil
	for i := range 1000 {
		c := export.CollectionStatus{Name: fmt.Sprintf("collection-%04d", i), State: export.CollectionWaiting, Expected: 1000, ExpectedFinal: true}
		switch {
		case i < done:
			c.State, c.Rows = export.CollectionDone, 1000
		case i < done+4:
			c.State, c.Rows, c.Rate, c.Bytes, c.ETA = export.CollectionRunning, int64(100*(i-done+1)), 2_000, 64_000, time.Second
		}
		st.Collections = append(st.Collections, c)
	}
	return st
}
