package supernet_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// badBlocks are edits of a small network, each with one mistake, and a part of what is said about
// it.
var badBlocks = map[string]struct {
	edit func(b []supernet.Block) []supernet.Block
	want string
}{
	"none": {func(b []supernet.Block) []supernet.Block { return nil },
		"at least one block"},
	"kind": {one(1, func(b *supernet.Block) { b.Kind = "attention" }),
		`kind "attention" is unknown; use conv, mbconv, pool, maxpool or linear`},
	"no kind": {one(1, func(b *supernet.Block) { b.Kind = "" }), "is unknown"},
	"gap": {func(b []supernet.Block) []supernet.Block { return slices.Delete(b, 2, 3) },
		"takes"},
	"same name": {one(2, func(b *supernet.Block) { b.Name = "stages.0.0" }),
		`name "stages.0.0" is taken`},
	"no name":        {one(2, func(b *supernet.Block) { b.Name = "" }), "name"},
	"name in a name": {one(2, func(b *supernet.Block) { b.Name = "stages.0.0.project" }), "name"},
	"two lines": {one(2, func(b *supernet.Block) { b.Name, b.Kernel = "two\nlines", 4 }),
		"two"},
	"input height":   {one(0, func(b *supernet.Block) { b.In.H = 0 }), "out of range"},
	"negative width": {one(0, func(b *supernet.Block) { b.In.W = -1 }), "out of range"},
	"channels":       {one(0, func(b *supernet.Block) { b.In.C = 0 }), "out of range"},
	"large side":     {one(0, func(b *supernet.Block) { b.In.H = 4097 }), "out of range"},
	"large image": {one(0, func(b *supernet.Block) {
		b.In = supernet.Shape{H: 4096, W: 4096,
			C: 32}
	}), "out of range"},
	"act": {one(0, func(b *supernet.Block) { b.Act = "gelu" }),
		`"gelu" is no activation`},
	"no act": {one(1, func(b *supernet.Block) { b.Act = "" }), "is no activation"},
	"even kernel": {one(1, func(b *supernet.Block) { b.Kernel = 4 }),
		"kernel 4 with stride 1 does not exist"},
	"no kernel":    {one(1, func(b *supernet.Block) { b.Kernel = 0 }), "kernel 0"},
	"large kernel": {one(1, func(b *supernet.Block) { b.Kernel = 17 }), "kernel 17"},
	"stride":       {one(1, func(b *supernet.Block) { b.Stride = 3 }), "stride 3 does not exist"},
	"output size": {one(0, func(b *supernet.Block) { b.Stride = 1 }),
		"12x12 with stride 1 does not give 6x6"},
	"no middle":    {one(1, func(b *supernet.Block) { b.Mid = 0 }), "middle channels 0"},
	"large middle": {one(1, func(b *supernet.Block) { b.Mid = 1<<20 + 1 }), "middle channels"},
	"negative SE":  {one(1, func(b *supernet.Block) { b.SE = -1 }), "SE -1"},
	"large SE":     {one(1, func(b *supernet.Block) { b.SE = b.Mid + 1 }), "do not fit"},
	"hidden act": {one(1, func(b *supernet.Block) { b.SE, b.SEAct = 2, "sigmoid" }),
		"no activation"},
	"gate": {one(1, func(b *supernet.Block) { b.SE, b.SEGate = 2, "silu" }),
		"no activation of a gate"},
	"standard act": {one(1, func(b *supernet.Block) { b.SE, b.SEAct = 2, "relu" }),
		"left out"},
	"standard gate": {one(1, func(b *supernet.Block) { b.SE, b.SEGate = 2, "h_sigmoid" }),
		"left out"},
	"act of no SE": {one(1, func(b *supernet.Block) { b.SE, b.SEAct = 0, "silu" }),
		"without SE"},
	"gate of no SE": {one(1, func(b *supernet.Block) { b.SE, b.SEGate = 0, "sigmoid" }),
		"without SE"},
	"shortcut":      {one(2, func(b *supernet.Block) { b.Skip = true }), "shortcut"},
	"pool":          {one(poolAt, func(b *supernet.Block) { b.Out.H = 2 }), "a pool from"},
	"pool channels": {one(poolAt, func(b *supernet.Block) { b.Out.C++ }), "a pool from"},
	"linear": {func(b []supernet.Block) []supernet.Block {
		return slices.Delete(b, poolAt,
			len(b)-1)
	}, ""},
	"strided 1x1": {one(headAt, func(b *supernet.Block) {
		b.Stride, b.Out.H, b.Out.W = 2, 2,
			2
	}), "1x1 convolution with stride 2"},
	// What the engine would stumble over, or silently not do.
	"second convolution": {one(headAt, func(b *supernet.Block) { b.Kernel = 3 }), "cannot follow"},
	"features, no pool": {func(b []supernet.Block) []supernet.Block {
		return onePixel(b[headAt],
			b[poolAt+1])
	}, "cannot follow"},
	"pool twice": {func(b []supernet.Block) []supernet.Block {
		return onePixel(b[poolAt],
			b[poolAt])
	}, "cannot follow"},
	"mbconv after pool": {func(b []supernet.Block) []supernet.Block {
		return onePixel(b[poolAt],
			b[1])
	}, "cannot follow"},
	"pool after linear": {func(b []supernet.Block) []supernet.Block {
		return onePixel(b[poolAt+2],
			b[poolAt])
	}, "cannot follow"},
	"no batch norm": {one(headAt, func(b *supernet.Block) { b.BN = false }),
		"without batch norm"},
	"plain mbconv":       {one(1, func(b *supernet.Block) { b.BN = false }), "batch norm"},
	"conv with SE":       {one(headAt, func(b *supernet.Block) { b.SE = 8 }), "SE"},
	"conv with gate":     {one(headAt, func(b *supernet.Block) { b.SEGate = "sigmoid" }), "SE"},
	"conv with shortcut": {one(headAt, func(b *supernet.Block) { b.Skip = true }), "shortcut"},
	"biased mbconv":      {one(1, func(b *supernet.Block) { b.Bias = true }), "bias"},
	"unpadded mbconv":    {one(1, func(b *supernet.Block) { b.Valid = true }), "padding"},
	"unpadded conv":      {one(0, func(b *supernet.Block) { b.Valid = true }), "padding"},
	"unknown padding": {one(0, func(b *supernet.Block) { b.Padding = "same" }),
		`"same" is no padding; use tf_same`},
	"idle padding": {one(1, func(b *supernet.Block) { b.Padding = supernet.TFSame }),
		"makes no difference with stride 1"},
	"padded pool": {one(poolAt, func(b *supernet.Block) { b.Padding = supernet.TFSame }),
		"nothing else"},
	"maxpool after norm": {func(b []supernet.Block) []supernet.Block {
		return []supernet.Block{b[0],
			windowOn(b[0].Out)}
	}, "a maxpool cannot follow a conv"},
	"active pool": {one(poolAt, func(b *supernet.Block) { b.Act = supernet.ReLU }),
		"nothing else"},
	"normed linear": {one(poolAt+2, func(b *supernet.Block) { b.BN = true }), "nothing else"},
	// What no machine has memory for: a manifest must not make one try.
	"large weight": {one(headAt, func(b *supernet.Block) { b.Out.C = 1 << 20; b.Kernel = 15 }),
		"parameters"},
	"large classifier": {func(b []supernet.Block) []supernet.Block {
		return []supernet.Block{linear(
			1<<20, 1<<20)}
	}, "parameters"},
	"large block": {func(b []supernet.Block) []supernet.Block {
		return []supernet.Block{wide()}
	}, "middle channels"},
}

