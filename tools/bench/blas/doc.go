// Command blas times tailor's matrix products beside OpenBLAS on one core, over the shapes that
// training the largest network of mbv3-cifar takes. It needs OpenBLAS and a C compiler (Debian:
// libopenblas-dev) and is built only when asked for:
//
//	go run -tags openblas ./tools/bench/blas
package main
