// Command tailor-agent runs networks by the libraries of others, and on devices elsewhere. tailor
// starts it and speaks to it on its standard input and output; docs/runtimes.md describes how. With
// the tag nativeonly it is a static program that has tailor's own engine alone.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"

	"github.com/tailor-nas/tailor/internal/runtime/agent"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/profiles/device"
)

func main() {
	// Libraries expect one thread, and it is the one that is kept on a processor.
	runtime.LockOSThread()
	// Ctrl-C is for tailor, which closes the input of this program when it ends.
	signal.Ignore(os.Interrupt)
	if err := serve(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tailor-agent:", err)
		os.Exit(1)
	}
}

func serve(args []string, in io.Reader, out io.Writer) error {
	switch {
	case len(args) == 1 && args[0] == removeFlag:
		if err := removeSelf(); err != nil {
			return err
		}
	case len(args) > 0:
		return fmt.Errorf("unexpected argument %q: this program is started by tailor, and reads "+
			"requests from its standard input", args[0])
	}
	here, err := device.Describe(context.Background())
	if err != nil {
		return err
	}
	return agent.Serve(in, out, protocol.Agent{Program: version(), Device: here}, engines())
}

// removeFlag has the agent remove its own file as it begins: one that was put on a device for a
// single connection leaves nothing there, however that ends.
const removeFlag = "--remove"

func removeSelf() error {
	self, err := os.Executable()
	if err == nil {
		err = os.Remove(self)
	}
	if err != nil {
		return fmt.Errorf("remove this program: %w", err)
	}
	return nil
}

// version says which build this is, as far as it knows.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "tailor-agent"
	}
	text := "tailor-agent " + info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			text += " " + s.Value[:min(12, len(s.Value))]
		}
	}
	return text
}
