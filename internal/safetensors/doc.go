// Package safetensors reads and writes named tensors of 32-bit floats in the safetensors format,
// which other tools read too.
//
// [Write] and [Read] take whole files, by way of package store: a file appears whole or not at all,
// and is read with suspicion. [WriteCompact] takes less space for tensors with many zeros, as of a
// pruned network: it stores the other values and where they are. [Read] reads both.
//
// Nothing here panics, whatever a file holds, and what reading it may take is bounded before it is
// taken. The format is described in docs/formats.md. To read the code, begin with Decode and
// EncodeCompact; each calls the rest in order.
package safetensors