// badPlain are edits of everyPlain, each with one mistake.
var badPlain = map[string]struct {
	edit func(b []supernet.Block) []supernet.Block
	want string
}{
	"bias and batch norm": {one(0, func(b *supernet.Block) { b.BN = true }), "no batch norm"},
	"conv with SE":        {one(0, func(b *supernet.Block) { b.SE = 2 }), "SE"},
	"conv with shortcut":  {one(2, func(b *supernet.Block) { b.Skip = true }), "shortcut"},
	"conv act": {one(0, func(b *supernet.Block) { b.Act = "gelu" }),
		`"gelu" is no activation`},
	"linear act": {one(7, func(b *supernet.Block) { b.Act = "gelu" }),
		`"gelu" is no activation`},
	"even kernel": {one(3, func(b *supernet.Block) { b.Kernel = 4 }),
		"kernel 4 with stride 1 does not exist"},
	"stride": {one(3, func(b *supernet.Block) { b.Stride = 0 }), "stride 0"},
	"padding": {one(3, func(b *supernet.Block) { b.Valid = true }),
		"padding false does not give 6x6"},
	"no padding": {one(6, func(b *supernet.Block) { b.Valid = false }),
		"padding true does not give 1x1"},
	"large kernel": {one(6, func(b *supernet.Block) { b.Kernel = 5 }), "does not give"},
	"window":       {one(1, func(b *supernet.Block) { b.Kernel = 4 }), "use kernel 2 or 3"},
	"no window": {one(1, func(b *supernet.Block) { b.Kernel, b.Stride = 0, 0 }),
		"use kernel 2 or 3"},
	"window's stride":   {one(1, func(b *supernet.Block) { b.Stride = 3 }), "stride 1 or 2"},
	"window's output":   {one(1, func(b *supernet.Block) { b.Out.H = 7 }), "does not give"},
	"window's channels": {one(1, func(b *supernet.Block) { b.Out.C = 6 }), "does not give"},
	"large window":      {func(b []supernet.Block) []supernet.Block { return []supernet.Block{narrow()} }, "does not give"},
	"two paddings": {one(5, func(b *supernet.Block) {
		b.Padding, b.Valid = supernet.TFSame,
			true
	}), "has no padding tf_same"},
	"padded maxpool": {one(1, func(b *supernet.Block) { b.Padding = supernet.TFSame }),
		"nothing else"},
	"padded linear": {one(7, func(b *supernet.Block) { b.Padding = supernet.TFSame }),
		"nothing else"},
	"active maxpool": {one(1, func(b *supernet.Block) { b.Act = supernet.ReLU }),
		"nothing else"},
	"pruned maxpool": {one(1, func(b *supernet.Block) { b.Zeros = 50 }),
		"a maxpool has no weights"},
	"biased linear":   {one(7, func(b *supernet.Block) { b.Bias = true }), "nothing else"},
	"linear to a map": {one(7, func(b *supernet.Block) { b.Out.H = 2 }), "a linear from"},
	"pool": {one(7, func(b *supernet.Block) {
		b.Kind, b.Out.C, b.Act = supernet.Pool,
			b.In.C, ""
	}), "a pool cannot follow a conv"},
	"batch norm later": {one(2, func(b *supernet.Block) {
		b.Bias, b.BN, b.Act = false, true,
			supernet.ReLU
	}),
		"a conv cannot follow a maxpool here: it takes maps with batch norm, and that gives maps without"},
	"mbconv later": {one(2, func(b *supernet.Block) {
		b.Kind, b.Bias, b.BN, b.Act, b.Mid = supernet.MBConv, false, true, supernet.ReLU, 5
	}), "it takes maps with batch norm, and that gives maps without batch norm"},
	"conv after linear": {one(8, func(b *supernet.Block) {
		b.Kind, b.Bias, b.Kernel, b.Stride = supernet.Conv, true, 1, 1
	}), "a conv cannot follow a linear"},
	"large patches": {func(b []supernet.Block) []supernet.Block {
		return []supernet.Block{patches()}
	}, "out of range"},
}

