package genesearch

import (
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor/genes"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

// Kind is that of the document of a search, and version its version.
const (
	Kind    = "gene-search"
	version = 1
)

// Document says what a search found, and by what. It is the document "gene-search/1".
type Document struct {
	provenance.Header
	SpaceName   string       `json:"space"`
	SpaceSHA256 string       `json:"space_sha256"`
	Genes       []genes.Gene `json:"genes"`
	Seed        uint64       `json:"seed"`
	// Of a search by predictors.
	Confidence float64  `json:"confidence,omitempty"`
	Answers    []Answer `json:"answers,omitempty"` // one for each budget
	// Of a search that ran a command.
	Runs *Runs `json:"runs,omitempty"`
}

// Save writes the document. The inputs of its header are the caller's.
func (d *Document) Save(path string) error {
	return store.WriteDocument(path, Kind, version, d)
}
