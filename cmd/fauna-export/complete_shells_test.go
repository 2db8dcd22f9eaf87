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

// TestCompletion_inTheShellsThemselves asks each shell, by its own means, what
// follows "fauna-export run --collection c". What the script takes from the shell's
// library of completions is stood in for where that is another package.
func TestCompletion_inTheShellsThemselves(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	ask := map[string]string{
		"bash": `
_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]}; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
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
	asked := 0
	for shell, script := range ask {
		if _, err := exec.LookPath(shell); err != nil {
			t.Logf("there is no %s here", shell)
			continue
		}
		asked++
		command := exec.CommandContext(t.Context(), shell, "-c", script)
		command.Env = append(cleanEnvironment(t, nil), "HOME="+t.TempDir(), "FAUNA_SECRET="+secret, "FAUNA_EXPORT_DOMAIN="+s.endpoint,
			"PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := command.CombinedOutput()
		got := strings.Fields(string(out))
		slices.Sort(got)
		if err != nil || !slices.Equal(got, []string{"carts", "customers"}) {
			t.Errorf("%s: %v:\n%s", shell, err, out)
		}
	}
	if asked == 0 {
		t.Skip("there is no bash, zsh or fish here")
	}
}
