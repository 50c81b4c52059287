package main

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// libraries are those that a program needs, by its file: for ELF the interpreter too, which is what
// loads libraries.
func libraries(program string) ([]string, error) {
	if f, err := elf.Open(program); err == nil {
		defer f.Close()
		return elfLibraries(f)
	}
	if f, err := macho.Open(program); err == nil {
		defer f.Close()
		return f.ImportedLibraries()
	}
	f, err := pe.Open(program)
	if err != nil {
		return nil, fmt.Errorf("it is no program of a system known here: %w", err)
	}
	defer f.Close()
	// A symbol is NAME:LIBRARY.
	symbols, err := f.ImportedSymbols()
	var all []string
	for _, s := range symbols {
		_, library, _ := strings.Cut(s, ":")
		all = append(all, strings.ToLower(library))
	}
	slices.Sort(all)
	return slices.Compact(all), err
}

func elfLibraries(f *elf.File) ([]string, error) {
	all, err := f.ImportedLibraries()
	if errors.Is(err, elf.ErrNoSymbols) {
		err = nil
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			all = append(all, "a dynamic loader")
		}
	}
	return all, err
}

// notOfSystem are the libraries that are no part of macOS or Windows themselves, which no program
// of these can do without.
func notOfSystem(all []string) (foreign []string) {
	for _, l := range all {
		apple := strings.HasPrefix(l, "/usr/lib/") || strings.HasPrefix(l, "/System/Library/")
		if !apple && l != "kernel32.dll" {
			foreign = append(foreign, l)
		}
	}
	return foreign
}
