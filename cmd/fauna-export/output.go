package main

import (
	"context"
	"errors"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/config"
	"fauna-export/export/load"
	"fauna-export/export/store"
)

// outputFlags are the options of a run, and values derived from them.
type outputFlags struct {
	*config.Config
	pattern string // of the folder's name, if it contains {time}
}

// toStdout reports whether the rows go to stdout instead of a folder.
func (f *outputFlags) toStdout() bool { return f.Out == "-" }

// withTime puts a time in place of each {time} in a name.
func withTime(name string, now time.Time) string {
	return strings.ReplaceAll(name, "{time}", now.UTC().Format(archive.FolderTime))
}

// spec returns the run that the flags describe, without the endpoint, and with
// the named collections (none with --all) unchecked. It returns every error
// that can be found without a server.
func (f *outputFlags) spec(named []string, now time.Time) (s export.Spec, err error) {
	switch f.Out {
	case "":
		if !f.DryRun {
			return s, usagef("no folder for the files: give --out DIR")
		}
	case "-":
	default:
		name, err := store.Clean(withTime(f.Out, now))
		if err != nil {
			return s, usagef("--out: %w", err)
		}
		if strings.Contains(f.Out, "{time}") {
			f.pattern = strings.TrimRight(f.Out, "/")
		}
		f.Out = name
	}
	incremental := f.Mode == string(export.Incremental)
	switch {
	case f.DDL != "" && f.toStdout():
		return s, usagef("--ddl writes a script next to the files: it needs --out DIR")
	case f.ThenLoad != "" && f.toStdout():
		return s, usagef("--then-load needs --out DIR")
	case f.ThenLoad != "" && f.Shard != "":
		return s, usagef("--then-load can't load one shard of a run: leave it out, and load DIR after finish has joined the shards")
	case f.Keep > 0 && (f.pattern == "" || strings.Count(path.Base(filepath.ToSlash(f.pattern)), "{time}") != 1 || strings.Count(f.pattern, "{time}") != 1):
		return s, usagef("--keep needs {time} in the last part of --out, such as --out 'backups/{time}'")
	case f.Keep > 0 && incremental:
		return s, usagef("--keep counts full runs, each in its own folder, and syncs share one: leave out --keep or --mode incremental")
	case (f.Fast || f.Deletions != "") && !incremental:
		return s, usagef("--fast and --deletions need --mode incremental")
	case f.ThenLoad != "":
		f.ThenLoad = withTime(f.ThenLoad, now)
		if err := load.CheckPlace(f.ThenLoad, f.Out); err != nil {
			return s, usagef("--then-load: %w", err)
		}
	}
	s, err = f.Config.Spec()
	if bad, ok := errors.AsType[*config.Error](err); ok {
		return s, usagef("--%s: %w", bad.Key, bad.Err)
	}
	s.Tool = toolName()
	s.Collections = named
	if len(named) == 0 {
		s.Collections = slices.Sorted(maps.Keys(s.Columns))
	}
	if len(s.Collections) == 0 {
		s.Collections = []string{"any"}
	}
	if err := s.Validate(); err != nil {
		return s, usagef("%w", err)
	}
	if incremental && f.toStdout() {
		return s, usagef("--mode incremental needs a folder for its state, not --out -")
	}
	if f.Shard != "" && (f.Out == "" || f.toStdout() || f.pattern != "" || incremental) {
		return s, usagef("--shard is for a full run into a folder that all shards share: give --out DIR, and no --mode incremental")
	}
	return s, nil
}

// spec returns the run that the flags describe, and checks that it can start in
// the store.
func (a *app) spec(ctx context.Context, f *outputFlags, named []string, now time.Time) (export.Spec, error) {
	s, err := f.spec(named, now)
	if err != nil || f.Out == "" || f.toStdout() || s.Mode == export.Incremental || f.Shard != "" {
		return s, err
	}
	into, err := a.store(ctx, s.Dir)
	if err != nil {
		return s, err
	}
	err = archive.CheckNew(into)
	if err != nil && !store.IsURL(s.Dir) && !isA[*store.Error](err) {
		return s, unusablef("--out %s: %w", quoted(s.Dir), err)
	}
	return s, err
}
