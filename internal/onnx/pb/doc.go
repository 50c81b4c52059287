// Package pb has the messages of ONNX files that tailor writes. onnx.proto says where they come
// from; onnx.pb.go was made of it, with protoc 3.21 and protoc-gen-go of google.golang.org/protobuf
// in the version that go.mod requires, in the root of the repository:
//
//	protoc --go_out=. --go_opt=paths=source_relative internal/onnx/pb/onnx.proto
//
// Building tailor needs neither.
package pb
