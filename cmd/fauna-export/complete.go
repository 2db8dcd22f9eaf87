package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fauna-export/export/config"
)

// completeTime limits how long completion waits for a server.
const completeTime = 2 * time.Second

// completeCollections completes collection names in flags, from the server in
// the flags or the environment, with the secret of FAUNA_SECRET or
// --secret-file. Without these it completes nothing; it never prompts or
// prints.
func (a *app) completeCollections(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		a.completeCollections(cmd)
	}
	for _, flag := range []string{"collection", "exclude", "column"} { // whose value is or starts with a name
		if root.Flags().Lookup(flag) == nil {
			continue
		}
		// The only error is an unknown flag, and this one was just looked up.
		_ = root.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return a.collectionNames(cmd, flag, typed)
		})
	}
}

func (a *app) collectionNames(cmd *cobra.Command, flag, typed string) ([]string, cobra.ShellCompDirective) {
	directive := cobra.ShellCompDirectiveNoFileComp
	if flag == "column" {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	if fromEnvironment(cmd, a.getenv) != nil {
		return nil, directive
	}
	server := &config.Config{}
	for _, o := range server.Options() {
		if f := cmd.Flags().Lookup(o.Name); f != nil && (o.Group == config.Address || o.Group == config.Server || o.Group == config.Secret) {
			_ = o.Set(f.Value.String())
		}
	}
	if server.SecretFile == "-" {
		return nil, directive // stdin belongs to the shell
	}
	quiet := &app{streams: streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard, getenv: a.getenv}}
	ctx, stop := context.WithTimeout(cmd.Context(), completeTime)
	defer stop()
	client, err := quiet.connect(ctx, server)
	if err != nil {
		return nil, directive
	}
	defer client.Close()
	names, err := client.Collections(ctx)
	option, ok := cmd.Flags().Lookup(flag).Value.(config.Option)
	if err != nil || !ok {
		return nil, directive
	}
	var list []string
	for _, name := range names {
		if flag == "column" {
			name += ":"
		}
		if strings.HasPrefix(name, typed) && !slices.Contains(option.Texts(), name) {
			list = append(list, name)
		}
	}
	return list, directive
}
