package fauna

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"fauna-export/fauna/fql"
)

// defaultPort is the port a self-hosted core listens on.
const defaultPort = 8443

// Endpoint is the address of a Fauna server. It is comparable; the zero value
// is not an address.
type Endpoint struct {
	scheme string // "http" or "https"
	host   string // lower case, no brackets, no trailing dot
	port   uint16
}

// ParseEndpoint parses an address as people type it: "localhost:8443",
// "db.example.org", "https://fauna.example.org/", "[::1]:8443", "::1".
//
// Without a scheme a loopback address means http and any other https. Without a
// scheme and a port the port is 8443; with a scheme it is the scheme's own.
// Paths, queries, names and passwords are errors, and so are the addresses of
// the hosted service. An error is a complete sentence or two, for people, and
// never repeats a name or password.
func ParseEndpoint(text string) (Endpoint, error) {
	text = strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || r == '"' || r == '\'' || r == '`' || r == '\ufeff'
	})
	if text == "" {
		return Endpoint{}, bad("Give the address of a Fauna server, like localhost:8443.")
	}
	if strings.Contains(text, "@") {
		return Endpoint{}, bad("Leave out the name and password: give only what follows the @. You are asked for the secret later.")
	}
	if looksLikeSecret(text) {
		return Endpoint{}, bad("This looks like a secret, not an address. Give the address first, like localhost:8443.")
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == utf8.RuneError }); i >= 0 {
		return Endpoint{}, bad("An address can't contain spaces or control characters.")
	}

	var e Endpoint
	rest := text
	if scheme, after, ok := strings.Cut(text, "://"); ok {
		switch e.scheme = strings.ToLower(scheme); e.scheme {
		case "http", "https":
		default:
			return Endpoint{}, bad("%q is not supported: use http:// or https://.", fql.Clip(scheme, 20)+"://")
		}
		rest = after
	} else if strings.HasPrefix(text, "//") {
		rest = text[2:]
	}
	// Check the host before what follows it, so that an address of the closed
	// service is reported as such.
	extra := ""
	rest = strings.TrimRight(rest, "/")
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		rest, extra = rest[:i], rest[i:]
	}
	host, port, err := splitAddress(rest)
	if err != nil {
		return Endpoint{}, err
	}
	if e.host, err = checkHost(host); err != nil {
		return Endpoint{}, err
	}
	if extra != "" && strings.Trim(extra, "/") != "" {
		return Endpoint{}, bad("Give only the address, without %q: like https://fauna.example.org.", fql.Clip(extra, 40))
	}
	explicit := e.scheme != ""
	if !explicit {
		e.scheme = "https"
		if e.Loopback() {
			e.scheme = "http"
		}
	}
	switch {
	case port != "":
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return Endpoint{}, bad("%q is not a port. A port is a number from 1 to 65535.", fql.Clip(port, 20))
		}
		e.port = uint16(n)
	case explicit:
		e.port = e.schemePort()
	default:
		e.port = defaultPort
	}
	return e, nil
}

// bad returns an error worded as a sentence for people.
func bad(format string, args ...any) error { return fmt.Errorf(format, args...) }

// splitAddress separates the host from the port, which is "" if there is none.
// An IPv6 address without a port needs no brackets.
func splitAddress(text string) (host, port string, err error) {
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return "", "", bad("The closing bracket is missing. Write it like [::1]:8443.")
		}
		host, port = strings.Replace(text[1:end], "%25", "%", 1), text[end+1:]
		if _, perr := netip.ParseAddr(host); perr != nil || !strings.Contains(host, ":") {
			return "", "", bad("%q is not an IPv6 address. Write one like [::1]:8443.", fql.Clip(host, 60))
		}
		if port == "" || port == ":" {
			return host, "", nil
		}
		if port[0] != ':' {
			return "", "", bad("Only a port can follow the bracket. Write it like [::1]:8443.")
		}
		return host, port[1:], nil
	}
	if a, perr := netip.ParseAddr(text); perr == nil && a.Is6() {
		return text, "", nil
	}
	host, port, _ = strings.Cut(text, ":")
	if strings.Contains(port, ":") {
		return "", "", bad("%q has too many colons. Write host:port, and an IPv6 address in brackets, like [::1]:8443.", fql.Clip(text, 60))
	}
	return host, port, nil
}

// checkHost returns the host in its canonical form.
func checkHost(host string) (string, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		if a.IsUnspecified() {
			return "", bad("%s is an address to listen on, not to connect to. Write localhost or the machine's name.", host)
		}
		return a.String(), nil
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" {
		return "", bad("The host is missing. Write host:port, like localhost:8443.")
	}
	if len(host) > 253 {
		return "", bad("The host is too long: a name has at most 253 characters.")
	}
	for _, label := range strings.Split(host, ".") {
		if label == "" {
			return "", bad("%q is not a host name: it has an empty part.", fql.Clip(host, 60))
		}
		for _, r := range label {
			if r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				return "", bad("%q is not a host name: it contains %q.", fql.Clip(host, 60), r)
			}
		}
	}
	for _, gone := range []string{"fauna.com", "faunadb.com", "fauna-preview.com"} {
		if host == gone || strings.HasSuffix(host, "."+gone) {
			return "", bad("This address belonged to the hosted service, which closed on 30 May 2025. " +
				"Give the address of your own core, like localhost:8443 or https://fauna.example.org.")
		}
	}
	return host, nil
}

func (e Endpoint) schemePort() uint16 {
	if e.scheme == "https" {
		return 443
	}
	return 80
}

// IsZero reports whether e is the zero value.
func (e Endpoint) IsZero() bool { return e == Endpoint{} }

// String returns the address as a URL without a path, like
// "http://localhost:8443"; the port is omitted if it is the scheme's default.
// ParseEndpoint accepts the result.
func (e Endpoint) String() string {
	if e.IsZero() {
		return ""
	}
	return e.scheme + "://" + strings.Replace(e.Host(), "%", "%25", 1) // URLs escape the % of a zone
}

// Host returns "host:port", or just the host if the port is the scheme's
// default.
func (e Endpoint) Host() string {
	if e.IsZero() {
		return ""
	}
	if e.port != e.schemePort() {
		return net.JoinHostPort(e.host, strconv.Itoa(int(e.port)))
	}
	if strings.Contains(e.host, ":") {
		return "[" + e.host + "]"
	}
	return e.host
}

// Describe says in a few words what the address means, like "self-hosted core
// · plain http on this machine".
func (e Endpoint) Describe() string {
	switch {
	case e.IsZero():
		return ""
	case e.Exposed():
		return "self-hosted core · plain http to another machine: not encrypted"
	case e.Plaintext():
		return "self-hosted core · plain http on this machine"
	case e.Loopback():
		return "self-hosted core · https on this machine"
	}
	return "self-hosted core · https"
}

// Plaintext reports whether the secret and the data travel unencrypted.
func (e Endpoint) Plaintext() bool { return e.scheme == "http" }

// Loopback reports whether the address can only be this machine: "localhost",
// 127.0.0.0/8 or ::1. Other names that may resolve to it do not count.
func (e Endpoint) Loopback() bool {
	if e.host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(e.host)
	return err == nil && a.Unmap().IsLoopback()
}

// Exposed reports whether the secret would be sent unencrypted to another
// machine, which needs consent.
func (e Endpoint) Exposed() bool { return e.Plaintext() && !e.Loopback() }
