package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

// files are those that were put on the device: libraries, which lie beside each other in a folder
// that goes when the agent ends.
type files struct {
	mu     sync.Mutex
	folder string
}

// put writes a file, and gives its path.
func (f *files) put(file *protocol.File, data []byte) (string, error) {
	if file == nil || !filepath.IsLocal(file.Name) || filepath.Base(file.Name) != file.Name {
		return "", refuse("put without the name of a file, which has no folders")
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != file.SHA256 {
		return "", refuse("the file's SHA-256 is %s, expected %q", got, file.SHA256)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.folder == "" {
		folder, err := makeFolder()
		if err != nil {
			return "", err
		}
		f.folder = folder
	}
	path := filepath.Join(f.folder, file.Name)
	if err := os.WriteFile(path, data, 0o700); err != nil {
		return "", fmt.Errorf("keep a file: %w", err)
	}
	return path, nil
}

// makeFolder makes a folder of this process alone: where the system has such, or beside the program
// where there is no such place, as on Android.
func makeFolder() (string, error) {
	folder, err := os.MkdirTemp("", "tailor-agent-")
	if err == nil {
		return folder, nil
	}
	self, selfErr := os.Executable()
	if selfErr != nil {
		return "", errors.Join(err, selfErr)
	}
	return os.MkdirTemp(filepath.Dir(self), "tailor-agent-")
}

// remove removes them all. The process is about to end: what cannot be removed stays.
func (f *files) remove() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.folder != "" {
		_ = os.RemoveAll(f.folder)
		f.folder = ""
	}
}
