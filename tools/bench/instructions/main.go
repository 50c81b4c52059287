// Command instructions counts what the inner loops of the arm64 kernels execute for a
// multiply-accumulate, from the text of their assembly, beside OpenBLAS's matrix product. What
// cannot be timed for want of a machine can at least be counted.
//
//	go run ./tools/bench/instructions --openblas DIR
//
// DIR is a checkout of OpenBLAS. Without it, only tailor's own loops are counted.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("kernels", "internal/kernel", "`folder` of tailor's kernels")
	blas := flag.String("openblas", "", "`folder` of OpenBLAS's source")
	flag.Parse()
	if err := run(*dir, *blas, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "instructions:", err)
		os.Exit(1)
	}
}

// loop is an inner loop to count.
type loop struct {
	what, file, function, label string
}

// ours are the loops that most of the time goes to, at the size that large shapes take.
var ours = []loop{
	{"product, tile of 6 x 16", "gemm_arm64.s", "tile6x16NEON", "four"},
	{"product, tile of 8 x 8", "gemm_arm64.s", "tile8x8NEON", "four"},
	{"weight gradient of a product, 6 x 16", "gemm_arm64.s", "outer6x16NEON", "four"},
	{"weight gradient of a product, 8 x 8", "gemm_arm64.s", "outer8x8NEON", "four"},
	{"depthwise 3x3, 8 pixels", "depthwise_arm64.s", "strip3s1x8NEON", "taps8"},
	{"depthwise 5x5, 8 pixels", "depthwise_arm64.s", "strip5s1x8NEON", "taps8"},
	{"depthwise 7x7, 8 pixels", "depthwise_arm64.s", "strip7s1x8NEON", "taps8"},
	{"weight gradient of depthwise 3x3", "depthwise_arm64.s", "taps3s1NEON", "block4of16"},
	{"weight gradient of depthwise 5x5", "depthwise_arm64.s", "taps5s1NEON", "block4of8"},
	{"weight gradient of depthwise 7x7", "depthwise_arm64.s", "taps7s1NEON", "block4of8"},
	{"sparse product, single weights, 16 pixels", "sparse_arm64.s", "single16NEON", "step"},
	{"sparse product, runs of 8, 8 pixels", "sparse_arm64.s", "runs8x8NEON", "step"},
}

// theirs are those of OpenBLAS: the first for the Cortex-A57 to A73, Neoverse N1 and Apple's
// processors (KERNEL.CORTEXA57, KERNEL.NEOVERSEN1 and KERNEL.VORTEX with param.h).
var theirs = []loop{
	{"OpenBLAS's sgemm, tile of 16 x 4", "sgemm_kernel_16x4.S", "", ".Lsgemm_kernel_L4_M16_22"},
	{"OpenBLAS's sgemm, tile of 8 x 8", "sgemm_kernel_8x8.S", "", ".Lsgemm_kernel_L8_M8_22"},
}

func run(dir, blas string, w io.Writer) error {
	fmt.Fprintln(w, "| inner loop | multiply-accumulates | instructions | of them loads | bytes loaded "+
		"| instructions a multiply-accumulate | bytes a multiply-accumulate |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|")
	for _, l := range ours {
		if err := l.print(w, dir, countGo); err != nil {
			return err
		}
	}
	for _, l := range theirs {
		if blas == "" {
			break
		}
		if err := l.print(w, filepath.Join(blas, "kernel/arm64"), countGNU); err != nil {
			return err
		}
	}
	return nil
}

// print writes the row of a loop.
func (l loop) print(w io.Writer, dir string,
	count func(text string, l loop) (counts, error)) error {
	text, err := os.ReadFile(filepath.Join(dir, l.file))
	if err != nil {
		return err
	}
	c, err := count(string(text), l)
	if err != nil {
		return fmt.Errorf("%s: %w", l.file, err)
	}
	_, err = fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %.3f | %.2f |\n", l.what, c.products,
		c.instructions, c.loads, c.bytes, c.perProduct(), float64(c.bytes)/float64(c.products))
	return err
}
