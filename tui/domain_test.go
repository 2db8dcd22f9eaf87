package tui

import (
	"testing"

	"fauna-export/fauna"
)

func TestDomain_plaintextNeedsAYes(t *testing.T) {
	b := newBench(t, 80, 24)
	b.keys("ctrl+u")
	b.typed("http://10.0.0.7:8443")
	dialed := len(b.dialed)
	b.keys("enter")
	b.shows("unencrypted")
	b.keys("n")
	b.at(domainID)
	if len(b.dialed) != dialed {
		t.Error("the server was asked before the yes")
	}
	b.keys("enter", "y")
	b.at(accessID)
	b.keys("esc", "enter")
	b.at(accessID) // asked once
}

func TestDomain_goesOnWithoutAnAnswer(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.server.reach = errNoNetwork })
	b.shows("connection refused", "Enter to continue anyway")
	b.keys("enter")
	b.at(accessID)
}

func TestDomain_anotherAddressForgetsTheSecret(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	b.keys("d", "backspace", "enter")
	if b.w.server != nil || b.w.known != nil || b.server.closed == 0 {
		t.Error("the secret of another server is kept")
	}
	b.at(secretID)
}

func TestDomain_aRefusalIsOfNoKey(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) {
		b.server.reach = &fauna.Error{Op: "reach localhost:8443", Kind: fauna.KindDenied, Status: 403, Endpoint: "localhost:8443", Code: "permission denied"}
	})
	b.shows("✗ localhost:8443 does not answer like Fauna: it refuses every request")
	b.hides("the key's role")
}

func TestDomain_recentAddressesAreShownInASmallWindowToo(t *testing.T) {
	b := newBench(t, 60, 18)
	b.w.recent = []string{"https://a.example.org:8443", "https://b.example.org:8443", "https://c.example.org:8443"}
	b.shows("Recent", "https://a.example.org:8443", "https://c.example.org:8443")
}
