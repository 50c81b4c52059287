package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tailor-nas/tailor/internal/amount"
)

// print writes the results for people.
func (r *result) print(w io.Writer) error {
	m, s := r.Machine, r.Settings
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %s, %s, %s; %s; PyTorch %s, Python %s; %s\n", m.CPU,
		amount.Of(m.Cores, "core"), m.ISA, m.System, m.Go, m.PyTorch,
		m.Python, m.Date)
	of := ""
	if s.CPUTime {
		of = " Processor time, of all threads together."
	}
	fmt.Fprintf(&text, "Training steps of batch %d, float32. Medians of %s of %g s, every measurement in a process of its own.%s\n",
		s.Batch, amount.Of(s.Rounds, "round"), s.Seconds, of)
	fmt.Fprintf(&text, "\nThe machine:\n")
	r.printSpeeds(&text)
	for _, t := range r.Cases {
		t.print(&text)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// columns aligns cells to the right, two spaces apart.
func columns(w io.Writer, rows func(row func(cells ...any))) {
	var text strings.Builder
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	rows(func(cells ...any) {
		for _, c := range cells {
			fmt.Fprintf(t, "%v\t", c)
		}
		fmt.Fprintln(t)
	})
	t.Flush()
	for line := range strings.Lines(text.String()) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
}

func (r *result) printSpeeds(w io.Writer) {
	columns(w, func(row func(...any)) {
		row("threads", "copy GB/s", "tailor sgemm GFLOP/s", "PyTorch sgemm GFLOP/s", "loader img/s")
		for _, s := range r.Speeds {
			torch := fmt.Sprintf("%.1f", s.TorchGemm)
			if s.TorchGemmSize != gemmSize {
				torch += fmt.Sprintf(" at %d^3", s.TorchGemmSize)
			}
			row(s.Threads, fmt.Sprintf("%.1f", s.Copy), fmt.Sprintf("%.1f", s.Gemm), torch,
				fmt.Sprintf("%.0f", s.Loader))
		}
	})
}

func (t *trial) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s, %s: %s, %.1f M MACs an image\n", t.Net, amount.Of(t.Threads, "thread"),
		t.Title, float64(t.MACs)/1e6)
	columns(w, func(row func(...any)) {
		row("", "step ms", "img/s", "GFLOP/s", "x limit", "x tailor (lowest to highest)")
		for i, s := range t.Sides {
			ratio := ""
			if i > 0 {
				ratio = fmt.Sprintf("%.2f (%.2f to %.2f)", s.Ratio.Median, s.Ratio.Min, s.Ratio.Max)
			}
			row(s.Name, fmt.Sprintf("%.1f", s.Ms), fmt.Sprintf("%.1f", s.ImgS),
				fmt.Sprintf("%.1f", s.GflopS),
				fmt.Sprintf("%.2f", s.OverLimit), ratio)
		}
	})
	fmt.Fprintf(w, "  limit %.1f ms: arithmetic %.1f ms (%.2f GFLOP), memory %.1f ms (%.2f GB)\n",
		t.limitMs(), t.ArithmeticMs, t.Work,
		t.MemoryMs, t.Traffic)
}
