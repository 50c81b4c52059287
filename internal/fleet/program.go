package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// platform is what programs are built for, in Go's words.
type platform struct{ os, arch string }

// Systems and processors as uname -sm calls them.
var (
	unameSystems    = map[string]string{"Linux": "linux", "Darwin": "darwin"}
	unameProcessors = map[string]string{"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64",
		"arm64": "arm64", "armv8l": "arm", "armv7l": "arm", "armv6l": "arm", "riscv64": "riscv64",
		"i686": "386", "i386": "386"}
)

// parsePlatform reads what uname -sm says.
func parsePlatform(text string) (platform, error) {
	words := strings.Fields(text)
	if len(words) == 2 {
		p := platform{unameSystems[words[0]], unameProcessors[words[1]]}
		if p.os != "" && p.arch != "" {
			return p, nil
		}
	}
	return platform{}, fmt.Errorf("uname -sm says %q, expected Linux or Darwin and a processor "+
		"that tailor-agent is built for: start one yourself with exec:COMMAND", text)
}

// program is a tailor-agent.
type program struct {
	data   []byte
	sha256 string
}

// maxProgram bounds it.
const maxProgram = 256 << 20

// agentPackage is what it is built of.
const agentPackage = "github.com/tailor-nas/tailor/cmd/tailor-agent"

// ErrNoProgram says that there is no tailor-agent for a device.
var ErrNoProgram = errors.New("there is no tailor-agent for the device")

// program finds or builds the agent for a platform.
func (o Options) program(ctx context.Context, p platform) (*program, error) {
	if o.Agent != "" {
		return readProgram(o.Agent)
	}
	for _, name := range o.names(p) {
		if path, ok := beside(name); ok {
			return readProgram(path)
		}
	}
	built, err := o.build(ctx, p)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%s/%s): %s is not beside tailor or on PATH, and building it "+
			"fails (%w): build it where the source of tailor is, with CGO_ENABLED=0 GOOS=%s "+
			"GOARCH=%s go build%s -o FILE %s, and name FILE with --agent", ErrNoProgram, p.os,
			p.arch, strings.Join(o.names(p), " or "), err, p.os, p.arch, o.tags(), agentPackage)
	}
	return built, nil
}

// names are the files that an agent for a platform may be in, the best first.
func (o Options) names(p platform) []string {
	name := fmt.Sprintf("tailor-agent-%s-%s", p.os, p.arch)
	if o.native() {
		return []string{name + "-native", name}
	}
	return []string{name}
}

// native says that nothing but tailor's own engine is wanted.
func (o Options) native() bool { return o.Runtime == "native" }

func (o Options) tags() string {
	if o.native() {
		return " -tags nativeonly"
	}
	return ""
}

// beside looks for a program beside this one and on PATH.
func beside(name string) (string, bool) {
	if self, err := os.Executable(); err == nil {
		path := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, true
		}
	}
	path, err := exec.LookPath(name)
	return path, err == nil
}

func readProgram(path string) (*program, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("tailor-agent for the device: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() == 0 || info.Size() > maxProgram {
		return nil, fmt.Errorf("tailor-agent for the device: %s is no program: expected a file of "+
			"1 to %d bytes", path, maxProgram)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("tailor-agent for the device: %w", err)
	}
	sum := sha256.Sum256(data)
	return &program{data, hex.EncodeToString(sum[:])}, nil
}

// build builds the agent, where there are Go and the source: in a folder of this module, or of one
// that needs it.
func (o Options) build(ctx context.Context, p platform) (*program, error) {
	folder, err := os.MkdirTemp("", "tailor-agent-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	o.say("building tailor-agent for %s/%s", p.os, p.arch)
	file := filepath.Join(folder, "tailor-agent")
	args := strings.Fields("build -trimpath -buildvcs=false" + o.tags())
	cmd := exec.CommandContext(ctx, "go", append(args, "-ldflags", "-s -w", "-o", file,
		agentPackage)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch)
	if text, err := cmd.CombinedOutput(); err != nil {
		text := strings.Join(strings.Fields(string(text)), " ")
		return nil, fmt.Errorf("%w %s", err, text[:min(len(text), 300)])
	}
	return readProgram(file)
}

func (o Options) say(format string, args ...any) {
	if o.Say != nil {
		o.Say(fmt.Sprintf(format, args...))
	}
}
