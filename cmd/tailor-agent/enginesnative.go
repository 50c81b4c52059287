//go:build nativeonly

package main

import (
	"github.com/tailor-nas/tailor/internal/runtime/agent"
	"github.com/tailor-nas/tailor/internal/runtime/native"
)

// engines is tailor's own, which needs no library.
func engines() []agent.Engine { return []agent.Engine{native.Engine{}} }
