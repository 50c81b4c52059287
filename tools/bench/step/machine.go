package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/klauspost/cpuid/v2"
	"github.com/tailor-nas/tailor/internal/amount"
	"github.com/tailor-nas/tailor/internal/kernel"
)

// describe finds out where and with what it runs.
func (b *bench) describe(ctx context.Context) error {
	var torch struct {
		PyTorch    string `json:"pytorch"`
		Python     string `json:"python"`
		CanCompile bool   `json:"can_compile"`
	}
	if err := b.proc.torch(ctx, 1, &torch, "describe"); err != nil {
		return fmt.Errorf("%w (choose a Python that has PyTorch with --python)", err)
	}
	b.result.Machine = machine{
		CPU: strings.TrimSpace(cpuid.CPU.BrandName), Cores: runtime.NumCPU(),
		ISA:    cmp.Or(b.settings.ISA, kernel.Best().String()),
		System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), PyTorch: torch.PyTorch,
		Python: torch.Python,
		Date:   time.Now().Format(time.RFC3339), Load: loadAverage(),
	}
	if l := b.result.Machine.Load; l != nil && *l > 0.5 {
		b.log("warning: the load average is %.1f: other work is running, times will scatter", *l)
	}
	b.sides = []string{tailorSide, eagerSide}
	switch {
	case b.settings.Compile && torch.CanCompile:
		b.sides = append(b.sides, compiledSide)
	case b.settings.Compile:
		b.log("PyTorch %s has no torch.compile; timing it eager alone", torch.PyTorch)
	}
	return nil
}

// loadAverage is nil on systems other than Linux.
func loadAverage() *float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil
	}
	var load float64
	if _, err := fmt.Sscan(string(text), &load); err != nil {
		return nil
	}
	return &load
}

// speeds measures the machine.
func (b *bench) speeds(ctx context.Context) error {
	for _, threads := range b.settings.Threads {
		b.log("machine, %s", amount.Of(threads, "thread"))
		s := speeds{Threads: threads}
		if err := b.proc.tailor(ctx, threads, &s); err != nil {
			return err
		}
		var torch struct {
			Gemm float64 `json:"sgemm_gflop_s"`
			Size int     `json:"size"`
		}
		if err := b.proc.torch(ctx, threads, &torch, "machine"); err != nil {
			return err
		}
		s.TorchGemm, s.TorchGemmSize = torch.Gemm, torch.Size
		if s.TorchGemm < s.Gemm/4 {
			b.log("warning: PyTorch multiplies matrices at %.1f GFLOP/s, tailor at %.1f: its BLAS is not optimised; install OpenBLAS for a fair comparison",
				s.TorchGemm, s.Gemm)
		}
		b.result.Speeds = append(b.result.Speeds, s)
	}
	return nil
}
