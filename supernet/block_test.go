package supernet_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestBlocksOfSmallNetwork writes out one network of the space everything by hand, with its MACs
// and parameters.
func TestBlocksOfSmallNetwork(t *testing.T) {
	s := parse(t, everything)
	a, err := s.ParseArch(
		[]byte(`{"ks": [7,3, 3,5,5, 5,5], "e": [3,1, 0,0,0, 2,4], "d": [2,2,1], "r": 16}`))
	if err != nil {
		t.Fatal(err)
	}
	shape := func(side, c int) supernet.Shape { return supernet.Shape{H: side, W: side, C: c} }
	mb := func(name string, in, out supernet.Shape, mid, kernel, stride int, act supernet.Act,
		se int, skip bool) supernet.Block {
		return supernet.Block{Name: name, Kind: supernet.MBConv, In: in, Out: out, Mid: mid,
			Kernel: kernel, Stride: stride, Act: act, SE: se, Skip: skip, BN: true}
	}
	want := []struct {
		block        supernet.Block
		macs, params int64
	}{
		{supernet.Block{Name: "stem", Kind: supernet.Conv, In: shape(16, 3), Out: shape(8, 8),
			Kernel: 3, Stride: 2, Act: supernet.HSwish, BN: true},
			8 * 8 * 9 * 3 * 8, 9*3*8 + 2*8},
		{mb("stages.0.0", shape(8, 8), shape(8, 8), 8, 3, 1, supernet.ReLU, 0, true),
			64*9*8 + 64*8*8, 9*8 + 2*8 + 8*8 + 2*8},
		// SE: 24/4 = 6, rounded up to 8
		{mb("stages.1.0", shape(8, 8), shape(4, 16), 24, 7, 2, supernet.ReLU6, 8, false),
			64*8*24 + 16*49*24 + 2*24*8 + 16*24*16, 8*24 + 2*24 + 49*24 + 2*24 + 24*8 + 8 + 8*24 +
				24 + 24*16 + 2*16},
		// expand ratio 1: no expand convolution
		{mb("stages.1.1", shape(4, 16), shape(4, 16), 16, 3, 1, supernet.ReLU6, 8, true),
			16*9*16 + 2*16*8 + 16*16*16, 9*16 + 2*16 + 16*8 + 8 + 8*16 + 16 + 16*16 + 2*16},
		// two blocks: expand ratio 4
		{mb("stages.2.0", shape(4, 16), shape(4, 16), 64, 3, 1, supernet.HSwish, 16, true),
			16*16*64 + 16*9*64 + 2*64*16 + 16*64*16, 16*64 + 2*64 + 9*64 + 2*64 + 64*16 + 16 +
				16*64 + 64 + 64*16 + 2*16},
		{mb("stages.2.1", shape(4, 16), shape(4, 16), 64, 5, 1, supernet.HSwish, 16, true),
			16*16*64 + 16*25*64 + 2*64*16 + 16*64*16, 16*64 + 2*64 + 25*64 + 2*64 + 64*16 + 16 +
				16*64 + 64 + 64*16 + 2*16},
		{mb("stages.3.0", shape(4, 16), shape(2, 24), 32, 5, 2, supernet.ReLU, 0, false),
			16*16*32 + 4*25*32 + 4*32*24, 16*32 + 2*32 + 25*32 + 2*32 + 32*24 + 2*24},
		{supernet.Block{Name: "head.expand", Kind: supernet.Conv, In: shape(2, 24),
			Out: shape(2, 32), Kernel: 1, Stride: 1, Act: supernet.HSwish, BN: true},
			4 * 24 * 32, 24*32 + 2*32},
		{supernet.Block{Name: "head.pool", Kind: supernet.Pool, In: shape(2, 32),
			Out: shape(1, 32)}, 0, 0},
		{supernet.Block{Name: "head.features", Kind: supernet.Conv, In: shape(1, 32),
			Out: shape(1, 40), Kernel: 1, Stride: 1, Act: supernet.HSwish},
			32 * 40, 32 * 40},
		{supernet.Block{Name: "head.classifier", Kind: supernet.Linear, In: shape(1, 40),
			Out: shape(1, 5)}, 40 * 5, 40*5 + 5},
	}
	blocks := s.Blocks(a)
	if len(blocks) != len(want) {
		t.Fatalf("%d blocks, want %d: %+v", len(blocks), len(want), blocks)
	}
	var macs, params int64
	for i, w := range want {
		if blocks[i] != w.block {
			t.Errorf("block %d is\n%+v\nwant\n%+v", i, blocks[i], w.block)
		}
		if blocks[i].MACs() != w.macs || blocks[i].Params() != w.params {
			t.Errorf("%s has %d MACs and %d parameters, want %d and %d", w.block.Name,
				blocks[i].MACs(), blocks[i].Params(), w.macs, w.params)
		}
		macs, params = macs+w.macs, params+w.params
	}
	if supernet.MACs(blocks) != macs || supernet.Params(blocks) != params {
		t.Errorf("sums are %d and %d, want %d and %d", supernet.MACs(blocks),
			supernet.Params(blocks), macs, params)
	}
}

