package elsewhere

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/tailor-nas/tailor/internal/textfile"
	"github.com/tailor-nas/tailor/supernet"
)

// Names of the files beside the networks.
const (
	NetworksFile = "networks.jsonl"
	ScriptFile   = "measure.sh"
)

// FolderFiles are the files that were exported together with a list of networks.
func FolderFiles(list string) []string {
	dir := filepath.Dir(list)
	all := []string{list, filepath.Join(dir, ScriptFile)}
	entries, _ := os.ReadDir(dir) // of a folder that cannot be read nothing can be replaced
	for _, e := range entries {
		if names.MatchString(e.Name()) {
			all = append(all, filepath.Join(dir, e.Name()))
		}
	}
	return all
}

// MaxNetworks is how many networks a folder may have: their numbers have four digits at most.
const MaxNetworks = 10_000

// Network is a network to time, and a line of networks.jsonl.
type Network struct {
	Name        string        `json:"network"`
	Reference   bool          `json:"reference,omitempty"` // it runs between all others
	Space       string        `json:"space"`
	SpaceSHA256 string        `json:"space_sha256"`
	Arch        supernet.Spec `json:"arch"`
	MACs        int64         `json:"macs"`
	Params      int64         `json:"params"`
	Files       []File        `json:"files"`
}

// File is a network in one format.
type File struct {
	Format string `json:"format"` // "tflite" or "onnx"
	File   string `json:"file"`   // name in the folder
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// names finds the names of networks in a text.
var names = regexp.MustCompile(`net-[0-9]{3,4}-[0-9a-f]{8}`)

// Name is what the i-th network of a folder is called: its number, and the beginning of a hash of
// its space and arch, so that no measurement is taken for one of another folder.
func Name(i int, space *supernet.Space, a supernet.Arch) (string, error) {
	arch, err := json.Marshal(space.Spec(a))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte(space.SHA256()), arch...))
	return fmt.Sprintf("net-%03d-%s", i, hex.EncodeToString(sum[:4])), nil
}

// WriteNetworks writes the list that [ReadNetworks] reads.
func WriteNetworks(w io.Writer, all []Network) error {
	lines := json.NewEncoder(w)
	for _, n := range all {
		if err := lines.Encode(n); err != nil {
			return err
		}
	}
	return nil
}

// ReadNetworks reads a file networks.jsonl. Its networks have distinct names and are of one space;
// errors name file and line.
func ReadNetworks(path string) ([]Network, error) {
	var all []Network
	known := map[string]bool{}
	err := textfile.FileValues(path, func(text []byte) error {
		var n Network
		if err := json.Unmarshal(text, &n); err != nil {
			return textfile.JSONError(err)
		}
		if err := n.check(all, known); err != nil {
			return err
		}
		known[n.Name] = true
		all = append(all, n)
		return nil
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s has no networks: it is written by tailor spaces NAME --sample N "+
			"--export tflite --out DIR", path)
	}
	return all, err
}

// check looks at the next network of a list.
func (n Network) check(before []Network, known map[string]bool) error {
	switch {
	case names.FindString(n.Name) != n.Name || n.Name == "":
		return fmt.Errorf(`"network" is %.40q, expected a name such as net-007-1a2b3c4d`, n.Name)
	case known[n.Name]:
		return fmt.Errorf("%s comes twice", n.Name)
	case len(before) == MaxNetworks:
		return fmt.Errorf("there are more than %d networks", MaxNetworks)
	case len(before) > 0 && n.SpaceSHA256 != before[0].SpaceSHA256:
		return errors.New("the network is of another space than the first one")
	}
	return nil
}
