package findings

import (
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/visible"
)

// shell quotes a word for a shell, where it must be. A file that is called like a flag is named
// such that it is none; of what cannot be seen the line has what bash, zsh and ksh take for it.
func shell(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("-_./,:=@%+", r)
	}
	if strings.HasPrefix(word, "-") {
		word = "./" + word
	}
	switch {
	case !visible.Plain(word):
		quoted := strconv.QuoteToASCII(word)
		return "$'" + strings.ReplaceAll(quoted[1:len(quoted)-1], "'", `\'`) + "'"
	case word == "", strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) >= 0:
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}
