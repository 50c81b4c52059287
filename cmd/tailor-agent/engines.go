//go:build !nativeonly

package main

import (
	"github.com/tailor-nas/tailor/internal/runtime/agent"
	"github.com/tailor-nas/tailor/internal/runtime/litert"
	"github.com/tailor-nas/tailor/internal/runtime/native"
	"github.com/tailor-nas/tailor/internal/runtime/onnxruntime"
	"github.com/tailor-nas/tailor/internal/runtime/openvino"
)

// engines are the runtimes that can be in this program. What opens their libraries makes it
// dynamic.
func engines() []agent.Engine {
	return []agent.Engine{native.Engine{}, onnxruntime.New(), litert.New(), openvino.New()}
}
