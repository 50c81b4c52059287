package supernet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Excitation says what squeeze-and-excitation the blocks of a stage have. The zero value is none;
// "se: true" in a space file is [StandardExcitation]. It is comparable.
type Excitation struct {
	// Hidden channels are Ratio times the channels of Of, rounded to a multiple of Divisor as
	// [MakeDivisible] rounds, at least one and at most the middle channels.
	Ratio   float64  `yaml:"ratio" json:"ratio"`
	Of      Measured `yaml:"of" json:"of"`
	Divisor int      `yaml:"divisor" json:"divisor"`
	// Act is the activation of the hidden channels, Gate that of the gate: h_sigmoid or sigmoid.
	Act  Act `yaml:"act" json:"act"`
	Gate Act `yaml:"gate" json:"gate"`
}

// Measured says which channels of a block the hidden channels of squeeze-and-excitation are a part
// of.
type Measured string

// The channels that may be measured.
const (
	OfMiddle Measured = "middle" // of the depthwise convolution
	OfInput  Measured = "input"  // of the block
)

// StandardExcitation is that of MobileNetV3, which the once-for-all networks have too.
func StandardExcitation() Excitation {
	return Excitation{Ratio: 0.25, Of: OfMiddle, Divisor: channelDivisor, Act: ReLU, Gate: HSigmoid}
}

// None says whether there is no squeeze-and-excitation.
func (e Excitation) None() bool { return e == Excitation{} }

// String is for people: true, false, or what there is.
func (e Excitation) String() string {
	if e.None() || e == StandardExcitation() {
		return fmt.Sprint(!e.None())
	}
	return fmt.Sprintf("%g of %s by %d, %s, %s", e.Ratio, e.Of, e.Divisor, e.Act, e.Gate)
}

// IsZero is None, for encoding/json.
func (e Excitation) IsZero() bool { return e.None() }

// hidden is the number of hidden channels of a block.
func (e Excitation) hidden(in, mid int) int {
	if e.None() {
		return 0
	}
	of := mid
	if e.Of == OfInput {
		of = in
	}
	return min(MakeDivisible(e.Ratio*float64(of), e.Divisor), mid)
}

// own gives an activation as a block writes it: the standard one is left out.
func own(act, standard Act) Act {
	if act == standard {
		return ""
	}
	return act
}

// orElse is an activation, or the standard one where it is left out.
func orElse(act, standard Act) Act {
	if act == "" {
		return standard
	}
	return act
}

// UnmarshalYAML reads true, false, or a map; what the map leaves out is as in the standard one.
func (e *Excitation) UnmarshalYAML(read func(any) error) error {
	var on bool
	if read(&on) == nil {
		*e = switched(on)
		return nil
	}
	type plain Excitation
	standard := plain(StandardExcitation())
	if err := read(&standard); err != nil {
		return err
	}
	*e = Excitation(standard)
	return nil
}

func switched(on bool) Excitation {
	if on {
		return StandardExcitation()
	}
	return Excitation{}
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Excitation) UnmarshalJSON(text []byte) error {
	var on bool
	if json.Unmarshal(text, &on) == nil {
		*e = switched(on)
		return nil
	}
	type plain Excitation
	standard := plain(StandardExcitation())
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&standard); err != nil {
		return errors.New("se is neither true nor an object with ratio, of, divisor, act and gate")
	}
	*e = Excitation(standard)
	return nil
}

// MarshalJSON writes true for the standard one, as it was before there were others.
func (e Excitation) MarshalJSON() ([]byte, error) {
	if e == StandardExcitation() {
		return []byte("true"), nil
	}
	type plain Excitation
	return json.Marshal(plain(e))
}

// excitation checks what a stage says of squeeze-and-excitation.
func (c *checker) excitation(at string, e Excitation) {
	if e.None() {
		return
	}
	if !(e.Ratio > 0 && e.Ratio <= 1) {
		c.fail(at+".ratio", "is %g, expected above 0, at most 1", e.Ratio)
	}
	if e.Of != OfMiddle && e.Of != OfInput {
		c.fail(at+".of", "is %q, expected %s or %s", string(e.Of), OfMiddle, OfInput)
	}
	c.between(at+".divisor", e.Divisor, 1, 64)
	c.act(at+".act", e.Act)
	if err := e.Gate.checkGate(); err != nil {
		c.fail(at+".gate", "%v", err)
	}
}

// checkExcitation checks the activations of squeeze-and-excitation. The standard ones are left out,
// so that one kind of block is written in one way.
func (b Block) checkExcitation() error {
	if b.SE == 0 && (b.SEAct != "" || b.SEGate != "") {
		return fmt.Errorf("a block without SE has an activation %q of SE, or %q of its gate",
			string(b.SEAct), string(b.SEGate))
	}
	if b.SEAct == ReLU || b.SEGate == HSigmoid {
		return fmt.Errorf("%s and %s of SE are left out, as what there is if nothing is said", ReLU,
			HSigmoid)
	}
	if err := orElse(b.SEAct, ReLU).check(); err != nil {
		return err
	}
	return orElse(b.SEGate, HSigmoid).checkGate()
}

// excites says whether anything of squeeze-and-excitation is set.
func (b Block) excites() bool { return b.SE != 0 || b.SEAct != "" || b.SEGate != "" }
