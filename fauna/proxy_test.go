package fauna

import (
	"strings"
	"testing"
)

// net/http ignores a proxy that it can't parse, so the secret would go directly.
func TestNewClient_refusesAProxyThatIsNoAddress(t *testing.T) {
	for _, c := range []struct {
		variable, value, noProxy, endpoint string
		refused                            bool
	}{
		{"HTTPS_PROXY", "http://user:hunter%2@proxy.example.org:8080", "", "https://db.example.org", true},
		{"HTTPS_PROXY", "proxy.example.org:80x", "", "https://db.example.org", true},
		{"https_proxy", "http://proxy example", "", "https://db.example.org", true},
		{"HTTPS_PROXY", "http://:8080", "", "https://db.example.org", true},
		{"HTTPS_PROXY", "gopher://proxy.example.org", "", "https://db.example.org", true},
		{"HTTP_PROXY", "http://[::1", "", "http://db.example.org", true},
		// They do not concern the endpoint.
		{"HTTP_PROXY", "http://[::1", "", "https://db.example.org", false},
		{"HTTPS_PROXY", "http://[::1", "", "http://db.example.org", false},
		{"HTTPS_PROXY", "http://[::1", ".example.org", "https://db.example.org", false},
		{"HTTP_PROXY", "http://[::1", "", "http://localhost:8443", false},
		// Addresses in every form.
		{"HTTPS_PROXY", "proxy.example.org", "", "https://db.example.org", false},
		{"HTTPS_PROXY", "proxy:3128", "", "https://db.example.org", false},
		{"HTTPS_PROXY", "10.0.0.1:3128", "", "https://db.example.org", false},
		{"HTTPS_PROXY", "user:hunter2@proxy:3128", "", "https://db.example.org", false},
		{"HTTPS_PROXY", "http://user:hunter2@proxy:3128/", "", "https://db.example.org", false},
		{"https_proxy", "socks5h://[::1]:1080", "", "https://db.example.org", false},
	} {
		t.Run(c.variable+" "+c.value, func(t *testing.T) {
			for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"} {
				t.Setenv(name, "")
			}
			t.Setenv(c.variable, c.value)
			t.Setenv("NO_PROXY", c.noProxy)
			endpoint, err := ParseEndpoint(c.endpoint)
			if err != nil {
				t.Fatal(err)
			}
			client, err := NewClient(Options{Endpoint: endpoint, Secret: NewSecret(secretText)})
			if err == nil {
				client.Close()
			}
			if c.refused != (err != nil) {
				t.Fatalf("%v", err)
			}
			if err != nil && (!strings.HasPrefix(err.Error(), c.variable+" is not the address of a proxy") || strings.Contains(err.Error(), "hunter")) {
				t.Error(err)
			}
		})
	}
}
