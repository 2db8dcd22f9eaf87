package tui

import (
	"context"

	"fauna-export/fauna/fql"
)

// onDemo is what runs queries on the demo server, one after the other, and then does
// something; nil where there is no such server.
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
				s.refused(orText(printed, err.Error()))
				return
			}
			s.panel = nil
			s.say(noteGood, "Ran on the demo server.")
			then()
		})
	}
}

// refused shows how the demo's shell refused.
func (s *session) refused(printed string) {
	s.panel = s.answerPanel("The demo server refused", printed)
}
