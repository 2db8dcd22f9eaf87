package main

import (
	"strings"
	"testing"
)

func TestFQL_dialectOfTheShell(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"fql key --dialect v10", 0, `role: "connect_readonly"`},
		{"fql key", 0, `role: Role("connect-readonly")`},
		{"fql key --dialect v10 --role connect-readonly", 2, `--role "connect-readonly": in FQL v10 a role's name can only have`},
		{"fql index --dialect v10 --collection users", 0, "fauna shell --api-version 4"},
		{"fql cleanup --dialect v10", 0, ".forEach(.delete())\n\nRole.byName("},
		{"fql history --collection users --days 2", 0, `LT(Select("history_days"`},
		{"fql key --dialect v5", 2, "give v4 or v10"},
	} {
		got := runHere(t, nil, strings.Fields(tt.args)...)
		if got.code != tt.code || !strings.Contains(got.out+got.err, tt.want) {
			t.Errorf("%s: %d\n%s%s", tt.args, got.code, got.out, got.err)
		}
	}
}
