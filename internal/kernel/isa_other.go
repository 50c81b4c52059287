//go:build (!amd64 && !arm64) || noasm

package kernel

const best = Portable
