//go:build !windows

package clib

import "github.com/ebitengine/purego"

func open(path string, all bool) (uintptr, error) {
	if all {
		return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	}
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

func symbol(library uintptr, name string) (uintptr, error) { return purego.Dlsym(library, name) }

// System gives the address of a function of the C library.
func System(name string) (uintptr, error) { return purego.Dlsym(purego.RTLD_DEFAULT, name) }
