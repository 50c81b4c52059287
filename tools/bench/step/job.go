package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
)

// job is what both sides read: networks, where their weights and the batch are, and how a step is
// done.
type job struct {
	Net      string             `json:"net"`
	Space    *supernet.Space    `json:"space"`
	Networks [][]supernet.Block `json:"networks"`
	BNEps    float64            `json:"bn_eps"`
	Weights  string             `json:"weights"` // safetensors, as supernet.Tensors
	Batch    string             `json:"batch"`   // safetensors: images (N,H,W,C), labels (N)

	Rate           float32 `json:"rate"`
	Momentum       float32 `json:"momentum"`     // Nesterov
	WeightDecay    float32 `json:"weight_decay"` // not on batch norm and biases
	LabelSmoothing float32 `json:"label_smoothing"`
}

// weightSeed and batchSeed draw the starting weights and the images.
const weightSeed, batchSeed = 1, 2

// writeJob writes a net's weights, a batch of random images and the job itself to dir, and gives
// the job's path.
func writeJob(dir string, n *net, batch int) (string, error) {
	j := job{
		Net: n.name, Space: n.space, Networks: n.networks, BNEps: n.space.BNEps,
		Weights: filepath.Join(dir, n.name+".weights.safetensors"), Batch: filepath.Join(dir,
			n.name+".batch.safetensors"),
		// At this rate the second step's losses show an error of about 1 % in the gradients, while
		// rounding, which a step multiplies most in a small batch, stays well below lossTolerance.
		Rate: 0.003, Momentum: 0.9, WeightDecay: 3e-5, LabelSmoothing: 0.1,
	}
	if _, err := safetensors.Write(j.Weights, supernet.New(n.space, weightSeed).Tensors(),
		nil); err != nil {
		return "", err
	}
	if _, err := safetensors.Write(j.Batch, randomBatch(n.networks[0][0].In, n.space.Classes,
		batch), nil); err != nil {
		return "", err
	}
	path := filepath.Join(dir, n.name+".json")
	return path, store.WriteFile(path,
		func(w io.Writer) error { return json.NewEncoder(w).Encode(j) })
}

// randomBatch draws images as normalised photographs are: mean 0, variance 1.
func randomBatch(image supernet.Shape, classes, n int) []safetensors.Tensor {
	r := rand.New(rand.NewPCG(batchSeed, 0))
	images, labels := make([]float32, n*image.Len()), make([]float32, n)
	for i := range images {
		images[i] = float32(r.NormFloat64())
	}
	for i := range labels {
		labels[i] = float32(r.IntN(classes))
	}
	return []safetensors.Tensor{
		{Name: "images", Shape: []int{n, image.H, image.W, image.C}, Data: images},
		{Name: "labels", Shape: []int{n}, Data: labels},
	}
}

func readJob(path string) (*job, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read job: %w", err)
	}
	var j job
	if err := json.Unmarshal(text, &j); err != nil {
		return nil, fmt.Errorf("read job %s: %w", path, err)
	}
	return &j, nil
}
