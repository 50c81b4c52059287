package search

import "github.com/tailor-nas/tailor/search/manifest"

// Limits are what a sub-network must stay within, as its manifest keeps them.
type Limits = manifest.Limits
