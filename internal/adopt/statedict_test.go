package adopt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/onnxgraph"
	"github.com/tailor-nas/tailor/internal/tensorfile"
	"github.com/tailor-nas/tailor/supernet"
)

// Networks of each family, with few channels, as space files have it.
const (
	sevenStages = `
  - {width: 8, stride: 1, act: ACT, SE0 depth: [1], kernel: [3], expand: [1]}
  - {width: 16, stride: 2, act: ACT, SE1 depth: [2], kernel: [3], expand: [E1]}
  - {width: 24, stride: 2, act: ACT, SE2 depth: [2], kernel: [K2], expand: [E2]}
  - {width: 32, stride: 2, act: ACT, SE3 depth: [DEEP], kernel: [K3], expand: [6]}
  - {width: 40, stride: 1, act: ACT, SE4 depth: [THREE], kernel: [K4], expand: [6]}
  - {width: 48, stride: 2, act: ACT, SE5 depth: [THREE], kernel: [K5], expand: [6]}
  - {width: 56, stride: 1, act: ACT, SE6 depth: [1], kernel: [3], expand: [6]}
head: {expand: 64, act: ACT}`
	largeV3 = `
  - {width: 8, stride: 1, act: relu, depth: [1], kernel: [3], expand: [1]}
  - {width: 16, stride: 2, act: relu, depth: [1], kernel: [3], expand: [4]}
  - {width: 16, stride: 1, act: relu, depth: [1], kernel: [3], expand: [3]}
  - {width: 24, stride: 2, act: relu, se: true, depth: [3], kernel: [5], expand: [3]}
  - {width: 32, stride: 2, act: h_swish, depth: [1], kernel: [3], expand: [6]}
  - {width: 32, stride: 1, act: h_swish, depth: [1], kernel: [3], expand: [2.5]}
  - {width: 32, stride: 1, act: h_swish, depth: [2], kernel: [3], expand: [2.3]}
  - {width: 40, stride: 1, act: h_swish, se: true, depth: [2], kernel: [3], expand: [6]}
  - {width: 48, stride: 2, act: h_swish, se: true, depth: [3], kernel: [5], expand: [6]}
head: {expand: 56, features: 64, features_bias: true, act: h_swish}`
)

// family7 is a space of seven stages.
func family7(eps, padding, act, se string, pairs ...string) string {
	text := sevenStages
	for i := range 7 {
		on := ""
		if se != "" && strings.Contains(se[:strings.Index(se, " ")], fmt.Sprint(i)) {
			on = se[strings.Index(se, " "):] + ","
		}
		text = strings.ReplaceAll(text, fmt.Sprintf("SE%d", i), on)
	}
	text = strings.NewReplacer(append(pairs, "ACT", act, "DEEP", "3", "THREE", "3", "E1", "6", "E2",
		"6", "K2", "5", "K3", "3", "K4", "5", "K5", "5")...).Replace(text)
	return spaceText(eps, padding, act, text)
}

func spaceText(eps, padding, act, stages string) string {
	text := "tailor: space/1\nname: x\nclasses: 5\nresolutions: [32]\nbn_eps: " + eps + "\n"
	if padding != "" {
		text += "padding: " + padding + "\n"
	}
	return text + "stem: {width: 16, stride: 2, act: " + act + "}\nstages:" + stages + "\n"
}

const (
	efficientSE = "0123456 se: {ratio: 0.25, of: input, divisor: 1, act: silu, gate: sigmoid}"
	a1SE        = "245 se: {ratio: 0.25, of: input, divisor: 1, act: relu, gate: sigmoid}"
)

// library writes tensors as a library calls them: of a block by its stage and place there, and by
// its place in all.
type library struct {
	stem, head []string
	block      func(stage, index, flat int, b supernet.Block) (prefix string, units []string)
	classifier []string // with that of the features before it
}

func lukemelas() library {
	return library{
		stem: []string{"_conv_stem", "_bn0"}, head: []string{"_conv_head", "_bn1"},
		classifier: []string{"_fc"},
		block: func(_, _, flat int, _ supernet.Block) (string, []string) {
			return fmt.Sprintf("_blocks.%d.", flat), []string{"_expand_conv", "_bn0",
				"_depthwise_conv", "_bn1", "_se_reduce", "_se_expand", "_project_conv", "_bn2"}
		},
	}
}

