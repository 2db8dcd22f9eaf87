package fauna

import (
	"strings"
	"testing"
)

func TestParseEndpoint_readsAddressesAsTyped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, want, host string
		loopback         bool
	}{
		{"localhost:8443", "http://localhost:8443", "localhost:8443", true},
		{"localhost", "http://localhost:8443", "localhost:8443", true},
		{"LocalHost.", "http://localhost:8443", "localhost:8443", true},
		{" localhost:8443\n", "http://localhost:8443", "localhost:8443", true},
		{`"localhost:8443"`, "http://localhost:8443", "localhost:8443", true},
		{"http://localhost:8443/", "http://localhost:8443", "localhost:8443", true},
		{"http://localhost", "http://localhost", "localhost", true},
		{"https://localhost", "https://localhost", "localhost", true},
		{"127.0.0.1", "http://127.0.0.1:8443", "127.0.0.1:8443", true},
		{"127.8.9.10:80", "http://127.8.9.10", "127.8.9.10", true},
		{"127.0.0.1:443", "http://127.0.0.1:443", "127.0.0.1:443", true},
		{"db.example.org", "https://db.example.org:8443", "db.example.org:8443", false},
		{"db.example.org.", "https://db.example.org:8443", "db.example.org:8443", false},
		{"db.example.org.:9000/", "https://db.example.org:9000", "db.example.org:9000", false},
		{"DB.Example.ORG:443", "https://db.example.org", "db.example.org", false},
		{"https://db.example.org", "https://db.example.org", "db.example.org", false},
		{"HTTPS://db.example.org:443//", "https://db.example.org", "db.example.org", false},
		{"http://10.0.0.7:8443", "http://10.0.0.7:8443", "10.0.0.7:8443", false},
		{"10.0.0.7", "https://10.0.0.7:8443", "10.0.0.7:8443", false},
		{"//db.example.org/", "https://db.example.org:8443", "db.example.org:8443", false},
		{"::1", "http://[::1]:8443", "[::1]:8443", true},
		{"[::1]", "http://[::1]:8443", "[::1]:8443", true},
		{"[::1]:9000", "http://[::1]:9000", "[::1]:9000", true},
		{"http://[::1]", "http://[::1]", "[::1]", true},
		{"https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443", "[2001:db8::1]:8443", false},
		{"[fe80::1%eth0]:8443", "https://[fe80::1%25eth0]:8443", "[fe80::1%eth0]:8443", false},
		{"::ffff:127.0.0.1", "http://[::ffff:127.0.0.1]:8443", "[::ffff:127.0.0.1]:8443", true},
		{"fauna_core-1", "https://fauna_core-1:8443", "fauna_core-1:8443", false},
		{"datenbank.müller.example", "https://datenbank.müller.example:8443", "datenbank.müller.example:8443", false},
		{"notfauna.com", "https://notfauna.com:8443", "notfauna.com:8443", false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			e, err := ParseEndpoint(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if e.Host() != tt.host {
				t.Errorf("Host() = %q, want %q", e.Host(), tt.host)
			}
			if got := e.String(); got != tt.want {
				t.Errorf("String() = %q, want %q", got, tt.want)
			}
			if e.Loopback() != tt.loopback {
				t.Errorf("Loopback() = %v", e.Loopback())
			}
			if want := strings.HasPrefix(tt.want, "http://"); e.Plaintext() != want || e.Exposed() != (want && !tt.loopback) {
				t.Errorf("Plaintext() = %v, Exposed() = %v", e.Plaintext(), e.Exposed())
			}
			if e.IsZero() || e.Describe() == "" {
				t.Errorf("IsZero() = %v, Describe() = %q", e.IsZero(), e.Describe())
			}
		})
	}
}

func TestParseEndpoint_refusesWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, why string }{
		{"", "Give the address"},
		{"   ", "Give the address"},
		{"http://", "host is missing"},
		{":8443", "host is missing"},
		{"https://user:hunter2@db.example.org", "Leave out the name"},
		{"user@db.example.org", "Leave out the name"},
		{"hunter2@", "Leave out the name"},
		{"ftp://db.example.org", "use http:// or https://"},
		{"localhost:8443/query/1", `without "/query/1"`},
		{"https://db.example.org/?q=1", `without "/?q=1"`},
		{"https://db.example.org#x", `without "#x"`},
		{`db.example.org\x`, "without"},
		{"localhost:0", "not a port"},
		{"localhost:65536", "not a port"},
		{"localhost:port", "not a port"},
		{"localhost:+80", "not a port"},
		{"[::1", "closing bracket"},
		{"[::1]8443", "follow the bracket"},
		{"[localhost]:8443", "not an IPv6 address"},
		{"[127.0.0.1]:8443", "not an IPv6 address"},
		{"::1:8443:zz", "too many colons"},
		{"db..example.org", "empty part"},
		{"db example.org", "contain spaces"},
		{"db\x00.example.org", "control"},
		{"db,example.org", `contains ','`},
		{"0.0.0.0:8443", "Write localhost"},
		{"[::]:8443", "Write localhost"},
		{strings.Repeat("a.", 200) + "org", "253"},
		{"fnAFexampleEXAMPLEexampleEXAMPLEexampleE", "looks like a secret"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			e, err := ParseEndpoint(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.why) || !e.IsZero() {
				t.Fatalf("ParseEndpoint = %v, %v; want %q", e, err, tt.why)
			}
			for _, secret := range []string{"hunter2", "fnAFexample"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error repeats %s", secret)
				}
			}
		})
	}
}

func TestParseEndpoint_namesTheClosedService(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"db.fauna.com", "https://db.fauna.com", "https://db.us.fauna.com:443/", "db.eu.fauna.com.", "DB.FAUNA.COM",
		"fauna.com", "https://dashboard.fauna.com/db/us/x?y", "https://db.fauna.com/query/1", "http://db.fauna-preview.com",
	} {
		_, err := ParseEndpoint(text)
		if err == nil || !strings.Contains(err.Error(), "30 May 2025") || !strings.Contains(err.Error(), "localhost:8443") {
			t.Errorf("%s: %v, want the closed service", text, err)
		}
	}
}

func FuzzParseEndpoint(f *testing.F) {
	for _, s := range []string{"localhost:8443", "[::1]:1", "https://a.b/", "u:p@h", "fe80::1%eth0", "a:b:c", "http://[", "ü.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseEndpoint(text)
		if err != nil {
			if before, _, ok := strings.Cut(text, "@"); ok && len(before) > 60 && strings.Contains(err.Error(), before) {
				t.Errorf("the error repeats what may be a password: %v", err)
			}
			return
		}
		again, err := ParseEndpoint(e.String())
		if err != nil || again != e {
			t.Errorf("%q reads as %q, which reads as %q, %v", text, e, again, err)
		}
		if e.Host() == "" || e.IsZero() {
			t.Errorf("%q reads as %+v", text, e)
		}
	})
}
