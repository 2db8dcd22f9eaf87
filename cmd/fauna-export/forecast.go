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
	Name  string `json:"name"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes_about"`
	Lives *int64 `json:"snapshot_lives_seconds"` // null: forever, or unknown
}

// forecastWorkers is how many collections are counted and sampled in parallel:
// as many as a run has requests in flight.
const forecastWorkers = 8

// What a run costs beyond the samples. A forecast writes nothing, so it cannot
// measure this.
const (
	idsToo           = 1.5                  // ids of small collections, relative to their samples
	writtenPerSecond = 250e6                // bytes that two cores turn into rows, hash and re-read
	perFile          = 2 * time.Millisecond // to flush a file, its name and its checkpoint
)

// forecastRun reads a page of each collection and counts its documents, in
// parallel as a run would. So the size is estimated from real documents, and the
// time from the measured rate. It reports progress if this takes long. dir is
// where the files would go, if anywhere.
func (a *app) forecastRun(ctx context.Context, client *fauna.Client, s export.Spec, at int64, dir string) (*forecast, error) {
	f := &forecast{Endpoint: s.Endpoint, Collections: make([]collectionForecast, len(s.Collections)), Warnings: []string{}}
	var mu sync.Mutex      // guards the variables below
	var rest time.Duration // to read the remaining documents one page after another
	done, reported := 0, time.Now()

	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(forecastWorkers)
	for i, name := range s.Collections {
		g.Go(func() error {
			c, left, err := sampleOf(ctx, client, name, at)
			if err != nil {
				return err
			}
			if life, known := s.Lives[name]; known {
				c.Lives = keptFor(life)
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
			rest += left
			done++
			if wait := a.global.Interval(); wait > 0 && time.Since(reported) >= wait {
				reported = time.Now()
				a.say("counting: %d of %s, %s so far", done, count(int64(len(s.Collections)), "collection"), count(f.Rows, "document"))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	counted := time.Since(began).Seconds()
	// A run repeats what was just done, and reads the ids. Then it reads the remaining
	// documents, each collection as fast as its sample, but in parallel. On a shared
	// server 8 requests are about 3 times as fast as a sample that ran alone, and up to
	// 8 times as fast as one that waited for 7 others.
	f.Seconds = counted * idsToo
	side := float64(min(forecastWorkers, max(1, len(s.Collections))))
	f.Seconds += rest.Seconds() / math.Sqrt(forecastWorkers*math.Sqrt(side))
	f.Seconds += float64(f.Bytes)/writtenPerSecond + float64(len(s.Collections))*perFile.Seconds()
	if f.Rows > 0 {
		f.Seconds = math.Ceil(f.Seconds*10) / 10
	}
	if dir != "" && dir != "-" && !store.IsURL(dir) {
		if free, err := store.NewFolder(dir).Free(); err == nil && free >= 0 {
			f.DiskFree = &free
		}
	}
	f.warn(s)
	return f, nil
}

// sampleOf reads the first documents of a collection and counts the others, if
// there are any. left is how long reading these would take at the same speed.
func sampleOf(ctx context.Context, client *fauna.Client, name string, at int64) (c collectionForecast, left time.Duration, err error) {
	c = collectionForecast{Name: name}
	began := time.Now()
	body, err := export.Sample(ctx, client, name, at, samplePage, nil)
	if err != nil {
		return c, 0, err
	}
	took := time.Since(began)
	var page struct {
		Resource struct{ Data, After []json.RawMessage }
	}
	if !json.Valid(body) {
		return c, 0, fmt.Errorf("read a page of %s: the response was cut off or altered in transit; try again", quoted(name))
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return c, 0, fmt.Errorf("read a page of %s: %w", quoted(name), err)
	}
	n := int64(len(page.Resource.Data))
	c.Rows = n
	if page.Resource.After != nil {
		if c.Rows, err = client.Count(ctx, name, at); err != nil {
			return c, 0, err
		}
	}
	if n > 0 {
		pages := float64(c.Rows) / float64(n)
		c.Bytes = int64(float64(len(body)) * pages)
		left = time.Duration(float64(took) * (pages - 1))
	}
	return c, left, nil
}

func (f *forecast) warn(s export.Spec) {
	for _, c := range f.Collections {
		if !s.NoSnapshot && c.Lives != nil && f.Seconds > float64(*c.Lives) {
			f.Warnings = append(f.Warnings, fmt.Sprintf("a snapshot of %s stays readable for %s, which may be less than the run takes; 'fauna-export fql history' prints how to keep it longer", quoted(c.Name), keptText(c.Lives)))
		}
	}
	if f.DiskFree != nil && f.Bytes > *f.DiskFree && (s.Compress == "" || s.Compress == "none") && s.Format.Can().Compresses {
		f.Warnings = append(f.Warnings, fmt.Sprintf("the disk has %s free, and the files may take %s", sizeText(*f.DiskFree), sizeText(f.Bytes)))
	}
}

func (f *forecast) text() string {
	rows := [][]string{{"collection", "rows", "about", "snapshot kept"}}
	for _, c := range f.Collections {
		rows = append(rows, []string{plain(c.Name), number(c.Rows), sizeText(c.Bytes), keptText(c.Lives)})
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

func (a *app) dryRun(ctx context.Context, client *fauna.Client, s export.Spec, c *choice, at int64) error {
	if s.At > at { // the server would wait for that time
		return &export.AtError{At: s.At, Future: true, Now: at}
	}
	if s.At != 0 {
		at = s.At
	}
	f, err := a.forecastRun(ctx, client, s, at, s.Dir)
	if err != nil {
		return err
	}
	if err := a.print(f, f.text()); err != nil {
		return err
	}
	a.warnFiltered(c)
	for _, warning := range f.Warnings {
		a.say("warning: %s", warning)
	}
	a.say("would export %s from %s; nothing was written", count(int64(len(f.Collections)), "collection"), client.Endpoint().Host())
	return c.leftOut()
}
