package emulator

import "fmt"

// readKey reads what a key gives access to: its role or roles, and its database. bad
// lists what is wrong, unknown the roles that do not exist.
func (db *database) readKey(fields *object) (key keyEntry, bad, unknown []failure) {
	key.db = db // unless the fields name another
	role := fields.get("role")
	if role == nil {
		bad = append(bad, missing("role"))
	}
	for _, one := range asArray(role) {
		r, _ := one.(*ref)
		if name, ok := one.(string); ok && builtinRole(name) && !is[array](role) {
			key.builtin = name
			continue
		} else if ok && !builtinRole(name) {
			if r = db.named(clsRoles, name); r.missing() {
				// The class's name and address are the real server's own.
				unknown = append(unknown, failure{array{"role"}, "validation failure", fmt.Sprintf("fauna.model.Key$Role$@12bac55e name `%s` does not exist.", name)})
				continue
			}
		}
		if r == nil || r.class != clsRoles || r.native {
			bad = append(bad, wrongType(role, "Role", "role"))
			break
		}
		key.roles = append(key.roles, r.item)
	}
	if other := fields.get("database"); other != nil {
		if r, ok := other.(*ref); ok && isItem(clsDatabases)(r) {
			key.db = r.item.child
		} else {
			bad = append(bad, badReference("database"))
		}
	}
	return key, bad, unknown
}
