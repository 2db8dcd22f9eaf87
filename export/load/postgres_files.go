package load

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fauna-export/export/store"
)

// maxNamedFile is the most that a file of passwords, certificates or keys may have,
// in bytes.
const maxNamedFile = 8 << 20

// connectionFiles lists the settings of a connection that name files, with the
// variable of each, and the file that it has below the home folder.
func connectionFiles() map[string][2]string {
	return map[string][2]string{
		"passfile":    {"PGPASSFILE", ".pgpass"},
		"sslcert":     {"PGSSLCERT", ".postgresql/postgresql.crt"},
		"sslkey":      {"PGSSLKEY", ".postgresql/postgresql.key"},
		"sslrootcert": {"PGSSLROOTCERT", ".postgresql/root.crt"},
		"servicefile": {"PGSERVICEFILE", ".pg_service.conf"},
	}
}

// checkConnectionFiles returns an error for a file that pgx would wait for, or read
// without end.
func checkConnectionFiles(address map[string]string) error {
	if err := checkNamedFiles(address); err != nil {
		return err
	}
	service := cmp.Or(address["service"], os.Getenv("PGSERVICE"))
	if service == "" {
		return nil
	}
	text, err := store.ReadRegular(connectionFile(address, "servicefile"), maxNamedFile)
	if err != nil {
		return nil // pgx says so
	}
	section, settings := "", map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
		} else if name, value, ok := strings.Cut(line, "="); ok && section == service {
			settings[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return checkNamedFiles(settings)
}

// checkNamedFiles checks every file that settings, or else the defaults, name.
func checkNamedFiles(settings map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(connectionFiles())) {
		path := connectionFile(settings, name)
		if path == "" || path == "system" && name == "sslrootcert" {
			continue
		}
		if err := store.CheckNamed(path, maxNamedFile); err != nil {
			return fmt.Errorf("the %s %w", name, err)
		}
	}
	return nil
}

// connectionFile returns the file that a setting names, "" for none.
func connectionFile(settings map[string]string, name string) string {
	of := connectionFiles()[name]
	if path := cmp.Or(settings[name], os.Getenv(of[0])); path != "" {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, of[1])
}
