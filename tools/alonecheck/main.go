// Command alonecheck shows that tailor needs nothing beside it: built for every system that it is
// for, the program asks for no libraries but those of the system itself, and on Linux for none;
// and where there is nothing but the program, a winner and an image, it classifies and verifies.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	dir, err := os.MkdirTemp("", "alonecheck")
	if err == nil {
		err = check(dir)
	}
	if removed := os.RemoveAll(dir); err == nil {
		err = removed
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "alonecheck:", err)
		os.Exit(1)
	}
}

// targets are the systems that tailor is built for.
func targets() (all []string) {
	for _, system := range []string{"linux", "darwin", "windows"} {
		all = append(all, system+"/amd64", system+"/arm64")
	}
	return all
}

// check builds in a folder of its own, and says what it found.
func check(dir string) error {
	for _, target := range targets() {
		program, err := build(dir, target)
		if err != nil {
			return err
		}
		needs, err := libraries(program)
		if err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
		if foreign := notOfSystem(needs); foreign != nil {
			return fmt.Errorf("tailor for %s needs %s: it must be one file, see which package "+
				"brings them with go list -deps", target, strings.Join(foreign, ", "))
		}
		fmt.Printf("%-14s needs %d libraries of the system\n", target, len(needs))
		if target == runtime.GOOS+"/"+runtime.GOARCH {
			if err := runAlone(dir, program); err != nil {
				return err
			}
		}
		if err := os.Remove(program); err != nil {
			return err
		}
	}
	return nil
}

// build makes the program for a system and processor, as the README says.
func build(dir, target string) (string, error) {
	system, processor, _ := strings.Cut(target, "/")
	program := filepath.Join(dir, "tailor-"+system+"-"+processor)
	cmd := exec.Command("go", "build", "-o", program, "./cmd/tailor")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build for %s: %w: %s", target, err, out)
	}
	return program, nil
}
