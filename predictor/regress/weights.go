package regress

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
)

// Weights is a list of float32. In JSON it is the base64 text of their little-endian bytes: exact,
// and a tenth of the lines that decimals would take.
type Weights []float32

// MarshalJSON writes base64 text.
func (w Weights) MarshalJSON() ([]byte, error) {
	data := make([]byte, 0, 4*len(w))
	for _, v := range w {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(data))
}

// UnmarshalJSON reads base64 text of finite numbers.
func (w *Weights) UnmarshalJSON(text []byte) error {
	encoded, ok := plainText(text)
	if !ok {
		var unquoted string
		if err := json.Unmarshal(text, &unquoted); err != nil {
			return fmt.Errorf("weights: %w", err)
		}
		encoded = []byte(unquoted)
	}
	data, err := base64.StdEncoding.AppendDecode(nil, encoded)
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	if len(data)%4 != 0 {
		return fmt.Errorf("weights: %d bytes, expected 4 for each number", len(data))
	}
	v := make(Weights, len(data)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		if !finite(float64(v[i])) {
			return fmt.Errorf("weights: number %d is %g, expected a finite one", i, v[i])
		}
	}
	*w = v
	return nil
}

// plainText is what JSON text says that is a string without escapes, as base64 text is.
func plainText(text []byte) (plain []byte, ok bool) {
	n := len(text)
	if n < 2 || text[0] != '"' || text[n-1] != '"' || bytes.IndexByte(text, '\\') >= 0 {
		return nil, false
	}
	return text[1 : n-1], true
}

func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat64 }
