// Package fql holds the texts of FQL that people meet: the queries that set up
// read access, written for a shell (Setup), definitions printed as FQL
// (Definitions.FQL), and collection names read out of whatever a person types
// or pastes (ParseNames). It needs no server and sends nothing.
package fql
