//go:build !noasm

package kernel

const best = NEON