func timm(head ...string) library {
	return library{
		stem: []string{"conv_stem", "bn1"}, head: head[:2], classifier: head[2:],
		block: func(stage, index, _ int, b supernet.Block) (string, []string) {
			prefix := fmt.Sprintf("blocks.%d.%d.", stage, index)
			if b.HasExpand() {
				return prefix, []string{"conv_pw", "bn1", "conv_dw", "bn2", "se.conv_reduce",
					"se.conv_expand", "conv_pwl", "bn3"}
			}
			return prefix, []string{"", "", "conv_dw", "bn1", "se.conv_reduce", "se.conv_expand",
				"conv_pw", "bn2"}
		},
	}
}

// numbered is a block of torchvision, whose parts are numbered without gaps.
func numbered(prefix string, b supernet.Block) (string, []string) {
	i := 0
	pair := func() []string {
		i++
		return []string{fmt.Sprint(i-1, ".0"), fmt.Sprint(i-1, ".1")}
	}
	units := []string{"", ""}
	if b.HasExpand() {
		units = pair()
	}
	units = append(units, pair()...)
	units = append(units, fmt.Sprint(i, ".fc1"), fmt.Sprint(i, ".fc2"))
	if b.SE > 0 {
		i++
	}
	return prefix, append(units, pair()...)
}

func torchvisionV3(last string) library {
	return library{
		stem: []string{"features.0.0", "features.0.1"}, head: []string{last + ".0", last + ".1"},
		classifier: []string{"classifier.0", "classifier.3"},
		block: func(_, _, flat int, b supernet.Block) (string, []string) {
			return numbered(fmt.Sprintf("features.%d.block.", flat+1), b)
		},
	}
}

func torchvisionEfficient() library {
	return library{
		stem: []string{"features.0.0", "features.0.1"}, head: []string{"features.8.0", "features.8.1"},
		classifier: []string{"classifier.1"},
		block: func(stage, index, _ int, b supernet.Block) (string, []string) {
			return numbered(fmt.Sprintf("features.%d.%d.block.", stage+1, index), b)
		},
	}
}

func torchvisionV2() library {
	return library{
		stem: []string{"features.0.0", "features.0.1"}, head: []string{"features.18.0", "features.18.1"},
		classifier: []string{"classifier.1"},
		block: func(_, _, flat int, b supernet.Block) (string, []string) {
			prefix := fmt.Sprintf("features.%d.conv.", flat+1)
			if b.HasExpand() {
				return prefix, []string{"0.0", "0.1", "1.0", "1.1", "", "", "2", "3"}
			}
			return prefix, []string{"", "", "0.0", "0.1", "", "", "1", "2"}
		},
	}
}

func mnasnet() library {
	return library{
		stem: []string{"layers.0", "layers.1"}, head: []string{"layers.14", "layers.15"},
		classifier: []string{"classifier.1"},
		block: func(stage, index, _ int, b supernet.Block) (string, []string) {
			if !b.HasExpand() {
				return "layers.", []string{"", "", "3", "4", "", "", "6", "7"}
			}
			return fmt.Sprintf("layers.%d.%d.layers.", stage+7, index),
				[]string{"0", "1", "3", "4", "", "", "6", "7"}
		},
	}
}

// stateDict writes a network as a library does.
func (l library) stateDict(net *supernet.Subnet) []supernet.Tensor {
	w := &dictWriter{from: map[string]supernet.Tensor{}}
	for _, t := range net.Tensors() {
		w.from[t.Name] = t
	}
	w.unit("stem", "", l.stem[0], l.stem[1])
	flat, index, at := 0, 0, ""
	numbers := stageNumbers(net.Blocks)
	for _, b := range net.Blocks {
		switch {
		case b.Kind == supernet.MBConv:
			stage := fmt.Sprint(numbers[flat])
			if stage != at {
				index, at = 0, stage
			}
			prefix, u := l.block(numbers[flat], index, flat, b)
			w.block(b, prefix, u)
			flat, index = flat+1, index+1
		case b.Name == "head.expand":
			w.unit(b.Name, "", l.head[0], l.head[1])
		case b.Name == "head.features":
			w.linear(b.Name, l.classifier[0])
		case b.Name == "head.classifier":
			w.linear(b.Name, l.classifier[len(l.classifier)-1])
		}
	}
	return w.all
}

