package genesearch

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/predictor/genes"
)

const flags = `tailor: genes/1
name: flags
genes:
  - {name: level, choices: [0, 1, 2, 3]}
  - {name: unroll, choices: [1, 2, 4, 8]}
  - {name: fast, choices: ["", -ffast-math, "a b; rm -rf $HOME"]}
`

func flagSpace(t testing.TB) *genes.Space {
	t.Helper()
	s, err := genes.Parse("flags.yaml", []byte(flags))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestArgs: each word is one argument, whatever is put into it, and what is nothing is none.
func TestArgs(t *testing.T) {
	s := flagSpace(t)
	for _, c := range []struct {
		text string
		of   genes.Configuration
		want []string
	}{
		{"./bench {level} {unroll} {fast}", genes.Configuration{3, 2, 1},
			[]string{"./bench", "3", "4", "-ffast-math"}},
		{"./bench -O{level} --unroll={unroll} {fast}", genes.Configuration{1, 3, 0},
			[]string{"./bench", "-O1", "--unroll=8"}},
		{"./bench {level} {unroll} {fast}", genes.Configuration{0, 0, 2},
			[]string{"./bench", "0", "1", "a b; rm -rf $HOME"}},
		{`b '{fast}' "{level}{unroll}"`, genes.Configuration{1, 1, 0}, []string{"b", "", "12"}},
		{`b  {level}` + "\t" + `'x y'z"q 'w'" \{\} a\ b c:\d ` + "\n" + `{unroll}{fast}`,
			genes.Configuration{0, 0, 0},
			[]string{"b", "0", "x yzq 'w'", "{}", "a b", `c:\d`, "1"}},
		{`b '\' "\"" {level}{unroll}{fast}`, genes.Configuration{0, 0, 0},
			[]string{"b", `\`, `"`, "01"}},
	} {
		command, err := ParseCommand(c.text, s)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := command.Args(c.of); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestParseCommandErrors(t *testing.T) {
	s := flagSpace(t)
	for text, want := range map[string]string{
		"":                                "it is empty",
		" \t":                             "it is empty",
		"b {level} {fast}":                "gene unroll has no place in it: write {unroll}",
		"b {level} {unrol} {fast}":        "{unrol}: \"unrol\" is no gene of flags (did you mean unroll?)",
		"b {level} {unroll} {fast":        "a { is not closed",
		"b {level} {unroll} {fast} }":     "without a {",
		"b {level} {unroll} '{fast}":      "a quote, ', is not closed",
		"b {level} {unroll} {fast} \x00x": "zero byte",
		"b\xff {level} {unroll} {fast}":   "not UTF-8",
	} {
		_, err := ParseCommand(text, s)
		if !errors.Is(err, ErrCommand) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// FuzzParseCommand: what is taken gives a program, and a text without quotes, braces and
// backslashes is cut at its blanks.
func FuzzParseCommand(f *testing.F) {
	for _, seed := range []string{"./bench {level} {unroll} {fast}", `b '{level}' "{unroll}" \{ {fast}`,
		"{level}{unroll}{fast}", "{", "'", `"\`} {
		f.Add(seed)
	}
	s := flagSpace(f)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCommand(text, s)
		if err != nil {
			if !errors.Is(err, ErrCommand) {
				t.Errorf("%v is not ErrCommand", err)
			}
			return
		}
		for _, of := range []genes.Configuration{{0, 0, 0}, {3, 3, 2}} {
			args := c.Args(of)
			if len(args) == 0 || len(args) > len(c.words) {
				t.Errorf("%q gives %q", text, args)
			}
			if strings.ContainsAny(text, `'"\`) || of[2] == 2 {
				continue
			}
			plain := strings.NewReplacer("{level}", "0", "{unroll}", "1", "{fast}", "").Replace(text)
			fields := strings.FieldsFunc(plain, func(r rune) bool {
				return strings.ContainsRune(" \t\r\n", r)
			})
			if !slices.Equal(fields, args) && !strings.ContainsRune(text, '\ufffd') {
				t.Errorf("%q gives %q, expected %q", text, args, fields)
			}
		}
	})
}
