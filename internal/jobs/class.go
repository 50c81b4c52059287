package jobs

import (
	"runtime"
	"strings"

	"github.com/tailor-nas/tailor/profiles"
)

// Class names the machines that compute the same bits as this one: architecture, instruction set of
// the kernels, and versions of the engine and of Go.
func Class() string {
	engine := profiles.Native{}.Info()
	return token(strings.Join([]string{runtime.GOARCH, engine.Options["kernels"],
		"engine" + engine.Version, engine.Options["go"]}, "-"))
}

// token is a text of letters, digits, - and _.
func token(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '-':
			return r
		}
		return '_'
	}, text)
}
