package main

import (
	"fmt"
	"io"
	"time"

	"github.com/klauspost/cpuid/v2"

	"github.com/tailor-nas/tailor/internal/amount"
)

// printTable prints what was found as Markdown.
func printTable(w io.Writer, version string, rows []row) {
	fmt.Fprintf(w, "%s, ai-edge-litert %s, %s\n\n", cpuid.CPU.BrandName, version,
		time.Now().UTC().Format(time.DateOnly))
	fmt.Fprintln(w, "| networks | number | logits | by XNNPACK | probabilities | by XNNPACK |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %s |\n", r.name, r.networks,
			share(r.plain), r.plain.by(r.networks), share(r.prepared), r.prepared.by(r.networks))
	}
}

func share(f finding) string { return fmt.Sprintf("%.1e", f.worst) }

// by says how much of the graphs XNNPACK ran.
func (f finding) by(networks int) string {
	switch {
	case f.whole == networks:
		return "whole"
	case f.whole > 0:
		return fmt.Sprintf("%d whole", f.whole)
	}
	return amount.Of(f.parts, "part")
}
