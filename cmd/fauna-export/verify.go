package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fauna-export/export/archive"
	"fauna-export/export/config"
	"fauna-export/fauna"
)

func newVerifyCommand(a *app) *cobra.Command {
	var server *config.Config
	cmd := a.folderCommand(&cobra.Command{
		Use:   "verify DIR",
		Short: "Re-read the files of a finished run and compare them with its manifest",
		Long: `Re-read every file of a finished run and compare it with the manifest: size, sha256,
rows, and ascending ids. The folder may be a copy. With --domain the rows are also
compared with the server's counts, at the time of the run if the server still keeps
that.`,
		Example: `  fauna-export verify backup
  fauna-export verify backup --domain http://localhost:8443`,
	}, func(ctx context.Context, dir string) error {
		report, err := a.verify(ctx, dir)
		if err != nil || server.Domain == "" {
			return err
		}
		return a.compareCounts(ctx, server, report.Manifest)
	})
	server = newOptions(cmd, config.Address, config.Server, config.Secret)
	redefine(cmd, "domain", "", "also compare the counts with the server at `URL` (default: check only the files)")
	return cmd
}

func (a *app) verify(ctx context.Context, dir string) (*archive.Report, error) {
	s, err := a.store(ctx, dir)
	if err != nil {
		return nil, err
	}
	report, err := a.showVerifying(func(progress func(archive.VerifyStatus)) (*archive.Report, error) {
		return archive.Verify(ctx, s, progress)
	})
	if err != nil {
		return nil, err
	}
	if err := a.printVerified(report); err != nil {
		return nil, err
	}
	return report, wrongFiles(report)
}

func wrongError(what []string) error {
	return fmt.Errorf("does not match the manifest: %s", strings.Join(what, "; "))
}

func wrongFiles(r *archive.Report) error {
	if r.OK() {
		return nil
	}
	return wrongError(r.Wrong())
}

func (a *app) printVerified(r *archive.Report) error {
	rows := [][]string{{"file", "rows", "size", "state"}}
	files := []map[string]any{}
	for _, f := range r.Files {
		state := "ok"
		one := map[string]any{"collection": f.Collection, "file": f.File, "rows": f.Rows, "bytes": f.Bytes, "ok": f.Problem == ""}
		if f.Problem != "" {
			state, one["problem"] = "WRONG: "+plain(f.Problem), f.Problem
		}
		rows = append(rows, []string{plain(f.File), number(f.Rows), sizeText(f.Bytes), state})
		files = append(files, one)
	}
	text, result := table(rows), map[string]any{"ok": r.OK(), "files": files}
	if len(r.Problems) > 0 {
		result["problems"] = r.Problems
	}
	for _, p := range r.Problems {
		text += "WRONG: " + plain(p) + "\n"
	}
	return a.print(result, text)
}

// compareCounts compares the server's count of every collection with the
// manifest: at the run's time, or now if the server no longer keeps that, in
// which case a difference proves nothing.
func (a *app) compareCounts(ctx context.Context, server *config.Config, m *archive.Manifest) error {
	client, err := a.connect(ctx, server)
	if err != nil {
		return err
	}
	defer client.Close()
	names := mapped(m.Latest(), func(e archive.Entry) string { return e.Name })
	c, err := a.choose(ctx, client, &config.Config{Collections: names})
	if err != nil {
		return err
	}
	var differ []string
	for _, e := range m.Latest() {
		if !slices.Contains(c.readable, e.Name) {
			continue // the others are compared before it is named
		}
		var at int64
		if m.Consistency == archive.ConsistencySnapshot {
			at = m.SnapshotOf(e)
		}
		e.Rows = e.Documents
		n, when, err := countAt(ctx, client, e.Name, at)
		if err != nil {
			return fmt.Errorf("count %s: %w", quoted(e.Name), err)
		}
		switch {
		case n == e.Rows-e.Unlisted:
			a.say("%s: the server agrees: %s %s", quoted(e.Name), count(n, "document"), when)
		case when == atRun:
			differ = append(differ, fmt.Sprintf("%s: the server had %s %s, the file has %s", e.Name, number(n), when, count(e.Rows, "row")))
		default:
			a.say("%s: the server has %s %s, the file %s; the server no longer keeps the time of the run, so this may be correct", quoted(e.Name), count(n, "document"), when, count(e.Rows, "row"))
		}
	}
	if len(differ) > 0 {
		return wrongError(differ)
	}
	return c.refusal(false)
}

const (
	atRun = "at the run's time"
	atNow = "now"
)

// countAt counts the documents of a collection at a time, or now if the server
// no longer keeps that time or at is 0.
func countAt(ctx context.Context, client *fauna.Client, name string, at int64) (n int64, when string, err error) {
	if at != 0 {
		n, err = client.Count(ctx, name, at)
		if !isKind(err, fauna.KindExpired) {
			return n, atRun, err
		}
	}
	n, err = client.Count(ctx, name, 0)
	return n, atNow, err
}
