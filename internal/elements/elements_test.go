package elements

import (
	"encoding/binary"
	"math"
	"testing"
)

// TestHalf compares all halves with the definition of IEEE 754, in float64.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		want := math.Ldexp(float64(1024+h&1023), h>>10&31-25)
		switch h >> 10 & 31 {
		case 0:
			want = math.Ldexp(float64(h&1023), -24)
		case 31:
			want = math.Inf(1)
			if h&1023 != 0 {
				want = math.NaN()
			}
		}
		if h>>15 == 1 {
			want = -want
		}
		raw := binary.LittleEndian.AppendUint16([]byte{9, 9}, uint16(h))
		got := float64(F16.At(raw, 1))
		if same := got == want && math.Signbit(got) == math.Signbit(want); !same &&
			!(math.IsNaN(got) && math.IsNaN(want)) {
			t.Fatalf("%#x is %g, expected %g", h, got, want)
		}
	}
}

// TestFloats: numbers that all types hold come back, and those of 8 bytes are rounded.
func TestFloats(t *testing.T) {
	for _, v := range []float32{0, 1, -2.5, 0.15625, 1024} {
		bits := math.Float32bits(v)
		for typ, raw := range map[Type][]byte{
			F32:  binary.LittleEndian.AppendUint32(make([]byte, 4), bits),
			BF16: binary.LittleEndian.AppendUint16(make([]byte, 2), uint16(bits>>16)),
			F64: binary.LittleEndian.AppendUint64(make([]byte, 8),
				math.Float64bits(float64(v)*(1+1e-12))),
		} {
			if got := typ.At(raw, 1); got != v || len(raw) != 2*typ.Bytes() || !typ.Float() {
				t.Errorf("type %d: %g, expected %g", typ, got, v)
			}
		}
	}
	if Whole64.Float() || Whole64.Bytes() != 8 || Byte.Bytes() != 1 || Whole16.Bytes() != 2 ||
		Whole32.Bytes() != 4 {
		t.Error("whole numbers")
	}
}
