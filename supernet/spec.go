package supernet

import (
	"bytes"
	"cmp"
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
// ignored when read and 0 when written. W are the widths, in a space that has a choice of them.
type Spec struct {
	KS []int     `json:"ks"`
	E  []float64 `json:"e"`
	D  []int     `json:"d"`
	R  []int     `json:"r"`
	W  []int     `json:"w,omitempty"`
}

// UnmarshalJSON reads lists, or one number for all entries of a list; r may also be called
// image_size, and be missing where the space has a single resolution. OFA's "wid" must be null.
func (s *Spec) UnmarshalJSON(text []byte) error {
	var raw struct {
		KS, E, D, R, W list
		ImageSize      list            `json:"image_size"`
		Wid            json.RawMessage `json:"wid"`
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&raw); err != nil {
		return err
	}
	if w := string(raw.Wid); w != "" && w != "null" {
		return errors.New("wid must be null: a space with a choice of output widths takes w")
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
	}{{"ks", raw.KS, &s.KS}, {"d", raw.D, &s.D}, {"r", raw.R, &s.R},
		{"w", raw.W, &s.W}} {
		if *f.to, err = f.from.ints(); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if raw.W == nil {
		s.W = nil
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
	if len(spec.W) > 0 && s.geneIndex.widths == 0 {
		return Arch{}, fmt.Errorf("it has w, but space %s has no choice of widths", s.Name)
	}
	if len(spec.KS) == 0 {
		spec.KS = s.onlyKernels()
	}
	if s.coupled() && len(spec.E) == 0 {
		spec.E = []float64{0}
	}
	var errs [4]error
	spec.KS, errs[0] = spread("ks", spec.KS, s.geneIndex.blocks)
	spec.D, errs[1] = spread("d", spec.D, s.geneIndex.stages)
	spec.E, errs[2] = spread("e", spec.E, s.geneIndex.blocks)
	spec.W, errs[3] = spread("w", spec.W, s.geneIndex.widths)
	if err := cmp.Or(errs[:]...); err != nil {
		return Arch{}, err
	}
	return s.place(spec)
}

func (s *Space) place(spec Spec) (Arch, error) {
	r := spec.R[0]
	if !slices.Contains(s.Resolutions, r) {
		return Arch{}, fmt.Errorf("resolution %d is not in space %s (%s)", r, s.Name,
			rangeText(s.Resolutions))
	}
	a := Arch{Resolution: uint16(r)}
	for i := range s.geneIndex.parts {
		if err := s.geneIndex.parts[i].place(&a, spec); err != nil {
			return Arch{}, err
		}
	}
	for i := range s.Stages {
		if s.Stages[i].ExpandByDepth != nil {
			if err := s.checkDecided(a, i, spec.E); err != nil {
				return Arch{}, err
			}
		}
	}
	return a, nil
}

// place takes what a spec says of a part.
func (p *Part) place(a *Arch, spec Spec) error {
	depth, ok := p.MaxDepth(), true
	if p.DepthGene >= 0 {
		if depth, ok = p.names.depth(spec.D[p.DepthGene], p.Depths); !ok {
			return p.noDepth(spec.D[p.DepthGene])
		}
		a.Depth[p.DepthGene] = uint8(depth)
	}
	if p.WidthGene >= 0 {
		if w := spec.W[p.WidthGene]; w < 0 || w >= p.Widths {
			return p.noWidth(w)
		}
		a.Width[p.WidthGene] = uint8(spec.W[p.WidthGene])
	}
	for j := p.First; p.First >= 0 && j < p.First+depth; j++ {
		if !slices.Contains(p.Kernels, spec.KS[j]) {
			return p.noKernel(j-p.First, spec.KS[j])
		}
		a.Kernel[j] = uint8(spec.KS[j])
		if p.Expands != nil {
			a.Expand[j] = float32(spec.E[j])
		}
	}
	return nil
}

// checkDecided refuses expand ratios other than those that the depth of stage i decides.
func (s *Space) checkDecided(a Arch, i int, e []float64) error {
	b, depth := s.geneIndex.block[i], s.depth(a, i)
	if b < 0 {
		return nil
	}
	want := s.Stages[i].ExpandByDepth[depth]
	for j := b; j < b+depth; j++ {
		if e[j] != 0 && e[j] != want {
			return fmt.Errorf("expand ratio %g of elastic block %d: depth %d decides %g", e[j], j,
				depth, want)
		}
	}
	return nil
}

// onlyKernels is the kernel of every elastic block, nil if any has a choice.
func (s *Space) onlyKernels() (ks []int) {
	for _, p := range s.geneIndex.parts {
		if len(p.Kernels) > 1 {
			return nil
		}
		if p.First >= 0 {
			ks = append(ks, slices.Repeat(p.Kernels, p.MaxDepth())...)
		}
	}
	return ks
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
	for _, w := range a.Width[:s.geneIndex.widths] {
		spec.W = append(spec.W, int(w))
	}
	for i := range s.geneIndex.parts {
		if p := &s.geneIndex.parts[i]; p.DepthGene >= 0 {
			spec.D[p.DepthGene] = p.names.name(int(a.Depth[p.DepthGene]))
		}
	}
	for i := range s.Stages {
		b := s.geneIndex.block[i]
		for j := 0; b >= 0 && j < s.depth(a, i); j++ {
			spec.KS[b+j], spec.E[b+j] = s.kernel(a, i, j), s.expand(a, i, j)
		}
	}
	return spec
}
