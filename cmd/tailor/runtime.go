package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
)

// runtimeFlags say what runs networks.
type runtimeFlags struct {
	Runtime string `help:"What runs the networks: native (tailor's own engine), onnxruntime, litert or openvino." enum:"${runtimes}" default:"native"`
	Library string `help:"Shared library of the runtime, an absolute path on the --device; default where pip installs it." type:"path"`
	Threads int    `help:"Threads of the runtime." default:"1" range:"${workers_range}"`
	Batch   int    `help:"Images that run together. Latencies are of the whole batch." default:"1" range:"1..4096"`
	deviceFlags
}

// open gives the runtime. Whoever opens one closes it.
func (f runtimeFlags) open(ctx context.Context, g *Globals) (rt profiles.Runtime,
	done func() error, err error) {
	if err := f.check(f.Runtime, f.Library); err != nil {
		return nil, nil, err
	}
	if f.Runtime == "native" && f.Device == "" {
		native := profiles.Native{Threads: f.Threads, Batch: f.Batch}
		return native, func() error { return nil }, nil
	}
	c, err := f.config(g, f.Runtime, f.Library)
	if err != nil {
		return nil, nil, err
	}
	c.Threads, c.Batch = f.Threads, f.Batch
	r, err := remote.Open(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return r, r.Close, nil
}

// with runs f with the runtime, and closes it.
func (f runtimeFlags) with(ctx context.Context, g *Globals,
	use func(profiles.Runtime) error) error {
	rt, done, err := f.open(ctx, g)
	if err != nil {
		return err
	}
	return used(use(rt), done)
}

// used closes a runtime after its use.
func used(err error, done func() error) error {
	if ended := done(); err == nil && !errors.Is(ended, remote.ErrCrashed) {
		return ended
	}
	return err // what it was wanted for is done: a library may crash as it ends
}

// servedFlags say in which runtime a winner runs.
type servedFlags struct {
	Runtime string `help:"What runs the network: native (tailor's own engine), onnxruntime, litert or openvino; with the threads and batch that its latency was measured with there, else one each." enum:",${runtimes}" default:"" placeholder:"NAME"`
	Library string `help:"Shared library of the runtime, an absolute path on the --device; default where pip installs it." type:"path" with:"runtime"`
	deviceFlags
}

// with runs f with the runtime, which is nil if neither that nor a device is named, and closes it.
// Claimed is the ID of the runtime that a latency was measured with, which a device without a
// runtime has, if it can.
func (f servedFlags) with(ctx context.Context, g *Globals, claimed string,
	use func(profiles.Runtime) error) error {
	runtime := f.Runtime
	if runtime == "" && f.Device != "" {
		runtime = cmp.Or(remote.NameOf(claimed), "native")
	}
	if err := f.check(runtime, f.Library); err != nil {
		return err
	}
	switch {
	case runtime == "":
		return use(nil)
	case runtime == "native" && f.Device == "":
		engine, ok := profiles.NativeOf(claimed)
		if !ok {
			engine.Threads = 1
		}
		return use(engine)
	}
	c, err := f.config(g, runtime, f.Library)
	if err != nil {
		return err
	}
	r, err := remote.OpenLike(ctx, c, claimed)
	if err != nil {
		return err
	}
	return used(use(r), r.Close)
}

// again opens the runtime of an ID, to time networks as they were on the device of an ID: nil where
// that is not this device, or nothing here runs it. done closes it.
func again(ctx context.Context, on, runtime string) (rt profiles.Runtime, done func() error,
	err error) {
	done = func() error { return nil }
	here, err := device.Describe(ctx)
	if err != nil || here.ID != on {
		return nil, done, err
	}
	if native, ok := profiles.NativeOf(runtime); ok {
		return native, done, nil
	}
	if !remote.Known(runtime) {
		return nil, done, nil
	}
	r, err := remote.OpenAs(ctx, remote.Config{}, runtime)
	if err != nil {
		return nil, done, err
	}
	return r, r.Close, nil
}
