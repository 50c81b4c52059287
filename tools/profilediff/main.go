// Command profilediff compares two profiles of one device, for instance one that was measured here
// and one that came through ssh: by how much the times of blocks and networks differ.
package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "profilediff:", err)
		os.Exit(1)
	}
}

func run(paths []string) error {
	if len(paths) != 2 {
		return errors.New("usage: profilediff PROFILE PROFILE")
	}
	a, err := profiles.Load(paths[0])
	if err != nil {
		return err
	}
	b, err := profiles.Load(paths[1])
	if err != nil {
		return err
	}
	if a.Identity() != b.Identity() || a.SpaceSHA256 != b.SpaceSHA256 {
		return fmt.Errorf("the first is of %+v, space %s, and the second of %+v, space %s",
			a.Identity(), a.SpaceName, b.Identity(), b.SpaceName)
	}
	for _, p := range []*profiles.Profile{a, b} {
		if reason := p.Unstable(); reason != "" {
			fmt.Println("the machine changed meanwhile:", reason)
		}
	}
	print("blocks", blocks(a), blocks(b))
	print("networks", networks(a), networks(b))
	return nil
}

// blocks are the times of a profile by block.
func blocks(p *profiles.Profile) map[string]timing.Timing {
	all := map[string]timing.Timing{}
	for _, b := range p.Blocks {
		all[b.Block.Key()] = b.Timing
	}
	return all
}

// networks are the times of a profile by network.
func networks(p *profiles.Profile) map[string]timing.Timing {
	all := map[string]timing.Timing{}
	for _, n := range p.Networks {
		all[fmt.Sprint(n.Arch)] = n.Timing
	}
	return all
}

// print says how far apart times of the same are, in percent.
func print(what string, a, b map[string]timing.Timing) {
	var apart []float64
	unstable := 0
	for name, x := range a {
		y, ok := b[name]
		if !ok {
			continue
		}
		if x.Unstable || y.Unstable {
			unstable++
		}
		apart = append(apart, 100*math.Abs(y.LatencyMS/x.LatencyMS-1))
	}
	if len(apart) == 0 {
		fmt.Println("no", what, "in both")
		return
	}
	slices.Sort(apart)
	at := func(q float64) float64 { return apart[int(q*float64(len(apart)-1))] }
	fmt.Printf("%d %s, %d not known to within 2 %% in one of the two: apart by %.2f %% in the "+
		"median, %.2f %% at the 95th percentile, %.2f %% at most\n", len(apart), what, unstable,
		at(.5), at(.95), at(1))
}
