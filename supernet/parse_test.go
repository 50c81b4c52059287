package supernet_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// badSpaces are edits of the space everything, each with one mistake: where it is and a part of
// what is said about it.
var badSpaces = []struct {
	old, new string
	line     int
	field    string
	msg      string
}{
	{"tailor: space/1", "tailor: space/2", 1, "tailor", `is "space/2", expected space/1`},
	{"tailor: space/1\n", "", 0, "tailor", "expected space/1"},
	{"name: everything\n", "", 0, "name", "is missing"},
	{"classes: 5\n", "", 0, "classes", "is 0, expected 2 to 1048576"},
	{"classes: 5", "classes: 1", 3, "classes", "is 1"},
	{"classes: 5", "classes: many", 3, "", "a whole number is expected"},
	{"classes: 5", "klasses: 5", 3, "", `unknown field "klasses"`},
	{"classes: 5", "classes: 5\nclasses: 6", 4, "", "already defined"},
	{"classes: 5", "classes: 5\nchannels: 5", 4, "channels", "is 5, expected 1 to 4"},
	{"classes: 5", "classes: 5\nwidth_multiplier: 0", 4, "width_multiplier",
		"is 0, expected 0.1 to 10"},
	{"classes: 5", "classes: 5\nwidth_multiplier: .nan", 4, "width_multiplier", "is NaN"},
	{"classes: 5", "classes: 5\nbn_eps: 0", 4, "bn_eps", "is 0, expected above 0"},
	{"resolutions: [16, 12]", "resolutions: []", 4, "resolutions", "is missing or empty"},
	{"resolutions: [16, 12]", "resolutions: [16, 7]", 4, "resolutions",
		"has 7, expected 8 to 4096"},
	{"resolutions: [16, 12]", "resolutions: [16, 16]", 4, "resolutions", "has 16 twice"},
	{"resolutions: [16, 12]", "resolutions: 16", 4, "", "sequence is expected"},
	{"stem: {width: 8", "stem: {width: 0", 6, "stem.width", "is 0, expected 1 to 16384"},
	{"stem: {width: 8, stride: 2", "stem: {width: 8, stride: 3", 6, "stem.stride",
		"is 3, expected 1 to 2"},
	{"stride: 2, act: h_swish}\nstages", "stride: 2}\nstages", 6, "stem.act",
		`"" is no activation; use relu, relu6, h_swish or silu`},
	{"width: 16, stride: 2, act: relu6", "width: 16, stride: 0, act: relu6", 9, "stages[1].stride",
		"is 0"},
	{"act: relu6", "act: swish", 9, "stages[1].act", `"swish" is no activation`},
	{"relu6, se: true", "relu6, se: 5", 9, "", "where mapping is expected"},
	{"relu6, se: true", "relu6, se: {ratio: 0}", 9, "stages[1].se.ratio", "is 0, expected above 0"},
	{"relu6, se: true", "relu6, se: {ratio: .nan}", 9, "stages[1].se.ratio", "is NaN"},
	{"relu6, se: true", "relu6, se: {of: output}", 9, "stages[1].se.of",
		`is "output", expected middle or input`},
	{"relu6, se: true", "relu6, se: {divisor: 0}", 9, "stages[1].se.divisor",
		"is 0, expected 1 to 64"},
	{"relu6, se: true", "relu6, se: {divisor: 1.5}", 9, "stages[1].se.divisor",
		"is 1.5, expected a whole number"},
	{"relu6, se: true", "relu6, se: {act: sigmoid}", 9, "stages[1].se.act",
		`"sigmoid" is no activation`},
	{"relu6, se: true", "relu6, se: {gate: relu}", 9, "stages[1].se.gate",
		`"relu" is no activation of a gate; use h_sigmoid or sigmoid`},
	{"relu6, se: true", "relu6, se: {hidden: 8}", 9, "", `unknown field "hidden"`},
	{"depth: [2, 1]", "depth: [2, 0]", 9, "stages[1].depth", "has 0, expected 1 to 16"},
	{"depth: [2, 1]", "depth: [17]", 9, "stages[1].depth", "has 17"},
	{"kernel: [7, 3, 5]", "kernel: [7, 4]", 9, "stages[1].kernel", "has 4, kernels must be odd"},
	{"kernel: [7, 3, 5], ", "", 9, "stages[1].kernel", "is missing or empty"},
	{"expand: [1, 3, 2]", "expand: [0.5]", 9, "stages[1].expand", "has 0.5, expected 1 to 16"},
	{"expand: [1, 3, 2]", "expand: [.inf]", 9, "stages[1].expand", "has +Inf"},
	{"expand_by_depth: {1: 2, 2: 4, 3: 1}", "expand_by_depth: {1: 2, 2: 4}", 10,
		"stages[2].expand_by_depth", "has no entry for depth 3"},
	{"expand_by_depth: {1: 2, 2: 4, 3: 1}", "expand_by_depth: {1: 2, 2: 99, 3: 1}", 10,
		"stages[2].expand_by_depth", "has 99 for depth 2"},
	{"expand_by_depth: {1: 2, 2: 4, 3: 1}", "expand_by_depth: {1: 2, 2: 4, 3: 1, 4: 1}", 10,
		"stages[2].expand_by_depth", "has 4 entries for 3 depths"},
	{"expand_by_depth", "expand: [2], expand_by_depth", 10, "stages[2].expand",
		"exclude each other"},
	{"    kernel: [5]\n", "    kernel:\n      - 5\n      - 6\n", 16, "stages[3].kernel", "has 6"},
	{"    kernel: [5]\n", "", 11, "stages[3].kernel", "is missing or empty"},
	{"    stride: 2\n", "    stride: [2]\n", 12, "", "a whole number is expected"},
	{"head: {expand: 32", "head: {expand: -1", 17, "head.expand", "is -1"},
	{"features: 40, act: h_swish", "features: 40", 17, "head.act", `"" is no activation`},
	{"dropout: 0.1", "dropout: 1", 17, "head.dropout", "is 1, expected 0 to below 1"},
	{"stem: {", "stem: {{", 6, "", ""},
	{"resolutions: [16, 12]", "resolutions: [16, 12", 5, "", "']' must be specified"},
	{"classes: 5", "classes: *five", 3, "classes", "alias"},
	// a few lines of aliases can stand for gigabytes
	{"classes: 5", "classes: &x 5\nchannels: *x", 4, "channels", "alias"},
	{"classes: 5", "classes: 5.9", 3, "classes", "is 5.9, expected a whole number"},
	{"kernel: [5]", "kernel: [5.5]", 15, "stages[3].kernel[0]", "is 5.5, expected a whole number"},
	// it would be lost
	{"head: {", "---\nhead: {", 18, "", "second document"},
	// the same in an Arch, which has float32
	{"expand: [2, 4]", "expand: [2, 2.00000001]", 16, "stages[3].expand", "twice"},
	// would break the errors that show it
	{"name: everything", `name: "two\nlines"`, 2, "name", "one line"},
	// 400 million weights
	{"classes: 5", "classes: 1000000\nwidth_multiplier: 10", 9, "stages", "too large"},
	{"resolutions: [16, 12]", "resolutions: [4096]\nwidth_multiplier: 10", 9, "stages",
		"too large"},
}

