package remote

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// agentVariable names the program tailor-agent.
const agentVariable = "TAILOR_AGENT"

// findAgent gives the path of tailor-agent: what the variable says, or beside this program, or on
// PATH.
func findAgent() (string, error) {
	if path := os.Getenv(agentVariable); path != "" {
		return path, nil
	}
	name, beside := "tailor-agent", "this program"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		beside = filepath.Dir(self)
		path := filepath.Join(beside, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return "", fmt.Errorf("%w: not beside %s, not on PATH, and %s is not set; build it with "+
		"go build ./cmd/tailor-agent", ErrNoAgent, beside, agentVariable)
}
