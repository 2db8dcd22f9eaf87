package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newManCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "Print the manual page",
		Long: `Print the manual page on stdout, in the language of man(7). It holds what --help
says of every command, and no date, so that the same version prints the same page.`,
		Example: `  fauna-export man > fauna-export.1`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.printText(manualPage(cmd.Root()))
		},
	}
}

// manualPage writes the tree of commands as a page of section 1.
func manualPage(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" %s\n", manArgument(strings.ToUpper(root.Name())), manArgument(toolName()))
	b.WriteString(".SH NAME\n" + manText(root.Name()+" - "+root.Short) + "\n")
	b.WriteString(".SH SYNOPSIS\n.B " + root.Name() + "\n[\\fIcommand\\fR] [\\fIflags\\fR]\n")
	b.WriteString(".SH DESCRIPTION\n" + manParagraphs(root.Long))
	b.WriteString(".SH OPTIONS\n" + manFlags(root.LocalFlags()))
	b.WriteString(".SH COMMANDS\n")
	manCommands(&b, root)
	b.WriteString(".SH ENVIRONMENT\n.TP\n.B FAUNA_SECRET\nthe secret of the key\n.TP\n.B FAUNA_EXPORT_\\fIFLAG\\fR\nthe value of a flag that is not given\n" +
		".TP\n.B HTTPS_PROXY\\fR, \\fBHTTP_PROXY\\fR, \\fBNO_PROXY\nproxies\n.TP\n.B NO_COLOR\\fR, \\fBACCESSIBLE\nhow the wizard looks\n")
	return b.String()
}

// manCommands writes the commands below one, each with its flags and examples.
func manCommands(b *strings.Builder, parent *cobra.Command) {
	for _, c := range parent.Commands() {
		if !c.IsAvailableCommand() {
			continue
		}
		b.WriteString(".SS " + manArgument(strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")) + "\n")
		text := c.Long
		if text == "" {
			text = c.Short + "."
		}
		b.WriteString(manParagraphs(text))
		b.WriteString(manFlags(c.NonInheritedFlags()))
		if c.Example != "" {
			b.WriteString(".PP\nExamples:\n.PP\n.nf\n" + manText(strings.TrimRight(c.Example, "\n")) + "\n.fi\n")
		}
		manCommands(b, c)
	}
}

// manParagraphs writes text as it is laid out: what begins with a space keeps its
// lines.
func manParagraphs(text string) string {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		b.WriteString(".PP\n")
		fixed := false
		for line := range strings.SplitSeq(paragraph, "\n") {
			if indented := strings.HasPrefix(line, " "); indented != fixed {
				fixed = indented
				b.WriteString(map[bool]string{true: ".nf\n", false: ".fi\n"}[fixed])
			}
			b.WriteString(manText(line) + "\n")
		}
		if fixed {
			b.WriteString(".fi\n")
		}
	}
	return b.String()
}

func manFlags(set *pflag.FlagSet) string {
	var b strings.Builder
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		b.WriteString(".TP\n\\fB" + manText(name) + "\\fR")
		if value != "" {
			b.WriteString(" \\fI" + manText(value) + "\\fR")
		}
		b.WriteString("\n" + manText(usage))
		switch f.DefValue {
		case "", "false", "0", "[]":
		default:
			b.WriteString(manText(" (default " + f.DefValue + ")"))
		}
		b.WriteString("\n")
	})
	return b.String()
}

// manText writes text so that nothing in it is taken for a command of man(7).
func manText(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "’", "'").Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// manArgument is an argument of a command of man(7).
func manArgument(text string) string {
	return `"` + strings.ReplaceAll(manText(text), `"`, `\(dq`) + `"`
}
