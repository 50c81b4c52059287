package main

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed tflitecheck.py
var script []byte

// litert is a Python process that runs files, and a folder for them.
type litert struct {
	dir     string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
	version string
}

// answer is what LiteRT made of a file: the outputs of its interpreter and of its newer interface.
type answer struct {
	Version     string    `json:"version"`
	Output      []float64 `json:"output"`
	Compiled    []float64 `json:"compiled"`
	Accelerated bool      `json:"accelerated"` // all of it by XNNPACK
	Parts       int       `json:"parts"`       // of the graph that went to XNNPACK
}

func start(python string) (*litert, error) {
	dir, err := os.MkdirTemp("", "tflitecheck-")
	if err != nil {
		return nil, err
	}
	l := &litert{dir: dir}
	path := filepath.Join(dir, "tflitecheck.py")
	if err := os.WriteFile(path, script, 0o600); err != nil {
		return nil, err
	}
	l.cmd = exec.Command(python, path)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	l.cmd.Stderr = log
	if l.in, err = l.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	l.out = bufio.NewScanner(out)
	l.out.Buffer(nil, 1<<20)
	return l, l.cmd.Start()
}

func (l *litert) stop() {
	l.in.Close()
	l.cmd.Wait()
	os.RemoveAll(l.dir)
}

// run gives what LiteRT makes of a file and an input.
func (l *litert) run(model, input []byte) (answer, error) {
	job := map[string]string{
		"model": filepath.Join(l.dir, "model.tflite"), "input": filepath.Join(l.dir, "input"),
	}
	if err := os.WriteFile(job["model"], model, 0o600); err != nil {
		return answer{}, err
	}
	if err := os.WriteFile(job["input"], input, 0o600); err != nil {
		return answer{}, err
	}
	if err := json.NewEncoder(l.in).Encode(job); err != nil {
		return answer{}, l.died(err)
	}
	if !l.out.Scan() {
		return answer{}, l.died(io.ErrUnexpectedEOF)
	}
	var a answer
	if err := json.Unmarshal(l.out.Bytes(), &a); err != nil {
		return answer{}, fmt.Errorf("answer of LiteRT: %w", err)
	}
	l.version = a.Version
	return a, nil
}

// died says what the process wrote before it ended.
func (l *litert) died(err error) error {
	l.in.Close()
	l.cmd.Wait()
	log, _ := os.ReadFile(filepath.Join(l.dir, "log"))
	return fmt.Errorf("LiteRT ended: %w\n%s", err, log[max(0, len(log)-2000):])
}
