package textfile

import "testing"

func TestCleanYAML(t *testing.T) {
	for text, want := range map[string]string{
		"a:\n\t- b\n\t\tc: d\n":     "a:\n  - b\n    c: d\n",
		"\xef\xbb\xbfa:\tb\r\n":     "a: b\r\n",
		"a\n \t\n\t\r\n\nb: \"\t\"": "a\n\n\r\n\nb: \"\t\"",
		"":                          "",
		"a: [1,\t2]\n \tb: '\t'\n":  "a: [1, 2]\n   b: '\t'\n",
		"  a":                       "  a",
	} {
		got, err := cleanYAML([]byte(text))
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
	if _, err := cleanYAML([]byte("\xfe\xff\x00a")); err == nil {
		t.Error("UTF-16 is read as UTF-8")
	}
}
