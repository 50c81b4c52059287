package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// budget is how long a runtime is tried.
const budget = time.Second

// native tries tailor's own engine.
func native(ctx context.Context) Check {
	engine := profiles.Native{Threads: 1}
	var ms float64
	c := try("native", func() (found string, err error) {
		ms, err = latency(ctx, engine)
		return "tailor's own engine, kernels " + engine.Info().Options["kernels"], err
	})
	c.LatencyMS = ms
	return c
}

// runtimes tries those that tailor-agent has.
func runtimes(ctx context.Context) []Check {
	path, about, found, err := remote.Look(ctx)
	if errors.Is(err, remote.ErrNoAgent) {
		return []Check{{Name: "tailor-agent", State: Missing, Problem: err.Error()}}
	}
	if err != nil {
		return []Check{{Name: "tailor-agent", State: Fails, Found: path, Problem: err.Error()}}
	}
	all := []Check{{Name: "tailor-agent", State: Works, Found: about.Program + ", " + path}}
	for _, one := range found {
		all = append(all, tryRuntime(ctx, one))
	}
	return all
}

// tryRuntime compares a runtime's outputs with those of tailor's engine, and times it.
func tryRuntime(ctx context.Context, one protocol.Runtime) Check {
	if !one.Found() {
		return Check{Name: one.Name, State: Missing, Problem: one.Missing}
	}
	var ms float64
	c := try(one.Name, func() (string, error) {
		found := fmt.Sprintf("version %s, %s", one.Version, one.Library)
		rt, err := remote.Open(ctx, remote.Config{Runtime: one.Name, Library: one.Library})
		if err != nil {
			return found, err
		}
		ms, err = latency(ctx, rt)
		return found, errors.Join(err, rt.Close())
	})
	c.LatencyMS = ms
	return c
}

// latency is what the smallest network of a space takes; before, outputs are checked.
func latency(ctx context.Context, rt profiles.Runtime) (ms float64, err error) {
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		return 0, err
	}
	smallest := [][]supernet.Block{space.Blocks(space.Min())}
	timings, _, err := profiles.Networks(ctx, rt, smallest, profiles.Reference{}, budget, 1)
	if err != nil {
		return 0, err
	}
	return timings[0].LatencyMS, nil
}
