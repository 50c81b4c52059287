package pipeline

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// ProfileCheck asks how well a profile predicts networks that are not in it.
type ProfileCheck struct {
	Space    *supernet.Space
	Profile  *profiles.Profile
	Path     string // of the profile, for errors
	Runtime  profiles.Runtime
	Networks int           // to time; fewer are timed where the space has no more
	Each     time.Duration // to time each
}

// checkStream is the stream of random numbers that draws these networks.
const checkStream = 0xc4ec

// CheckProfile fits to a profile, times random networks that are not in it, and compares.
func CheckProfile(ctx context.Context, c ProfileCheck) (regress.HeldOut, error) {
	l, err := FitLatency(c.Space, c.Profile, c.Path)
	if err != nil {
		return regress.HeldOut{}, err
	}
	archs, err := c.archs()
	if err != nil {
		return regress.HeldOut{}, err
	}
	predicted, err := l.Predict(archs)
	if err != nil {
		return regress.HeldOut{}, fmt.Errorf("check %s: %w", c.Path, err)
	}
	networks := make([][]supernet.Block, len(archs))
	for i, a := range archs {
		networks[i] = c.Space.Blocks(a)
	}
	reference, err := c.Profile.Reference(c.Space)
	if err != nil {
		return regress.HeldOut{}, fmt.Errorf("check %s: %w", c.Path, err)
	}
	timings, _, err := profiles.Networks(ctx, c.Runtime, networks, reference,
		time.Duration(len(archs))*c.Each, c.Profile.Settings.Seed)
	if err != nil {
		return regress.HeldOut{}, fmt.Errorf("check %s: %w", c.Path, err)
	}
	measured := make([]float64, len(archs))
	for i, t := range timings {
		measured[i] = t.LatencyMS
	}
	return regress.Compare(predicted, measured), nil
}

// archs are networks at the profile's resolutions that it does not have.
func (c *ProfileCheck) archs() ([]supernet.Arch, error) {
	known, err := networksOf(c.Space, c.Profile, c.Path)
	if err != nil {
		return nil, err
	}
	taken := map[supernet.Arch]bool{}
	for _, n := range known {
		taken[n.Arch] = true
	}
	var archs []supernet.Arch
	r := rand.New(rand.NewPCG(c.Profile.Settings.Seed, checkStream))
	for range 100 * c.Networks {
		a := c.Space.Random(r)
		a.Resolution = uint16(c.Profile.Resolutions[r.IntN(len(c.Profile.Resolutions))])
		if !taken[a] && len(archs) < c.Networks {
			taken[a] = true
			archs = append(archs, a)
		}
	}
	if len(archs) == 0 {
		return nil, fmt.Errorf("check %s: space %s has no networks beyond those of the profile: profile with fewer --networks", c.Path, c.Space.Name)
	}
	return slices.Clip(archs), nil
}
