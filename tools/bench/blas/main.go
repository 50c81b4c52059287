//go:build openblas

package main

// #cgo LDFLAGS: -lopenblas
// #include <cblas.h>
// extern void openblas_set_num_threads(int);
// extern char *openblas_get_config(void);
import "C"

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/supernet"
)

// product is C (m,n) = A (m,k) · B (k,n); with transposed A is (k,m) and C is added to, as a weight
// gradient is.
type product struct {
	name       string
	m, n, k    int
	transposed bool
}

func main() {
	C.openblas_set_num_threads(1)
	fmt.Printf("tailor %v beside %s, one core, median of 7 pairs\n", kernel.Best(),
		C.GoString(C.openblas_get_config()))
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "PRODUCT\tM\tN\tK\tTAILOR GFLOP/S\tOPENBLAS\tRATIO\t")
	var ours, theirs float64
	for _, p := range shapes() {
		a, b := p.time()
		flops := 2 * float64(p.m) * float64(p.n) * float64(p.k) / 1e9
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%.1f\t%.1f\t%.2f\t\n", p.name, p.m, p.n, p.k, flops/a,
			flops/b, b/a)
		ours, theirs = ours+a, theirs+b
	}
	t.Flush()
	fmt.Printf("all shapes once: tailor runs at %.0f %% of OpenBLAS's speed\n", 100*theirs/ours)
}

// shapes are the 1x1 convolutions of the largest network: forward, input gradient, and weight
// gradient, over about as many pixels as the engine takes at a time.
func shapes() []product {
	space, err := supernet.LoadSpace("mbv3-cifar")
	if err != nil {
		panic(err)
	}
	var all []product
	seen := map[string]bool{}
	add := func(pixels, in, out int) {
		rows := max(pixels, min(8*pixels, (64<<10)/max(in, out)/pixels*pixels))
		key := fmt.Sprint(rows, in, out)
		if seen[key] {
			return
		}
		seen[key] = true
		all = append(all, product{"forward", rows, out, in, false}, product{"input gradient", rows,
			in, out, false}, product{"weight gradient", in, out, rows, true})
	}
	for _, b := range space.Blocks(space.Max()) {
		switch {
		case b.Kind == supernet.MBConv:
			add(b.In.H*b.In.W, b.In.C, b.Mid)
			add(b.Out.H*b.Out.W, b.Mid, b.Out.C)
		case b.Kind == supernet.Conv && b.Kernel == 1 && b.BN:
			add(b.In.H*b.In.W, b.In.C, b.Out.C)
		}
	}
	return all
}

// time gives the seconds of one product, tailor's and OpenBLAS's, after checking that they agree.
func (p product) time() (ours, theirs float64) {
	r := rand.New(rand.NewPCG(1, 1))
	random := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		return v
	}
	a, b := random(p.m*p.k), random(p.k*p.n)
	c, d := make([]float32, p.m*p.n), make([]float32, p.m*p.n)
	var packed kernel.Packed
	packed.Pack(p.k, p.n, b, p.n) // once a step in training, for all images
	tailor := func() { kernel.MulPacked(p.m, a, p.k, &packed, c, p.n, false, nil) }
	trans, lda, beta := C.enum_CBLAS_TRANSPOSE(C.CblasNoTrans), p.k, C.float(0)
	if p.transposed {
		tailor = func() { kernel.MulTN(p.m, p.n, p.k, a, p.m, b, p.n, c, p.n, nil) }
		trans, lda, beta = C.CblasTrans, p.m, 1
	}
	openblas := func() {
		C.cblas_sgemm(C.CblasRowMajor, trans, C.CblasNoTrans, C.int(p.m), C.int(p.n), C.int(p.k), 1,
			(*C.float)(&a[0]), C.int(lda), (*C.float)(&b[0]), C.int(p.n), beta, (*C.float)(&d[0]),
			C.int(p.n))
	}
	tailor()
	openblas()
	for i := range c {
		if math.Abs(float64(c[i]-d[i])) > 1e-3*math.Sqrt(float64(p.k)) {
			panic(fmt.Sprintf("%v: tailor computes %g, OpenBLAS %g", p, c[i], d[i]))
		}
	}
	var x, y []float64
	for range 7 {
		x, y = append(x, seconds(tailor)), append(y, seconds(openblas))
	}
	slices.Sort(x)
	slices.Sort(y)
	return x[3], y[3]
}

// seconds is the time of one call, from as many as take 5 ms.
func seconds(f func()) float64 {
	began, n := time.Now(), 0
	for time.Since(began) < 5*time.Millisecond {
		f()
		n++
	}
	return time.Since(began).Seconds() / float64(n)
}
