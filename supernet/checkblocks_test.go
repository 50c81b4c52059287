package supernet_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// badBlocks are edits of a small network, each with one mistake, and a part of what is said about it.
var badBlocks = map[string]struct {
	edit func(b []supernet.Block) []supernet.Block
	want string
}{
	"none":           {func(b []supernet.Block) []supernet.Block { return nil }, "at least one block"},
	"kind":           {one(1, func(b *supernet.Block) { b.Kind = "attention" }), `kind "attention" is unknown; use conv, mbconv, pool, maxpool or linear`},
	"no kind":        {one(1, func(b *supernet.Block) { b.Kind = "" }), "is unknown"},
	"gap":            {func(b []supernet.Block) []supernet.Block { return slices.Delete(b, 2, 3) }, "takes"},
	"same name":      {one(2, func(b *supernet.Block) { b.Name = "stages.0.0" }), `name "stages.0.0" is taken`},
	"no name":        {one(2, func(b *supernet.Block) { b.Name = "" }), "name"},
	"name in a name": {one(2, func(b *supernet.Block) { b.Name = "stages.0.0.project" }), "name"},
	"two lines":      {one(2, func(b *supernet.Block) { b.Name, b.Kernel = "two\nlines", 4 }), "two"},
	"input height":   {one(0, func(b *supernet.Block) { b.In.H = 0 }), "out of range"},
	"negative width": {one(0, func(b *supernet.Block) { b.In.W = -1 }), "out of range"},
	"channels":       {one(0, func(b *supernet.Block) { b.In.C = 0 }), "out of range"},
	"large side":     {one(0, func(b *supernet.Block) { b.In.H = 4097 }), "out of range"},
	"large image":    {one(0, func(b *supernet.Block) { b.In = supernet.Shape{H: 4096, W: 4096, C: 32} }), "out of range"},
	"act":            {one(0, func(b *supernet.Block) { b.Act = "gelu" }), `"gelu" is no activation`},
	"no act":         {one(1, func(b *supernet.Block) { b.Act = "" }), "is no activation"},
	"even kernel":    {one(1, func(b *supernet.Block) { b.Kernel = 4 }), "kernel 4 with stride 1 does not exist"},
	"no kernel":      {one(1, func(b *supernet.Block) { b.Kernel = 0 }), "kernel 0"},
	"large kernel":   {one(1, func(b *supernet.Block) { b.Kernel = 17 }), "kernel 17"},
	"stride":         {one(1, func(b *supernet.Block) { b.Stride = 3 }), "stride 3 does not exist"},
	"output size":    {one(0, func(b *supernet.Block) { b.Stride = 1 }), "12x12 with stride 1 does not give 6x6"},
	"no middle":      {one(1, func(b *supernet.Block) { b.Mid = 0 }), "middle channels 0"},
	"large middle":   {one(1, func(b *supernet.Block) { b.Mid = 1<<20 + 1 }), "middle channels"},
	"negative SE":    {one(1, func(b *supernet.Block) { b.SE = -1 }), "SE -1"},
	"large SE":       {one(1, func(b *supernet.Block) { b.SE = b.Mid + 1 }), "do not fit"},
	"shortcut":       {one(2, func(b *supernet.Block) { b.Skip = true }), "shortcut"},
	"pool":           {one(poolAt, func(b *supernet.Block) { b.Out.H = 2 }), "a pool from"},
	"pool channels":  {one(poolAt, func(b *supernet.Block) { b.Out.C++ }), "a pool from"},
	"linear":         {func(b []supernet.Block) []supernet.Block { return slices.Delete(b, poolAt, len(b)-1) }, ""},
	"strided 1x1":    {one(headAt, func(b *supernet.Block) { b.Stride, b.Out.H, b.Out.W = 2, 2, 2 }), "1x1 convolution with stride 2"},
	// What the engine would stumble over, or silently not do.
	"second convolution": {one(headAt, func(b *supernet.Block) { b.Kernel = 3 }), "cannot follow"},
	"features, no pool":  {func(b []supernet.Block) []supernet.Block { return onePixel(b[headAt], b[poolAt+1]) }, "cannot follow"},
	"pool twice":         {func(b []supernet.Block) []supernet.Block { return onePixel(b[poolAt], b[poolAt]) }, "cannot follow"},
	"mbconv after pool":  {func(b []supernet.Block) []supernet.Block { return onePixel(b[poolAt], b[1]) }, "cannot follow"},
	"pool after linear":  {func(b []supernet.Block) []supernet.Block { return onePixel(b[poolAt+2], b[poolAt]) }, "cannot follow"},
	"no batch norm":      {one(headAt, func(b *supernet.Block) { b.BN = false }), "without batch norm"},
	"plain mbconv":       {one(1, func(b *supernet.Block) { b.BN = false }), "batch norm"},
	"conv with SE":       {one(headAt, func(b *supernet.Block) { b.SE = 8 }), "SE"},
	"conv with shortcut": {one(headAt, func(b *supernet.Block) { b.Skip = true }), "shortcut"},
	"active pool":        {one(poolAt, func(b *supernet.Block) { b.Act = supernet.ReLU }), "nothing else"},
	"normed linear":      {one(poolAt+2, func(b *supernet.Block) { b.BN = true }), "nothing else"},
	// What no machine has memory for: a manifest must not make one try.
	"large weight":     {one(headAt, func(b *supernet.Block) { b.Out.C = 1 << 20; b.Kernel = 15 }), "parameters"},
	"large classifier": {func(b []supernet.Block) []supernet.Block { return []supernet.Block{linear(1<<20, 1<<20)} }, "parameters"},
	"large block":      {func(b []supernet.Block) []supernet.Block { return []supernet.Block{wide()} }, "middle channels"},
}

