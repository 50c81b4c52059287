package profiles

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

const variantsKind, variantsVersion = "variants", 1

// ErrOtherVariants is for times that were measured of something else, or in another way.
var ErrOtherVariants = errors.New("profiles: these are times of other variants")

// VariantsOf is what times of variants hold for.
type VariantsOf struct {
	Parent    string // sha256 of what the network was read from
	Network   []supernet.Block
	Structure supernet.Structure
	Identity  Identity
	Settings  VariantSettings
}

// VariantTimes is the document "variants/1", in which [Variants] are kept. Its input "parent" is
// what the network was read from.
type VariantTimes struct {
	provenance.Header
	variantsKey
	BlocksMS   map[string]float64 `json:"blocks_ms"`   // by [supernet.Block.Key]
	NetworksMS []float64          `json:"networks_ms"` // in the order of Variants.Networks
	// why they are in doubt; empty if they are not
	UnstableReason string `json:"unstable_reason,omitempty"`
}

// variantsKey is what must be equal for times to hold.
type variantsKey struct {
	Device    string             `json:"device"`  // [Identity]
	Runtime   string             `json:"runtime"` // likewise
	Structure supernet.Structure `json:"structure"`
	BudgetNS  time.Duration      `json:"budget_ns,omitempty"` // 0: what they need
	Random    int                `json:"random_networks"`
	Seed      uint64             `json:"seed"`
}

func (o VariantsOf) key() variantsKey {
	return variantsKey{Device: o.Identity.Device, Runtime: o.Identity.Runtime,
		Structure: o.Structure, BudgetNS: max(o.Settings.Budget, 0), Random: o.Settings.Random,
		Seed: o.Settings.Seed}
}

// Unstable says how the machine changed meanwhile, so that times are in doubt; empty if it did not.
func (v *Variants) Unstable() string {
	if v.Session.UnstableReason != "" {
		return v.Session.UnstableReason
	}
	return v.NetworkSession.UnstableReason
}

// Save writes the latencies for [LoadVariants]. What else is known of them is not kept.
func (v *Variants) Save(path string, of VariantsOf) error {
	t := VariantTimes{variantsKey: of.key(), BlocksMS: map[string]float64{},
		UnstableReason: v.Unstable()}
	t.Inputs = map[string]provenance.Input{"parent": {SHA256: of.Parent}}
	for _, b := range v.Blocks {
		t.BlocksMS[b.Block.Key()] = b.LatencyMS
	}
	for _, n := range v.Networks {
		t.NetworksMS = append(t.NetworksMS, n.LatencyMS)
	}
	return store.WriteDocument(path, variantsKind, variantsVersion, &t)
}

// LoadVariants reads what [Variants.Save] wrote of the same: of anything else it is
// [ErrOtherVariants].
func LoadVariants(path string, of VariantsOf) (*Variants, error) {
	var t VariantTimes
	if err := store.ReadDocument(path, variantsKind, variantsVersion, &t); err != nil {
		return nil, err
	}
	if t.Inputs["parent"].SHA256 != of.Parent || t.variantsKey != of.key() {
		return nil, fmt.Errorf("%s: %w", path, ErrOtherVariants)
	}
	v, err := newVariants(of.Network, of.Structure, of.Settings.Random, of.Settings.Seed)
	if err != nil {
		return nil, err
	}
	if err := v.fill(t); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// fill puts the times of a document where they belong.
func (v *Variants) fill(t VariantTimes) error {
	v.Session.UnstableReason = t.UnstableReason
	left := maps.Clone(t.BlocksMS)
	for i := range v.Blocks {
		b := &v.Blocks[i]
		b.Name = b.Block.Key()
		b.LatencyMS = left[b.Name]
		if !(b.LatencyMS > 0) {
			return fmt.Errorf("%w: %s takes %g ms, expected above 0", ErrOtherVariants, b.Name,
				b.LatencyMS)
		}
		delete(left, b.Name)
	}
	if len(left) > 0 || len(t.NetworksMS) != len(v.Networks) {
		return fmt.Errorf("%w: it has %d blocks too many, and %d networks, expected %d",
			ErrOtherVariants, len(left), len(t.NetworksMS), len(v.Networks))
	}
	for i, ms := range t.NetworksMS {
		if v.Networks[i].LatencyMS = ms; !(ms > 0) {
			return fmt.Errorf("%w: network %d takes %g ms, expected above 0", ErrOtherVariants, i+1,
				ms)
		}
	}
	return nil
}
