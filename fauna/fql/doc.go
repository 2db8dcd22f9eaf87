// Package fql reads and writes FQL text: queries that set up read access, to be
// pasted into a shell (Setup), definitions printed as FQL (Definitions.FQL),
// queries parsed as the shell does (Parse), and collection names found in
// whatever a person types or pastes (ParseNames). It sends nothing and needs no
// server.
package fql
