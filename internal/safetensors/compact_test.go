package safetensors_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
)

func encodedCompact(t testing.TB, tensors []safetensors.Tensor, meta map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := safetensors.EncodeCompact(&buf, tensors, meta); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// sparse is a list of n values, each other than zero with this probability.
func sparse(r *rand.Rand, n int, density float64) []float32 {
	data := make([]float32, n)
	for i := range data {
		if r.Float64() < density {
			data[i] = math.Float32frombits(r.Uint32() | 1) // never zero, but NaN and infinity too
		}
	}
	return data
}

func wantSame(t *testing.T, got, want []safetensors.Tensor) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d tensors, want %d", len(got), len(want))
	}
	for i, w := range want {
		if g := got[i]; g.Name != w.Name || !slices.Equal(g.Shape, w.Shape) ||
			!sameBits(g.Data, w.Data) {
			t.Errorf("tensor %q %v came back as %q %v, or with other values", w.Name, w.Shape,
				g.Name, g.Shape)
		}
	}
}

// TestCompactRoundTrip: whatever the size, the share of zeros and their place, tensors come back
// bit for bit, from a file that is no larger than a dense one.
func TestCompactRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, density := range []float64{0, .001, .01, .05, .1, .125, .13, .3, .9, .97, 1} {
		var tensors []safetensors.Tensor
		for i, n := range []int{0, 1, 7, 8, 9, 64, 254, 255, 256, 509, 510, 511, 4096, 20011} {
			tensors = append(tensors, safetensors.Tensor{Name: fmt.Sprintf("%02d", i),
				Shape: []int{n}, Data: sparse(r, n, density)})
		}
		path := filepath.Join(t.TempDir(), "w")
		sha, err := safetensors.WriteCompact(path, tensors, map[string]string{"k": "v"})
		if err != nil {
			t.Fatal(err)
		}
		file, err := safetensors.Read(path)
		if err != nil {
			t.Fatalf("density %g: %v", density, err)
		}
		if hash, err := store.HashFile(path); hash != sha || file.SHA256 != sha || err != nil {
			t.Errorf("hashes: written %s, read %s, of the file %s (%v)", sha, file.SHA256, hash,
				err)
		}
		if len(file.Meta) != 1 || file.Meta["k"] != "v" {
			t.Errorf("metadata is %q", file.Meta)
		}
		wantSame(t, file.Tensors, tensors)
		small, large := encodedCompact(t, tensors, nil), encoded(t, tensors, nil)
		if len(small) > len(large) || density == 1 && !bytes.Equal(small, large) {
			t.Errorf("density %g: %d bytes, dense %d", density, len(small), len(large))
		}
	}
}

// TestCompactEdges: zeros that begin, end and fill a tensor, in numbers around those that one byte
// of gaps stands for.
func TestCompactEdges(t *testing.T) {
	var tensors []safetensors.Tensor
	for _, before := range []int{0, 1, 254, 255, 256, 509, 510, 511, 765} {
		for _, after := range []int{0, 1, 253, 254, 255, 256, 509, 510, 4000} {
			data := make([]float32, before+1+after)
			data[before] = float32(math.Copysign(0, -1)) // a value like any other
			tensors = append(tensors, safetensors.Tensor{Name: fmt.Sprintf("%03d-%04d", before, after),
				Shape: []int{len(data)}, Data: data})
		}
		tensors = append(tensors, safetensors.Tensor{Name: fmt.Sprintf("%03d-none", before),
			Shape: []int{before}, Data: make([]float32, before)})
	}
	file, err := decode(encodedCompact(t, tensors, nil))
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, file.Tensors, tensors)
}

// TestCompactSize: at 90 % zeros, a file has at most 14 % of the dense one's bytes, however these
// lie.
func TestCompactSize(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const n = 400 * 400
	runs := make([]float32, n)
	for i := range n / 16 {
		if r.IntN(10) == 0 {
			copy(runs[16*i:], sparse(r, 16, 1))
		}
	}
	for name, data := range map[string][]float32{"single": sparse(r, n, .1), "runs": runs} {
		tensors := []safetensors.Tensor{{Name: name, Shape: []int{400, 400}, Data: data}}
		share := float64(len(encodedCompact(t, tensors, nil))) /
			float64(len(encoded(t, tensors, nil)))
		if share > .14 {
			t.Errorf("%s: %.3f of the dense file", name, share)
		}
	}
}

