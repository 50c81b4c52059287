package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/tailor-nas/tailor/supernet"
)

//go:embed peer.py
var peerScript []byte

// peer is OFA's own package, with the files that tailor's predictors were imported from.
type peer struct{ python, predictor, tables string }

// peerAnswer is one search of the peer.
type peerAnswer struct {
	Seconds   float64       `json:"seconds"`
	Top1      float64       `json:"top1"`
	LatencyMS float64       `json:"latency_ms"`
	Arch      supernet.Spec `json:"arch"`
}

// search runs the peer on one core with seeds from 1 on.
func (p peer) search(ms float64, seeds int) (answers []peerAnswer, err error) {
	dir, err := os.MkdirTemp("", "tailor-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	script := filepath.Join(dir, "peer.py")
	if err := os.WriteFile(script, peerScript, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(p.python, script, "--predictor", p.predictor, "--tables", p.tables,
		"--budget", strconv.FormatFloat(ms, 'g', -1, 64), "--seeds", strconv.Itoa(seeds))
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.python, err)
	}
	for lines := json.NewDecoder(bytes.NewReader(out)); lines.More(); {
		var a peerAnswer
		if err := lines.Decode(&a); err != nil {
			return nil, fmt.Errorf("answer of %s: %w", p.python, err)
		}
		answers = append(answers, a)
	}
	if len(answers) != seeds {
		return nil, fmt.Errorf("%s: %d answers for %d seeds", p.python, len(answers), seeds)
	}
	return answers, nil
}

// ask gives what the peer finds, if tailor's predictors say the same of it.
func (b *bench) ask(ms float64) (top1 []float64, seconds float64, err error) {
	answers, err := b.peer.search(ms, b.seeds)
	if err != nil {
		return nil, 0, err
	}
	for _, a := range answers {
		arch, err := b.space.Arch(a.Arch)
		if err != nil {
			return nil, 0, fmt.Errorf("answer of %s: %w", b.peer.python, err)
		}
		archs := []supernet.Arch{arch}
		accuracy, err := b.accuracy.Predict(archs)
		if err != nil {
			return nil, 0, err
		}
		latency, err := b.latency.Predict(archs)
		if err != nil {
			return nil, 0, err
		}
		if math.Abs(accuracy[0]-a.Top1) > 1e-5 || math.Abs(latency[0]-a.LatencyMS) > 1e-6 {
			return nil, 0, fmt.Errorf("%v: top-1 %v and %v ms here, %v and %v ms by OFA's package",
				arch, accuracy[0], latency[0], a.Top1, a.LatencyMS)
		}
		top1 = append(top1, a.Top1)
		seconds += a.Seconds / float64(b.seeds)
	}
	return top1, seconds, nil
}
