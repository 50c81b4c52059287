package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// version says which tailor this is, as far as the build knows.
func version() string {
	text := "tailor"
	if info, ok := debug.ReadBuildInfo(); ok {
		text += " " + info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && !strings.Contains(text, s.Value[:min(12, len(s.Value))]) {
				text += " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return fmt.Sprintf("%s (%s, %s/%s)", text, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command, such as search or fit latency."`
}

// Run is never reached by a command line that [helpArgs] understands.
func (c *helpCmd) Run() error { return usagef("help comes first: tailor help COMMAND") }

// helpArgs makes tailor help COMMAND what it stands for, tailor COMMAND --help.
func helpArgs(args []string) []string {
	at := slices.IndexFunc(args, func(a string) bool { return !strings.HasPrefix(a, "-") })
	if at < 0 || args[at] != "help" {
		return args
	}
	return append(slices.Delete(slices.Clone(args), at, at+1), "--help")
}
