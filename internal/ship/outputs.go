package ship

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tailor-nas/tailor/internal/evaluate"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

const (
	// Tolerance is how far outputs may be from those of tailor's engine, relative to the largest.
	Tolerance = 1e-4

	comparedImages = 3 // random ones that outputs are compared for
)

// checkExport checks an exported file: its bytes, what it says of the network, what it computes.
func checkExport(dir string, e manifest.Export, w Winner) []Check {
	data, err := readExport(dir, w.Manifest, e)
	checks := []Check{judge(e.File, err)}
	switch {
	case errors.Is(err, fs.ErrNotExist): // it may stay behind
		return []Check{{What: e.File, Verdict: Unknown, Why: "it is not here: copy it too, or have tailor export write one"}}
	case err != nil:
		return checks
	}
	read := evaluate.ReadONNX
	if e.Format == manifest.FormatTFLite {
		read = evaluate.ReadTFLite
	}
	model, err := read(data)
	if err != nil {
		return append(checks, judge(e.File+" operators", err))
	}
	checks = append(checks, judge(e.File+" metadata",
		checkSaid(model, e, w.Manifest)))
	what := e.File + " outputs"
	if w.Net == nil {
		return append(checks, Check{What: what, Verdict: Unknown,
			Why: "there are no weights to compare with"})
	}
	if err := checkShapes(model, w.Net); err != nil {
		return append(checks, judge(what, err))
	}
	return append(checks, CheckOutputs(what, w.Net, model.Run))
}

// CheckOutputs compares what runs a network elsewhere with tailor's engine, for random images.
func CheckOutputs(what string, net *supernet.Subnet,
	run func(image []float32) ([]float64, error)) Check {
	difference, err := compareOutputs(net, run)
	if err != nil {
		return judge(what, err)
	}
	found := fmt.Sprintf("off by %.1g", difference)
	if !(difference <= Tolerance) {
		return Check{what, Lie, claimedDifference, found, "it computes another network"}
	}
	return Check{What: what, Verdict: Holds, Claimed: claimedDifference, Found: found}
}

// claimedDifference is Tolerance in words.
var claimedDifference = fmt.Sprintf("at most %g", Tolerance)

// checkSaid compares an exported file's shapes and metadata with the manifest.
func checkSaid(model *evaluate.Model, e manifest.Export, m *manifest.Manifest) error {
	height, width, channels := model.Input()
	shape := []int{1, height, width, channels}
	if e.Format == manifest.FormatONNX {
		shape = []int{1, channels, height, width}
	}
	if !slices.Equal(shape, e.Input) {
		return fmt.Errorf("it takes %v, the manifest says %v", shape, e.Input)
	}
	if model.Output != e.Output || model.Opset != e.Opset {
		return fmt.Errorf("it gives %.40q by opset %d, the manifest says %.40q and %d",
			model.Output, model.Opset, e.Output, e.Opset)
	}
	meta, err := besideMeta(m)
	if err != nil {
		return err
	}
	said := map[string]string{}
	for _, p := range meta.Properties() {
		said[p.Key] = p.Value
	}
	for _, key := range slices.Sorted(maps.Keys(said)) {
		if model.Properties[key] != said[key] {
			return fmt.Errorf("its %s is %.60q, the manifest says %.60q", key,
				model.Properties[key], said[key])
		}
	}
	return nil
}

// checkShapes compares what an exported file takes and gives with the blocks.
func checkShapes(model *evaluate.Model, net *supernet.Subnet) error {
	in, classes := net.Blocks[0].In, net.Blocks[len(net.Blocks)-1].Out.C
	if h, w, ch := model.Input(); h != in.H || w != in.W || ch != in.C ||
		model.Classes() != classes {
		return fmt.Errorf("it takes %dx%dx%d values and gives %d, the blocks take %dx%dx%d "+
			"and give %d", h, w, ch, model.Classes(), in.H, in.W, in.C, classes)
	}
	return nil
}

// compareOutputs gives the largest difference from the engine's logits, relative to the largest of
// these, for random images.
func compareOutputs(net *supernet.Subnet, run func([]float32) ([]float64, error)) (float64,
	error) {
	c, err := net.Classifier(1)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	worst, r := 0.0, rand.New(rand.NewPCG(1, 1))
	image := make([]float32, c.Input().Len())
	for range comparedImages {
		for i := range image {
			image[i] = float32(r.NormFloat64())
		}
		ours, err := c.Logits(image)
		if err != nil {
			return 0, err
		}
		theirs, err := run(image)
		if err != nil {
			return 0, err
		}
		worst = max(worst, difference(theirs, ours))
	}
	return worst, nil
}

// difference of values from others, relative to the largest of these. It is NaN where any is.
func difference(got []float64, want []float32) float64 {
	worst, scale := 0.0, 1e-6
	for i, v := range want {
		worst = max(worst, math.Abs(got[i]-float64(v)))
		scale = max(scale, math.Abs(float64(v)))
	}
	return worst / scale
}