// stageNumbers are the stages of blocks as libraries number them: at each change of width, except
// that those of a space may be split more.
func stageNumbers(blocks []supernet.Block) (numbers []int) {
	width, n := 0, -1
	for _, b := range blocks {
		if b.Kind != supernet.MBConv {
			continue
		}
		if b.Out.C != width {
			width, n = b.Out.C, n+1
		}
		numbers = append(numbers, n)
	}
	return numbers
}

type dictWriter struct {
	from map[string]supernet.Tensor
	all  []supernet.Tensor
}

func (w *dictWriter) add(name string, data []float32, shape ...int) {
	w.all = append(w.all, supernet.Tensor{Name: name, Shape: shape, Data: data})
}

func (w *dictWriter) block(b supernet.Block, prefix string, u []string) {
	if b.HasExpand() {
		w.unit(b.Name+".expand", prefix, u[0], u[1])
	}
	w.unit(b.Name+".depthwise", prefix, u[2], u[3])
	if b.SE > 0 {
		w.conv(b.Name+".se.reduce", prefix+u[4])
		w.conv(b.Name+".se.expand", prefix+u[5])
	}
	w.unit(b.Name+".project", prefix, u[6], u[7])
}

func (w *dictWriter) unit(name, prefix, conv, norm string) {
	w.weight(name, prefix+conv)
	for ours, theirs := range map[string]string{"weight": "weight", "bias": "bias",
		"mean": "running_mean", "var": "running_var"} {
		t := w.from[name+".bn."+ours]
		w.add(prefix+norm+"."+theirs, t.Data, len(t.Data))
	}
}

// weight turns (kernel,kernel,in,out), (kernel,kernel,channels) or (in,out) into PyTorch's order.
func (w *dictWriter) weight(name, to string) {
	t := w.from[name+".weight"]
	k, in, out := 1, 1, t.Shape[len(t.Shape)-1]
	if len(t.Shape) > 2 {
		k = t.Shape[0]
	}
	if len(t.Shape) != 3 {
		in = t.Shape[len(t.Shape)-2]
	}
	turned := make([]float32, len(t.Data))
	for i, v := range t.Data {
		o, rest := i%out, i/out
		turned[(o*in+rest%in)*k*k+rest/in] = v
	}
	w.add(to+".weight", turned, out, in, k, k)
}

// conv is a 1x1 convolution with bias.
func (w *dictWriter) conv(name, to string) {
	w.weight(name, to)
	w.add(to+".bias", w.from[name+".bias"].Data, len(w.from[name+".bias"].Data))
}

// linear is a fully connected layer.
func (w *dictWriter) linear(name, to string) {
	w.conv(name, to)
	t := &w.all[len(w.all)-2]
	t.Shape = t.Shape[:2]
}

