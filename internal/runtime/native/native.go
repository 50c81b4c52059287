// Package native is tailor's own engine as tailor-agent has it, for devices elsewhere.
package native

import (
	"context"
	"fmt"

	"github.com/tailor-nas/tailor/internal/runtime/agent"
	"github.com/tailor-nas/tailor/internal/runtime/netfile"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/profiles"
)

// Engine runs networks in this process.
type Engine struct{}

// Name is what requests call it.
func (Engine) Name() string { return profiles.Native{}.Info().Name }

// Open describes the engine, which has no library.
func (Engine) Open(path string) protocol.Runtime {
	info := profiles.Native{}.Info()
	r := protocol.Runtime{Name: info.Name, Format: netfile.Format, Version: info.Version,
		Options: info.Options}
	if path != "" {
		return protocol.Runtime{Name: r.Name, Format: r.Format,
			Missing: "tailor's own engine has no library"}
	}
	return r
}

// Load makes a network of a file of package netfile ready to run, on batches as its input says.
func (Engine) Load(m protocol.Model, file []byte) (agent.Model, error) {
	net, err := netfile.Unmarshal(file)
	if err != nil {
		return nil, err
	}
	batch := m.Input[0]
	in, out := net.Blocks[0].In.Len(), net.Blocks[len(net.Blocks)-1].Out.Len()
	gotIn, inErr := protocol.Len(m.Input)
	gotOut, outErr := protocol.Len(m.Output)
	if inErr != nil || outErr != nil || gotIn != batch*in || gotOut != batch*out {
		return nil, fmt.Errorf("%w: input %v and output %v of a network that makes %d values of %d",
			netfile.ErrFormat, m.Input, m.Output, out, in)
	}
	s, err := profiles.Native{Threads: m.Threads, Batch: batch}.Load(context.Background(), net)
	if err != nil {
		return nil, err
	}
	return model{s}, nil
}

// model is a session of the engine.
type model struct{ profiles.Session }

// Output copies what the latest run computed.
func (m model) Output(values []float32) error {
	out, err := m.Session.Output()
	copy(values, out)
	return err
}
