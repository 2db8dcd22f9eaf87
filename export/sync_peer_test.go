package export

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/emulator/fault"
)

// These scenarios come from the tests of the connector that preceded this
// program, with times as the server writes them. Its rows came in the order of
// the index and of the events; here they come by id.

// timedServer returns a server created on 1 April 2022, whose clock the test
// controls.
func timedServer(t *testing.T) *model {
	t.Helper()
	return newModel(t, 1, time.Date(2022, 4, 1, 0, 0, 0, 0, time.UTC))
}

func (m *model) set(micros int64) {
	m.clock.mu.Lock()
	defer m.clock.mu.Unlock()
	m.clock.at = time.UnixMicro(micros)
}

func (m *model) load(docs ...emulator.Document) {
	m.t.Helper()
	if err := m.Load("docs", func(yield func(emulator.Document) bool) {
		for _, d := range docs {
			if !yield(d) {
				return
			}
		}
	}); err != nil {
		m.t.Fatal(err)
	}
}

func document(id, ts int64, data string) emulator.Document {
	return emulator.Document{ID: id, TS: ts, Data: []byte(data)}
}

// wants compares the rows of a file.
func (m *model) wants(file string, rows ...string) {
	m.t.Helper()
	if got := m.rowsOf(file); len(got)+len(rows) > 0 && !reflect.DeepEqual(got, rows) {
		m.t.Errorf("%s holds\n%s\nand not\n%s", file, strings.Join(got, "\n"), strings.Join(rows, "\n"))
	}
}

func live(id, ts int64, data string) string {
	return fmt.Sprintf(`{"ref":"%d","ts":%d,"data":%s,"ttl":null,"deleted_at":null}`, id, ts, data)
}

func mergedRow(id, ts int64, data string) string {
	return fmt.Sprintf(`{"ref":"%d","ts":%d,"data":%s,"ttl":null}`, id, ts, data)
}

func gone(id, ts int64, at string) string {
	return fmt.Sprintf(`{"ref":"%d","ts":%d,"deleted_at":"%s"}`, id, ts, at)
}

func TestPeer_fullThenRemovals(t *testing.T) {
	t.Parallel()
	m := timedServer(t)
	const ts = 1658188683585000
	m.set(1658271973660000 + 1_000_000)
	m.load(
		document(337567897171787849, ts, `{"a":5,"nested":{"value":15}}`),
		document(337567897172836425, 1658271973660000, `{"a":6,"name":"hello world","nested":{"value":20}}`),
		document(337567897172837449, ts, `{"a":7,"nested":{"value":25}}`),
		document(337567897173885001, ts, `{"a":8,"nested":{"value":30}}`),
	)
	m.sync()
	m.wants("docs.jsonl",
		live(337567897171787849, ts, `{"a":5,"nested":{"value":15}}`),
		live(337567897172836425, 1658271973660000, `{"a":6,"name":"hello world","nested":{"value":20}}`),
		live(337567897172837449, ts, `{"a":7,"nested":{"value":25}}`),
		live(337567897173885001, ts, `{"a":8,"nested":{"value":30}}`),
	)
}

func TestPeer_removalsAndWhatIsLeft(t *testing.T) {
	t.Parallel()
	m := timedServer(t)
	m.set(1659398320430000 - 40_000_000)
	m.fql(`Update(Collection("docs"), {history_days: 30})`)
	const ts = 1659398320430000
	m.set(ts + 1_000_000)
	m.load(
		document(338836293305761863, ts, `{"a":5,"nested":{"value":10}}`),
		document(338836293305762887, ts, `{"a":6,"nested":{"value":20}}`),
		document(338836293305763911, ts, `{"a":7,"nested":{"value":25}}`),
		document(338836293305764935, ts, `{"a":8,"nested":{"value":30}}`),
		document(338836293305765959, ts, `{"a":9,"nested":{"value":40}}`),
	)
	m.sync()
	m.set(1659398359360000 - 1_000_000)
	for _, one := range []struct{ id, ts int64 }{
		{338836293305763911, 1659398359360000}, {338836293305761863, 1659398366330000}, {338836293305765959, 1659398371330000},
	} {
		m.set(one.ts + 3_000_000)
		m.fql(fmt.Sprintf(`Insert(Ref(Collection("docs"), "%d"), Time(%q), "delete", {})`, one.id, archive.FormatTime(one.ts)))
	}
	got := m.sync()
	m.wants("docs@2.jsonl",
		gone(338836293305761863, 1659398366330000, "2022-08-01T23:59:26.330Z"),
		gone(338836293305763911, 1659398359360000, "2022-08-01T23:59:19.360Z"),
		gone(338836293305765959, 1659398371330000, "2022-08-01T23:59:31.330Z"),
	)
	if e := last(got); e.TimeUnknown != 0 || e.Documents != 2 {
		t.Errorf("%+v", e)
	}
	m.exact(got)
	m.wants("merged/docs.jsonl",
		mergedRow(338836293305762887, ts, `{"a":6,"nested":{"value":20}}`),
		mergedRow(338836293305764935, ts, `{"a":8,"nested":{"value":30}}`),
	)
	m.sync()
	m.wants("docs@3.jsonl")
}

