package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed step.py
var stepScript []byte

// processes starts measurements, each in a process of its own.
type processes struct{ self, python, script, isa string }

func newProcesses(dir, python, isa string) (*processes, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	p := &processes{self, python, filepath.Join(dir, "step.py"), isa}
	if err := os.WriteFile(p.script, stepScript, 0o600); err != nil {
		return nil, fmt.Errorf("write PyTorch's side: %w", err)
	}
	return p, nil
}

// tailor runs this program on a number of threads.
func (p *processes) tailor(ctx context.Context, threads int, result any, args ...string) error {
	args = append([]string{workerArg, "-threads", strconv.Itoa(threads), "-isa", p.isa}, args...)
	return call(ctx, result, []string{fmt.Sprintf("GOMAXPROCS=%d", threads)}, p.self, args...)
}

// heldToAVX2 makes PyTorch, and the libraries that it may multiply and convolve with, do without
// what a processor has beyond AVX2.
var heldToAVX2 = []string{"ATEN_CPU_CAPABILITY=avx2", "ONEDNN_MAX_CPU_ISA=AVX2",
	"MKL_ENABLE_INSTRUCTIONS=AVX2", "OPENBLAS_CORETYPE=Haswell"}

// torch runs the Python side.
func (p *processes) torch(ctx context.Context, threads int, result any, args ...string) error {
	var env []string
	for _, library := range []string{"OMP", "MKL", "OPENBLAS"} {
		env = append(env, fmt.Sprintf("%s_NUM_THREADS=%d", library, threads))
	}
	if p.isa != "" {
		env = append(env, heldToAVX2...)
	}
	args = append([]string{p.script, "--threads", strconv.Itoa(threads)}, args...)
	return call(ctx, result, env, p.python, args...)
}

// call runs a program that prints one JSON object.
func call(ctx context.Context, result any, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, lastLine(stderr.String()))
	}
	if err := json.Unmarshal(out, result); err != nil {
		return fmt.Errorf("%s printed no result: %w", name, err)
	}
	return nil
}

// lastLine is where Python's errors are.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
