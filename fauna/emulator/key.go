package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
)

// An authority is what a secret allows.
type authority struct {
	db      *database
	builtin string  // admin, server, server-readonly or client; "" for custom roles
	roles   []*item // custom roles
	key     *item   // nil for the root's secret
}

// A keyEntry is what a key gives access to.
type keyEntry struct {
	authority
	secret string
}

// newID makes a document id: milliseconds since 2012-05-06, then a sequence.
func (s *Server) newID(now int64) int64 {
	const epoch = 1336258850000
	id := max((now/1000-epoch)<<20, s.lastID+1024)
	s.lastID = id
	return id
}

// newSecret makes a key's secret: 30 bytes, the first two fixed, then the id.
func (s *Server) newSecret(id int64) string {
	b := make([]byte, 30)
	b[0], b[1] = 0x7e, 0x70
	binary.BigEndian.PutUint64(b[2:], uint64(id))
	for i := 10; i < len(b); i++ {
		b[i] = byte(s.rand.Uint32())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func (s *Server) newGlobalID() string {
	const letters = "abcdefghijkmnoprstuwxyz13456789"
	b := []byte("y")
	for range 12 {
		b = append(b, letters[s.rand.IntN(len(letters))])
	}
	return string(b)
}

// hashedSecret returns something that looks like a bcrypt hash but isn't.
func hashedSecret(secret string) string {
	a := sha256.Sum256([]byte(secret))
	b := sha256.Sum256(a[:])
	text := base64.RawStdEncoding.EncodeToString(append(a[:], b[:]...))
	return "$2a$05$" + strings.ReplaceAll(text, "+", ".")[:53]
}

// authenticate finds what a secret allows at the given time. A secret may name
// a database and a role after colons, if it is an admin's.
func (s *Server) authenticate(secret string, now int64) (*authority, bool) {
	secret, scope, _ := strings.Cut(secret, ":")
	a, ok := s.plainAuthority(secret, now)
	if !ok || scope == "" { // the colon of an empty password is no scope
		return a, ok
	}
	parts := strings.Split(scope, ":")
	role := parts[len(parts)-1]
	if a.builtin != "admin" || len(parts) > 2 {
		return nil, false
	}
	if len(parts) == 2 {
		for _, name := range strings.Split(parts[0], "/") {
			it := a.db.find(clsDatabases, name)
			if it == nil {
				return nil, false
			}
			a.db = it.child
		}
	}
	if name, custom := strings.CutPrefix(role, "@role/"); custom {
		it := a.db.find(clsRoles, name)
		a.builtin, a.roles = "", []*item{it}
		return a, it != nil
	}
	a.builtin = role
	return a, builtinRole(role)
}

func (s *Server) plainAuthority(secret string, now int64) (*authority, bool) {
	if secret == s.secret {
		return &authority{db: s.root, builtin: "admin"}, true
	}
	it := s.secrets[secret]
	if it == nil || it.visible(now, now) == nil {
		return nil, false
	}
	a := it.key.authority
	if self := a.db.self; self != nil && self.gone {
		return nil, false
	}
	a.key = it
	a.roles = slices.DeleteFunc(slices.Clone(a.roles), func(r *item) bool { return r.gone })
	return &a, true // a key whose roles were deleted is valid but allows nothing
}

func builtinRole(name string) bool {
	return name == "admin" || name == "server" || name == "server-readonly" || name == "client"
}
