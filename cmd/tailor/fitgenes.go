package main

import (
	"context"
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/genesearch"
	"github.com/tailor-nas/tailor/predictor/genes"
	"github.com/tailor-nas/tailor/predictor/regress"
)

// loadGenes gives the genes that --genes says.
func loadGenes(text string) (*genes.Space, error) {
	s, err := genes.Load(text)
	if err != nil && genes.IsCounts(text) {
		return nil, usagef("--genes: %w", err)
	}
	return s, err
}

// fitGenesResult is the JSON of a fit to a table of genes.
type fitGenesResult struct {
	fitResult
	Rows       int               `json:"rows"`
	Failed     int               `json:"failed"`
	Model      string            `json:"model"`
	Scale      genes.Scale       `json:"scale"`
	Candidates []genes.Candidate `json:"candidates"`
	Interval   genes.Interval    `json:"interval,omitzero"`
	Noise      *regress.Noise    `json:"noise,omitempty"`
}

// fitGenes fits a predictor to a table of genes and writes it.
func fitGenes(ctx context.Context, g *Globals, space string, j genesearch.FitJob,
	out string) (err error) {
	if j.Space, err = loadGenes(space); err != nil {
		return err
	}
	j.Seed = g.Seed
	j.Progress = func(done, total int) {
		g.progress("fit "+string(j.Quantity), float64(done), float64(total))
	}
	p, failed, err := genesearch.Fit(ctx, j)
	if err != nil {
		return err
	}
	if err := p.Save(out); err != nil {
		return err
	}
	if failed > 0 {
		g.warn("%d measurements failed and are left out", failed)
	}
	r := fitGenesResult{fitResult{out, p.Configurations, p.HeldOut}, p.Rows, failed, p.Model(),
		p.Scale, p.Candidates, p.Interval, nil}
	if p.Noise.Repeated > 0 {
		r.Noise = &p.Noise
	}
	return g.result(r, func(w io.Writer) { r.print(w, p) })
}

func (r *fitGenesResult) print(w io.Writer, p *genes.Predictor) {
	fmt.Fprintf(w, "fitted %s of %d genes to %d configurations", p.Quantity, len(p.Genes), r.Samples)
	if r.Rows > r.Samples {
		fmt.Fprintf(w, ", in %d measurements", r.Rows)
	}
	fmt.Fprintln(w)
	accuracy := p.Quantity == genes.Accuracy
	t := &table{headings: 1, right: true}
	t.row("  HELD-OUT ERROR", "CONFIGURATIONS", "RMSE", "MAPE", "KENDALL TAU", "SPEARMAN")
	for i, c := range r.Candidates {
		taken := ""
		if i == 0 {
			taken = " (taken)"
		}
		rmse := fmt.Sprintf("%.4g", c.RMSE)
		if accuracy {
			rmse = fmt.Sprintf("%.2f points", 100*c.RMSE)
		}
		t.row(fmt.Sprintf("  %s, of the %s%s", c.Model, c.Scale, taken), fmt.Sprint(c.Samples), rmse,
			fmt.Sprintf("%.1f %%", 100*c.MAPE), fmt.Sprintf("%.2f", c.KendallTau),
			fmt.Sprintf("%.2f", c.Spearman))
	}
	if r.Noise != nil {
		t.row("  noise alone", fmt.Sprint(r.Samples), "-", fmt.Sprintf("%.1f %%", 100*r.Noise.MAPE),
			fmt.Sprintf("%.2f", r.Noise.KendallTau), "-")
	}
	t.print(w)
	switch {
	case r.Interval.Coverage == 0:
	case accuracy:
		fmt.Fprintf(w, "  %.0f %% of configurations are within %.2f points of what is predicted\n",
			100*r.Interval.Coverage, 100*r.Interval.Absolute)
	default:
		fmt.Fprintf(w, "  %.0f %% of configurations are within %.1f %% of what is predicted\n",
			100*r.Interval.Coverage, 100*r.Interval.Relative)
	}
	fmt.Fprintln(w, "wrote", shown(r.Predictor))
}