func TestPeer_updatesOnce(t *testing.T) {
	t.Parallel()
	m := timedServer(t)
	m.exact(m.sync()) // an empty first sync leaves a usable state
	m.load(document(3, 99, `{}`), document(5, 123, `{}`), document(10, 999, `{}`))
	m.exact(m.sync())
	m.wants("docs@2.jsonl", live(3, 99, `{}`), live(5, 123, `{}`), live(10, 999, `{}`))
	m.exact(m.sync())
	m.wants("docs@3.jsonl")
	m.load(document(11, 1000, `{}`))
	m.exact(m.sync())
	m.wants("docs@4.jsonl", live(11, 1000, `{}`))
}

func TestPeer_removalsOnceAfterAFailure(t *testing.T) {
	t.Parallel()
	const midnight = 1648944000000000
	m := timedServer(t)
	m.set(midnight - 60_000_000)
	for _, id := range []int64{3, 5, 100, 200, 300} {
		m.load(document(id, 50, `{}`))
	}
	m.sync()
	removeAt := func(id, at int64) {
		m.fql(fmt.Sprintf(`Insert(Ref(Collection("docs"), "%d"), Time(%q), "delete", {})`, id, archive.FormatTime(at)))
	}
	m.set(midnight + 100_000)
	removeAt(100, midnight+99)
	removeAt(5, midnight+999)
	m.Faults().Add(fault.When{Match: fault.Contains("exists"), Times: -1}, fault.Status(500))
	if _, err := m.trySync(); err == nil {
		t.Fatal("a failing server, and all is well")
	} else if _, ok := errors.AsType[*Partial](err); !ok && failureOf(err) == nil {
		t.Fatal(err)
	}
	m.Faults().Clear()
	removeAt(3, midnight+12345)
	m.exact(m.sync())
	m.set(midnight + 2_000_000)
	removeAt(300, midnight+1_000_000)
	got := m.sync()
	m.exact(got)
	m.exact(m.sync())
	var all []string
	for _, e := range got.Chain("docs")[1:] {
		all = append(all, m.rowsOf(e.File)...)
	}
	want := []string{
		gone(3, midnight+12345, "2022-04-03T00:00:00.012345Z"),
		gone(5, midnight+999, "2022-04-03T00:00:00.000999Z"),
		gone(100, midnight+99, "2022-04-03T00:00:00.000099Z"),
		gone(300, midnight+1_000_000, "2022-04-03T00:00:01Z"),
	}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("removals:\n%s\nand not\n%s", strings.Join(all, "\n"), strings.Join(want, "\n"))
	}
}

func TestPeer_fourOfOneTime(t *testing.T) {
	t.Parallel()
	m := timedServer(t)
	m.fql("Do(" + strings.Join([]string{create(101, "{}"), create(102, "{}"), create(103, "{}"), create(104, "{}")}, ", ") + ")")
	m.sync()
	if rows := m.rowsOf("docs.jsonl"); len(rows) != 4 {
		t.Errorf("rows %s", rows)
	}
	m.sync()
	m.wants("docs@2.jsonl")
	m.fql(update(102, "{a: 1}") + "\n" + create(105, "{}"))
	m.sync()
	if rows := m.rowsOf("docs@3.jsonl"); len(rows) != 2 || !strings.HasPrefix(rows[0], `{"ref":"102"`) || !strings.HasPrefix(rows[1], `{"ref":"105"`) {
		t.Errorf("rows %s", rows)
	}
	m.fql(remove(103) + "\n" + remove(101))
	m.sync()
	rows := m.rowsOf("docs@4.jsonl")
	if len(rows) != 2 || strings.Contains(strings.Join(rows, ""), `"data"`) || !strings.HasPrefix(rows[0], `{"ref":"101"`) || !strings.HasPrefix(rows[1], `{"ref":"103"`) {
		t.Errorf("rows %s", rows)
	}
	m.exact(m.sync())
	m.wants("docs@5.jsonl")
}
