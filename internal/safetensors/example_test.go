package safetensors_test

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/safetensors"
)

func ExampleRead() {
	file, err := safetensors.Read("testdata/reference.safetensors")
	if err != nil {
		fmt.Println(err)
		return
	}
	bias, ok := file.Lookup("head.bias")
	fmt.Println(len(file.Tensors), bias.Shape, bias.Data, ok)
	// Output: 5 [2] [-1.5 0.25] true
}
