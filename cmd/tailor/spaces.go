package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/design"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

type spacesCmd struct {
	Name   string   `arg:"" optional:"" help:"A shipped space, or a YAML file." type:"source"`
	YAML   bool     `name:"yaml" help:"Print the space's file, to begin one's own with." with:"name" without:"archs|sample"`
	Archs  string   `help:"Count MACs and parameters of the archs in this .jsonl file." type:"path" with:"name" without:"sample"`
	Sample *int     `help:"Draw this many archs that cover the range of MACs, to measure elsewhere and fit to (fit --measured)." range:"1..131072" with:"name"`
	For    []string `help:"Latency predictors of other devices, files or a folder of them: --sample draws the archs whose times on a new device tell most about how to transfer these to it (fit latency --from)." type:"path" with:"sample" many:"" placeholder:"FILE,..."`
	Out    string   `help:"Write the archs of --sample to this .jsonl file; with --export the folder for the networks." type:"path" out:"archs" outwith:"export=folder" with:"sample"`
	exportSampleFlags
	outFlags
}

// spaceInfo is what is said of a space.
type spaceInfo struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	SHA256      string `json:"sha256"`
	Networks    string `json:"networks"` // exact, as text: it exceeds 64 bits
	Resolutions []int  `json:"resolutions"`
	Genes       int    `json:"genes"`
	Min         costs  `json:"min"`
	Max         costs  `json:"max"`
	// LeftOut are resolutions that not all predictors of --for know, so that no arch is of them.
	LeftOut []int      `json:"resolutions_left_out,omitempty"`
	Archs   []archInfo `json:"archs,omitempty"`
}

type costs struct {
	MACs   int64 `json:"macs"`
	Params int64 `json:"params"`
}

type archInfo struct {
	Arch supernet.Spec `json:"arch"`
	costs
}

func costsOf(s *supernet.Space, a supernet.Arch) costs {
	b := s.Blocks(a)
	return costs{supernet.MACs(b), supernet.Params(b)}
}

func describe(s *supernet.Space) spaceInfo {
	return spaceInfo{
		Name: s.Name, Title: s.Title, SHA256: s.SHA256(), Networks: s.Count().String(),
		Resolutions: s.Resolutions,
		Genes:       len(s.Genes()), Min: costsOf(s, s.Min()), Max: costsOf(s, s.Max()),
	}
}

// Run lists the spaces, or shows one.
func (c *spacesCmd) Run(ctx context.Context, g *Globals) error {
	if c.Name == "" {
		return c.list(g)
	}
	if c.Export != nil {
		return c.export(ctx, g)
	}
	space, err := supernet.LoadSpace(c.Name)
	if err != nil {
		return err
	}
	if c.YAML {
		return c.printYAML(g)
	}
	info := describe(space)
	var archs []supernet.Arch
	switch {
	case c.Archs != "":
		if archs, err = readArchs(c.Archs, space); err != nil {
			return err
		}
	case c.Sample != nil:
		if archs, info.LeftOut, err = c.draw(g, space); err != nil {
			return err
		}
	}
	for _, a := range archs {
		info.Archs = append(info.Archs, archInfo{space.Spec(a), costsOf(space, a)})
	}
	if c.Out != "" {
		if err := writeArchs(c.Out, space, archs); err != nil {
			return err
		}
	}
	return g.result(info, func(w io.Writer) {
		info.print(w, space)
		if c.Out != "" {
			fmt.Fprintln(w, "wrote", shown(c.Out))
		}
	})
}

// draw gives the archs of --sample, and the resolutions that --for leaves out.
func (c *spacesCmd) draw(g *Globals, space *supernet.Space) (archs []supernet.Arch, leftOut []int,
	err error) {
	if len(c.For) == 0 {
		return choices.Sample(space, *c.Sample, g.Seed), nil, nil
	}
	if *c.Sample > design.MaxNetworks {
		return nil, nil, usagef("--sample is %d, expected %d at most with --for", *c.Sample,
			design.MaxNetworks)
	}
	sources, err := g.loadSources(space, c.For, "")
	if err != nil {
		return nil, nil, fmt.Errorf("--for: %w", err)
	}
	var known []*predictor.Latency
	for _, s := range sources {
		known = append(known, s.Latency)
	}
	d, err := design.Draw(space, known, *c.Sample, g.Seed)
	switch {
	case errors.Is(err, design.ErrNoResolution):
		return nil, nil, usagef("--for: %w", err)
	case err != nil:
		return nil, nil, fmt.Errorf("--for: %w", err)
	}
	if len(d.LeftOut) > 0 {
		g.warn("no network is drawn at %s px, which not all predictors of --for know",
			resolutionsText(d.LeftOut))
	}
	return d.Archs, d.LeftOut, nil
}

