//go:build !openblas

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr,
		"blas: run it with -tags openblas, which needs OpenBLAS (Debian: libopenblas-dev)")
	os.Exit(2)
}
