package load

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/jackc/pgservicefile"

	"fauna-export/export/store"
)

// connectionFiles lists the settings of a connection that name files, with the
// variable of each, and the file that it has below the home folder.
var connectionFiles = map[string][2]string{
	"passfile":    {"PGPASSFILE", ".pgpass"},
	"sslcert":     {"PGSSLCERT", ".postgresql/postgresql.crt"},
	"sslkey":      {"PGSSLKEY", ".postgresql/postgresql.key"},
	"sslrootcert": {"PGSSLROOTCERT", ".postgresql/root.crt"},
	"servicefile": {"PGSERVICEFILE", ".pg_service.conf"},
}

// checkConnectionFiles returns an error for a file that pgx would wait for, or read
// without end.
func checkConnectionFiles(address map[string]string) error {
	settings := serviceSettings(address)
	maps.Copy(settings, address)
	for _, name := range slices.Sorted(maps.Keys(connectionFiles)) {
		path := connectionFile(settings, name)
		if path == "" || path == "system" && name == "sslrootcert" {
			continue
		}
		if err := store.CheckNamed(path); err != nil {
			return fmt.Errorf("the %s %w", name, err)
		}
	}
	return nil
}

// serviceSettings returns the settings of the service that an address or a variable
// names. It leaves it to pgx to say what is wrong with them.
func serviceSettings(address map[string]string) map[string]string {
	none := map[string]string{}
	name := cmp.Or(address["service"], os.Getenv("PGSERVICE"))
	if name == "" {
		return none
	}
	text, err := store.ReadRegular(connectionFile(address, "servicefile"), store.MaxPEM)
	if err != nil {
		return none
	}
	file, err := pgservicefile.ParseServicefile(bytes.NewReader(text))
	if err != nil {
		return none
	}
	service, err := file.GetService(name)
	if err != nil {
		return none
	}
	return service.Settings
}

// connectionFile returns the file that a setting names, "" for none.
func connectionFile(settings map[string]string, name string) string {
	of := connectionFiles[name]
	if path := cmp.Or(settings[name], os.Getenv(of[0])); path != "" {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, of[1])
}
