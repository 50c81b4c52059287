package supernet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/textfile"
)

// ErrArch is what every error about an arch given from outside wraps.
var ErrArch = errors.New("arch does not fit the space")

// Spec is an arch as OFA writes it: kernel sizes and expand ratios of all elastic blocks at full
// depth, depths of all elastic stages, and the resolution. Values of blocks beyond the depth are
// ignored when read and 0 when written.
type Spec struct {
	KS []int     `json:"ks"`
	E  []float64 `json:"e"`
	D  []int     `json:"d"`
	R  []int     `json:"r"`
}

// UnmarshalJSON reads lists, or one number for all entries of a list; r may also be called
// image_size, and be missing where the space has a single resolution. OFA's "wid" must be null.
func (s *Spec) UnmarshalJSON(text []byte) error {
	var raw struct {
		KS, E, D, R list
		ImageSize   list            `json:"image_size"`
		Wid         json.RawMessage `json:"wid"`
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&raw); err != nil {
		return err
	}
	if w := string(raw.Wid); w != "" && w != "null" {
		return errors.New("wid must be null: no space has elastic output widths")
	}
	if raw.R == nil {
		raw.R = raw.ImageSize
	}
	var err error
	s.E = raw.E
	for _, f := range []struct {
		name string
		from list
		to   *[]int
	}{{"ks", raw.KS, &s.KS}, {"d", raw.D, &s.D}, {"r", raw.R, &s.R}} {
		if *f.to, err = f.from.ints(); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

// list is a JSON list of numbers, or a single number.
type list []float64

func (l *list) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	var one float64
	if json.Unmarshal(text, &one) == nil {
		*l = list{one}
		return nil
	}
	var many []float64
	if err := json.Unmarshal(text, &many); err != nil {
		return errors.New("expected a number or a list of numbers")
	}
	*l = many
	return nil
}

func (l list) ints() ([]int, error) {
	v := make([]int, len(l))
	for i, f := range l {
		if v[i] = int(f); float64(v[i]) != f {
			return nil, fmt.Errorf("%g is not a whole number", f)
		}
	}
	return v, nil
}

// ParseArch reads an arch in OFA's style and gives its canonical form. Errors wrap [ErrArch].
func (s *Space) ParseArch(text []byte) (Arch, error) {
	var spec Spec
	if err := json.Unmarshal(text, &spec); err != nil {
		return Arch{}, fmt.Errorf("%w %s: %w", ErrArch, s.Name, textfile.JSONError(err))
	}
	return s.Arch(spec)
}

// Arch turns a spec into a canonical arch. Errors wrap [ErrArch].
func (s *Space) Arch(spec Spec) (Arch, error) {
	a, err := s.fill(spec)
	if err == nil {
		err = s.Check(a)
	}
	if err != nil {
		return Arch{}, fmt.Errorf("%w %s: %w", ErrArch, s.Name, err)
	}
	return a, nil
}

func (s *Space) fill(spec Spec) (Arch, error) {
	if len(spec.R) == 0 && len(s.Resolutions) == 1 {
		spec.R = s.Resolutions
	}
	if len(spec.R) != 1 {
		return Arch{}, fmt.Errorf("r has %d values, expected one of %s", len(spec.R),
			rangeText(s.Resolutions))
	}
	ks, err := spread("ks", spec.KS, s.geneIndex.blocks)
	if err != nil {
		return Arch{}, err
	}
	d, err := spread("d", spec.D, s.geneIndex.stages)
	if err != nil {
		return Arch{}, err
	}
	if s.coupled() && len(spec.E) == 0 {
		spec.E = []float64{0}
	}
	e, err := spread("e", spec.E, s.geneIndex.blocks)
	if err != nil {
		return Arch{}, err
	}
	return s.place(spec.R[0], ks, d, e)
}

func (s *Space) place(r int, ks, d []int, e []float64) (Arch, error) {
	if !slices.Contains(s.Resolutions, r) {
		return Arch{}, fmt.Errorf("resolution %d is not in space %s (%s)", r, s.Name,
			rangeText(s.Resolutions))
	}
	a := Arch{Resolution: uint16(r)}
	for i := range s.Stages {
		st, di, b := &s.Stages[i], s.geneIndex.depth[i], s.geneIndex.block[i]
		if di < 0 {
			continue
		}
		if !slices.Contains(st.Depth, d[di]) {
			return Arch{}, fmt.Errorf("depth %d of elastic stage %d is not one of %v", d[di], di,
				st.Depth)
		}
		a.Depth[di] = uint8(d[di])
		for j := range d[di] {
			if !slices.Contains(st.Kernel, ks[b+j]) {
				return Arch{}, fmt.Errorf("kernel %d of elastic block %d is not one of %v", ks[b+j],
					b+j, st.Kernel)
			}
			a.Kernel[b+j] = uint8(ks[b+j])
			if st.ExpandByDepth == nil {
				a.Expand[b+j] = float32(e[b+j])
			} else if want := st.ExpandByDepth[d[di]]; e[b+j] != 0 && e[b+j] != want {
				return Arch{}, fmt.Errorf(
					"expand ratio %g of elastic block %d: depth %d decides %g", e[b+j], b+j, d[di],
					want)
			}
		}
	}
	return a, nil
}

func (s *Space) coupled() bool {
	return slices.ContainsFunc(s.Stages, func(st Stage) bool { return st.ExpandByDepth != nil })
}

// spread gives a list of n values, from n or from one for all.
func spread[T any](name string, v []T, n int) ([]T, error) {
	switch {
	case len(v) == n:
		return v, nil
	case len(v) == 1:
		return slices.Repeat(v, n), nil
	}
	return nil, fmt.Errorf("%s has %d values, expected %d (or one for all)", name, len(v), n)
}

// Spec writes an arch of the space in OFA's style.
func (s *Space) Spec(a Arch) Spec {
	spec := Spec{
		KS: make([]int, s.geneIndex.blocks), E: make([]float64, s.geneIndex.blocks),
		D: make([]int, s.geneIndex.stages), R: []int{int(a.Resolution)},
	}
	for i := range s.Stages {
		d, b := s.geneIndex.depth[i], s.geneIndex.block[i]
		if d < 0 {
			continue
		}
		spec.D[d] = int(a.Depth[d])
		for j := range spec.D[d] {
			spec.KS[b+j], spec.E[b+j] = s.kernel(a, i, j), s.expand(a, i, j)
		}
	}
	return spec
}