// printYAML prints the file of a space that could be read.
func (c *spacesCmd) printYAML(g *Globals) error {
	text, err := supernet.Builtin(c.Name)
	if err != nil {
		if text, err = readSpace(c.Name); err != nil {
			return fmt.Errorf("read space: %w", err)
		}
	}
	return g.result(map[string]string{"name": c.Name, "yaml": string(text)},
		func(w io.Writer) { fmt.Fprintf(w, "%s", text) })
}

// readSpace is the text of a space's file.
func readSpace(path string) ([]byte, error) {
	f, _, err := store.OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func (c *spacesCmd) list(g *Globals) error {
	var all []spaceInfo
	for _, name := range supernet.Builtins() {
		s, err := supernet.LoadSpace(name)
		if err != nil {
			return err
		}
		all = append(all, describe(s))
	}
	return g.result(map[string]any{"spaces": all}, func(w io.Writer) {
		t := &table{headings: 1}
		t.row("NAME", "NETWORKS", "MACS", "PARAMS", "WHAT IT IS")
		for _, s := range all {
			t.row(s.Name, brief(s.Networks), large(s.Min.MACs)+" to "+large(s.Max.MACs),
				large(s.Min.Params)+" to "+large(s.Max.Params), s.Title)
		}
		t.print(w)
	})
}

// brief rounds a long whole number to three digits: 5.44e20.
func brief(n string) string {
	f, ok := new(big.Float).SetString(n)
	if len(n) <= 9 || !ok {
		return n
	}
	return strings.Replace(f.Text('e', 2), "e+", "e", 1)
}

func (s spaceInfo) print(w io.Writer, space *supernet.Space) {
	if s.Archs != nil {
		t := &table{headings: 1}
		t.row("MACS", "PARAMS", "ARCH")
		for _, a := range s.Archs {
			t.row(fmt.Sprint(a.MACs), fmt.Sprint(a.Params), archText(a.Arch))
		}
		t.print(w)
		return
	}
	fmt.Fprintf(w, "%s: %s\n", s.Name, s.Title)
	fmt.Fprintf(w, "networks     %s, at %s px\n", s.Networks, resolutionsText(s.Resolutions))
	fmt.Fprintf(w, "MACs         %s to %s\n", large(s.Min.MACs), large(s.Max.MACs))
	fmt.Fprintf(w, "parameters   %s to %s (%d classes)\n", large(s.Min.Params), large(s.Max.Params),
		space.Classes)
	if len(space.Widths) > 0 {
		fmt.Fprintf(w, "widths       times one of %v, for each part\n", space.Widths)
	}
	if len(space.Stem.Depth) > 0 {
		fmt.Fprintf(w, "stem         %v convolutions of half of %d channels, one of all, max pooling\n",
			space.Stem.Depth, space.Stem.Width)
	}
	t := &table{headings: 1}
	t.row("STAGE", "WIDTH", "STRIDE", "ACT", "SE", "DEPTH", "KERNEL", "EXPAND")
	for i, st := range space.Stages {
		expand := fmt.Sprint(st.Expand)
		if st.ExpandByDepth != nil {
			expand = "by depth " + byDepth(st.ExpandByDepth)
		}
		t.row(fmt.Sprint(i), fmt.Sprint(st.Width), fmt.Sprint(st.Stride), fmt.Sprint(st.Act),
			fmt.Sprint(st.SE), fmt.Sprint(st.Depth), fmt.Sprint(st.Kernel), expand)
	}
	t.print(w)
}

// byDepth writes the expand ratio of each depth: 2:3 3:4 4:6.
func byDepth(ratios map[int]float64) string {
	var parts []string
	for _, depth := range slices.Sorted(maps.Keys(ratios)) {
		parts = append(parts, fmt.Sprintf("%d:%g", depth, ratios[depth]))
	}
	return strings.Join(parts, " ")
}

// resolutionsText lists resolutions, or says where they begin, end and how they rise if they are
// many and even.
func resolutionsText(all []int) string {
	var parts []string
	even := len(all) > 4
	for i, r := range all {
		parts = append(parts, fmt.Sprint(r))
		even = even && (i == 0 || r-all[i-1] == all[1]-all[0])
	}
	if even {
		return fmt.Sprintf("%d to %d in steps of %d", all[0], all[len(all)-1], all[1]-all[0])
	}
	return strings.Join(parts, ", ")
}
