// Package onnxruntime runs ONNX files by the shared library of ONNX Runtime, on its processor
// provider, for the agent.
//
// The library's functions are in a table that only ever grows, so that one binding serves all
// versions from 1.16 on.
package onnxruntime
