package remote

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/runtime/agent"
	"github.com/tailor-nas/tailor/internal/runtime/link"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/supernet"
)

// faultVariable makes the test binary an agent with a runtime "fake", and names its fault.
const faultVariable = "TAILOR_TEST_AGENT"

func TestMain(m *testing.M) {
	fault := os.Getenv(faultVariable)
	if fault == "" {
		os.Exit(m.Run())
	}
	switch fault {
	case "mute":
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	case "deaf":
		time.Sleep(time.Hour)
	case "parent":
		child := command("deaf")
		child.ExtraFiles = []*os.File{os.NewFile(3, "held")}
		one := link.Command{Name: "deaf", Make: func() *exec.Cmd { return child }}
		if _, err := start(context.Background(), one, time.Hour); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case "echo":
		_, _ = io.Copy(os.Stdout, os.Stdin)
		os.Exit(0)
	case "noise":
		fmt.Println("usage: noise [FILE]")
		os.Exit(2)
	}
	about := protocol.Agent{Program: "fake", Device: device.Device{ID: os.Getenv(idVariable)}}
	if err := agent.Serve(os.Stdin, os.Stdout, about, []agent.Engine{engine{fault}}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// command is the agent with a fault.
func command(fault string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), faultVariable+"="+fault)
	return cmd
}

// idVariable names the device that the agent says it is on.
const idVariable = "TAILOR_TEST_DEVICE"

// fake starts agents with a fault, each of which is kept.
type fake struct {
	link.Command
	started *[]*exec.Cmd
}

func faulty(fault string) fake {
	f := fake{started: new([]*exec.Cmd)}
	f.Command = link.Command{Name: "fake " + fault, Make: func() *exec.Cmd {
		cmd := command(fault)
		cmd.Env = append(cmd.Env, idVariable+"=here")
		*f.started = append(*f.started, cmd)
		return cmd
	}}
	return f
}

// left says whether any agent still runs.
func (f fake) left() bool {
	return slices.ContainsFunc(*f.started, func(c *exec.Cmd) bool { return c.ProcessState == nil })
}

// plain is a format that only the fake runtime reads.
func plain() map[string]format {
	return map[string]format{"plain": {marshal: marshal}}
}

// file is a network in it.
type file struct {
	Blocks  []supernet.Block
	BNEps   float64
	Tensors [][]float32
	Batch   int
}

func marshal(net *supernet.Subnet, m export.Meta) ([]byte, error) {
	f := file{Blocks: net.Blocks, BNEps: net.BNEps, Batch: m.Images()}
	for _, t := range net.Tensors() {
		f.Tensors = append(f.Tensors, t.Data)
	}
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(f)
	return b.Bytes(), err
}

// engine runs networks by tailor's own, but for its fault.
type engine struct{ fault string }

func (e engine) Name() string { return "fake" }

func (e engine) Open(path string) protocol.Runtime {
	r := protocol.Runtime{Name: "fake", Format: "plain", Version: "1." + path, Library: path,
		Options: map[string]string{"fault": e.fault}}
	switch e.fault {
	case "missing":
		r.Version, r.Missing = "", "fake is nowhere: install it"
	case "format":
		r.Format = "other"
	}
	return r
}

func (e engine) Load(m protocol.Model, data []byte) (agent.Model, error) {
	var f file
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&f); err != nil {
		return nil, err
	}
	net, err := supernet.NewSubnet(f.Blocks, f.BNEps, 1)
	if err != nil {
		return nil, err
	}
	for i, t := range net.Tensors() {
		copy(t.Data, f.Tensors[i])
	}
	native := profiles.Native{Threads: m.Threads, Batch: f.Batch}
	s, err := native.Load(context.Background(), net)
	return model{s, e.fault}, err
}

type model struct {
	profiles.Session
	fault string
}

func (m model) Output(values []float32) error {
	out, err := m.Session.Output()
	copy(values, out)
	return err
}

func (m model) Run() error {
	switch m.fault {
	case "crash":
		fmt.Fprintln(os.Stderr, "something\nbroke")
		os.Exit(7)
	case "garbage":
		fmt.Fprintln(os.Stdout, "loading libraries...")
	case "other answer":
		fmt.Fprintln(os.Stdout, `{"id":1}`)
	case "hang":
		select {}
	case "panic":
		panic("a fault")
	case "error":
		return fmt.Errorf("out of memory")
	}
	return m.Session.Run()
}

// temporary is a file with a text.
func temporary(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
