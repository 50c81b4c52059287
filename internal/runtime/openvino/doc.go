// Package openvino runs ONNX files by the shared library of OpenVINO, on its processor plugin, for
// the agent.
//
// OpenVINO chooses the precision that it computes in, and takes bfloat16 where a processor has it.
// Here it is told float32, and a model that was compiled for another is refused.
package openvino
