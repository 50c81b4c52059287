package torchfile

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestReadsWhatPyTorchWrote reads a file of tools/ofacheck (ofacheck.py --write-state), in which
// every element is its place in its storage, so that the definition of strides gives what must come
// out.
func TestReadsWhatPyTorchWrote(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "state.pth"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	want := []Tensor{
		{"plain", []int{2, 3}, []float32{0, 1, 2, 3, 4, 5}},
		{"transposed", []int{3, 2}, []float32{0, 3, 1, 4, 2, 5}},
		{"part", []int{2, 2}, []float32{1, 2, 4, 5}},
		{"everyOther", []int{2}, []float32{1, 3}},
		{"parameter", []int{4}, []float32{0, 1, 2, 3}},
		{"scalar", []int{}, []float32{7}},
		{"empty", []int{0, 5}, []float32{}},
	}
	if !reflect.DeepEqual(got.Tensors, want) || got.Skipped != nil {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestReadsCheckpoint reads a file of the new format (ofacheck.py --write-checkpoint), with types
// of elements of all kinds, in a checkpoint that holds other things, too.
func TestReadsCheckpoint(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "checkpoint.pth"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	thirds := func(bits int) (v []float32) { // rounded to so many bits
		for i := range 6 {
			f, e := math.Frexp(float64(float32(i) / 3))
			v = append(v, float32(math.Ldexp(math.RoundToEven(math.Ldexp(f, bits)), e-bits)))
		}
		return v
	}
	want := []Tensor{
		{"module.single", []int{2, 3}, []float32{0, 1, 2, 3, 4, 5}},
		{"module.transposed", []int{3, 2}, []float32{0, 3, 1, 4, 2, 5}},
		{"module.half", []int{2, 3}, thirds(11)},
		{"module.bfloat16", []int{2, 3}, thirds(8)},
		{"module.double", []int{2, 3}, thirds(24)},
		{"module.parameter", []int{3}, []float32{3, 4, 5}},
	}
	if !reflect.DeepEqual(got.Tensors, want) {
		t.Errorf("got  %v\nwant %v", got.Tensors, want)
	}
	for _, word := range []string{"epoch", "best", "args", "type", "optimizer", "module.steps",
		"module.mask"} {
		if !strings.Contains(strings.Join(got.Skipped, "\n"), `"`+word+`"`) {
			t.Errorf("nothing is said of %s: %q", word, got.Skipped)
		}
	}
	if want := []string{`"module.steps" has whole numbers of 64 bits`,
		`"module.mask" has whole numbers of 8 bits`}; !slices.Equal(got.Whole, want) {
		t.Errorf("tensors of whole numbers: %q", got.Whole)
	}
	for n := range len(data) / 7 { // cut anywhere, it is no archive
		if _, err := Read(t.Context(), data[:7*n]); err == nil {
			t.Errorf("accepted the first %d of %d bytes", 7*n, len(data))
		}
	}
}

func TestReadsInOrderAndByStrides(t *testing.T) {
	shared := storageOf("a", 12)
	state := stateOf(
		"z", tensorOf(shared, 0, []int64{3, 4}, []int64{4, 1}),
		"b", tensorOf(shared, 1, []int64{2, 1, 3}, []int64{1, 99, 4}),
		"c", "ctorch._utils\n_rebuild_parameter\n("+tensorOf(storageOf("b", 2), 0, []int64{2},
			[]int64{1})+"\x88ccollections\nOrderedDict\n)RtR",
	)
	got, err := Read(t.Context(), file(state, "b", []float32{-1, 2}, "a", counting(12)))
	if err != nil {
		t.Fatal(err)
	}
	want := []Tensor{
		{"z", []int{3, 4}, counting(12)},
		{"b", []int{2, 1, 3}, []float32{1, 5, 9, 2, 6, 10}},
		{"c", []int{2}, []float32{-1, 2}},
	}
	if !reflect.DeepEqual(got.Tensors, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got.Tensors[0].Data[5] = 99; got.Tensors[1].Data[1] != 5 {
		t.Error("tensors share memory")
	}
}

// TestRefusesPrograms is what the package is for: a file that would run a command in PyTorch.
func TestRefusesPrograms(t *testing.T) {
	for name, c := range map[string]struct {
		state string
		is    any
		want  string
	}{
		"system": {"\x80\x02cos\nsystem\n" + text("true") + "\x85R.", new(*GlobalError),
			`"os.system"`},
		"eval": {"\x80\x02c__builtin__\neval\n" + text("1") + "\x85R.", new(*GlobalError),
			`"__builtin__.eval"`},
		"tricky": {"\x80\x02ctorch\nload\n" + text("x") + "\x85R.", new(*GlobalError),
			`"torch.load"`},
		"quantised": {stateOf("a", "("+text("storage")+"ctorch\nQInt8Storage\n"), new(*GlobalError),
			`"torch.QInt8Storage"`},
		"state of an aside's class": {"\x80\x02cargparse\nNamespace\n}b.", new(*FormatError),
			"sets attributes"},
		"INST":   {"\x80\x02(ios\nsystem\n.", new(*OpcodeError), `0x69 ('i')`},
		"OBJ":    {"\x80\x02(o.", new(*OpcodeError), `0x6f ('o')`},
		"NEWOBJ": {"\x80\x02ccollections\nOrderedDict\n)\x81.", new(*OpcodeError), "0x81"},
		"STACK":  {"\x80\x04\x93.", new(*FormatError), "protocol 4"},
		"EXT1":   {"\x80\x02\x82\x01.", new(*OpcodeError), "0x82"},
		"call": {"\x80\x02ccollections\nOrderedDict\n" + text("x") + "\x85R.",
			new(*FormatError), "calls collections.OrderedDict with 1 arguments"},
		"no call":  {"\x80\x02" + text("f") + ")R.", new(*FormatError), "calls . with 0 arguments"},
		"setstate": {"\x80\x02ctorch\nFloatStorage\n}b.", new(*FormatError), "sets attributes"},
	} {
		_, err := Read(t.Context(), []byte(opening+c.state))
		if !errors.As(err, c.is) || !strings.Contains(err.Error(), c.want) ||
			!strings.HasPrefix(err.Error(), "byte ") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	_, err := Read(t.Context(), []byte(opening+"\x80\x02cos\nsystem\n"))
	var g *GlobalError
	if !errors.As(err, &g) || g.Offset != len(opening)+2 {
		t.Errorf("%v, want byte %d", err, len(opening)+2)
	}
}

func TestRefusesDamage(t *testing.T) {
	good := file(stateOf("a", tensorOf(storageOf("0", 6), 0, []int64{2, 3}, []int64{3, 1})), "0",
		counting(6))
	if _, err := Read(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	for n := range len(good) {
		if _, err := Read(t.Context(), good[:n]); err == nil {
			t.Errorf("accepted the first %d of %d bytes", n, len(good))
		}
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"none":       {nil, "does not begin like"},
		"zip":        {[]byte("PK\x03\x04 and more"), "damaged zip"},
		"more":       {append(bytes.Clone(good), 0), "1 bytes after the last storage"},
		"big endian": {bytes.Replace(good, []byte("\x88u."), []byte("\x89u."), 1), "little-endian"},
		"protocol": {bytes.Replace(good, []byte("\x80\x02M\xe9\x03."),
			[]byte("\x80\x02M\xe8\x03."), 1), "has protocol 1000"},
		"no dict":   {file("\x80\x02]."), "expected a dict of names"},
		"no tensor": {file(stateOf("epoch", integer(5))), `no tensors in a dict of ["epoch"]`},
		"key": {file(stateOf("a", tensorOf(storageOf("0", 1), 0, []int64{1}, []int64{1})),
			"1", counting(1)), `lists storage "1"`},
		"twice": {file(stateOf("a", tensorOf(storageOf("0", 1), 0, nil, nil), "b",
			tensorOf(storageOf("1", 1), 0, nil, nil)), "0", counting(1), "0", counting(1)),
			"twice"},
		"unlisted": {file(stateOf("a", tensorOf(storageOf("0", 1), 0, nil, nil))),
			"does not list the 1 storages"},
		"size": {file(stateOf("a", tensorOf(storageOf("0", 2), 0, nil, nil)), "0",
			counting(1)), "has 1 elements, its tensors say 2"},
		"sizes": {file(stateOf("a", tensorOf(storageOf("0", 2), 0, nil, nil), "b",
			tensorOf(storageOf("0", 3), 0, nil, nil)), "0", counting(2)), "and elsewhere 2"},
		"huge": {file(stateOf("a", tensorOf(storageOf("0", 1<<60), 0, nil, nil))),
			"does not list"},
		"no mark":   {[]byte(opening + "\x80\x02t."), "down to a mark"},
		"no value":  {[]byte(opening + "\x80\x02\x86."), "more values than there are"},
		"memory":    {[]byte(opening + "\x80\x02h\x07."), "value 7 from memory"},
		"left":      {[]byte(opening + "\x80\x02NN."), "1 values left over"},
		"key type":  {[]byte(opening + "\x80\x02}NNs."), "key of a dict"},
		"deep":      {file(nested(9, stateOf("a", integer(1)))), "dicts around each other"},
		"text":      {[]byte(opening + "\x80\x02X\x01\x00\x00\x00\xff."), "not UTF-8"},
		"long text": {[]byte(opening + "\x80\x02X\xff\xff\xff\xff."), "4294967295 bytes"},
		"endless":   {[]byte(opening + "\x80\x02c" + strings.Repeat("x", 500)), "does not end"},
	} {
		_, err := Read(t.Context(), c.data)
		var format *FormatError
		if !errors.As(err, &format) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// inside is a pickle without its protocol and its end.
func inside(pickle string) string {
	return strings.TrimSuffix(strings.TrimPrefix(pickle, "\x80\x02"), ".")
}

// nested puts a state into so many dicts.
func nested(depth int, state string) string {
	state = inside(state)
	for range depth {
		state = "}" + text("model") + state + "s"
	}
	return "\x80\x02" + state + "."
}

// TestReadsNested takes the state dict in others, whatever is beside it.
func TestReadsNested(t *testing.T) {
	one := tensorOf(storageOf("0", 1), 0, nil, nil)
	for name, state := range map[string]string{
		"model":    nested(2, stateOf("a", one)),
		"only one": "\x80\x02}" + text("x") + inside(stateOf("a", one)) + "s.",
		"number keys": "\x80\x02}(" + text("optimizer") + "}K\x07Ns" + text("state_dict") + "}" +
			text("a") + one + "su.",
		"Python 2": "\x80\x02}U\x01a" + one + "s.",
	} {
		f, err := Read(t.Context(), file(state, "0", []float32{7}))
		if err != nil || len(f.Tensors) != 1 || f.Tensors[0].Name != "a" ||
			f.Tensors[0].Data[0] != 7 {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	// a dict that is in itself
	if _, err := Read(t.Context(), file("\x80\x02}q\x00"+text("model")+"h\x00s.")); err == nil {
		t.Error("accepted a dict in itself")
	}
}

// TestBeside: what else of a checkpoint has tensors is told, and what has none is not.
func TestBeside(t *testing.T) {
	one := tensorOf(storageOf("0", 1), 0, nil, nil)
	own := "}" + text("a") + one + "s"
	loop := "}q\x00" + text("x") + "h\x00s"                      // a dict that is in itself
	moments := "}" + text("state") + "}K\x00" + own + "ss"       // optimizer.state[0]
	listed := "](}" + text("b") + one + "s}" + text("c") + "Nse" // two states in a list
	for name, c := range map[string]struct {
		state, taken string
		beside       []string
	}{
		"alone":      {stateOf("a", one), "", nil},
		"model only": {"\x80\x02}" + text("model") + own + "s.", "model", nil},
		"a checkpoint": {"\x80\x02}(" + text("optimizer") + moments + text("epoch") + "K\x07" +
			text("state_dict") + own + text("loop") + loop + text("swa") + listed + "u.",
			"state_dict", []string{"optimizer", "swa"}},
		"an average within": {"\x80\x02}" + text("model") + "}(" + text("ema") + own +
			text("net") + own + "us.", "model.net", []string{"model.ema"}},
		"in the state dict": {stateOf("a", one, "opt", moments), "", []string{"opt"}},
		"a student":         {stateOf("teacher", own, "student", own), "student", []string{"teacher"}},
	} {
		f, err := Read(t.Context(), file(c.state, "0", []float32{7}))
		if err != nil || f.Taken != c.taken || !slices.Equal(f.Beside, c.beside) {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

// TestReadEnds with its context.
func TestReadEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	data := file(stateOf("a", tensorOf(storageOf("0", 1), 0, nil, nil)), "0", []float32{7})
	if _, err := Read(ctx, data); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestRefusesViewsThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		elements, offset int64
		shape, strides   []int64
		want             string
	}{
		"beyond":          {6, 0, []int64{2, 3}, []int64{4, 1}, "beyond its storage"},
		"offset":          {6, 1, []int64{2, 3}, []int64{3, 1}, "beyond its storage"},
		"offset of 1":     {1, 1, []int64{1}, []int64{1}, "begins at element 1"},
		"offset below":    {6, -1, []int64{1}, []int64{1}, "begins at element -1"},
		"repeated":        {6, 0, []int64{6, 1000}, []int64{1, 0}, "shape"},
		"repeated little": {6, 0, []int64{2, 3}, []int64{0, 1}, "twice"},
		"overlap":         {6, 0, []int64{2, 3}, []int64{2, 1}, "twice"},
		"backwards":       {6, 5, []int64{3}, []int64{-1}, "twice"},
		"negative":        {6, 0, []int64{-2, -3}, []int64{3, 1}, "shape"},
		"overflow": {1 << 62, 0, []int64{1 << 32, 1 << 32}, []int64{1 << 32, 1},
			"beyond its storage"},
		"overflow twice": {1 << 62, 0, []int64{1 << 61, 1 << 61, 8}, []int64{1, 1 << 61, 1 << 62},
			"beyond its storage"},
		"strides":    {6, 0, []int64{2, 3}, []int64{1}, "2 dimensions and 1 strides"},
		"dimensions": {1, 0, make([]int64, 9), make([]int64, 9), "at most 8"},
	} {
		elements := c.elements
		data := counting(int(min(elements, 100)))
		state := stateOf("a", tensorOf(storageOf("0", elements), c.offset, c.shape, c.strides))
		_, err := Read(t.Context(), file(state, "0", data))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestRefusesToGrow names one storage very often.
func TestRefusesToGrow(t *testing.T) {
	items := []string{"0", tensorOf(storageOf("0", 1000), 0, []int64{1000}, []int64{1}) + "q\x09"}
	for i := range 100 {
		items = append(items, strings.Repeat("x", i+1), "h\x09")
	}
	_, err := Read(t.Context(), file(stateOf(items...), "0", counting(1000)))
	if err == nil || !strings.Contains(err.Error(), "times larger than the file") {
		t.Errorf("error %v", err)
	}
}

func FuzzRead(f *testing.F) {
	shared := storageOf("a", 12)
	f.Add(file(stateOf("z", tensorOf(shared, 0, []int64{3, 4}, []int64{4, 1}), "b",
		tensorOf(shared, 1, []int64{2, 1, 3}, []int64{1, 99, 4})), "a", counting(12)))
	f.Add(file(stateOf("a", tensorOf(storageOf("0", 0), 0, []int64{0, 5}, []int64{5, 1})), "0",
		counting(0)))
	f.Add(file("\x80\x02]q\x00(NK\x01M\x02\x00\x8a\x01\xff}(XNh\x00tea\x85."))
	f.Add([]byte("PK\x03\x04"))
	checkpoint, err := os.ReadFile(filepath.Join("testdata", "checkpoint.pth"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(checkpoint)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(t.Context(), data)
		if err != nil {
			if msg := err.Error(); len(msg) > 1000 || strings.Contains(msg, "\n") {
				t.Errorf("error is no line: %q", msg)
			}
			return
		}
		elements := 0
		for _, x := range file.Tensors {
			n := 1
			for _, size := range x.Shape {
				n *= size
			}
			if n != len(x.Data) {
				t.Errorf("%q has %d elements, its shape is %v", x.Name, len(x.Data), x.Shape)
			}
			elements += n
		}
		if elements > maxGrowth*(len(data)/4+1) {
			t.Errorf("%d elements of %d bytes", elements, len(data))
		}
	})
}
