package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/supernet"
)

type importSupernetCmd struct {
	File  string `arg:"" help:"The weights: a state dict or checkpoint of PyTorch, or safetensors." type:"path"`
	Space string `help:"Space that they are of: ofa-mbv3, ofa-mbv3-w1.2, ofa-proxyless, ofa-resnet50, or a YAML file." default:"ofa-mbv3-w1.2" type:"source"`
	Out   string `required:"" help:"Folder of the run, which must not exist." type:"path" out:"folder"`
}

// importSupernetResult is the JSON.
type importSupernetResult struct {
	Run     string `json:"run"`
	Space   string `json:"space"`
	Classes int    `json:"classes"`
	Tensors int    `json:"tensors"` // that were used
	// tensors that the space has no place for
	Unused []string `json:"unused,omitempty"`
	// what else the file has, and why it was not read
	Skipped []string `json:"skipped,omitempty"`
}

// Run imports.
func (c *importSupernetCmd) Run(ctx context.Context, g *Globals) error {
	space, err := supernet.LoadSpace(c.Space)
	if err != nil {
		return err
	}
	run, s, err := pipeline.ImportSupernet(ctx, space, c.File, c.Out)
	if err != nil {
		return err
	}
	r := importSupernetResult{run.Dir, space.Name, run.Info.Space.Classes, s.Tensors, s.Unused,
		s.Skipped}
	return g.result(r, r.print)
}

func (r *importSupernetResult) print(w io.Writer) {
	fmt.Fprintf(w, "took %d tensors for space %s with %d classes\n", r.Tensors, r.Space, r.Classes)
	if len(r.Unused) > 0 {
		fmt.Fprintf(w, "not used, since the space has no place for them: %s\n",
			strings.Join(r.Unused, ", "))
	}
	for _, line := range r.Skipped {
		fmt.Fprintln(w, "not read:", line)
	}
	fmt.Fprintln(w, "wrote", shown(r.Run))
}
