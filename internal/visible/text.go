// Package visible shows text of others: names of files, classes, devices and networks may hold what
// a terminal or a browser obeys rather than shows, such as a mark that turns the direction of what
// follows.
package visible

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text writes out characters that are not to be seen, but for those of kept: as Go and C write them
// in strings, so that a text says in the order of its bytes what it says.
func Text(text, kept string) string {
	if Plain(text) {
		return text
	}
	var shown strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch one := text[:size]; {
		case r == utf8.RuneError && size == 1, hidden(r) && !strings.ContainsRune(kept, r):
			shown.WriteString(strings.Trim(strconv.QuoteToASCII(one), `"`))
		default:
			shown.WriteString(one)
		}
		text = text[size:]
	}
	return shown.String()
}

// Plain says whether all of a text is to be seen, so that [Text] leaves it as it is.
func Plain(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, hidden) < 0
}

// hidden says whether a character is a control or a mark that is not seen: those that turn the
// direction of text, say, or end a line. Joiners are kept, which scripts and emoji are made with.
func hidden(r rune) bool {
	const joiner, nonJoiner = '\u200d', '\u200c'
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) &&
		r != joiner && r != nonJoiner
}
