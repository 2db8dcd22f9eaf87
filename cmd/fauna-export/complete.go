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

// completeTime bounds what a key press waits for a server.
const completeTime = 2 * time.Second

// completeCollections lets the shell complete the names of collections wherever a
// flag takes one, from the server that the flags or the environment name, with the
// secret of FAUNA_SECRET or --secret-file. Without these nothing is completed, and
// nothing is ever asked or said.
func (a *app) completeCollections(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		a.completeCollections(cmd)
	}
	for _, flag := range collectionFlags() {
		if root.Flags().Lookup(flag) == nil {
			continue
		}
		// The one error is a flag that does not exist, which was just looked up.
		_ = root.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return a.collectionNames(cmd, flag, begun)
		})
	}
}

// collectionFlags are the flags whose value is the name of a collection, or begins
// with one.
func collectionFlags() []string { return []string{"collection", "exclude", "column"} }

func (a *app) collectionNames(cmd *cobra.Command, flag, begun string) ([]string, cobra.ShellCompDirective) {
	directive := cobra.ShellCompDirectiveNoFileComp
	if flag == "column" {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	if fromEnvironment(cmd, a.getenv) != nil {
		return nil, directive
	}
	text := func(name string) string {
		if f := cmd.Flags().Lookup(name); f != nil {
			return f.Value.String()
		}
		return ""
	}
	server := &config.Config{
		Domain: text("domain"), AllowPlaintext: text("allow-plaintext") == "true",
		CAFile: text("ca-file"), ClientCert: text("client-cert"), ClientKey: text("client-key"), SecretFile: text("secret-file"),
	}
	if server.SecretFile == "-" {
		return nil, directive // stdin is not ours now
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
	if err != nil {
		return nil, directive
	}
	option, ok := cmd.Flags().Lookup(flag).Value.(config.Option)
	if !ok {
		return nil, directive
	}
	given := option.Texts()
	var list []string
	for _, name := range names {
		if flag == "column" {
			name += ":"
		}
		if strings.HasPrefix(name, begun) && !slices.Contains(given, name) {
			list = append(list, name)
		}
	}
	return list, directive
}
