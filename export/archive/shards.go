package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"fauna-export/export/store"
)

// PlanName is the file with the plan of a run's shards. Every shard reads it,
// none changes it.
const PlanName = store.WorkPrefix + "plan.json"

// MaxShards is the largest number of shards of a run.
const MaxShards = 10_000

// Plan is what the shards of a run share.
type Plan struct {
	// Shards is the number of shards.
	Shards int `json:"shards"`
	// Spec is what the run exports, as the engine writes it.
	Spec json.RawMessage `json:"spec"`
	// Time is the transaction time that all shards read at, in microseconds since
	// 1970.
	Time int64 `json:"time"`
	// Bounds lists the ids at which the second and later parts of a collection
	// begin, by collection.
	Bounds map[string][]int64 `json:"bounds"`
	// Counts is the number of documents of each collection at Time, as counted by
	// the server for the plan.
	Counts map[string]int64 `json:"counts"`
	// Made is the ts of each collection's own settings at Time, if the key may
	// know it. It reveals a shard with a key of another database.
	Made map[string]int64 `json:"made,omitempty"`
	// Rate is how many documents per second the server gave one process when the
	// plan was made, 0 if there were too few to measure.
	Rate float64 `json:"rate,omitempty"`
	// Files lists the files of all parts, in the order of the manifest. The kth
	// belongs to shard k % Shards.
	Files []PlanFile `json:"files"`
}

// PlanFile is the file of one part.
type PlanFile struct {
	Collection string `json:"collection"`
	File       string `json:"file"`
}

// check returns an error for a plan that no run writes.
func (p *Plan) check() error {
	switch {
	case p.Shards < 1 || p.Shards > MaxShards:
		return fmt.Errorf("it has %d shards", p.Shards)
	case p.Time <= 0 || p.Time > maxMicros:
		return fmt.Errorf("it has the invalid time %d", p.Time)
	}
	files := make(map[string]bool)
	for _, f := range p.Files {
		if !localName(f.File) || strings.Contains(f.File, "/") || files[f.File] {
			return fmt.Errorf("it lists the invalid or duplicate file %q", f.File)
		}
		files[f.File] = true
	}
	return nil
}

// CreatePlan writes the plan of a run. If there already is one the error is
// fs.ErrExist.
func CreatePlan(s store.Shared, p *Plan) error {
	data, err := EncodeState(PlanName, p)
	if err != nil {
		return err
	}
	return s.Create(PlanName, data)
}

// ReadPlan reads the plan of a run. The error is fs.ErrNotExist if there is
// none, and a *DamagedState if it is damaged.
func ReadPlan(s store.Store) (*Plan, error) { return readChecked(s, PlanName, &Plan{}) }

func shardName(shard int) string { return fmt.Sprintf("shard-%05d", shard) }

// shardFile matches the files of shards in the work folder, except those of
// parts.
var shardFile = regexp.MustCompile(`^(plan\.json|shard-[0-9]{5}\.(run\.json|manifest\.json|sums))(\.[0-9]+)?(\.new)?$`)

// shardStore is the store of one shard: a view of the run's store with only the
// shard's own files, and with its own lock, state and manifest.
type shardStore struct {
	store.Shared
	shard, of int
	files     map[string]bool
}

// Shard returns the store of one shard, within the store of the run.
func (p *Plan) Shard(s store.Shared, shard int) store.Store {
	files := make(map[string]bool)
	for i, f := range p.Files {
		if i%p.Shards == shard {
			files[f.File] = true
		}
	}
	return &shardStore{Shared: s, shard: shard, of: p.Shards, files: files}
}

func (s *shardStore) Name() string {
	return fmt.Sprintf("%s (shard %d of %d)", s.Shared.Name(), s.shard, s.of)
}

// shardEnds are the ends of the names of a shard's own files in the run's store.
var shardEnds = map[string]string{RunName: ".run.json", ManifestName: ".manifest.json", SumsName: ".sums"}

// place returns the name of a shard's file in the run's store.
func (s *shardStore) place(name string) string {
	if end := shardEnds[name]; end != "" {
		return store.WorkPrefix + shardName(s.shard) + end
	}
	return name
}

func (s *shardStore) List() ([]store.Entry, error) {
	entries, err := s.Shared.List()
	if err != nil {
		return nil, err
	}
	own := map[string]string{}
	for name := range shardEnds {
		own[s.place(name)] = name
	}
	var out []store.Entry
	for _, e := range entries {
		file, ours := workFile(e.Name)
		if name := own[e.Name]; name != "" {
			e.Name = name
		} else if !s.files[e.Name] && !(ours && s.files[file]) {
			continue
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b store.Entry) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func (s *shardStore) Lock() (func() error, error) { return s.Shared.LockFor(shardName(s.shard)) }

func (s *shardStore) Open(name string) (store.File, int64, error) {
	return s.Shared.Open(s.place(name))
}
func (s *shardStore) Read(name string) ([]byte, error) { return s.Shared.Read(s.place(name)) }
func (s *shardStore) Write(name string, data []byte) error {
	return s.Shared.Write(s.place(name), data)
}
func (s *shardStore) Remove(name string) error { return s.Shared.Remove(s.place(name)) }
func (s *shardStore) Close() error             { return nil }

// ShardsMissing is the error of a run with missing or unfinished shards.
type ShardsMissing struct {
	Store  string
	Shards []int
	Of     int
}

// Error names the first missing shards.
func (e *ShardsMissing) Error() string {
	most := min(len(e.Shards), 8)
	list := strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Shards[:most]), " ", ", "), "[]")
	if len(e.Shards) > most {
		list += ", …"
	}
	return fmt.Sprintf("%s: %d of %d shards are not finished (%s): run them, and then finish again", e.Store, len(e.Shards), e.Of, list)
}

