package search

import (
	files "github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

const (
	// FrontFile is the name of a front's document in the folder of a search.
	FrontFile = "front.json"
	// FrontKind is its kind.
	FrontKind    = "front"
	frontVersion = 3
	frontOldest  = 1 // it had neither memory nor size
)

// FrontDocument is a whole [Front] with what it was made from: the document "front/3". Its inputs
// are the predictors ("accuracy", "latency", "energy").
type FrontDocument struct {
	provenance.Header
	SpaceName     string       `json:"space"`
	SpaceSHA256   string       `json:"space_sha256"`
	Cost          Cost         `json:"cost"`
	Limits        Limits       `json:"limits"` // of the search
	LatencyDevice string       `json:"latency_device,omitempty"`
	EnergyDevice  string       `json:"energy_device,omitempty"`
	Seed          uint64       `json:"seed"`
	Evaluations   int          `json:"evaluations"`
	Exact         bool         `json:"exact,omitempty"` // every network was examined
	Points        []FrontPoint `json:"points"`          // cost and top-1 rise
}

// FrontPoint is a network of a front with what is predicted of it.
type FrontPoint struct {
	Arch      supernet.Spec `json:"arch"`
	Top1      float64       `json:"top1"`
	LatencyMS float64       `json:"latency_ms,omitempty"`
	MACs      int64         `json:"macs"`
	Params    int64         `json:"params"`
	// as [Costs] has them; 0 in front/1
	MemoryBytes int64 `json:"memory_bytes,omitempty"`
	SizeBytes   int64 `json:"size_bytes,omitempty"`
	// EnergyMJ is of an inference; no front before front/3 has it.
	EnergyMJ float64 `json:"energy_mj,omitempty"`
}

// Save writes the document.
func (d *FrontDocument) Save(path string) error {
	return files.WriteDocument(path, FrontKind, frontVersion, d)
}

// ReadFront reads a front.
func ReadFront(path string) (*FrontDocument, error) {
	var d FrontDocument
	if err := files.ReadDocumentSince(path, FrontKind, frontOldest, frontVersion, &d); err != nil {
		return nil, err
	}
	return &d, nil
}
