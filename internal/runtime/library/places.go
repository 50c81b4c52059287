package library

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// sitePackages are the folders in which the packages of the Pythons in use are: of the active
// environments, of python3 on PATH, of the user and of the system.
func sitePackages() (all []string) {
	for _, variable := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		if root := os.Getenv(variable); root != "" {
			all = append(all, sitesOf(root)...)
		}
	}
	for _, name := range []string{"python3", "python"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		// An environment's python is a link to the one that it was made with.
		all = append(all, sitesOf(filepath.Dir(filepath.Dir(path)))...)
		if path, err = filepath.EvalSymlinks(path); err == nil {
			all = append(all, sitesOf(filepath.Dir(filepath.Dir(path)))...)
		}
	}
	if home, err := os.UserHomeDir(); err == nil {
		all = append(all, sitesOf(filepath.Join(home, ".local"))...)
	}
	return append(all, sitesOf("/usr/local")...)
}

// sitesOf are those under the folder that a Python was installed to.
func sitesOf(root string) (all []string) {
	if runtime.GOOS == "windows" {
		return []string{filepath.Join(root, "Lib", "site-packages")}
	}
	lib := filepath.Join(root, "lib")
	entries, err := os.ReadDir(lib)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "python3") {
			all = append(all, filepath.Join(lib, e.Name(), "site-packages"),
				filepath.Join(lib, e.Name(), "dist-packages"))
		}
	}
	return all
}

// systemFolders are where libraries are that belong to no language.
func systemFolders() []string {
	switch runtime.GOOS {
	case "windows":
		return nil
	case "darwin":
		return []string{"/opt/homebrew/lib", "/usr/local/lib"}
	}
	triple := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
	return []string{"/usr/local/lib", "/usr/lib/" + triple[runtime.GOARCH], "/usr/lib64", "/usr/lib"}
}
