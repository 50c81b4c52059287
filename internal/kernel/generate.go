package kernel

// The assembly of all processors is generated on any.

//go:generate go -C _generate run ./gemm -out ../gemm_amd64.s -stubs ../gemm_stubs_amd64.go -pkg kernel
//go:generate go -C _generate run ./depthwise -out ../depthwise_amd64.s -stubs ../depthwise_stubs_amd64.go -pkg kernel
//go:generate go -C _generate run ./rows -out ../rows_amd64.s -stubs ../rows_stubs_amd64.go -pkg kernel
//go:generate go -C _generate run ./sparse -out ../sparse_amd64.s -stubs ../sparse_stubs_amd64.go -pkg kernel
//go:generate go -C _generate run ./neon/gemm -out ../gemm_arm64.s -stubs ../gemm_stubs_arm64.go
//go:generate go -C _generate run ./neon/depthwise -out ../depthwise_arm64.s -stubs ../depthwise_stubs_arm64.go
//go:generate go -C _generate run ./neon/rows -out ../rows_arm64.s -stubs ../rows_stubs_arm64.go
//go:generate go -C _generate run ./neon/sparse -out ../sparse_arm64.s -stubs ../sparse_stubs_arm64.go
