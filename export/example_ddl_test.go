package export_test

import (
	"fmt"

	"fauna-export/export"
	"fauna-export/export/archive"
)

func ExampleLoadScript() {
	manifest := &archive.Manifest{Tool: "fauna-export v1.0.0", Collections: []archive.Entry{{
		Name: "users", File: "users.csv", Format: "csv", Compress: "none", Columns: []string{"ref", "ts", "data", "ttl"},
	}}}
	fmt.Print(export.LoadScript(export.SQLite, manifest, ""))
	// Output:
	// -- Loads 1 files of fauna-export v1.0.0 into SQLite.
	// -- Run: sqlite3 fauna.db < load-sqlite.sql, in the folder of the files.
	// .bail on
	//
	// CREATE TABLE "users" (
	//   "ref" INTEGER PRIMARY KEY,
	//   "ts" INTEGER NOT NULL,
	//   "data" TEXT,
	//   "ttl" TEXT
	// );
	// .mode csv
	// .import --csv --skip 1 "users.csv" "users"
	// -- SQLite reads null and the empty text of a CSV file as the same: both become null.
	// UPDATE "users" SET
	//   "data" = NULLIF("data", ''),
	//   "ttl" = NULLIF("ttl", '');
	// CREATE VIEW "users_with_times" AS SELECT *,
	//   strftime('%Y-%m-%dT%H:%M:%S', ("ts" - (("ts" % 1000000 + 1000000) % 1000000)) / 1000000, 'unixepoch') || printf('.%06dZ', (("ts" % 1000000 + 1000000) % 1000000)) AS "ts_time"
	// FROM "users";
}
