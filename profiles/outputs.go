package profiles

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/supernet"
)

// tolerance is how far outputs may be from those of tailor's engine, as a share of the largest.
const tolerance = 1e-4

// OutputError says that a runtime computes something else than tailor's engine, so that its times
// are those of something else.
type OutputError struct {
	Runtime string // its ID
	Name    string // the key of a block's work, or which network it is
	Reason  string
}

func (e *OutputError) Error() string {
	return fmt.Sprintf("%s computes %s wrong, and was not timed: %s; "+
		"check its version, and that it computes in float32", e.Runtime, e.Name, e.Reason)
}

// anyInput is a batch of random images for a network, always the same.
func anyInput(net *supernet.Subnet, batch int) []float32 {
	random := rand.New(rand.NewPCG(1, 2))
	images := make([]float32, batch*net.Blocks[0].In.Len())
	for i := range images {
		images[i] = float32(random.NormFloat64())
	}
	return images
}

// engineOutput is what tailor's engine gives on an input.
func engineOutput(ctx context.Context, net *supernet.Subnet, input []float32) ([]float32, error) {
	s, err := Native{Batch: len(input) / net.Blocks[0].In.Len()}.Load(ctx, net)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return runOnce(s, input)
}

func runOnce(s Session, input []float32) ([]float32, error) {
	if err := s.SetInput(input); err != nil {
		return nil, err
	}
	if err := s.Run(); err != nil {
		return nil, err
	}
	return s.Output()
}

// difference says where two outputs differ by more than rounding does; empty if nowhere.
func difference(got, want []float32) string {
	if len(got) != len(want) {
		return fmt.Sprintf("it gives %d values, expected %d", len(got), len(want))
	}
	var largest float64
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i := range want {
		off := math.Abs(float64(got[i]) - float64(want[i]))
		if !(off <= tolerance*largest) { // also NaN
			return fmt.Sprintf("value %d of %d is %g, expected %g", i, len(want), got[i], want[i])
		}
	}
	return ""
}