func TestParseSpaceErrors(t *testing.T) {
	for _, c := range badSpaces {
		text := strings.Replace(everything, c.old, c.new, 1)
		if text == everything {
			t.Fatalf("%q is not in the space", c.old)
		}
		_, err := supernet.ParseSpace("my.yaml", []byte(text))
		var bad *supernet.SpaceError
		if !errors.As(err, &bad) {
			t.Errorf("%q: %v is no SpaceError", c.new, err)
			continue
		}
		if bad.File != "my.yaml" || bad.Line != c.line || bad.Field != c.field ||
			!strings.Contains(bad.Msg, c.msg) {
			t.Errorf("%q: line %d, field %q, %q; want line %d, field %q, ...%s...", c.new, bad.Line,
				bad.Field, bad.Msg, c.line, c.field, c.msg)
		}
		oneLine(t, err)
	}
}

// oneLine: a program prints an error on one line, and a person has to read it.
func oneLine(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); strings.ContainsAny(text, "\r\n") || len(text) > 1000 {
		t.Errorf("an error of %d bytes, with line breaks: %q", len(text), text)
	}
}

func TestSpaceErrorText(t *testing.T) {
	for want, e := range map[string]supernet.SpaceError{
		"space file a.yaml:7: stages[2].kernel: has 4": {File: "a.yaml", Line: 7,
			Field: "stages[2].kernel", Msg: "has 4"},
		"space file a.yaml: name: is missing": {File: "a.yaml", Field: "name",
			Msg: "is missing"},
		"space file a.yaml: is empty": {File: "a.yaml", Msg: "is empty"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestNotASpace: whatever else a file holds, the answer is a SpaceError.
func TestNotASpace(t *testing.T) {
	for _, text := range []string{
		"", " \n", "# only a comment\n", "null", "[]", "3", "a: b: c", "{", "- a\n- b", "\x00",
		"\xff\xfe", "&a [*a]", "a: &a [*a]",
		"<<: {name: x}", "? a\n: b", "tailor: space/1", "%YAML 1.2\n---\n",
		`{"tailor": "manifest/1"}`, strings.Repeat("[", 1000),
	} {
		_, err := supernet.ParseSpace("x.yaml", []byte(text))
		var bad *supernet.SpaceError
		if !errors.As(err, &bad) {
			t.Errorf("%.20q: %v is no SpaceError", text, err)
			continue
		}
		oneLine(t, err)
	}
}

// TestTextsThatBreakTheReader made the YAML package panic.
func TestTextsThatBreakTheReader(t *testing.T) {
	for _, text := range []string{
		"tailor: 0\nname: 0\nresolutions: !0 00\n000008:\n0000000000",
	} {
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("%q: panic: %v", text, r)
				}
			}()
			if _, err := supernet.ParseSpace("x.yaml", []byte(text)); err == nil {
				t.Errorf("%q is accepted", text)
			}
		}()
	}
}

