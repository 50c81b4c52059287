package agent

import "github.com/tailor-nas/tailor/internal/runtime/protocol"

// Found completes what is known of a runtime by finding its library, at path or where find looks,
// and opening it, which gives its version. What is not there has the reason in Missing.
func Found(r protocol.Runtime, path string, find, open func(path string) (string, error)) (
	protocol.Runtime, bool) {
	path, err := find(path)
	if err == nil {
		r.Version, err = open(path)
	}
	if err != nil {
		return protocol.Runtime{Name: r.Name, Format: r.Format, Missing: err.Error()}, false
	}
	r.Library = path
	return r, true
}
