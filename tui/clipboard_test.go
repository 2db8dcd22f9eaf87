package tui

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// fakeClip returns a clipper whose terminal is a buffer.
func fakeClip(env map[string]string, native func(string) error) (clipper, *bytes.Buffer) {
	var screen bytes.Buffer
	return clipper{
		env: func(name string) string { return env[name] }, goos: "linux", native: native, wait: 20 * time.Millisecond,
		tty: func() (io.WriteCloser, error) { return keepOpen{&screen}, nil },
	}, &screen
}

func TestCopy_saysHowItWasDone(t *testing.T) {
	const text = "CreateRole({})"
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	works := func(string) error { return nil }
	breaks := func(string) error { return errors.New("exit status 1") }
	hangs := func(string) error { <-hang; return nil }
	osc := "\x1b]52;c;" + encoded + "\x07"
	cases := []struct {
		name   string
		env    map[string]string
		native func(string) error
		says   string
		writes string // to the terminal, "" for nothing
	}{
		{"clipboard present", map[string]string{"DISPLAY": ":0"}, works, "Copied to the clipboard.", ""},
		{"wayland", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, works, "Copied to the clipboard.", ""},
		{"no display", nil, works, "Sent to the clipboard through your terminal (OSC 52).", osc},
		{"clipboard absent", map[string]string{"DISPLAY": ":0"}, nil, "Sent to the clipboard through your terminal (OSC 52).", osc},
		{"clipboard fails", map[string]string{"DISPLAY": ":0"}, breaks, "The clipboard program failed. Sent to the clipboard through your terminal (OSC 52).", osc},
		{"clipboard hangs", map[string]string{"DISPLAY": ":0"}, hangs, "The clipboard program did not answer. Sent to the clipboard through your terminal (OSC 52).", osc},
		{"over SSH", map[string]string{"DISPLAY": ":0", "SSH_TTY": "/dev/pts/1"}, works, "Sent to the clipboard through your terminal (OSC 52).", osc},
		{"over SSH without a terminal of its own", map[string]string{"SSH_CONNECTION": "1 2 3 4"}, works, "Sent to the clipboard through your terminal (OSC 52).", osc},
		{"in tmux", map[string]string{"TMUX": "/tmp/tmux-0/default,1,0"}, works, "Sent to the clipboard through tmux to your terminal (OSC 52).", "\x1bPtmux;\x1b" + osc + "\x1b\\" + osc},
		{"in screen", map[string]string{"STY": "1.pts"}, works, "Sent to the clipboard through screen to your terminal (OSC 52).", "\x1bP" + osc + "\x1b\\"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			clip, screen := fakeClip(c.env, c.native)
			says, err := clip.copy(t.Context(), text)
			if err != nil || says != c.says {
				t.Errorf("says %q, %v; want %q", says, err, c.says)
			}
			if screen.String() != c.writes {
				t.Errorf("wrote %q, want %q", screen.String(), c.writes)
			}
		})
	}
}

func TestCopy_refusesWhatATerminalWouldDrop(t *testing.T) {
	clip, screen := fakeClip(nil, nil)
	if _, err := clip.copy(t.Context(), strings.Repeat("x", osc52Limit+1)); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a text that is too long: %v", err)
	}
	if screen.Len() > 0 {
		t.Error("and yet it was written to the terminal")
	}
	clip, _ = fakeClip(map[string]string{"TERM": "linux"}, nil)
	if _, err := clip.copy(t.Context(), "x"); err == nil {
		t.Error("a console without a clipboard says nothing")
	}
	clip.tty = func() (io.WriteCloser, error) { return nil, errors.New("no terminal") }
	clip.env = func(string) string { return "" }
	if _, err := clip.copy(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "no terminal") {
		t.Errorf("without a terminal: %v", err)
	}
}

func TestSetup_saysHowCopyingWent(t *testing.T) {
	b := newBench(t, 80, 24).to(setupID)
	b.keys("c")
	b.shows("copied ✓", "Copied to the clipboard.")
	if len(b.copied) != 1 || b.copied[0] != b.w.setup().RoleFQL() {
		t.Errorf("copied %q", b.copied)
	}
	b.keys("right", "C")
	if all := b.copied[1]; !strings.Contains(all, b.w.setup().RoleFQL()) || !strings.Contains(all, b.w.setup().KeyFQL()) {
		t.Errorf("copy all took %q", all)
	}
	clip, _ := fakeClip(map[string]string{"TERM": "linux"}, nil)
	b.w.clip = clip
	b.keys("c")
	b.shows("Not copied", "w writes it to a file")
}

func TestSetup_writesAllCardsToAFile(t *testing.T) {
	t.Chdir(t.TempDir())
	b := newBench(t, 80, 24).to(setupID)
	b.keys("w")
	b.shows("Wrote fauna-setup.fql")
	b.keys("u", "w")
	b.shows("Wrote fauna-setup-2.fql")
}

func TestCopy_ofATextThatTheTerminalWouldDropSaysSoAndLeadsToAFile(t *testing.T) {
	t.Chdir(t.TempDir())
	var sent bytes.Buffer
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { thousand(b) })
	b.w.clip.env = func(name string) string { return map[string]string{"SSH_TTY": "/dev/pts/3"}[name] }
	b.w.clip.tty = func() (io.WriteCloser, error) { return keepOpen{&sent}, nil }
	b.to(collectionsID).paste(strings.Join(b.server.names, "\n"))
	b.keys("enter")
	b.at(setupID)
	for _, k := range []string{"c", "C"} { // a role for a thousand collections, then all cards
		b.keys(k)
		b.shows("Not copied: too long for the terminal's clipboard (")
		b.hides("copied ✓")
	}
	if sent.Len() > 0 {
		t.Errorf("%d bytes went to the terminal", sent.Len())
	}
	b.keys("w")
	b.shows("Wrote fauna-setup.fql")
	b.keys("right", "c") // the key's FQL is short
	b.shows("Sent to the clipboard through your terminal (OSC 52).", "copied ✓")
	if sent.Len() == 0 {
		t.Error("nothing went to the terminal")
	}
}
