// Package load loads the rows of a finished export into a database or into
// typed files, and proves that they arrived.
//
//   - [ParseTarget] parses a target as people type it: postgres://…,
//     sqlite:FILE, parquet:DIR, csv:DIR; [CheckPlace] also refuses one among
//     the files of a run.
//   - [Prepare] reads every row once, so that types are exact and not sampled,
//     and returns a [Load] whose [Plan] describes the tables, columns, types
//     and keys.
//   - [Load.Do] loads what the target does not have yet, each collection in one
//     transaction with its proof: the rows are read back and compared with what
//     was sent, by a hash that does not depend on their order.
//
// Values that do not fit a column's type stay in the row's data column, as
// JSON. They are counted and reported, and never cut, rounded or replaced with
// null.
package load
