package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

type spacesCmd struct {
	Name   string `arg:"" optional:"" help:"A shipped space, or a YAML file." type:"source"`
	Archs  string `help:"Count MACs and parameters of the archs in this .jsonl file." type:"path"`
	Sample *int   `help:"Draw this many archs that cover the range of MACs, to measure elsewhere and fit to (fit --measured)." range:"1..131072"`
	Out    string `help:"Write the archs of --sample to this .jsonl file." type:"path" out:"archs"`
	outFlags
}

// spaceInfo is what is said of a space.
type spaceInfo struct {
	Name        string     `json:"name"`
	Title       string     `json:"title"`
	SHA256      string     `json:"sha256"`
	Networks    string     `json:"networks"` // exact, as text: it exceeds 64 bits
	Resolutions []int      `json:"resolutions"`
	Genes       int        `json:"genes"`
	Min         costs      `json:"min"`
	Max         costs      `json:"max"`
	Archs       []archInfo `json:"archs,omitempty"`
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
		Name: s.Name, Title: s.Title, SHA256: s.SHA256(), Networks: s.Count().String(), Resolutions: s.Resolutions,
		Genes: len(s.Genes()), Min: costsOf(s, s.Min()), Max: costsOf(s, s.Max()),
	}
}

// Run lists the spaces, or shows one.
func (c *spacesCmd) Run(g *Globals) error {
	switch {
	case c.Name == "" && (c.Archs != "" || c.Sample != nil):
		return usagef("--archs and --sample need the name of a space")
	case c.Archs != "" && c.Sample != nil:
		return usagef("--archs and --sample exclude each other")
	case c.Out != "" && c.Sample == nil:
		return usagef("--out is of --sample")
	case c.Name == "":
		return c.list(g)
	}
	space, err := supernet.LoadSpace(c.Name)
	if err != nil {
		return err
	}
	info := describe(space)
	var archs []supernet.Arch
	switch {
	case c.Archs != "":
		if archs, err = readArchs(c.Archs, space); err != nil {
			return err
		}
	case c.Sample != nil:
		archs = predictor.SampleArchs(space, *c.Sample, g.Seed)
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
			fmt.Fprintln(w, "wrote", c.Out)
		}
	})
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
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "NAME\tNETWORKS\tMACS\tPARAMS\tWHAT IT IS")
		for _, s := range all {
			fmt.Fprintf(t, "%s\t%s\t%s to %s\t%s to %s\t%s\n", s.Name, brief(s.Networks), large(s.Min.MACs), large(s.Max.MACs),
				large(s.Min.Params), large(s.Max.Params), s.Title)
		}
		t.Flush()
	})
}

// brief shortens a long whole number to powers of ten.
func brief(n string) string {
	if len(n) <= 9 {
		return n
	}
	return fmt.Sprintf("%c.%se%d", n[0], n[1:3], len(n)-1)
}

func (s spaceInfo) print(w io.Writer, space *supernet.Space) {
	if s.Archs != nil {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "MACS\tPARAMS\tARCH")
		for _, a := range s.Archs {
			fmt.Fprintf(t, "%d\t%d\td=%v ks=%v e=%v r=%v\n", a.MACs, a.Params, a.Arch.D, a.Arch.KS, a.Arch.E, a.Arch.R)
		}
		t.Flush()
		return
	}
	fmt.Fprintf(w, "%s: %s\n", s.Name, s.Title)
	fmt.Fprintf(w, "networks     %s, over resolutions %v\n", s.Networks, s.Resolutions)
	fmt.Fprintf(w, "MACs         %s to %s\n", large(s.Min.MACs), large(s.Max.MACs))
	fmt.Fprintf(w, "parameters   %s to %s (%d classes)\n", large(s.Min.Params), large(s.Max.Params), space.Classes)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "STAGE\tWIDTH\tSTRIDE\tACT\tSE\tDEPTH\tKERNEL\tEXPAND")
	for i, st := range space.Stages {
		expand := fmt.Sprint(st.Expand)
		if st.ExpandByDepth != nil {
			expand = fmt.Sprintf("by depth %v", st.ExpandByDepth)
		}
		fmt.Fprintf(t, "%d\t%d\t%d\t%s\t%v\t%v\t%v\t%s\n", i, st.Width, st.Stride, st.Act, st.SE, st.Depth, st.Kernel, expand)
	}
	t.Flush()
}