// TestStateDicts: networks of each family come back from each library's names, with all that the
// names do not say.
func TestStateDicts(t *testing.T) {
	for _, c := range []struct {
		name, file, space string
		library           library
		family            string
	}{
		{"lite of lukemelas", "x", family7("1e-3", "tf_same", "relu6", ""), lukemelas(),
			"EfficientNet-Lite"},
		{"lite of timm", "x", family7("1e-5", "", "relu6", ""),
			timm("conv_head", "bn2", "classifier"), "EfficientNet-Lite"},
		{"lite of TensorFlow", "tf_lite.pth", family7("1e-3", "tf_same", "relu6", ""),
			timm("conv_head", "bn2", "classifier"), "EfficientNet-Lite"},
		{"EfficientNet of lukemelas", "x", family7("1e-3", "tf_same", "silu", efficientSE),
			lukemelas(), "EfficientNet"},
		{"EfficientNet of torchvision", "x", family7("1e-5", "", "silu", efficientSE),
			torchvisionEfficient(), "EfficientNet"},
		{"EfficientNet of timm", "x", family7("1e-5", "", "silu", efficientSE),
			timm("conv_head", "bn2", "classifier"), "EfficientNet"},
		{"V2 of torchvision", "x", family7("1e-5", "", "relu6", "", "K2", "3", "K4", "3", "K5", "3",
			"[DEEP]", "[4]", "depth: [2], kernel: [K2]", "depth: [3], kernel: [3]"),
			torchvisionV2(), "MobileNetV2"},
		{"V2 of timm", "x", family7("1e-5", "", "relu6", "", "K2", "3", "K4", "3", "K5", "3"),
			timm("conv_head", "bn2", "classifier"), "MobileNetV2"},
		{"MNASNet of torchvision", "x", family7("1e-5", "", "relu", "", "E1", "3", "E2", "3", "K3",
			"5", "K4", "3"), mnasnet(), "MNASNet"},
		{"MNASNet of timm", "x", family7("1e-5", "", "relu", "", "E1", "3", "E2", "3", "K3", "5",
			"K4", "3"), timm("conv_head", "bn2", "classifier"), "MNASNet"},
		{"MNASNet-A1 of timm", "x", family7("1e-5", "", "relu", a1SE, "E2", "3", "K4", "3"),
			timm("conv_head", "bn2", "classifier"), "MNASNet-A1"},
		{"V3 of torchvision", "x", spaceText("1e-3", "", "h_swish", largeV3),
			torchvisionV3("features.16"), "MobileNetV3-Large"},
		{"V3 of timm", "x", spaceText("1e-5", "", "h_swish", largeV3),
			timm("blocks.6.0.conv", "blocks.6.0.bn1", "conv_head", "classifier"),
			"MobileNetV3-Large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, err := supernet.ParseSpace("x", []byte(c.space))
			if err != nil {
				t.Fatal(err)
			}
			net := must(supernet.NewSubnet(want.Blocks(want.Max()), want.BNEps, 1))
			shake(net, 1)
			tensors := c.library.stateDict(net)
			a, err := fromTensors(c.file, inFile(tensors), Options{Resolution: 32})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(a.Facts.Family, c.family+" of ") {
				t.Errorf("it was taken for %s", a.Facts.Family)
			}
			got := must(a.Network.Space("y", a.Facts))
			again := must(supernet.LoadSubnet(got.Blocks(got.Max()), got.BNEps,
				must(a.Network.Tensors(got))))
			sameLogits(t, again, net)
			for i := range tensors { // what is missing is named
				if strings.HasSuffix(tensors[i].Name, "running_var") {
					tensors[i].Shape = []int{1}
					_, err := fromTensors(c.file, inFile(tensors), Options{})
					if !errors.Is(err, ErrNetwork) {
						t.Errorf("a variance of another shape: %v", err)
					}
					break
				}
			}
		})
	}
}

// inFile is a file of tensors.
func inFile(tensors []supernet.Tensor) *tensorfile.File {
	return &tensorfile.File{Tensors: tensors}
}

// TestStemShape: a first weight that takes no images is named with its shape.
func TestStemShape(t *testing.T) {
	for _, shape := range [][]int{{8, 9}, {8, 9, 1, 1}, {8, 3, 3, 1}} {
		_, tensors := grey(t)
		for i := range tensors {
			if x := &tensors[i]; x.Name == "conv_stem.weight" {
				channels := len(x.Data) / 9
				x.Shape, x.Data = append([]int{channels}, shape[1:]...), x.Data[:9*channels]
			}
		}
		_, err := fromTensors("x", inFile(tensors), Options{})
		if !errors.Is(err, ErrNetwork) || !strings.Contains(err.Error(), `"conv_stem.weight" has `) {
			t.Errorf("%v: %v", shape, err)
		}
	}
}

