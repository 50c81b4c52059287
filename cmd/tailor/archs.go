package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/textfile"
	"github.com/tailor-nas/tailor/supernet"
)

// maxRandom bounds memory: each sub-network takes some kilobytes until it is printed.
const maxRandom = 100_000

// parseArchs reads --arch: max, min, random:N, or an arch as JSON.
func parseArchs(text string, space *supernet.Space, seed uint64) ([]supernet.Arch, error) {
	switch n, random := strings.CutPrefix(text, "random:"); {
	case text == "max":
		return []supernet.Arch{space.Max()}, nil
	case text == "min":
		return []supernet.Arch{space.Min()}, nil
	case random:
		count, err := strconv.Atoi(n)
		if err != nil || count < 1 || count > maxRandom {
			return nil, usagef("--arch %s: expected random:N with N from 1 to %d", text, maxRandom)
		}
		r := rand.New(rand.NewPCG(seed, 0xa7c4))
		archs := make([]supernet.Arch, count)
		for i := range archs {
			archs[i] = space.Random(r)
		}
		return archs, nil
	case !strings.HasPrefix(strings.TrimSpace(text), "{"):
		return nil, usagef("--arch %s: expected max, min, random:N, or JSON such as {\"ks\":3,\"e\":4,\"d\":2,\"r\":32}", text)
	}
	a, err := space.ParseArch([]byte(text))
	if err != nil {
		return nil, usagef("--arch: %w", err)
	}
	return []supernet.Arch{a}, nil
}

// readArchs reads a .jsonl file of archs: {"arch": {...}} or the arch itself on every line, or in
// one array.
func readArchs(path string, space *supernet.Space) ([]supernet.Arch, error) {
	var archs []supernet.Arch
	err := textfile.FileValues(path, func(text []byte) error {
		var wrapped struct {
			Arch json.RawMessage `json:"arch"`
		}
		if json.Unmarshal(text, &wrapped) == nil && wrapped.Arch != nil {
			text = wrapped.Arch
		}
		a, err := space.ParseArch(text)
		archs = append(archs, a)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(archs) == 0:
		return nil, fmt.Errorf("%s has no archs; write one JSON object a line", path)
	}
	return archs, nil
}

// noteMarks says which of a command's texts start with a byte order mark, which does no harm.
func (g *Globals) noteMarks(command *kong.Node) {
	for _, v := range command.Values() {
		switch v.Name {
		case "archs", "measured", "space", "name", "files": // what textfile reads
		default:
			continue
		}
		var paths []string
		switch given := v.Target.Interface().(type) {
		case string:
			paths = []string{given}
		case []string:
			paths = given
		}
		for _, p := range paths {
			if textfile.HasMark(p) {
				g.say("%s starts with a byte order mark, read anyway", p)
			}
		}
	}
}

// writeArchs writes what readArchs reads.
func writeArchs(path string, space *supernet.Space, archs []supernet.Arch) error {
	return store.WriteFile(path, func(w io.Writer) error {
		lines := json.NewEncoder(w)
		for _, a := range archs {
			if err := lines.Encode(map[string]supernet.Spec{"arch": space.Spec(a)}); err != nil {
				return err
			}
		}
		return nil
	})
}
