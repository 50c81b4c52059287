// Package tflite writes networks as files of TensorFlow Lite, which LiteRT runs on phones and small
// boards.
//
// [Marshal] turns the operations of a network ([supernet.Block.Ops]) into a graph of TFLite's
// operators, on images as the engine has them, (height,width,channels), and in float32. Batch norm
// is folded into the weights before it. The graph is then written as a flatbuffer, with 16-byte
// aligned weights, by tables that flatc generated.
//
// [Package schema] has these tables and says how they were made.
//
// [Package schema]: https://pkg.go.dev/github.com/tailor-nas/tailor/internal/tflite/schema
package tflite