// TestWholeNumbers: a file that lacks a weight names the one that it has as whole numbers.
func TestWholeNumbers(t *testing.T) {
	_, tensors := grey(t)
	file := inFile(tensors[1:])
	file.Whole = []string{fmt.Sprintf("%q has whole numbers of 64 bits", tensors[0].Name)}
	_, err := fromTensors("x", file, Options{})
	for _, want := range []string{tensors[0].Name, "whole numbers of 64 bits", "float32"} {
		if !errors.Is(err, ErrNetwork) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %s", err, want)
		}
	}
	path := filepath.Join(t.TempDir(), "quantised")
	header := `{"a.weight":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},` +
		`"a.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[2,10]}}`
	data := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	if err := os.WriteFile(path, append(data, make([]byte, 10)...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{}); err == nil ||
		!strings.Contains(err.Error(), `"a.weight" is I8: a network that was quantised`) {
		t.Errorf("%v", err)
	}
}

// sameLogits compares two networks on an image.
func sameLogits(t *testing.T, got, want *supernet.Subnet) {
	t.Helper()
	image := smoothNoise(want.Blocks[0].In.H, want.Blocks[0].In.C, rand.New(rand.NewPCG(2, 2)))
	a, b := must(got.Classifier(1)), must(want.Classifier(1))
	p, q := must(a.Logits(image)), must(b.Logits(image))
	for i := range q {
		if d := math.Abs(float64(p[i] - q[i])); !(d <= 1e-5*max(1, math.Abs(float64(q[i])))) {
			t.Errorf("logit %d is %v, expected %v", i, p[i], q[i])
		}
	}
}

// grey is a network of images with one channel, as a state dict.
func grey(t *testing.T) (*supernet.Subnet, []supernet.Tensor) {
	t.Helper()
	text := family7("1e-5", "", "relu6", "", "K2", "3", "K4", "3", "K5", "3")
	s := must(supernet.ParseSpace("x", []byte(text))).For(5, 1)
	net := must(supernet.NewSubnet(s.Blocks(s.Max()), s.BNEps, 1))
	shake(net, 1)
	return net, timm("conv_head", "bn2", "classifier").stateDict(net)
}

// TestOneChannel: the first convolution of a network of grey images is no depthwise one.
func TestOneChannel(t *testing.T) {
	net, tensors := grey(t)
	if _, err := fromTensors("x", inFile(tensors), Options{}); !errors.Is(err, ErrUnknown) ||
		!strings.Contains(err.Error(), "give --mean and --std") {
		t.Errorf("without a mean: %v", err)
	}
	a, err := fromTensors("x", inFile(tensors), Options{Resolution: 32, Mean: []float32{0.5},
		Std: []float32{0.5}})
	if err != nil {
		t.Fatal(err)
	}
	s := must(a.Network.Space("y", a.Facts))
	again := must(supernet.LoadSubnet(s.Blocks(s.Max()), s.BNEps, must(a.Network.Tensors(s))))
	sameLogits(t, again, net)
}

// TestValues: values that no trained network has are refused with their tensor.
func TestValues(t *testing.T) {
	inf := float32(math.Inf(1))
	for name, v := range map[string]float32{"conv_stem.weight": float32(math.NaN()),
		"blocks.1.0.bn1.running_mean": -inf, "classifier.bias": inf, "bn2.running_var": -1} {
		_, tensors := grey(t)
		for _, x := range tensors {
			if x.Name == name {
				x.Data[1] = v
			}
		}
		_, err := fromTensors("x", inFile(tensors), Options{})
		if want := fmt.Sprintf("tensor %q has the value %g", name, v); !errors.Is(err,
			ErrNetwork) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %s", err, want)
		}
	}
	s := small(t, "mbv3-tiny")
	g := must(onnxgraph.Read(exported(t, s, s.Max(), 1, 17)))
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Op == "Conv" && i > 0 {
			g.Constants[n.Inputs[1]].Data[0] = 1e300 // infinite as float32
			_, err := fromGraph(t.Context(), g, Options{})
			if !errors.Is(err, ErrNetwork) || !strings.Contains(err.Error(), "has the value +Inf") {
				t.Errorf("node %s: %v", n.Label(), err)
			}
			return
		}
	}
}
