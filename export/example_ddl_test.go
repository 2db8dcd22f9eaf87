package export_test

import (
	"fmt"

	"fauna-export/export"
	"fauna-export/export/archive"
)

func ExampleLoadScript() {
	manifest := &archive.Manifest{Tool: "fauna-export v1.0.0", Collections: []archive.Entry{{
		Name: "users", File: "users.parquet", Format: "parquet", Columns: []string{"ref", "ts", "data", "ttl"},
	}}}
	fmt.Print(export.LoadScript(export.DuckDB, manifest))
	// Output:
	// -- Loads 1 files written by fauna-export v1.0.0 into DuckDB.
	// -- Run: duckdb fauna.duckdb < load-duckdb.sql, in the folder of the files.
	// -- DuckDB reformats numbers in JSON (1.0E21 becomes 1e21); their values do not change.
	// .bail on
	// BEGIN;
	//
	// CREATE TABLE "users" (
	//   "ref" BIGINT PRIMARY KEY,
	//   "ts" BIGINT NOT NULL,
	//   "data" JSON,
	//   "ttl" VARCHAR
	// );
	// INSERT INTO "users" SELECT
	//   CAST("ref" AS BIGINT),
	//   epoch_us(ts),
	//   CAST("data" AS JSON),
	//   strftime(make_timestamp(epoch_us("ttl")), '%Y-%m-%dT%H:%M:%S.%fZ')
	// FROM read_parquet('users.parquet');
	// CREATE VIEW "users_with_times" AS SELECT *,
	//   make_timestamp("ts") AS "ts_time",
	//   TRY_CAST("ttl" AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS "ttl_time"
	// FROM "users";
	//
	// COMMIT;
}
