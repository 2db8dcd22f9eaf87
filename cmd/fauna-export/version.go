package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"fauna-export/assets"
)

// released is set by the linker in a release:
// go build -ldflags '-X main.released=v1.2.3' ./cmd/fauna-export
var released string

// commit is set by the linker in a release, like released.
var commit string

// version returns the release, or the module's version as recorded by `go
// install`, or "devel".
func version() string {
	if released != "" {
		return released
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func toolName() string { return "fauna-export " + version() }

// build is how the program was built.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`             // "" if it was not built in a clone
	Modified bool   `json:"modified,omitempty"` // the clone had uncommitted changes
	Time     string `json:"time,omitempty"`     // of the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func buildOf() build {
	b := build{Version: version(), Commit: commit, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String returns the line that `version` prints.
func (b build) String() string {
	commit := "commit unknown"
	if b.Commit != "" {
		commit = "commit " + b.Commit[:min(len(b.Commit), 12)]
	}
	if b.Modified {
		commit += " and changes"
	}
	return fmt.Sprintf("fauna-export %s (%s, %s, %s)", b.Version, commit, b.Go, b.Platform)
}

func newVersionCommand(a *app) *cobra.Command {
	var notices bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version, or the licences of the libraries",
		Example: `  fauna-export version
  fauna-export version --notices`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if notices {
				return a.printText(assets.Notices)
			}
			return a.print(buildOf(), buildOf().String()+"\n")
		},
	}
	cmd.Flags().BoolVar(&notices, "notices", false, "print the licences of the libraries in the program")
	return cmd
}