// TestCompactChoice: the layout follows a rule that other programs can follow too.
func TestCompactChoice(t *testing.T) {
	place := func(n, every int) []float32 { // a value after every so many zeros
		data := make([]float32, n)
		for i := every; i < n; i += every + 1 {
			data[i] = 1
		}
		return data
	}
	for name, tt := range map[string]struct {
		data []float32
		want string
	}{
		"no zeros":            {place(4096, 0), ""},
		"one in 40 is zero":   {slices.Repeat(append(place(39, 0), 0), 1000), ""},
		"every other":         {place(4096, 1), ":bitmap"},
		"one in 7":            {place(4096, 6), ":bitmap"},
		"one in 9":            {place(4096, 8), ":gaps"},
		"as large either way": {place(4096, 7), ":bitmap"}, // 512 bits a byte, or 512 gaps
		"all zeros":           {place(4096, 4096), ":gaps"},
		"64 zeros":            {place(64, 64), ""}, // 256 bytes, which the header would take
		"66 zeros":            {place(66, 66), ":gaps"},
	} {
		data := encodedCompact(t, []safetensors.Tensor{{Name: "a", Shape: []int{len(tt.data)},
			Data: tt.data}}, nil)
		got := ""
		for _, suffix := range []string{":bitmap", ":gaps"} {
			if strings.Contains(string(data), `"a`+suffix+`":{"dtype":"U8"`) {
				got += suffix
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestCompactNames: no name that a tensor may have collides with those of places.
func TestCompactNames(t *testing.T) {
	zeros := make([]float32, 1000)
	one := func(name string) safetensors.Tensor {
		return safetensors.Tensor{Name: name, Shape: []int{10, 100},
			Data: zeros}
	}
	tensors := []safetensors.Tensor{one(""), one(":bitmap"), one("a"), one("a:gaps"), one("b"),
		one("b:bitmap"), one("b:bitmap:gaps"), one("é\"\\<\n")}
	data := encodedCompact(t, tensors, nil)
	file, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, file.Tensors, tensors)
	slices.Reverse(tensors)
	if again := encodedCompact(t, tensors, nil); !bytes.Equal(again, data) {
		t.Error("the order of tensors matters")
	}
}

// TestCompactKeyIsReserved: a file whose metadata lists compact tensors that are none could not be
// read back.
func TestCompactKeyIsReserved(t *testing.T) {
	for _, encode := range []func() error{
		func() error {
			return safetensors.Encode(&bytes.Buffer{}, nil,
				map[string]string{"tailor.compact": "{}"})
		},
		func() error {
			return safetensors.EncodeCompact(&bytes.Buffer{}, nil,
				map[string]string{"tailor.compact": "{}"})
		},
	} {
		wantError(t, encode(), nil, `"tailor.compact"`)
	}
	_, err := safetensors.WriteCompact(filepath.Join(t.TempDir(), "w"),
		[]safetensors.Tensor{{Name: "a", Shape: []int{2}}}, nil)
	wantError(t, err, nil, "[2] but 0 elements")
}

func TestCompactReportsWriter(t *testing.T) {
	tensors := []safetensors.Tensor{{Name: "a", Shape: []int{40000},
		Data: sparse(rand.New(rand.NewPCG(1, 1)), 40000, .5)}}
	size := len(encodedCompact(t, tensors, nil))
	for _, n := range []int{0, 50, 1000, 70000, size - 1} {
		wantError(t, safetensors.EncodeCompact(&failing{n}, tensors, nil), errFull)
	}
	if err := safetensors.EncodeCompact(&failing{size}, tensors, nil); err != nil {
		t.Error(err)
	}
}

// BenchmarkCompact has dense files beside it: MB/s are of dense tensors.
func BenchmarkCompact(b *testing.B) {
	const n = 4 << 20
	for _, zeros := range []int{50, 90, 98} {
		tensors := []safetensors.Tensor{{Name: "a", Shape: []int{n},
			Data: sparse(rand.New(rand.NewPCG(1, 2)), n, 1-float64(zeros)/100)}}
		for name, encode := range map[string]func(*bytes.Buffer) error{
			"dense": func(w *bytes.Buffer) error { return safetensors.Encode(w, tensors, nil) },
			"compact": func(w *bytes.Buffer) error {
				return safetensors.EncodeCompact(w, tensors,
					nil)
			},
		} {
			var buf bytes.Buffer
			b.Run(fmt.Sprintf("encode/zeros=%d/%s", zeros, name), func(b *testing.B) {
				b.SetBytes(4 * n)
				for b.Loop() {
					buf.Reset()
					if err := encode(&buf); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(buf.Len())/(4*n), "size")
			})
			b.Run(fmt.Sprintf("decode/zeros=%d/%s", zeros, name), func(b *testing.B) {
				b.SetBytes(4 * n)
				for b.Loop() {
					if _, err := decode(buf.Bytes()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
