// Command profilediff compares two profiles of one device, for instance one that was measured here
// and one that came through ssh: by how much the times of blocks and networks differ.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/tailor-nas/tailor/internal/devices"
	"github.com/tailor-nas/tailor/profiles"
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
			fmt.Println("in doubt:", reason)
		}
	}
	c, err := devices.Compare(a, b)
	if err != nil {
		return err
	}
	print("blocks", c.Blocks)
	print("networks", c.Networks)
	return nil
}

// print says how far apart times of the same are, in percent.
func print(what string, a devices.Apart) {
	if a.Both == 0 {
		fmt.Println("no", what, "in both")
		return
	}
	fmt.Printf("%d %s, %d not known to within 2 %% in one of the two: apart by %.2f %% in the "+
		"median, %.2f %% at the 95th percentile, %.2f %% at most\n", a.Both, what, a.Unstable,
		100*a.Median, 100*a.P95, 100*a.Most)
}
