package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
)

// A document names what it was made from, and is refused beside anything else.
func Example() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	weights := []safetensors.Tensor{{Name: "stem.weight", Shape: []int{2, 2},
		Data: []float32{1, 2, 3, 4}}}
	sha, err := safetensors.Write(filepath.Join(dir, "weights.safetensors"), weights, nil)
	if err != nil {
		fmt.Println(err)
		return
	}

	type manifest struct {
		store.Header
		LatencyMS float64 `json:"latency_ms"`
	}
	path := filepath.Join(dir, "manifest.json")
	made := manifest{LatencyMS: 4.2}
	made.Inputs = map[string]store.Input{"weights": {Path: "weights.safetensors", SHA256: sha}}
	if err := store.WriteDocument(path, "manifest", 1, &made); err != nil {
		fmt.Println(err)
		return
	}

	var read manifest
	if err := store.ReadDocument(path, "manifest", 1, &read); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(read.Tailor, read.LatencyMS, read.Check("manifest.json", "weights", sha))

	var stale *store.StaleError
	if err := read.Check("manifest.json", "weights", made.SHA256); errors.As(err, &stale) {
		fmt.Println("other", stale.Role)
	}
	// Output:
	// manifest/1 4.2 <nil>
	// other weights
}