func TestDefaults(t *testing.T) {
	s := parse(t, strings.Replace(everything, "kernel_transform: true\n", "", 1))
	if s.Channels != 3 || s.WidthMultiplier != 1 || s.BNEps != 1e-5 || s.KernelTransform ||
		s.Title != "" {
		t.Errorf("defaults are %+v", s)
	}
	if h := parse(t, bare).Head; h != (supernet.Head{}) {
		t.Errorf("an empty head is %+v", h)
	}
}

func TestLoadSpace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "my.yml")
	if err := os.WriteFile(file, []byte(everything), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := supernet.LoadSpace(file)
	if err != nil || s.SHA256() != parse(t, everything).SHA256() {
		t.Errorf("the file gives %v, %v", s, err)
	}
	large := filepath.Join(t.TempDir(), "large.yaml")
	if err := os.WriteFile(large, make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ofa-mbv4":       `no space is called "ofa-mbv4" (did you mean ofa-mbv3?); use one of compofa`,
		"":               `no space is called ""`,
		"no/such.yaml":   "read space: cannot read no/such.yaml: file does not exist",
		"missing.yml":    "read space: cannot read missing.yml: file does not exist",
		large:            "is larger than",
		t.TempDir():      "not a regular file",
		"two\nlines":     "no space is called",
		"../spaces/mbv3": "file does not exist",
	} {
		_, err := supernet.LoadSpace(name)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want ...%s...", name, err, want)
			continue
		}
		oneLine(t, err)
	}
}

// TestParseSpaceOfOtherEditors: the same space, whatever marks, line ends, blanks and tabs an
// editor leaves.
func TestParseSpaceOfOtherEditors(t *testing.T) {
	text, err := os.ReadFile("spaces/mbv3-tiny.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plain := string(text)
	want, err := supernet.ParseSpace("plain.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]string{
		"mark": "\xef\xbb\xbf" + plain,
		"CRLF": strings.ReplaceAll(plain, "\n", "\r\n"),
		"tabs": strings.ReplaceAll(strings.ReplaceAll(plain, "\n  ", "\n\t"), ": ",
			":\t"),
		"trailing tabs": strings.ReplaceAll(plain, "\n", "\t\n"),
		"blank lines":   "\n\n" + strings.ReplaceAll(plain, "\n", "\n\n \n\t\n"),
		"all, and a tab": "\xef\xbb\xbf\r\n\t\r\n" + strings.ReplaceAll(strings.ReplaceAll(plain,
			"\n  ", "\n\t"), "\n", "\t\r\n"),
	} {
		got, err := supernet.ParseSpace(name, []byte(other))
		if err != nil || got.SHA256() != want.SHA256() {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := supernet.ParseSpace("windows.yaml", []byte("\xff\xfet\x00")); err == nil ||
		!strings.Contains(err.Error(), "save it as UTF-8") {
		t.Errorf("UTF-16: %v", err)
	}
}
