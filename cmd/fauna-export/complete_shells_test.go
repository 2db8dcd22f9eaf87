//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const bashCompletion = "/usr/share/bash-completion/bash_completion"

// TestCompletion_inTheShellsThemselves asks each shell, by its own means, how
// to complete "fauna-export run --collection c". Builtins that only work while
// a user presses tab have stand-ins.
func TestCompletion_inTheShellsThemselves(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	ask := map[string]string{
		"bash": `
source ` + bashCompletion + `
compopt() { :; }
source <(fauna-export completion bash)
COMP_TYPE=9 COMP_LINE="fauna-export run --collection c" COMP_POINT=${#COMP_LINE} COMP_CWORD=3
COMP_WORDS=(fauna-export run --collection c)
__start_fauna-export
printf '%s\n' "${COMPREPLY[@]}"`,
		"zsh": `
compdef() { :; }
_describe() { local -a found; found=("${(@P)@[-1]}"); print -rl -- "${found[@]}" }
source <(fauna-export completion zsh)
words=(fauna-export run --collection c) CURRENT=4
_fauna-export`,
		"fish": `fauna-export completion fish | source; complete -C "fauna-export run --collection c"`,
	}
	for shell, script := range ask {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			needPrograms(t, shell)
			if _, err := os.Stat(bashCompletion); err != nil && shell == "bash" {
				lacks(t, "bash-completion is not installed")
			}
			command := exec.CommandContext(t.Context(), shell, "-c", script)
			command.Env = append(cleanEnvironment(t, nil), "HOME="+t.TempDir(), "FAUNA_SECRET="+secret, "FAUNA_EXPORT_DOMAIN="+s.endpoint,
				"PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := command.CombinedOutput()
			got := strings.Fields(string(out))
			slices.Sort(got)
			if err != nil || !slices.Equal(got, []string{"carts", "customers"}) {
				t.Errorf("%v:\n%s", err, out)
			}
		})
	}
}
