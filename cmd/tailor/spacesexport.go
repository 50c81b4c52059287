package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/elsewhere"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// exportSampleFlags are those of spaces --sample for a device without tailor.
type exportSampleFlags struct {
	Export []string `help:"Write the networks of --sample to the folder --out, in these formats: tflite, onnx. Beside them is measure.sh, which times them on a phone or board without tailor." enum:"tflite,onnx" with:"sample"`
	RunDir string   `name:"run" help:"Export with the weights of this run, of this space; without, with random ones, which take as long." type:"path" with:"export"`
	Data   string   `help:"The run's data, to calibrate batch norm; default where it was when training." type:"source" with:"run"`
}

// export writes networks to be timed elsewhere.
func (c *spacesCmd) export(ctx context.Context, g *Globals) error {
	switch {
	case c.Out == "":
		return usagef("--export needs the folder to write to: add --out DIR")
	case *c.Sample > elsewhere.MaxNetworks:
		return usagef("--sample is %d, expected %d at most with --export", *c.Sample,
			elsewhere.MaxNetworks)
	}
	space, run, err := c.source()
	if err != nil {
		return err
	}
	if run != nil {
		g.trained(run)
	}
	archs, _, err := c.draw(g, space)
	if err != nil {
		return err
	}
	s, err := pipeline.SampleNetworks(ctx, pipeline.SampleJob{
		Space: space, Run: run, Data: c.Data, Archs: archs, Formats: distinct(c.Export),
		Dir: c.Out, Version: version(), Workers: g.Workers, Seed: g.Seed,
		Progress: func(done, total int) {
			g.progress("write networks", float64(done), float64(total))
		},
	})
	if err != nil {
		return err
	}
	return g.result(s, func(w io.Writer) {
		fmt.Fprintf(w, "wrote %s to %s, %s in all\n", networksText(len(s.Networks)),
			shown(s.Dir), bytesText(s.Bytes))
		fmt.Fprintf(w, "time them on the device: sh %s adb (or ssh:HOST, local)\n",
			shellWord(filepath.Join(shown(s.Dir), elsewhere.ScriptFile)))
	})
}

// networksText is a number of networks.
func networksText(n int) string {
	if n == 1 {
		return "1 network"
	}
	return fmt.Sprintf("%d networks", n)
}

// source is the space and, if there is one, the run, which must be of the space that was named.
func (c *spacesCmd) source() (*supernet.Space, *trainer.Run, error) {
	space, err := supernet.LoadSpace(c.Name)
	if err != nil || c.RunDir == "" {
		return space, nil, err
	}
	run, err := trainer.OpenRun(c.RunDir)
	if err != nil {
		return nil, nil, err
	}
	own := run.Info.Space
	if space.For(own.Classes, own.Channels).SHA256() != own.SHA256() {
		return nil, nil, usagef("run %s is of space %s, not of %s: name that one", c.RunDir,
			own.Name, c.Name)
	}
	return own, run, nil
}

// distinct leaves out what comes again.
func distinct(all []string) (once []string) {
	seen := map[string]bool{}
	for _, v := range all {
		if !seen[v] {
			once = append(once, v)
		}
		seen[v] = true
	}
	return once
}
