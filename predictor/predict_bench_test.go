package predictor

import (
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// BenchmarkPredict asks for the accuracy of networks of OFA's space, by a predictor of the size of
// OFA's and by one of ours.
func BenchmarkPredict(b *testing.B) {
	space, err := supernet.LoadSpace("ofa-mbv3")
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	archs := make([]supernet.Arch, 4096)
	for i := range archs {
		archs[i] = space.Random(r)
		archs[i].Resolution = 192
	}
	for _, c := range []struct {
		name     string
		encoding string
		hidden   []int
		members  int
	}{{"ofa", ofaEncoding, []int{400, 400, 400}, 1}, {"ridge", encoding, []int{64, 64}, 3}} {
		b.Run(c.name, func(b *testing.B) {
			a := &Accuracy{Encoding: c.encoding, Resolutions: space.Resolutions, space: space}
			if a.encoder, err = newEncoder(a.Encoding, space); err != nil {
				b.Fatal(err)
			}
			for k := range c.members {
				sizes := append(append([]int{a.encoder.Len()}, c.hidden...), 1)
				n, _ := randomMLP(sizes, uint64(k))
				a.Model.Networks = append(a.Model.Networks, *n)
			}
			for b.Loop() {
				if _, err := a.Predict(archs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*len(archs))/b.Elapsed().Seconds(), "archs/s")
		})
	}
}
