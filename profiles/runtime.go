package profiles

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/supernet"
)

// RuntimeInfo says what runs the networks, and how. It is part of what a latency holds for.
type RuntimeInfo struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Threads int    `json:"threads"`
	Batch   int    `json:"batch,omitempty"` // images that run together; absent for 1
	// Precision is the type of numbers it computes with, such as bf16; absent for float32.
	Precision string `json:"precision,omitempty"`
	// Options are its other settings, and with which compiler (go) and instructions (kernels) it
	// was built, which the version answers for.
	Options map[string]string `json:"options,omitempty"`
}

// Runtime runs networks on the device that is profiled. All runtimes keep to the rules of
// [Session]: internal/runtime/conformance has the tests.
type Runtime interface {
	Info() RuntimeInfo
	// Load prepares a network, or a single block as a network of one, to run on batches of
	// Info().Batch images. Its weights must not change before the session is closed. What can be
	// done before a run (packing weights, planning memory) belongs here: runs are timed.
	Load(ctx context.Context, net *supernet.Subnet) (Session, error)
}

// Session is a network that is ready to run. It is used by one goroutine at a time; several
// sessions, of one network too, may run at once.
type Session interface {
	// SetInput sets what the next runs compute on, until it is called again: a batch of images,
	// (N,H,W,C) of the first block's input. It keeps nothing of the slice.
	SetInput(batch []float32) error
	// Run runs the network once. It is what is timed, and should not allocate.
	Run() error
	// Output gives what the latest run computed: (N,H,W,C) of the last block's output, the logits
	// of a whole network. The slice is the caller's.
	Output() ([]float32, error)
	// Close frees what the session has. After the first time it does nothing.
	Close() error
}

// Elsewhere is a runtime that computes in another process or on another device: the clock is read
// there, so that the way there and back does not count.
type Elsewhere interface {
	Runtime
	// Device says where its sessions run.
	Device() device.Device
	// Observe reads the counters of the system there.
	Observe(ctx context.Context) (device.Observation, error)
	// Sample takes samples of its sessions, one right after the other, and gives how long each
	// took: of so many runs together, after an untimed one if that is asked for. The measuring
	// thread is kept on its processor, and free of garbage collection, there.
	Sample(ctx context.Context, plan []Sample) ([]time.Duration, error)
}

// Sample is one to take of a session.
type Sample struct {
	Session Session
	Runs    int
	Settle  bool // run once before, untimed
}

// DeviceOf describes the device that a runtime computes on: this machine unless it is [Elsewhere].
func DeviceOf(ctx context.Context, rt Runtime) (device.Device, error) {
	if e, ok := rt.(Elsewhere); ok {
		return e.Device(), nil
	}
	d, err := device.Describe(ctx)
	if err != nil {
		return d, fmt.Errorf("describe device: %w", err)
	}
	return d, nil
}

// observeOn reads the counters of the device that a runtime computes on.
func observeOn(ctx context.Context, rt Runtime) (device.Observation, error) {
	if e, ok := rt.(Elsewhere); ok {
		return e.Observe(ctx)
	}
	return device.Observe(), nil
}

func isElsewhere(rt Runtime) bool { _, ok := rt.(Elsewhere); return ok }

// What sessions and runtimes return for wrong use.
var (
	// ErrClosed is for the use of a session that is closed.
	ErrClosed = errors.New("profiles: the session is closed")
	// ErrInput is for an input that is not a batch of the network's images.
	ErrInput = errors.New("profiles: not an input of the network")
	// ErrOrder is for a run without input, and for the output of no run.
	ErrOrder = errors.New("profiles: a session takes SetInput, Run and Output in this order")
)
