package tui

import (
	"bytes"
	"os"
	"strconv"
)

// leadsSession reports whether this program is the first of its session, as in a
// container: then no shell is there to come back from a suspension with. What a
// system does not tell is taken for no.
func leadsSession() bool {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return false
	}
	// PID (NAME) STATE PARENT GROUP SESSION …, and the name may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	return len(fields) > 3 && string(fields[3]) == strconv.Itoa(os.Getpid())
}
