package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/search/manifest"
)

type exportCmd struct {
	Manifest string `arg:"" help:"Manifest of a network with weights, or its folder." type:"path"`
	ONNX     string `name:"onnx" help:"Write the network to this ONNX file." type:"path" out:"exported network"`
	TFLite   string `name:"tflite" help:"Write the network to this TensorFlow Lite file." type:"path" out:"exported network"`
	Opset    string `help:"Version of ONNX's operators: 17, or 13 for older programs." enum:"17,13" default:"17" with:"onnx"`

	WithPreprocessing bool `help:"Let the file take an image of bytes of the network's size, and give probabilities. Without, it takes normalised values and gives logits."`
	outFlags
}

// alsoReads are the weights that the manifest names.
func (c *exportCmd) alsoReads() []string { return manifest.WeightsFiles(c.Manifest) }

// Run exports.
func (c *exportCmd) Run(g *Globals) error {
	if c.ONNX == "" && c.TFLite == "" {
		return usagef("nothing is to be written: add --onnx FILE, --tflite FILE or both")
	}
	opset, err := strconv.Atoi(c.Opset)
	if err != nil {
		return err
	}
	e, err := pipeline.Export(pipeline.ExportJob{
		Manifest: c.Manifest, ONNX: c.ONNX, TFLite: c.TFLite, Version: version(),
		Preprocessing: c.WithPreprocessing, Opset: opset,
	})
	if err != nil {
		return err
	}
	return g.result(e, func(w io.Writer) {
		for _, f := range e.Files {
			fmt.Fprintf(w, "wrote %s: %s, %s in, %d %s out\n",
				shown(f.Path), bytesText(f.Bytes), shapeText(f.Input), e.Classes, f.Output)
		}
	})
}

// shapeText is a shape as 1x3x32x32.
func shapeText(sides []int) string {
	text := make([]string, len(sides))
	for i, s := range sides {
		text[i] = strconv.Itoa(s)
	}
	return strings.Join(text, "x")
}

// exportFormats are what a flag names; none is none.
func exportFormats(given []string) ([]string, error) {
	formats := slices.Compact(slices.Sorted(slices.Values(given)))
	switch {
	case !slices.Contains(formats, "none"):
		return formats, nil
	case len(formats) > 1:
		return nil, usagef("--export is none and %s: say one of the two",
			strings.Join(slices.DeleteFunc(formats, func(f string) bool { return f == "none" }), ","))
	}
	return nil, nil
}

// withExports names the files beside a manifest.
func withExports(exports []manifest.Export) string {
	var names []string
	for _, e := range exports {
		names = append(names, e.File)
	}
	if names == nil {
		return ""
	}
	return " with " + strings.Join(names, " and ")
}
