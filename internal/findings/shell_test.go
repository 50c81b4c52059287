package findings

import (
	"os/exec"
	"testing"

	"github.com/tailor-nas/tailor/internal/visible"
)

// TestShell: bash takes a quoted word for the word, whatever is in it, and all of it is to be seen.
func TestShell(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	for word, want := range map[string]string{
		"plain/name.json": "plain/name.json", "": "", "two words": "two words",
		`'; rm -rf "$HOME" #`: `'; rm -rf "$HOME" #`, "--force": "./--force", "~": "~",
		"$(id)`id`\\": "$(id)`id`\\", "a\nb\x1bc'\"\\d": "a\nb\x1bc'\"\\d", "!!": "!!",
		"\u202e\xffé": "\u202e\xffé", `"`: `"`, "\n\"": "\n\"", "%s": "%s",
	} {
		quoted := shell(word)
		command := exec.Command(bash, "-c", "printf '%s.' "+quoted)
		command.Env = []string{"LC_ALL=C.UTF-8"}
		out, err := command.Output()
		if err != nil || string(out) != want+"." || !visible.Plain(quoted) {
			t.Errorf("%q is quoted as %s, of which bash makes %q (%v)", word, quoted, out, err)
		}
	}
}
