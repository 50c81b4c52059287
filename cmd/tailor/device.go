package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/fleet"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor"
)

// agentFlags say how tailor-agent comes to a device.
type agentFlags struct {
	Agent        string   `help:"The tailor-agent for the --device; default one that is found or built for it." type:"path" with:"device"`
	KeepAgent    bool     `help:"Leave tailor-agent on the --device, in ~/.cache/tailor, for the next time; else nothing stays there." with:"device"`
	BringLibrary []string `help:"Put this shared library of the runtime on the --device until the command ends, and files that must lie beside it, separated by commas." type:"path" with:"device"`
}

// deviceFlags name a device elsewhere.
type deviceFlags struct {
	Device string `help:"Measure on a device elsewhere: ssh://user@host[:port], or exec:COMMAND, whose input and output reach a tailor-agent there." placeholder:"ADDRESS"`
	agentFlags
}

// check refuses flags that say nothing to each other.
func (f deviceFlags) check(runtime, library string) error {
	native := runtime == "native" || runtime == ""
	switch {
	case native && library != "":
		return usagef("--library says nothing without a --runtime that is one: %s",
			strings.Join(remote.Names(), ", "))
	case native && f.BringLibrary != nil:
		return usagef("--bring-library says nothing without a --runtime that is one: %s",
			strings.Join(remote.Names(), ", "))
	case library != "" && f.BringLibrary != nil:
		return usagef("--library names a file that is on the device, and --bring-library one that is here: leave one out")
	}
	return nil
}

// config says how a runtime is opened, on the device if one is named.
func (f deviceFlags) config(g *Globals, runtime, library string) (remote.Config, error) {
	c := remote.Config{Runtime: runtime, Library: library}
	if f.Device == "" {
		return c, nil
	}
	return f.agentFlags.config(g, f.Device, c)
}

// config adds a device.
func (f agentFlags) config(g *Globals, address string, c remote.Config) (remote.Config, error) {
	dialer, err := fleet.Open(address, fleet.Options{Agent: f.Agent, Keep: f.KeepAgent,
		Runtime: c.Runtime, Say: func(text string) { g.say("%s", text) }})
	if bad := (*fleet.AddressError)(nil); errors.As(err, &bad) {
		return c, usagef("--device: %v", err)
	}
	c.Device, c.Owner, c.Bring = dialer, owner(), f.BringLibrary
	c.Warn = func(text string) { g.warn("%s", text) }
	return c, err
}

// owner says for others who measures.
func owner() string {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	return fmt.Sprintf("tailor of %s on %s, process %d, since %s", name,
		cmp.Or(host, fmt.Sprint(err)), os.Getpid(), time.Now().Format(time.DateTime))
}

// devicesFlags name devices elsewhere.
type devicesFlags struct {
	Device []string `help:"Time winners on the device elsewhere that a --latency is of: ssh://user@host[:port] or exec:COMMAND; again for each device." placeholder:"ADDRESS" sep:"none" with:"latency"`
	agentFlags
}

// open gives each of the job's devices the runtime that times winners there. Those are on this
// machine, or at an address; which address is which device, it says itself.
func (f devicesFlags) open(ctx context.Context, g *Globals, j *winners.Job) (done func(),
	err error) {
	var all []func()
	done = func() {
		for _, end := range all {
			end()
		}
	}
	for i := range j.Devices {
		of := j.Devices[i].Latency
		if of == nil {
			continue
		}
		rt, end, err := again(ctx, of.Device, of.Runtime)
		if err != nil {
			g.warn("latencies are predicted and not measured: %v", err)
		}
		j.Devices[i].Runtime = rt
		all = append(all, func() { _ = end() }) // what it was wanted for is done
	}
	for _, address := range f.Device {
		end, err := f.openOne(ctx, g, j, address)
		if err != nil {
			done()
			return nil, err
		}
		all = append(all, end)
	}
	return done, nil
}

// errNoneOf says that an address is of no device that winners are wanted for.
var errNoneOf = errors.New("no --latency is of this device")

// openOne opens the runtime at an address that a predictor was fitted to.
func (f devicesFlags) openOne(ctx context.Context, g *Globals, j *winners.Job, address string) (
	done func(), err error) {
	refused := fmt.Errorf("--device %s: %w", address, errNoneOf)
	for i := range j.Devices {
		d := &j.Devices[i]
		if remote.NameOf(d.Latency.Runtime) == "" {
			continue
		}
		r, err := f.openAs(ctx, g, d.Latency, address)
		if errors.Is(err, remote.ErrOther) || errors.Is(err, remote.ErrMissing) {
			refused = fmt.Errorf("%w; of %s: %w", refused, d.Name, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		if there := r.Device().ID; there != d.Latency.Device {
			refused = fmt.Errorf("%w: it is %s, and %s is of %s", refused, there, d.Name,
				d.Latency.Device)
			_ = r.Close() // nothing was asked of it
			continue
		}
		d.Runtime = r
		return func() { _ = r.Close() }, nil // what it was wanted for is done
	}
	return nil, refused
}

func (f devicesFlags) openAs(ctx context.Context, g *Globals, of *predictor.Latency,
	address string) (*remote.Runtime, error) {
	c, err := f.config(g, address, remote.Config{Runtime: remote.NameOf(of.Runtime)})
	if err != nil {
		return nil, err
	}
	return remote.OpenAs(ctx, c, of.Runtime)
}
