// Command tailor-agent runs networks by the libraries of others. tailor starts it and speaks to it
// on its standard input and output; docs/runtimes.md describes how.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"

	"github.com/tailor-nas/tailor/internal/runtime/agent"
	"github.com/tailor-nas/tailor/internal/runtime/litert"
	"github.com/tailor-nas/tailor/internal/runtime/onnxruntime"
	"github.com/tailor-nas/tailor/internal/runtime/openvino"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
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
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q: this program is started by tailor, and reads "+
			"requests from its standard input", args[0])
	}
	about := protocol.Agent{Program: version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	return agent.Serve(in, out, about, engines())
}

// engines are the runtimes that can be in this program.
func engines() []agent.Engine {
	return []agent.Engine{onnxruntime.New(), litert.New(), openvino.New()}
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
