// Package load takes the rows of a finished export into a database or into typed
// files, and proves that they arrived.
//
//   - [ParseTarget] reads what a person types: postgres://…, sqlite:FILE,
//     parquet:DIR, csv:DIR.
//   - [Prepare] reads every row once, so that types are exact and not sampled, and
//     returns a [Load] whose [Plan] says which tables, columns, types and keys there
//     will be.
//   - [Load.Do] loads what the target does not have yet, each collection in one
//     transaction with its proof: the rows are read back and compared, by a hash that
//     does not depend on their order, with what was sent.
//
// What a column's type cannot hold stays in the row's data column, as JSON. It is
// counted and named, and never cut, rounded or made null.
package load