// The network of TestCheckBlocks is stem, two fixed blocks, head.expand, head.pool, head.features, head.classifier.
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
	return supernet.Block{Name: "l", Kind: supernet.Linear, In: supernet.Shape{H: 1, W: 1, C: in}, Out: supernet.Shape{H: 1, W: 1, C: out}}
}

// wide has a small input and output and terabytes in between.
func wide() supernet.Block {
	s := supernet.Shape{H: 4096, W: 4096, C: 1}
	return supernet.Block{Name: "w", Kind: supernet.MBConv, In: s, Out: s, Mid: 1 << 20, Kernel: 1, Stride: 1, Act: supernet.ReLU, BN: true}
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
		err := supernet.CheckBlocks(c.edit(slices.Clone(good)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want ...%s...", name, err, c.want)
			continue
		}
		oneLine(t, err)
	}
}

// TestBlocksAlone: every block runs as a network of its own, which timing them needs.
func TestBlocksAlone(t *testing.T) {
	for _, text := range []string{everything, bare} {
		s := parse(t, text)
		for _, b := range s.AllBlocks(s.MaxResolution()) {
			blocks := []supernet.Block{b}
			if err := supernet.CheckBlocks(blocks); err != nil {
				t.Errorf("%s: %v", b.Key(), err)
				continue
			}
			sub, err := supernet.NewSubnet(blocks, s.BNEps, 1)
			if err != nil {
				t.Fatal(err)
			}
			forward(runner(t, 2, sub.Runner), blocks, supernet.Infer, 2, 1)
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
		r := runner(t, 1, sub.Runner)
		calibrate(r, blocks)
		want, last := 0, blocks[len(blocks)-1]
		if last.Kind == supernet.Linear || last.Kind == supernet.Pool || !last.BN {
			want = last.Out.C // others give maps, which no one may look at
		}
		if got := len(forward(r, blocks, supernet.Infer, 1, 1)); got != want {
			t.Fatalf("%d outputs of %+v", got, last)
		}
	})
}
