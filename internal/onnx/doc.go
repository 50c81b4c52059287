// Package onnx writes a network as an ONNX file, which ONNX Runtime, OpenCV, OpenVINO and many
// others run.
//
// Batch norm is folded into the convolutions, all shapes are static, and images are (N,C,H,W) as
// those programs take them. Zeros of a pruned network are zeros of the file.
package onnx
