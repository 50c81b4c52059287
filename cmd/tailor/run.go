package main

import (
	"context"
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/amount"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/profiles"
)

type runCmd struct {
	Winner string   `arg:"" help:"Winner with weights: its folder or its manifest." type:"path"`
	Images []string `arg:"" help:"Image files to classify." type:"path"`
	Top    int      `help:"Classes to print of each image, the most probable first." default:"5" range:"1..1000000"`
	servedFlags
}

// Run classifies. Where some files are no images it fails, once the others are printed.
func (c *runCmd) Run(ctx context.Context, g *Globals) error {
	var result *pipeline.Classified
	err := c.with(ctx, g, "", func(rt profiles.Runtime) (err error) {
		result, err = pipeline.Classify(ctx, pipeline.ClassifyJob{Winner: c.Winner,
			Images: c.Images, Top: c.Top, Runtime: rt})
		return err
	})
	if err != nil {
		return err
	}
	if err := g.result(result, func(w io.Writer) { printClassified(w, result) }); err != nil {
		return err
	}
	failed := result.Failed()
	switch {
	case failed == 1:
		for _, one := range result.Images {
			if one.Error != "" {
				return fmt.Errorf("%s", one.Error)
			}
		}
	case failed > 0:
		for _, one := range result.Images {
			if one.Error != "" {
				fmt.Fprintln(g.stderr, " ", inOneLine(one.Error))
			}
		}
		return fmt.Errorf("%d of %s could not be classified", failed,
			amount.Of(len(result.Images), "image"))
	}
	return nil
}

func printClassified(w io.Writer, result *pipeline.Classified) {
	t := &table{headings: 1}
	t.row("IMAGE", "CLASS", "PROBABILITY", "TIME")
	for _, one := range result.Images {
		name := shown(one.Image)
		for i, class := range one.Classes {
			took := ""
			if i == 0 {
				took = latency(one.Times.ClassifyMS)
			}
			t.row(name, class.Label, fmt.Sprintf("%.2f %%", 100*class.Probability), took)
			name = ""
		}
	}
	if len(t.rows) > 1 {
		t.print(w)
	}
}
