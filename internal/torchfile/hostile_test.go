package torchfile

import (
	"runtime"
	"strings"
	"testing"
)

// bombs are short pickles that stand for something huge, or deep.
func bombs() map[string]string {
	doubled := "\x80\x02)q\x00" // a tuple of the one before, twice, and so on: 2^60 in the end
	for range 60 {
		doubled += "0h\x00h\x00\x86q\x00"
	}
	doubled = strings.ReplaceAll(doubled, "0h\x00h", "h\x00h")
	nested := "\x80\x02" + strings.Repeat("(", 1_000_000) + strings.Repeat("t", 1_000_000) + "."
	return map[string]string{
		"doubled":     doubled + strings.Repeat("\x86", 60) + ".",
		"nested":      nested,
		"nested by 1": "\x80\x02N" + strings.Repeat("\x85", 1_000_000) + ".",
		"marks":       "\x80\x02" + strings.Repeat("(", 1_000_000) + ".",
		"more marks":  "\x80\x02" + strings.Repeat("(", 1_200_000),
		"tuples":      "\x80\x02]" + strings.Repeat(")a", 1_200_000) + ".",
		"dicts":       "\x80\x02]" + strings.Repeat("}a", 1_200_000) + ".",
		"long list": "\x80\x02](" + strings.Repeat("N", 900_000) + "e(" + strings.Repeat("N",
			900_000) + "e.",
		"remembered":   "\x80\x02N" + strings.Repeat("r\x00\x00\x00\x00", 1_200_000) + ".",
		"long text":    "\x80\x02" + text(strings.Repeat("a", 10<<20)) + ".",
		"text of keys": "\x80\x02}" + text(strings.Repeat("a", 10<<20)) + "Ns.",
	}
}

// TestBombs puts each bomb where every pickle of a file stands: errors are short, and memory is
// bounded.
func TestBombs(t *testing.T) {
	const magicPickle, versionPickle = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
		"\x80\x02M\xe9\x03."
	good := stateOf("a", tensorOf(storageOf("0", 1), 0, nil, nil))
	for name, bomb := range bombs() {
		for place, before := range map[string]string{
			"first": "", "version": magicPickle, "facts": magicPickle + versionPickle,
			"state": opening, "keys": opening + good,
			"value": opening + "\x80\x02}" + text("a"), // of the dict that it is in
		} {
			var was, is runtime.MemStats
			runtime.ReadMemStats(&was)
			data := before + bomb
			switch place {
			case "value":
				data = before + strings.TrimSuffix(strings.TrimPrefix(bomb, "\x80\x02"), ".") +
					"s.\x80\x02]."
			case "keys":
				data = before + "\x80\x02]" + strings.TrimSuffix(strings.TrimPrefix(bomb,
					"\x80\x02"), ".") + "a."
			}
			_, err := Read(t.Context(), []byte(data))
			runtime.ReadMemStats(&is)
			if err == nil || len(err.Error()) > 300 || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s as %s: %.400v", name, place, err)
			}
			if n := is.TotalAlloc - was.TotalAlloc; n > 512<<20 {
				t.Errorf("%s as %s takes %d MB", name, place, n>>20)
			}
		}
	}
}

// FuzzPickle reaches each pickle of a file.
func FuzzPickle(f *testing.F) {
	for _, bomb := range bombs() {
		if len(bomb) < 10_000 {
			f.Add(0, []byte(bomb))
			f.Add(60, []byte(bomb))
		}
	}
	f.Add(13, []byte("\x80\x02(((ttt."))
	f.Fuzz(func(t *testing.T, keep int, pickle []byte) {
		if keep < 0 || keep > len(opening) || len(pickle) > 1<<16 {
			return
		}
		if _, err := Read(t.Context(), append([]byte(opening[:keep]), pickle...)); err != nil &&
			(len(err.Error()) > 1000 || strings.Contains(err.Error(), "\n")) {
			t.Errorf("error is no line: %.2000q", err)
		}
	})
}
