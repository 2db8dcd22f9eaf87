package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

func TestKeys_everyOneShownWorks(t *testing.T) {
	for _, sc := range scenes() {
		t.Run(strings.ReplaceAll(sc.name, " ", "_"), func(t *testing.T) {
			shown := sceneAt(t, sc, 120, 40)
			shown.w.View() // drawing determines what can scroll
			hints, end := shown.w.hints()
			if len(hints)+len(end) == 0 {
				t.Fatal("no keys are shown")
			}
			taken := map[string]string{}
			for _, h := range hints {
				shown := h.Help().Key
				if !h.Enabled() || shown == "" || h.Help().Desc == "" {
					t.Errorf("%q is shown: %+v", h.Keys(), h)
				}
				for _, name := range h.Keys() {
					if taken[name] != "" {
						t.Errorf("%q is a key of %s and of %s", name, taken[name], shown)
					}
					taken[name] = shown
				}
				if !slices.ContainsFunc(h.Keys(), func(name string) bool { return acts(t, sc, name) }) {
					t.Errorf("%s %s: it does nothing", shown, h.Help().Desc)
				}
			}
		})
	}
}

// acts reports whether a key changes a scene's screen or triggers a command.
func acts(t *testing.T, sc scene, name string) bool {
	t.Helper()
	b := sceneAt(t, sc, 120, 40)
	b.send(tea.KeyMsg{Type: tea.KeyF20}) // does nothing, but removes the note
	before := b.w.View()
	b.w.key(keyMsg(strings.ReplaceAll(name, " ", "space")))
	return len(b.w.cmds) > 0 || b.w.goTo != noID || b.w.View() != before
}

func TestKeys_helpListsThoseOfTheBar(t *testing.T) {
	for _, sc := range scenes() {
		b := sceneAt(t, sc, 120, 60)
		if b.w.ask != nil || b.w.panel != nil {
			continue
		}
		want := shown(b.w.shown().actions())
		b.keys("f1")
		lines := strings.Split(ansi.Strip(strings.Join(b.w.panel.text, "\n")), "\n")
		for _, h := range want {
			if !slices.ContainsFunc(lines, func(l string) bool {
				return strings.HasPrefix(l, "  "+h.Help().Key) && strings.Contains(l, " "+h.Help().Desc)
			}) {
				t.Errorf("%s: F1 does not list %s %s:\n%s", sc.name, h.Help().Key, h.Help().Desc, strings.Join(lines, "\n"))
			}
		}
	}
}

func TestKeys_aQuickEscBeforeAKeyChangesNothing(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	b.send(tea.KeyMsg{Type: tea.KeyEsc, Alt: true})
	b.at(outputID)
}

func TestScroller_reachesTheLastLine(t *testing.T) {
	b := newBench(t, 80, 24)
	b.w.panel = &panel{s: b.w.session, fql: true, pane: newPane()}
	for i := range 50 {
		b.w.panel.text = append(b.w.panel.text, fmt.Sprintf("line %d;", i+1))
	}
	b.shows("line 1;")
	for _, keys := range [][]string{{"end"}, {"pgdown", "space", "pgdown", "space"}} {
		b.keys("home")
		b.hides("line 50;")
		for _, name := range keys {
			b.keys(name)
			b.w.View()
		}
		b.shows("line 50;")
	}
	b.keys("up")
	b.hides("line 50;")
}