// windowOn is max pooling over a map.
func windowOn(in supernet.Shape) supernet.Block {
	return supernet.Block{Name: "w", Kind: supernet.MaxPool, In: in,
		Out: supernet.Shape{H: in.H / 2, W: in.W / 2, C: in.C}, Kernel: 2, Stride: 2}
}

// narrow has a window that is larger than its input, patches terabytes of patches.
func narrow() supernet.Block {
	in := supernet.Shape{H: 1, W: 9, C: 4}
	return supernet.Block{Name: "n", Kind: supernet.MaxPool, In: in, Out: in, Kernel: 2, Stride: 2}
}

func patches() supernet.Block {
	s := supernet.Shape{H: 4096, W: 4096, C: 16}
	return supernet.Block{Name: "p", Kind: supernet.Conv, In: s, Out: s, Kernel: 15, Stride: 1,
		Bias: true}
}

// The network of TestCheckBlocks is stem, two fixed blocks, head.expand, head.pool, head.features,
// head.classifier.
const headAt, poolAt = 3, 4

func one(i int, edit func(b *supernet.Block)) func([]supernet.Block) []supernet.Block {
	return func(b []supernet.Block) []supernet.Block {
		edit(&b[i])
		return b
	}
}

// onePixel makes a list of two blocks that fit in shape.
func onePixel(first, second supernet.Block) []supernet.Block {
	one := supernet.Shape{H: 1, W: 1, C: 8}
	first.In, first.Out, second.In, second.Out = one, one, one, one
	first.Name, second.Name = "first", "second"
	if second.Kind == supernet.MBConv {
		second.Mid = 8
	}
	return []supernet.Block{first, second}
}

func linear(in, out int) supernet.Block {
	return supernet.Block{Name: "l", Kind: supernet.Linear, In: supernet.Shape{H: 1, W: 1, C: in},
		Out: supernet.Shape{H: 1, W: 1, C: out}}
}

