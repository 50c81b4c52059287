// Package onnxgraph reads anybody's ONNX file as a graph of nodes ([Read]), and computes it in
// float64 in the plainest way ([Graph.Run]), so that what is made of a file can be held against the
// file itself. It shares no code with package onnx, which writes such files.
//
// It reads the wire format field by field, since the messages in onnx/pb are only what tailor
// writes. A file may come from anywhere: what it claims is checked before memory is taken, and
// memory and work are bounded (limits.go). [Graph.Run] knows the operators that image classifiers
// of convolutions are made of.
package onnxgraph
