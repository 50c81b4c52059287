package torchfile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
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
	got, err := Read(data)
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
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
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
	got, err := Read(file(state, "b", []float32{-1, 2}, "a", counting(12)))
	if err != nil {
		t.Fatal(err)
	}
	want := []Tensor{
		{"z", []int{3, 4}, counting(12)},
		{"b", []int{2, 1, 3}, []float32{1, 5, 9, 2, 6, 10}},
		{"c", []int{2}, []float32{-1, 2}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got[0].Data[5] = 99; got[1].Data[1] != 5 {
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
		"doubles": {stateOf("a", "("+text("storage")+"ctorch\nDoubleStorage\n"), new(*GlobalError),
			`"torch.DoubleStorage"`},
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
		_, err := Read([]byte(opening + c.state))
		if !errors.As(err, c.is) || !strings.Contains(err.Error(), c.want) ||
			!strings.HasPrefix(err.Error(), "byte ") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	_, err := Read([]byte(opening + "\x80\x02cos\nsystem\n"))
	var g *GlobalError
	if !errors.As(err, &g) || g.Offset != len(opening)+2 {
		t.Errorf("%v, want byte %d", err, len(opening)+2)
	}
}

func TestRefusesDamage(t *testing.T) {
	good := file(stateOf("a", tensorOf(storageOf("0", 6), 0, []int64{2, 3}, []int64{3, 1})), "0",
		counting(6))
	if _, err := Read(good); err != nil {
		t.Fatal(err)
	}
	for n := range len(good) {
		if _, err := Read(good[:n]); err == nil {
			t.Errorf("accepted the first %d of %d bytes", n, len(good))
		}
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"none":       {nil, "does not begin like"},
		"zip":        {[]byte("PK\x03\x04 and more"), "zip format"},
		"more":       {append(bytes.Clone(good), 0), "1 bytes after the last storage"},
		"big endian": {bytes.Replace(good, []byte("\x88u."), []byte("\x89u."), 1), "little-endian"},
		"protocol": {bytes.Replace(good, []byte("\x80\x02M\xe9\x03."),
			[]byte("\x80\x02M\xe8\x03."), 1), "has protocol 1000"},
		"no dict":   {file("\x80\x02]."), "no dict of names"},
		"no tensor": {file(stateOf("epoch", integer(5))), `"epoch" is no tensor`},
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
		"text":      {[]byte(opening + "\x80\x02X\x01\x00\x00\x00\xff."), "not UTF-8"},
		"long text": {[]byte(opening + "\x80\x02X\xff\xff\xff\xff."), "4294967295 bytes"},
		"endless":   {[]byte(opening + "\x80\x02c" + strings.Repeat("x", 500)), "does not end"},
	} {
		_, err := Read(c.data)
		var format *FormatError
		if !errors.As(err, &format) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
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
		_, err := Read(file(stateOf("a", tensorOf(storageOf("0", elements), c.offset, c.shape,
			c.strides)), "0", data))
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
	_, err := Read(file(stateOf(items...), "0", counting(1000)))
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
	f.Fuzz(func(t *testing.T, data []byte) {
		tensors, err := Read(data)
		if err != nil {
			if msg := err.Error(); len(msg) > 1000 || strings.Contains(msg, "\n") {
				t.Errorf("error is no line: %q", msg)
			}
			return
		}
		elements := 0
		for _, x := range tensors {
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
