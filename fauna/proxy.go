package fauna

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// proxySchemes are those that net/http can use a proxy by.
var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// Proxy returns the proxy of a server's requests, that of HTTP_PROXY,
// HTTPS_PROXY and NO_PROXY. net/http ignores a variable that it can't parse,
// and would send the secret directly; here it is an error, which does not
// repeat the value, as that may hold a password.
func Proxy(target *url.URL) (func(*http.Request) (*url.URL, error), error) {
	config := httpproxy.FromEnvironment()
	names, value := []string{"http_proxy", "HTTP_PROXY"}, config.HTTPProxy
	if target.Scheme == "https" {
		names, value = []string{"https_proxy", "HTTPS_PROXY"}, config.HTTPSProxy
	}
	if value != "" && !isProxy(value) {
		// NO_PROXY may exempt the endpoint.
		const any = "http://proxy.invalid"
		exempt := httpproxy.Config{HTTPProxy: any, HTTPSProxy: any, NoProxy: config.NoProxy}
		if used, err := exempt.ProxyFunc()(target); used != nil || err != nil {
			name := names[slices.IndexFunc(names, func(name string) bool { return os.Getenv(name) != "" })]
			return nil, fmt.Errorf("%s is not the address of a proxy: write it like http://proxy.example.org:8080, or unset it to connect directly", name)
		}
	}
	proxy := config.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return proxy(r.URL) }, nil
}

// isProxy reports whether the value of a variable is a proxy's address, a URL or
// host:port.
func isProxy(value string) bool {
	u, err := url.Parse(value)
	if !strings.Contains(value, "://") {
		u, err = url.Parse("http://" + value) // as httpproxy does
	}
	return err == nil && u.Hostname() != "" && slices.Contains(proxySchemes, u.Scheme)
}
