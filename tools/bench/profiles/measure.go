package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// resolutions are those of all networks.
func (b *bench) resolutions() []int {
	if b.resolution == 0 {
		return b.space.Resolutions
	}
	return []int{b.resolution}
}

// profile makes one of a runtime's two profiles, unless it is there, and fits to it.
func (b *bench) profile(ctx context.Context, m *measured, pass int) error {
	path := b.path("%s-%d.json", m.name, pass+1)
	p, err := profiles.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		settings := profiles.ProfileDefaults()
		settings.Resolutions, settings.Seed = b.resolutions(), b.seed+uint64(pass)
		err = with(ctx, m.name, func(rt profiles.Runtime) (err error) {
			if p, err = profiles.New(ctx, b.space, rt, settings); err == nil {
				err = p.Save(path)
			}
			return err
		})
	}
	if err != nil {
		return err
	}
	m.profiles[pass] = p
	if m.latency[pass], err = pipeline.FitLatency(b.space, p, path); err != nil {
		return err
	}
	return m.latency[pass].Save(b.path("%s-%d-latency.json", m.name, pass+1))
}

// timing is the latency of a network, as kept in a file.
type timing struct {
	Arch supernet.Spec `json:"arch"`
	MS   float64       `json:"ms"`
	High float64       `json:"ci_high_ms"`
}

// timeHeldOut times networks that are in no profile.
func (b *bench) timeHeldOut(ctx context.Context, m *measured) error {
	r := rand.New(rand.NewPCG(b.seed, 100))
	archs := make([]supernet.Arch, b.heldOut)
	for i := range archs {
		archs[i] = b.space.Random(r)
		archs[i].Resolution = uint16(b.resolutions()[i%len(b.resolutions())])
	}
	times, err := b.time(ctx, m, "networks", archs)
	for i, t := range times {
		m.heldOut = append(m.heldOut, predictor.NetworkTime{Arch: archs[i], MS: t.MS})
	}
	return err
}

// time times networks in one session of a runtime, on the scale of its first profile, unless they
// were timed before.
func (b *bench) time(ctx context.Context, m *measured, what string, archs []supernet.Arch) (
	times []timing, err error) {
	path := b.path("%s-%s.json", m.name, what)
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &times)
		if err == nil && len(times) != len(archs) {
			err = fmt.Errorf("%s has %d networks, expected %d: give another -work", path,
				len(times), len(archs))
		}
		return times, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	networks := make([][]supernet.Block, len(archs))
	for i, a := range archs {
		networks[i] = b.space.Blocks(a)
	}
	reference, err := m.profiles[0].Reference(b.space)
	if err != nil {
		return nil, err
	}
	err = with(ctx, m.name, func(rt profiles.Runtime) error {
		timings, _, err := profiles.Networks(ctx, rt, networks, reference,
			time.Duration(len(archs))*b.each, b.seed)
		for i, t := range timings {
			times = append(times, timing{b.space.Spec(archs[i]), t.LatencyMS, t.CIHighMS})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return times, store.WriteFile(path, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(times)
	})
}
