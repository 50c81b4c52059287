package walk

import (
	"context"
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/supernet"
)

// Again is what a manifest's network does when it is measured again.
type Again struct {
	Manifest  string           `json:"manifest"`
	Top1      float64          `json:"top1"`
	Images    int              `json:"images"`
	LatencyMS float64          `json:"latency_ms"`
	LowMS     float64          `json:"latency_ci_low_ms"`
	HighMS    float64          `json:"latency_ci_high_ms"`
	Unstable  bool             `json:"unstable,omitempty"`
	MACs      int64            `json:"macs"`
	Params    int64            `json:"params"`
	NonZero   int64            `json:"nonzero_weights"`
	Claimed   *search.Measured `json:"claimed,omitempty"` // what the manifest says
}

// MeasureAgain tests the network of a manifest on its test images, which are at path or where they were, and times it on one
// thread of this machine. opened, if not nil, is told of the images before.
func MeasureAgain(ctx context.Context, manifest, path string, workers int, budget time.Duration, seed uint64, opened func(*data.Dataset)) (*Again, error) {
	manifest = ManifestPath(manifest)
	m, net, err := search.LoadManifest(manifest)
	if err != nil {
		return nil, err
	}
	if net == nil || m.Images == nil {
		return nil, fmt.Errorf("%s has no weights to test: it was searched without a training run; search with --run", manifest)
	}
	d, err := OpenImages(m, manifest, path)
	if err != nil {
		return nil, err
	}
	if opened != nil {
		opened(d)
	}
	a := &Again{Manifest: manifest, Images: d.Test.Len(), MACs: m.MACs, Params: m.Params, Claimed: m.Measured}
	_, a.NonZero = net.NonZero()
	if a.Top1, err = NetTop1(ctx, net, d, d.Test, workers); err != nil {
		return nil, err
	}
	timings, session, err := profiles.Subnets(ctx, profiles.Native{Threads: 1}, []*supernet.Subnet{net}, budget, seed)
	if err != nil {
		return nil, fmt.Errorf("time %s: %w", manifest, err)
	}
	t := timings[0]
	a.LatencyMS, a.LowMS, a.HighMS, a.Unstable = t.LatencyMS, t.CILowMS, t.CIHighMS, t.Unstable || session.Unstable
	return a, nil
}
