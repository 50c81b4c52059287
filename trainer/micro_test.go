package trainer

import (
	"context"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// microSpace trains a step in milliseconds.
const microSpace = `
tailor: space/1
name: micro
classes: 10
resolutions: [12, 16]
kernel_transform: true
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 8, stride: 2, act: relu, se: true, depth: [1, 2], kernel: [3, 5], expand: [2, 3]}
  - {width: 16, stride: 1, act: h_swish, depth: [1, 2], kernel: [3, 5], expand: [2, 3]}
head: {expand: 24, act: h_swish, dropout: 0.1}
`

func micro(t testing.TB) *supernet.Space {
	t.Helper()
	s, err := supernet.ParseSpace("micro.yaml", []byte(microSpace))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// microJob is 4 epochs of 10 steps; DepS sorts at step 18 and shrinks in full from 20.
func microJob(t testing.TB, dir string) Job {
	j := NewJob(dir, micro(t), "synthetic")
	j.TrainImages, j.TestImages, j.Holdout, j.ValImages, j.Workers = 180, 50, 20, 20, 2
	j.Config.Epochs, j.Config.Batch, j.Config.Seed = 4, 16, 7
	return j
}

// sandwich is the lessons of a step at which shrinking is in full force.
func sandwich(c Config, space *supernet.Space, step int) []lesson {
	return curriculum{c, space, schedule{steps: 1000}}.at(step)
}

func train(t testing.TB, j Job) *Run {
	t.Helper()
	run, err := Train(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func microData(t testing.TB, r *Run) *Data {
	t.Helper()
	d, err := r.OpenData("")
	if err != nil {
		t.Fatal(err)
	}
	return d
}
