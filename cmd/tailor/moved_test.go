package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMovedTogether: a folder with images, a run and what was made of it still works where it is
// moved to. What is tested there may be of one class, and have damaged images.
func TestMovedTogether(t *testing.T) {
	root, dir := t.TempDir(), images(t)
	work, moved := filepath.Join(root, "work"), filepath.Join(root, "to", "moved")
	for _, folder := range []string{work, filepath.Dir(moved)} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(dir, filepath.Join(work, "images")); err != nil {
		t.Skip(err) // of another disk
	}
	if err := os.WriteFile(filepath.Join(work, "micro.yaml"), []byte(microSpace),
		0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(work)
	for _, name := range []string{"dark/new.heic", "light/broken.jpg", "none"} {
		if err := os.Remove(filepath.Join("images", "Train", name)); err != nil {
			t.Fatal(err)
		}
	}
	succeed := func(line string) (stderr string) {
		t.Helper()
		code, _, stderr := tailor(t, append(strings.Fields(line), "-q")...)
		if code != exitDone {
			t.Fatalf("tailor %s: status %d: %s", line, code, stderr)
		}
		return stderr
	}
	succeed("train --space micro.yaml --data images --epochs 1 --batch 8 --out run")
	succeed("fit accuracy --run run --samples 12 --calibration 16 --out accuracy.json")
	succeed("search --run run --accuracy accuracy.json --max-macs 1G --no-verify --out winners")
	succeed("prune winners/macs-1000000000 --sparsity 0.3 --method one-shot --epochs 1 --batch 8 --budget 100ms --out pruned")
	t.Chdir(root)
	if err := os.Rename(work, moved); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(moved, "run"), "link"); err != nil {
		t.Skip(err)
	}
	for _, line := range []string{"eval --run to/moved/run", "eval --run link",
		"eval to/moved/winners/macs-1000000000", "eval to/moved/pruned/network"} {
		succeed(line)
	}
	one := filepath.Join(moved, "one")
	if err := os.Mkdir(one, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(moved, "images", "Train", "light"),
		filepath.Join(one, "light")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(one, "light", "broken.jpg"), []byte("\xff\xd8\xff"),
		0o644); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"eval to/moved/winners/macs-1000000000 --data " + one,
		"eval to/moved/pruned/network --data " + one} {
		if code, _, stderr := tailor(t, strings.Fields(line)...); code != exitFailed ||
			!strings.Contains(stderr, "broken.jpg") {
			t.Errorf("tailor %s: status %d: %s", line, code, stderr)
		}
		if stderr := succeed(line + " --skip-damaged"); !strings.Contains(stderr,
			"1 class, 12 test, ") {
			t.Errorf("it says %s", stderr)
		}
	}
}
