// Package schema has the tables of TensorFlow Lite's file format that tailor writes, and reads back
// in tests.
//
// tflite.fbs is the part of TensorFlow Lite's own schema that is used, under TensorFlow's copyright
// and the Apache License 2.0, which stand at its top. tflite_generated.go is made from it, with
// flatc 25.12.19. flatc is built from the sources in the Go module github.com/google/flatbuffers,
// which is also what the generated code imports; take the same version for both:
//
//	dir=$(go list -m -f '{{.Dir}}' github.com/google/flatbuffers)
//	cmake -S $dir -B /tmp/flatc -DFLATBUFFERS_BUILD_TESTS=OFF && make -C /tmp/flatc flatc
//	/tmp/flatc/flatc --go --gen-onefile --go-namespace schema -o . tflite.fbs
//	gofmt -w tflite_generated.go
//
// For an operator that is missing, copy its tables from the full schema, with the numbers that its
// enum values and its place in the union BuiltinOptions have there.
package schema
