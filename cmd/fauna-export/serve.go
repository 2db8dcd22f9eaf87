package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"fauna-export/export/config"
	"fauna-export/fauna/emulator"
)

func newServeCommand(a *app) *cobra.Command {
	var listen string
	var c *config.Config
	var empty bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the embedded server alone, for trying things out",
		Long: `Run the embedded server: a subset of FQL v4 over HTTP, in memory, with sample
data. It prints endpoint=… and secret=… (an admin's) on stdout, one per line, and
runs until it is interrupted. FAUNA_SECRET or --secret-file sets the secret.
It is not a database: everything is gone when it stops.`,
		Example: `  fauna-export serve --listen 127.0.0.1:0
  FAUNA_SECRET=mine fauna-export serve --empty`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			secret, err := a.serverSecret(cmd.Context(), c.SecretFile)
			if err != nil {
				return err
			}
			return a.serve(cmd.Context(), listen, empty, emulator.Options{Secret: secret})
		},
	}
	set := cmd.Flags()
	set.StringVar(&listen, "listen", "127.0.0.1:8443", "`ADDR` to listen on; port 0 takes a free one")
	set.BoolVar(&empty, "empty", false, "start without the sample data")
	c = newOptions(cmd, config.Secret)
	redefine(cmd, "secret-file", "", "read the admin's secret from `FILE`, - for stdin (default: FAUNA_SECRET, or a generated one)")
	return cmd
}

// serve runs the embedded server until ctx ends. Ending by a signal is not an
// error.
func (a *app) serve(ctx context.Context, listen string, empty bool, o emulator.Options) error {
	server := emulator.New(o)
	if !empty {
		if err := server.LoadSample(); err != nil {
			return fmt.Errorf("load the sample data: %w", err)
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", listen)
	if err != nil {
		if addr, ok := errors.AsType[*net.AddrError](err); ok {
			return usagef("--listen %s: %v", quoted(listen), addr.Err)
		}
		return fmt.Errorf("%w; choose another address with --listen (port 0 means any free one)", err)
	}
	host, port, _ := net.SplitHostPort(l.Addr().String()) // a listener has both
	ip := net.ParseIP(host)
	if ip.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere, also there
	}
	endpoint := "http://" + net.JoinHostPort(host, port)
	if err := a.print(map[string]string{"endpoint": endpoint, "secret": server.Secret()}, "endpoint="+endpoint+"\nsecret="+server.Secret()+"\n"); err != nil {
		l.Close()
		return err
	}
	if !ip.IsLoopback() {
		a.say("warning: other machines can reach this server too, and http is not encrypted")
	}
	err = server.Serve(ctx, l)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
