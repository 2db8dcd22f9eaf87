package tui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/exp/golden"
)

func TestScreens_lookAsTheyDid(t *testing.T) {
	for _, sc := range scenes() {
		for _, size := range [][2]int{{60, 18}, {80, 24}, {120, 40}, {200, 50}} {
			t.Run(fmt.Sprintf("%s/%dx%d", strings.ReplaceAll(sc.name, " ", "_"), size[0], size[1]), func(t *testing.T) {
				b := sceneAt(t, sc, size[0], size[1])
				checkView(t, b.w.View(), size[0], size[1])
				golden.RequireEqual(t, trimLines(b.view()))
			})
		}
	}
}

func sceneAt(t *testing.T, sc scene, w, h int) *bench {
	t.Helper()
	var changes []func(*bench, *Config)
	if sc.change != nil {
		changes = append(changes, sc.change)
	}
	b := newBench(t, w, h, changes...)
	sc.play(b)
	return b
}

func TestScreens_drawNothingOutsideASCIIWhereThatIsAsked(t *testing.T) {
	for _, sc := range scenes() {
		if sc.name == "names that disturb" { // names stay unchanged
			continue
		}
		b := newBench(t, 120, 40, func(b *bench, c *Config) {
			if sc.change != nil {
				sc.change(b, c)
			}
			c.ASCII = true
		})
		sc.play(b)
		if name := b.w.windowName(); strings.ContainsFunc(name, func(r rune) bool { return r > 0x7e }) {
			t.Errorf("%s names the window %q", sc.name, name)
		}
		for _, panel := range []bool{false, true} {
			if panel {
				b.keys("esc", "f1")
			}
			if i := strings.IndexFunc(b.w.View(), func(r rune) bool { return r > 0x7e }); i >= 0 {
				t.Errorf("%s draws %q:\n%s", sc.name, []rune(b.w.View()[i:])[0], b.w.View())
			}
		}
	}
}

// trimLines removes trailing spaces, which are invisible.
func trimLines(view string) string {
	lines := strings.Split(view, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestScreens_colouredAndASCII(t *testing.T) {
	for _, variant := range []struct {
		name   string
		change func(*bench, *Config)
	}{
		{"colour", func(_ *bench, c *Config) { c.Color = "always" }},
		{"ascii", func(_ *bench, c *Config) { c.ASCII = true }},
	} {
		for _, name := range []string{"set-up role", "export running", "check unreadable", "collections typed"} {
			t.Run(variant.name+"/"+strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
				for _, sc := range scenes() {
					if sc.name != name {
						continue
					}
					b := newBench(t, 80, 24, func(b *bench, c *Config) {
						variant.change(b, c)
						if sc.change != nil {
							sc.change(b, c)
						}
					})
					sc.play(b)
					view := b.w.View()
					checkView(t, view, 80, 24)
					if variant.name == "ascii" && strings.ContainsFunc(view, func(r rune) bool { return r > 0x7e }) {
						t.Errorf("not ASCII:\n%s", view)
					}
					golden.RequireEqual(t, trimLines(view))
				}
			})
		}
	}
}