// TestBlocksAreNetworks: what a space gives is what a manifest may hold.
func TestBlocksAreNetworks(t *testing.T) {
	eachSpace(t, func(t *testing.T, s *supernet.Space) {
		r := newRand(1)
		for _, a := range []supernet.Arch{s.Min(), s.Max(), s.Random(r), s.Random(r), s.Random(r)} {
			if err := supernet.CheckBlocks(s.Blocks(a)); err != nil {
				t.Errorf("%s: %v", show(s, a), err)
			}
		}
	})
}

// TestPaperRange: the DepS paper gives 45 to 180 M MACs for its space on 32x32 images.
func TestPaperRange(t *testing.T) {
	s := builtin(t, "mbv3-cifar")
	for _, c := range []struct {
		arch supernet.Arch
		want float64
	}{{s.Max(), 180}, {s.Min(), 45}} {
		got := float64(supernet.MACs(s.Blocks(c.arch))) / 1e6
		if got < 0.99*c.want || got > 1.01*c.want {
			t.Errorf("%.1f M MACs, the paper says %g M", got, c.want)
		}
	}
}

// TestKey changes every field of a block: its name must not matter, every other field must.
func TestKey(t *testing.T) {
	b := supernet.Block{
		Name: "stages.1.0", Kind: supernet.MBConv, In: supernet.Shape{H: 14, W: 12, C: 40},
		Out: supernet.Shape{H: 7, W: 6, C: 80},
		Mid: 160, Kernel: 5, Stride: 2, Act: supernet.ReLU, SE: 40, BN: true,
	}
	keys := map[string]string{b.Key(): "nothing"}
	change(reflect.ValueOf(&b).Elem(), "", func(field string) {
		key := b.Key()
		switch was := keys[key]; {
		case field == "Name" && was == "":
			t.Errorf("the name changes the key to %s", key)
		case field != "Name" && was != "":
			t.Errorf("changing %s gives the key of changing %s: %s", field, was, key)
		default:
			keys[key] = field
		}
	})
	if len(keys) != 22 {
		t.Errorf("%d keys, want one for each of 21 changes", len(keys)-1)
	}
}

// change gives every leaf of a struct another value, one at a time, and calls f in between.
func change(v reflect.Value, path string, f func(field string)) {
	for i := range v.NumField() {
		field, name := v.Field(i), path+v.Type().Field(i).Name
		was := reflect.New(field.Type()).Elem()
		was.Set(field)
		switch field.Kind() {
		case reflect.Struct:
			change(field, name+".", f)
			continue
		case reflect.Int:
			field.SetInt(field.Int() + 1)
		case reflect.Bool:
			field.SetBool(!field.Bool())
		case reflect.String:
			field.SetString("conv")
		}
		f(name)
		field.Set(was)
	}
}

// TestKeysOfDifferentKinds: fields of neighbours in the key cannot run into each other.
func TestKeysOfDifferentKinds(t *testing.T) {
	in, out := supernet.Shape{H: 1, W: 1, C: 8}, supernet.Shape{H: 1, W: 1, C: 8}
	var keys []string
	for _, b := range []supernet.Block{
		{Kind: supernet.Conv, In: in, Out: out, Kernel: 1, Stride: 1},
		{Kind: supernet.Conv, In: in, Out: out, Kernel: 11, Stride: 1},
		{Kind: supernet.Conv, In: in, Out: out, Kernel: 1, Stride: 11},
		{Kind: supernet.Linear, In: in, Out: out},
		{Kind: supernet.Pool, In: in, Out: out},
		{Kind: supernet.MBConv, In: in, Out: out, Mid: 8, Kernel: 1, Stride: 1},
		{Kind: supernet.MBConv, In: in, Out: out, Mid: 8, Kernel: 1, Stride: 1, SE: 8},
		{Kind: supernet.MBConv, In: in, Out: out, Mid: 8, Kernel: 1, Stride: 1, Skip: true},
	} {
		keys = append(keys, b.Key())
	}
	slices.Sort(keys)
	if n := len(slices.Compact(keys)); n != 8 {
		t.Errorf("8 blocks have %d keys", n)
	}
}