// wide has a small input and output and terabytes in between.
func wide() supernet.Block {
	s := supernet.Shape{H: 4096, W: 4096, C: 1}
	return supernet.Block{Name: "w", Kind: supernet.MBConv, In: s, Out: s, Mid: 1 << 20, Kernel: 1,
		Stride: 1, Act: supernet.ReLU, BN: true}
}

func TestCheckBlocks(t *testing.T) {
	s := parse(t, everything)
	a := s.Min()
	good := slices.DeleteFunc(s.Blocks(a), func(b supernet.Block) bool {
		return strings.HasPrefix(b.Name, "stages.2") || strings.HasPrefix(b.Name, "stages.3")
	})
	good[headAt].In = good[headAt-1].Out
	good[headAt].Out.H, good[headAt].Out.W = good[headAt].In.H, good[headAt].In.W
	good[poolAt].In = good[headAt].Out
	if err := supernet.CheckBlocks(good); err != nil {
		t.Fatal(err)
	}
	for name, c := range badBlocks {
		refused(t, name, c.edit(slices.Clone(good)), c.want)
	}
	for name, c := range badPlain {
		refused(t, name, c.edit(everyPlain()), c.want)
	}
}

func refused(t *testing.T, name string, blocks []supernet.Block, want string) {
	t.Helper()
	err := supernet.CheckBlocks(blocks)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want ...%s...", name, err, want)
		return
	}
	oneLine(t, err)
}

// TestBlocksAlone: every block runs as a network of its own, which timing them needs; and those
// that end in a vector train, although images have no gradient to give.
func TestBlocksAlone(t *testing.T) {
	all := everyPlain()
	for _, text := range []string{everything, bare} {
		s := parse(t, text)
		all = append(all, s.AllBlocks(s.MaxResolution())...)
	}
	for _, b := range all {
		blocks := []supernet.Block{b}
		if err := supernet.CheckBlocks(blocks); err != nil {
			t.Errorf("%s: %v", b.Key(), err)
			continue
		}
		sub, err := supernet.NewSubnet(blocks, 1e-5, 1)
		if err != nil {
			t.Fatal(err)
		}
		weights.EnableTraining(sub)
		r := runner(t, 2, sub)
		got := forward(r, blocks, nn.Infer, 2, 1)
		if b.Kind == supernet.MBConv || b.BN {
			blocks = append(blocks, supernet.Block{Name: "pool", Kind: supernet.Pool, In: b.Out,
				Out: supernet.Shape{H: 1, W: 1, C: b.Out.C}})
			if sub, err = supernet.NewSubnet(blocks, 1e-5, 1); err != nil {
				t.Fatal(err)
			}
			weights.EnableTraining(sub)
			r = runner(t, 2, sub)
		} else if len(got) != 2*b.Out.Len() {
			t.Errorf("%s: %d values of 2 images", b.Key(), len(got))
		}
		step(r, blocks, 3, 1)
		for _, p := range weights.Params(sub) {
			if !p.Statistic && !strings.HasSuffix(p.Name, "bn.bias") && largest(p.Grad) == 0 {
				t.Errorf("%s: %s has no gradient", b.Key(), p.Name)
			}
		}
	}
}

// FuzzCheckBlocks: whatever block list passes can be made and run, here if it is small.
func FuzzCheckBlocks(f *testing.F) {
	for _, text := range []string{everything, bare} {
		s := parse(f, text)
		for _, a := range sampleArchs(s, 2) {
			blocks, err := json.Marshal(s.Blocks(a))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(blocks))
		}
	}
	plain, err := json.Marshal(everyPlain())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(plain))
	f.Fuzz(func(t *testing.T, text string) {
		var blocks []supernet.Block
		if json.Unmarshal([]byte(text), &blocks) != nil {
			return
		}
		if err := supernet.CheckBlocks(blocks); err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Fatalf("%q", err)
			}
			return
		}
		if supernet.MACs(blocks) > 1e6 || supernet.Params(blocks) > 1e5 || len(blocks) > 20 {
			return
		}
		sub, err := supernet.NewSubnet(blocks, 1e-5, 1)
		if err != nil {
			t.Fatal(err)
		}
		r := runner(t, 1, sub)
		calibrate(r, blocks)
		want, last := 0, blocks[len(blocks)-1]
		if !last.BN {
			want = last.Out.Len() // others give maps, which no one may look at
		}
		if got := len(forward(r, blocks, nn.Infer, 1, 1)); got != want {
			t.Fatalf("%d outputs of %+v", got, last)
		}
		if weights.EnableTraining(sub); want > 0 {
			step(r, blocks, 2, 1)
		}
	})
}
