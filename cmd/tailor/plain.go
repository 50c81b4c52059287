package main

import (
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names of files, classes and networks come from others, and may hold what a terminal obeys rather
// than shows. All text for people goes through inOneLine or a plainWriter, which write that out.

// inOneLine writes out characters that are not for people, so that a text stays one line, and says
// in the order of its bytes what it says.
func inOneLine(text string) string { return plain(text, "") }

// plain writes out what is not to be seen, but for the characters of kept.
func plain(text, kept string) string {
	var shown strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch one := text[:size]; {
		case r == utf8.RuneError && size == 1, isHidden(r) && !strings.ContainsRune(kept, r):
			shown.WriteString(strings.Trim(strconv.QuoteToASCII(one), `"`))
		default:
			shown.WriteString(one)
		}
		text = text[size:]
	}
	return shown.String()
}

// isHidden says whether a character is a control or a mark that is not seen: those that turn the
// direction of text, say, or end a line. Joiners are kept, which scripts and emoji are made with.
func isHidden(r rune) bool {
	const joiner, nonJoiner = '\u200d', '\u200c'
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) &&
		r != joiner && r != nonJoiner
}

// plainWriter writes text of any number of lines. Each Write gives whole characters.
type plainWriter struct{ w io.Writer }

func (p plainWriter) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.w, plain(string(text), "\n\t")); err != nil {
		return 0, err
	}
	return len(text), nil
}
