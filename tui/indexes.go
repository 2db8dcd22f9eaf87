package tui

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"fauna-export/export"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

// indexPattern returns the pattern of index names, "" for a full export: it needs none.
func (s *session) indexPattern() string {
	if s.mode != export.Incremental {
		return ""
	}
	return s.cfg.Index
}

func checkIndexes(ctx context.Context, srv server, collections []string, pattern string) (map[string]fauna.IndexCheck, error) {
	if len(collections) == 0 {
		return nil, nil
	}
	names := mapped(collections, func(name string) string { return fql.IndexName(pattern, name) })
	checks, err := srv.CheckIndexes(ctx, collections, names)
	found := make(map[string]fauna.IndexCheck, len(checks))
	for _, c := range checks {
		found[c.Collection] = c
	}
	return found, err
}

// indexStatus returns an index's status in a word or two, and its severity.
func indexStatus(c fauna.IndexCheck) (string, noteKind) {
	switch {
	case c.Ready():
		return "ok", noteGood
	case !c.Exists:
		return "missing", noteBad
	case len(c.Settings) > 0:
		return "wrong: " + strings.Join(c.Settings, ", "), noteBad
	case len(c.Problems) > 0:
		return "not allowed", noteBad
	}
	return "being built", noteWarn
}

func indexProblem(c fauna.IndexCheck) string {
	line := fmt.Sprintf("Index %q of %q", c.Index, c.Collection)
	if len(c.Problems) > 0 {
		return text.Clean(line + ": " + strings.Join(c.Problems, ", "))
	}
	return text.Clean(line + " is still being built")
}

// roleTitle is the title of the query that updates the role.
const roleTitle = "Role"

// fixes returns what an admin must run before the export: fixes to indexes, then the
// role if it lacks a privilege, as it does for an index recreated under the same name.
func (s *session) fixes(indexes []fauna.IndexCheck, role bool) []fql.Query {
	var queries []fql.Query
	for _, c := range indexes {
		queries = append(queries, c.Fix...)
		role = role || len(c.Problems) > 0
	}
	if setup := s.setup(); role && len(setup.Collections) > 0 {
		queries = append(queries, fql.Query{
			Title: roleTitle, Why: "Gives the role exactly what this export reads.", FQL: setup.RoleUpdateFQL(),
		})
	}
	return queries
}

// commentWidth is narrow enough for comments to fit the smallest window.
const commentWidth = 54

// fixesText joins the queries into one text, each explained in a comment.
func fixesText(queries []fql.Query) string {
	var b strings.Builder
	for i, q := range queries {
		if i > 0 {
			b.WriteString("\n\n")
		}
		if len(queries) > 1 {
			for _, l := range text.Wrap(text.Clean(fmt.Sprintf("%d of %d: %s. %s", i+1, len(queries), strings.TrimSuffix(q.Title, "."), q.Why)), commentWidth) {
				b.WriteString("// " + l + "\n")
			}
		}
		b.WriteString(q.FQL)
	}
	return b.String()
}

// showFixes shows the queries; again repeats the check once the demo has run them.
func (s *session) showFixes(queries []fql.Query, again func()) {
	p := s.fqlPanel("Run these in the Fauna shell, one after the other", fixesText(queries), "fauna-fix.fql")
	if len(queries) == 1 {
		p.title = "Run this in the Fauna shell: it creates the index"
		if queries[0].Title == roleTitle {
			p.title, p.file = "Run this in the Fauna shell: the role then reads these", "fauna-role.fql"
		}
	}
	if s.method == accessSecret && strings.Contains(p.copy, "Role(") {
		s.say(noteWarn, "If your key's role is not named %s, put its name into this FQL.", s.setup().RoleName())
	}
	p.run = s.onDemo(again, texts(queries)...)
	s.panel = p
}

func texts(queries []fql.Query) []string {
	return mapped(queries, func(q fql.Query) string { return q.FQL })
}

// onDemo returns a function that runs queries on the demo server, then calls then; nil
// if there is no such server.
func (s *session) onDemo(then func(), queries ...string) func() {
	shell := s.cfg.Shell
	if shell == nil || s.dialect != fql.V4 {
		return nil
	}
	return func() {
		await(s, new(wait), func(ctx context.Context) (printed string, err error) {
			for _, query := range queries {
				if printed, err = shell(ctx, query); err != nil {
					break
				}
			}
			return printed, err
		}, func(printed string, err error) {
			if err != nil {
				s.refused(cmp.Or(printed, err.Error()))
				return
			}
			s.panel = nil
			s.say(noteGood, "Ran on the demo server.")
			then()
		})
	}
}

func (s *session) refused(printed string) {
	s.panel = s.answerPanel("The demo server refused", printed)
}
