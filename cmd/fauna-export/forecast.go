package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"fauna-export/export"
	"fauna-export/export/store"
	"fauna-export/fauna"
)

// samplePage is how many documents of each collection a forecast reads.
const samplePage = 200

// forecast is what a run would do. `run --dry-run --json` prints it, and check
// prints the part about collections.
type forecast struct {
	Endpoint    string               `json:"endpoint"`
	Collections []collectionForecast `json:"collections"`
	Rows        int64                `json:"rows"`
	Bytes       int64                `json:"bytes_about"`    // as the server sends them
	Requests    int64                `json:"requests_about"` // including those for ids
	Seconds     float64              `json:"seconds_about"`
	DiskFree    *int64               `json:"disk_free,omitempty"` // null without a folder
	Warnings    []string             `json:"warnings"`
}

type collectionForecast struct {
	Name  string        `json:"name"`
	Rows  int64         `json:"rows"`
	Bytes int64         `json:"bytes_about"`
	Lives *int64        `json:"snapshot_lives_seconds"` // null: forever
	life  time.Duration // the longest Duration if unknown
}

// forecastWorkers is how many collections are counted and sampled in parallel:
// as many as a run has requests in flight.
const forecastWorkers = 8

// forecastRun counts the documents of the collections by their ids and reads a
// page of each, in parallel as a run would. So the size is estimated from real
// documents, and the time from the measured rate. It reports progress if this
// takes long.
func (a *app) forecastRun(ctx context.Context, client *fauna.Client, s export.Spec, at int64) (*forecast, error) {
	f := &forecast{Endpoint: s.Endpoint, Collections: make([]collectionForecast, len(s.Collections)), Warnings: []string{}}
	var mu sync.Mutex // guards the variables below
	var busy time.Duration
	var sampledBytes int64
	done, said := 0, time.Now()

	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(forecastWorkers)
	for i, name := range s.Collections {
		g.Go(func() error {
			c, sample, err := sampleOf(ctx, client, name, at)
			if err != nil {
				return err
			}
			if life, known := s.Lives[name]; known && life != math.MaxInt64 {
				seconds := int64(life / time.Second)
				c.Lives, c.life = &seconds, life
			}
			mu.Lock()
			defer mu.Unlock()
			f.Collections[i] = c
			f.Rows += c.Rows
			f.Bytes += c.Bytes
			// Ids come 50 000 a page, documents in pages of about 2 MB.
			f.Requests += 1 + c.Rows/50_000 + (c.Bytes+1_999_999)/2_000_000
			if s.Mode == export.Incremental {
				f.Requests += 1 + c.Rows/50_000 // the index is also read
			}
			busy += sample.took
			sampledBytes += sample.bytes
			done++
			if wait := a.global.Interval(); wait > 0 && time.Since(said) >= wait {
				said = time.Now()
				a.say("counting: %d of %s, %s so far", done, count(int64(len(s.Collections)), "collection"), count(f.Rows, "document"))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	counted := time.Since(began).Seconds()
	// A run repeats what was just done: count each collection and read its
	// first page. The remaining bytes arrive at the rate of the samples, read
	// in parallel.
	f.Seconds = counted
	if sampledBytes > 0 {
		side := float64(min(forecastWorkers, max(1, len(s.Collections))))
		rate := float64(sampledBytes) / busy.Seconds() * side
		if len(s.Collections) < forecastWorkers { // a run has more requests in parallel than the samples
			rate *= math.Sqrt(forecastWorkers / side)
		}
		f.Seconds += float64(max(0, f.Bytes-sampledBytes)) / rate
	}
	if f.Rows > 0 {
		f.Seconds = math.Ceil(f.Seconds*10) / 10
	}
	return f, nil
}

// sample is the cost of reading one page of a collection.
type sample struct {
	took  time.Duration
	bytes int64
}

// sampleOf counts a collection's documents, and reads the first of them.
func sampleOf(ctx context.Context, client *fauna.Client, name string, at int64) (collectionForecast, sample, error) {
	c := collectionForecast{Name: name, life: math.MaxInt64}
	var err error
	if c.Rows, err = client.Count(ctx, name, at); err != nil || c.Rows == 0 {
		return c, sample{}, err
	}
	began := time.Now()
	body, err := client.Documents(ctx, name, at, 0, samplePage, nil, nil)
	if err != nil {
		return c, sample{}, err
	}
	one := sample{took: time.Since(began), bytes: int64(len(body))}
	var page struct {
		Resource struct{ Data []json.RawMessage }
	}
	if !json.Valid(body) {
		return c, sample{}, fmt.Errorf("read a page of %s: the answer was cut short or changed on its way; try again", quoted(name))
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return c, sample{}, fmt.Errorf("read a page of %s: %w", quoted(name), err)
	}
	if n := int64(len(page.Resource.Data)); n > 0 {
		c.Bytes = int64(float64(len(body)) / float64(n) * float64(c.Rows))
	}
	return c, one, nil
}

// warn adds warnings about the run.
func (f *forecast) warn(s export.Spec) {
	for _, c := range f.Collections {
		if !s.NoSnapshot && f.Seconds > c.life.Seconds() {
			f.Warnings = append(f.Warnings, fmt.Sprintf("a snapshot of %s stays readable for %s, which may be less than the run takes; 'fauna-export fql history' prints how to keep it longer", quoted(c.Name), lifeText(c.life)))
		}
	}
	if f.DiskFree != nil && f.Bytes > *f.DiskFree && (s.Compress == "" || s.Compress == "none") && s.Format != "parquet" {
		f.Warnings = append(f.Warnings, fmt.Sprintf("the disk has %s free, and the files may take %s", sizeText(*f.DiskFree), sizeText(f.Bytes)))
	}
}

func (f *forecast) text() string {
	rows := [][]string{{"collection", "rows", "about", "snapshot kept"}}
	for _, c := range f.Collections {
		rows = append(rows, []string{plain(c.Name), number(c.Rows), sizeText(c.Bytes), lifeText(c.life)})
	}
	rows = append(rows, []string{"total", number(f.Rows), sizeText(f.Bytes), ""})
	return table(rows) + "\n" + f.effort()
}

// effort describes what a run costs and whether the disk has enough space.
func (f *forecast) effort() string {
	text := fmt.Sprintf("about %s in about %s\n", count(f.Requests, "request"), elapsedText(time.Duration(f.Seconds*float64(time.Second))))
	if f.DiskFree != nil {
		text += sizeText(*f.DiskFree) + " free on the disk\n"
	}
	return text
}

// freeOn records the free space on a folder's disk, if known.
func (f *forecast) freeOn(dir string) {
	if store.IsS3(dir) {
		return
	}
	if free, err := store.NewFolder(dir).Free(); err == nil && free >= 0 {
		f.DiskFree = &free
	}
}
