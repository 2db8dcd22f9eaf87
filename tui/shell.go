package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

// ranMsg is what the demo's shell answered to queries of a panel: "" where it ran all
// of them, or how it refused one.
type ranMsg struct {
	step    stepID
	refusal string
}

func (m ranMsg) to() stepID { return m.step }

// onDemo is what runs queries on the demo server, one after the other, for a step;
// nil where there is no such server.
func (s *session) onDemo(step stepID, queries ...string) func() tea.Cmd {
	shell := s.cfg.Shell
	if shell == nil || s.dialect != fql.V4 {
		return nil
	}
	return func() tea.Cmd {
		return s.jobs.do(func(ctx context.Context) tea.Msg {
			for _, query := range queries {
				if printed, err := shell(ctx, query); err != nil {
					return ranMsg{step, orText(printed, err.Error())}
				}
			}
			return ranMsg{step: step}
		})
	}
}

// showRefusal shows how the demo's shell refused, and reports whether it did.
func (s *session) showRefusal(m ranMsg) bool {
	if m.refusal == "" {
		return false
	}
	s.panel = &panel{title: "The demo server refused", text: text.Lines(m.refusal), fql: true, pane: newPane()}
	return true
}
