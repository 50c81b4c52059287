package walk

import (
	"fmt"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// FitLatency makes a latency predictor of a profile of the space. The profile's path is kept for the reader.
func FitLatency(space *supernet.Space, p *profiles.Profile, path string) (*predictor.Latency, error) {
	if p.SpaceSHA256 != space.SHA256() {
		return nil, &store.StaleError{File: path, Role: "space", Want: p.SpaceSHA256, Got: space.SHA256()}
	}
	var blocks []predictor.BlockTime
	for _, b := range p.Blocks {
		blocks = append(blocks, predictor.BlockTime{Block: b.Block, MS: b.LatencyMS})
	}
	var networks []predictor.NetworkTime
	for _, n := range p.Networks {
		a, err := space.Arch(n.Arch)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		networks = append(networks, predictor.NetworkTime{Arch: a, MS: n.LatencyMS})
	}
	l, err := predictor.FitLatency(space, blocks, networks, predictor.FitSettings{})
	if err != nil {
		return nil, fmt.Errorf("fit latency to %s: %w", path, err)
	}
	l.Device, l.Runtime = p.Device.ID, RuntimeID(p.Runtime)
	l.Inputs = map[string]store.Input{"profile": {Path: filepath.Base(path), SHA256: p.SHA256}}
	return l, nil
}

// NativeLike is tailor's own engine with as many threads as a runtime that was profiled, or nil if that was another.
func NativeLike(runtime string) profiles.Runtime {
	const mostThreads = 1024
	for threads := 1; threads <= mostThreads; threads++ {
		if n := (profiles.Native{Threads: threads}); RuntimeID(n.Info()) == runtime {
			return n
		}
	}
	return nil
}

// RuntimeID names a runtime with what its latencies depend on.
func RuntimeID(r profiles.RuntimeInfo) string {
	return fmt.Sprintf("%s/%s threads=%d", r.Name, r.Version, r.Threads)
}