// Finish joins the shards of a run. It checks that all shards exist, follow the
// same plan, and have all parts; re-reads every file; and then publishes the
// combined manifest and removes what only the shards needed. If the report lists
// problems with files, nothing is published.
func Finish(ctx context.Context, s store.Shared, progress func(VerifyStatus)) (*Report, error) {
	release, err := s.Lock()
	if err != nil {
		return nil, err
	}
	defer release()
	plan, err := ReadPlan(s)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotARun{Dir: s.Name(), Why: "it has no plan of shards"}
	}
	if err != nil {
		return nil, err
	}
	m, err := plan.join(s)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(CheckOwn(s, ManifestName), CheckOwn(s, SumsName)); err != nil {
		return nil, err
	}
	if err := s.Write(SumsName, m.Sums()); err != nil {
		return nil, fmt.Errorf("write %s: %w", SumsName, err)
	}
	rep, err := (&verifier{Archive: &Archive{Store: s, Manifest: m}, progress: progress}).verify(ctx)
	if err != nil {
		return nil, err
	}
	if !rep.OK() {
		return rep, nil
	}
	if err := Publish(s, m); err != nil {
		return nil, err
	}
	return rep, plan.sweep(s)
}

// join combines the shards' manifests.
func (p *Plan) join(s store.Shared) (*Manifest, error) {
	var all []*Manifest
	missing := &ShardsMissing{Store: s.Name(), Of: p.Shards}
	for shard := range p.Shards {
		found, err := Inspect(p.Shard(s, shard))
		switch {
		case err != nil:
			return nil, err
		case found.Kind == Finished || found.Kind == Partial:
			all = append(all, found.Manifest)
		case found.Kind == Broken:
			return nil, found.Err
		default:
			missing.Shards = append(missing.Shards, shard)
		}
	}
	if len(missing.Shards) > 0 {
		return nil, missing
	}
	out := *all[0]
	out.Shard, out.Shards = 0, 0
	out.Collections, out.Failed, out.Snapshots = []Entry{}, nil, nil
	entries := make(map[string]Entry)
	made := map[string]int64{}
	for shard, m := range all {
		if m.Snapshot != out.Snapshot || m.Endpoint != out.Endpoint || m.Mode != out.Mode {
			return nil, &DamagedState{Store: s.Name(), Name: shardName(shard), Why: "it belongs to another run than shard 0"}
		}
		if m.Consistency != ConsistencySnapshot {
			out.Consistency = m.Consistency
		}
		out.Snapshots = append(out.Snapshots, m.Snapshots...)
		out.Started, out.Finished = min(out.Started, m.Started), max(out.Finished, m.Finished)
		out.Failed = append(out.Failed, m.Failed...)
		for _, e := range m.Collections {
			if made[e.Name] == 0 {
				made[e.Name] = e.Made
			} else if e.Made != 0 && e.Made != made[e.Name] {
				return nil, &DamagedState{Store: s.Name(), Name: shardName(shard), Why: "its " + e.Name + " is another database's"}
			}
			entries[e.File] = e
		}
	}
	slices.Sort(out.Snapshots)
	out.Snapshots = slices.Compact(out.Snapshots)
	failed := make(map[string]bool)
	for _, f := range out.Failed {
		failed[f.Name] = true
	}
	for _, f := range p.Files {
		if e, there := entries[f.File]; there {
			out.Collections = append(out.Collections, e)
		} else if !failed[f.Collection] {
			return nil, &DamagedState{Store: s.Name(), Name: f.File, Why: "no shard has it"}
		}
	}
	p.compareCounts(&out, failed)
	return &out, nil
}

// compareCounts adds a warning to a collection of which the shards found fewer
// documents than the server had counted for the plan.
func (p *Plan) compareCounts(m *Manifest, failed map[string]bool) {
	if m.Consistency != ConsistencySnapshot {
		return
	}
	found, last := map[string]int64{}, map[string]*Entry{}
	for i := range m.Collections {
		e := &m.Collections[i]
		found[e.Name] += e.ExpectedRows - e.Unlisted
		last[e.Name] = e
	}
	for name, e := range last {
		if lost := p.Counts[name] - found[name]; lost > 0 && !failed[name] {
			e.Warnings = append(slices.Clone(e.Warnings), fmt.Sprintf("the server counted %d more documents of the collection for the plan than the shards found: they left the snapshot (ttl) meanwhile, or the key of a shard reads other documents", lost))
		}
	}
}

// SweepShards removes what a Finish left that was killed after it had published
// the manifest.
func SweepShards(s store.Shared) (err error) {
	plan, err := ReadPlan(s)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	release, err := s.Lock()
	if err != nil {
		return err
	}
	return errors.Join(plan.sweep(s), release())
}

// sweep removes what only the shards needed, the plan last.
func (p *Plan) sweep(s store.Shared) error {
	entries, err := s.List()
	if err != nil {
		return err
	}
	for _, e := range entries {
		base, inWork := strings.CutPrefix(e.Name, store.WorkPrefix)
		_, part := workFile(e.Name)
		if inWork && e.Name != PlanName && (part || shardFile.MatchString(base)) {
			if err := s.Remove(e.Name); err != nil {
				return fmt.Errorf("remove %s: %w", e.Name, err)
			}
		}
	}
	if err := s.Remove(PlanName); err != nil {
		return fmt.Errorf("remove %s: %w", PlanName, err)
	}
	return s.Close()
}
