package main

import (
	"cmp"
	"context"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
)

// timedFlags say what latencies before and after a training are of.
type timedFlags struct {
	Runtime string `help:"What latencies are of: native (tailor's own engine), onnxruntime, litert or openvino. Default what the network's was measured with, if that was here and what changes can be told there, else native." enum:",${runtimes}" default:"" placeholder:"NAME"`
	Library string `help:"Shared library of the runtime, an absolute path on the --device; default where pip installs it." type:"path" with:"runtime"`
	Threads int    `help:"Threads of latencies." default:"1" range:"${workers_range}"`
	deviceFlags
}

// with runs use with the runtime, and closes it. Without a name it is the one that the latency of a
// network's manifest was measured with, on this device, where others than tailor's own may do.
func (f timedFlags) with(ctx context.Context, g *Globals, network string, others bool,
	use func(profiles.Runtime) error) error {
	if others && f.Runtime == "" && f.Device == "" {
		rt, done, err := asMeasured(ctx, g, network)
		if err != nil {
			g.warn("latencies are of tailor's own engine: %v", err)
		}
		if rt != nil {
			return used(use(rt), done)
		}
	}
	return runtimeFlags{Runtime: cmp.Or(f.Runtime, "native"), Library: f.Library,
		Threads: f.Threads, Batch: 1, deviceFlags: f.deviceFlags}.with(ctx, g, use)
}

// asMeasured opens the runtime that a network was measured with here; nil if that is tailor's own
// engine, or if it was not.
func asMeasured(ctx context.Context, g *Globals, network string) (profiles.Runtime, func() error,
	error) {
	m, err := manifest.Read(manifest.Path(network))
	if err != nil || m.Measured == nil { // which the job will say
		return nil, nil, nil
	}
	claimed := m.Measured.Runtime
	if _, native := profiles.NativeOf(claimed); native {
		return nil, nil, nil
	}
	rt, done, err := again(ctx, m.Measured.Device, claimed)
	if rt != nil {
		g.say("latencies are of %s, as the network's was", claimed)
	}
	return rt, done, err
}
