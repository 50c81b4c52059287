package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/supernet"
)

type adoptCmd struct {
	File       string    `arg:"" help:"A state dict of PyTorch (MobileNetV2 and V3, MNASNet, EfficientNet and its Lite variants, of torchvision, timm and lukemelas), or an ONNX file of MBConv blocks. Nothing in it is executed." type:"path"`
	Out        string    `required:"" help:"Folder of the run." type:"path" out:"folder"`
	Space      string    `help:"YAML file of the space, as an earlier adoption wrote it and somebody edited it. Default one around the network." type:"source"`
	Resolution *int      `help:"Side of the images in pixels. Default what the file says, or the family's." range:"8..4096"`
	Mean       []float64 `help:"Mean of the images that the network was trained on, a number a channel, of values from 0 to 1. Default the family's; an ONNX file may not say it." range:"0..1"`
	Std        []float64 `help:"Standard deviation, likewise." range:"1e-6..10"`
	BNEps      *float64  `name:"bn-eps" help:"Epsilon of batch norm in a state dict. Default the family's." range:"1e-12..0.1"`
	Padding    string    `help:"Zeros around the input of convolutions with stride 2 in a state dict: symmetric, or tf_same. Default the family's." enum:",symmetric,tf_same" default:""`
	Labels     string    `help:"File with the names of the classes, one a line." type:"path"`
	Data       string    `help:"Images on which batch norm is measured, where an ONNX file has it folded into the weights. Default invented ones." type:"source"`
}

// adoptResult is the JSON of adopt.
type adoptResult struct {
	Run        string    `json:"run"`
	SpaceFile  string    `json:"space_file"`
	Family     string    `json:"family"`
	Classes    int       `json:"classes"`
	Labels     bool      `json:"labels"` // whether the classes have names
	Taken      []taken   `json:"taken"`  // what the weights do not say, and who does
	Space      spaceInfo `json:"space"`
	Measured   int       `json:"measured_images"` // to put folded batch norm back
	Invented   bool      `json:"invented_images"`
	Checked    bool      `json:"checked"` // against the file's own graph
	Difference float64   `json:"difference"`
	// of a checkpoint with more than the network: the part that was taken, and the others that have
	// tensors
	Part string   `json:"part,omitempty"`
	Left []string `json:"left,omitempty"`
}

// taken is something about a network that its weights do not say.
type taken struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"`
}

// settings are what the flags say.
func (c *adoptCmd) settings() (s pipeline.AdoptSettings, err error) {
	s.Labels, s.Data = c.Labels, c.Data
	give(&s.Resolution, c.Resolution)
	give(&s.BNEps, c.BNEps)
	for _, l := range []struct {
		from []float64
		to   *[]float32
	}{{c.Mean, &s.Mean}, {c.Std, &s.Std}} {
		for _, v := range l.from {
			*l.to = append(*l.to, float32(v))
		}
	}
	if c.Padding != "" {
		padding := supernet.Padding(strings.TrimPrefix(c.Padding, "symmetric"))
		s.Padding = &padding
	}
	if c.Space != "" {
		s.Space, err = supernet.LoadSpace(c.Space)
	}
	return s, err
}

// Run adopts.
func (c *adoptCmd) Run(ctx context.Context, g *Globals) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	r, err := pipeline.Adopt(ctx, c.File, c.Out, s)
	if err != nil {
		return err
	}
	result := adopted(r)
	return g.result(result, result.print)
}

func adopted(r *pipeline.AdoptedRun) adoptResult {
	f := r.Adopted.Facts
	return adoptResult{
		Run: r.Run.Dir, SpaceFile: r.SpaceFile, Family: f.Family,
		Classes: r.Adopted.Network.Classifier.Out, Labels: r.Run.Info.Data.Classes != nil,
		Taken: []taken{
			{"resolution", fmt.Sprint(f.Resolution.Value), f.Resolution.From},
			{"mean", fmt.Sprint(f.Mean.Value), f.Mean.From},
			{"std", fmt.Sprint(f.Std.Value), f.Std.From},
			{"batch norm epsilon", fmt.Sprint(f.BNEps.Value), f.BNEps.From},
			{"padding", r.Padding(), f.Padding.From},
		},
		Space: describe(r.Run.Info.Space), Measured: r.Measured, Invented: r.Invented,
		Checked: r.Adopted.Example != nil, Difference: r.Difference, Part: f.Taken, Left: f.Left,
	}
}

func (r *adoptResult) print(w io.Writer) {
	fmt.Fprintf(w, "adopted %s: %s MACs at %s px, %s parameters, %d classes", r.Family,
		large(r.Space.Max.MACs), r.Taken[0].Value,
		large(r.Space.Max.Params), r.Classes)
	if !r.Labels {
		fmt.Fprint(w, " without names (--labels FILE gives them)")
	}
	fmt.Fprintln(w)
	if len(r.Left) > 0 {
		fmt.Fprintln(w, " ", pipeline.LeftText(r.Part, r.Left))
	}
	for _, t := range r.Taken {
		fmt.Fprintf(w, "  %s %s, from %s\n", t.Name, t.Value, t.From)
	}
	switch {
	case r.Invented:
		fmt.Fprintf(w, "batch norm had been folded into the weights: it was put back with what %d invented images give (better are your own: --data DIR)\n", r.Measured)
	case r.Measured > 0:
		fmt.Fprintf(w, "batch norm had been folded into the weights: it was put back with what %d images give\n", r.Measured)
	}
	if r.Checked {
		fmt.Fprintf(w, "the largest network gives what the file's own graph gives for a random image, to %.1g of the largest value\n", r.Difference)
	} else {
		fmt.Fprintln(w, "a state dict has no graph to compare with: outputs are right if the family is")
	}
	fmt.Fprintf(w, "its space has %s networks from %s MACs on\n", brief(r.Space.Networks),
		large(r.Space.Min.MACs))
	fmt.Fprintln(w, "wrote", shown(r.Run), "and", shown(r.SpaceFile))
}
