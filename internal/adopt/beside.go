package adopt

import (
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/tensorfile"
	"github.com/tailor-nas/tailor/supernet"
)

// followers are words in the names of networks that follow the trained one: averages of its weights
// over the steps of a training, and teachers. Where a file has both, the trained one is taken.
var followers = []string{"ema", "average", "averaged", "avg", "swa", "shadow", "teacher",
	"momentum", "target"}

// A file has few networks, and only so many parts of it are named.
const (
	maxNetworks = 16
	maxParts    = 20
)

// member is one of the networks whose tensors are in a file. They are told apart by what all names
// of each begin with, such as "model." and "ema.".
type member struct {
	prefix  string
	tensors map[string]supernet.Tensor // by their names without the prefix
	left    []string                   // what else the file has
}

// memberOf chooses a network of a file by the names of a library; false if there is none.
func memberOf(tensors []supernet.Tensor, n naming) (m member, ok bool) {
	prefixes := prefixesOf(tensors, n)
	if len(prefixes) == 0 {
		return m, false
	}
	m.prefix = prefixes[max(0, slices.IndexFunc(prefixes, leads))]
	m.tensors = map[string]supernet.Tensor{}
	left := map[string]bool{}
	for _, t := range tensors {
		owner := longest(prefixes, t.Name)
		if name, ok := strings.CutPrefix(t.Name, m.prefix); ok && owner == m.prefix {
			m.tensors[name] = t
			continue
		}
		if owner == "" {
			owner = beyond(t.Name, m.prefix)
		}
		if owner = strings.TrimSuffix(owner, "."); !left[owner] && len(left) < maxParts {
			left[owner] = true
			m.left = append(m.left, owner)
		}
	}
	return m, true
}

// prefixesOf are those of all networks, in the order of the file. Each has a first convolution and
// a classifier, as parts of a block may be called like the former. Without a classifier it is the
// first.
func prefixesOf(tensors []supernet.Tensor, n naming) (all []string) {
	names := map[string]bool{}
	for _, t := range tensors {
		names[t.Name] = true
	}
	first, begun := n.stem.conv+".weight", []string(nil)
	for _, t := range tensors {
		prefix, ok := strings.CutSuffix(t.Name, first)
		if !ok || prefix != "" && !strings.HasSuffix(prefix, ".") {
			continue
		}
		begun = append(begun, prefix)
		if n.classifies(names, prefix) && len(all) < maxNetworks {
			all = append(all, prefix)
		}
	}
	if len(all) == 0 {
		return begun[:min(1, len(begun))]
	}
	return all
}

// classifies says whether among names there is a classifier's with a prefix.
func (n naming) classifies(names map[string]bool, prefix string) bool {
	return slices.ContainsFunc(n.heads, func(units []unit) bool {
		return names[prefix+units[len(units)-1].conv+".weight"]
	})
}

// leads says whether a network is not called a follower.
func leads(prefix string) bool {
	words := strings.FieldsFunc(strings.ToLower(prefix), func(c rune) bool {
		return c == '.' || c == '_'
	})
	return !slices.ContainsFunc(words, func(w string) bool { return slices.Contains(followers, w) })
}

// longest is the longest prefix that a name has; empty if it has none of them.
func longest(prefixes []string, name string) (found string) {
	for _, p := range prefixes {
		if len(p) > len(found) && strings.HasPrefix(name, p) {
			found = p
		}
	}
	return found
}

// beyond is the beginning of a name up to where it parts from a prefix, in whole words.
func beyond(name, prefix string) string {
	words, own := strings.Split(name, "."), strings.Split(prefix, ".")
	n := 0
	for n < min(len(words)-1, len(own)) && words[n] == own[n] {
		n++
	}
	return strings.Join(words[:n+1], ".")
}

// within says where in a file the tensors are that the facts are of.
func (t *Facts) within(file *tensorfile.File) {
	if t.Left = slices.Concat(file.Beside, t.Left); len(t.Left) == 0 {
		t.Taken = ""
		return
	}
	t.Taken = strings.Trim(file.Taken+"."+t.Taken, ".")
}
