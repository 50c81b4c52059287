package fleet

import (
	"errors"
	"testing"
)

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"ssh://pi@board": "ssh://pi@board:22", "ssh://a@10.0.0.1:2222": "ssh://a@10.0.0.1:2222",
		"ssh://a@[fe80::1]/": "ssh://a@[fe80::1]:22", "exec:adb shell agent": "exec:adb shell agent",
	} {
		d, err := Open(address, Options{})
		if err != nil || d.String() != want {
			t.Errorf("%s is %v (%v), expected %s", address, d, err, want)
		}
	}
	for _, address := range []string{
		"", "board", "ssh://board", "ssh://@board", "ssh://a@", "ssh://a:secret@board", "exec:",
		"exec: ", "ssh://a@board/path", "ssh://a@board?x=1", "ssh://a@board:port", "http://a@b",
		"ssh://a@board#x",
	} {
		_, err := Open(address, Options{})
		if bad := (*AddressError)(nil); !errors.As(err, &bad) {
			t.Errorf("%q: %v, expected an AddressError", address, err)
		}
	}
	if _, err := Open("exec:x", Options{Keep: true}); err == nil {
		t.Error("exec: takes --keep-agent")
	}
}

func TestPlatforms(t *testing.T) {
	for text, want := range map[string]platform{
		"Linux aarch64": {"linux", "arm64"}, "Linux x86_64\n": {"linux", "amd64"},
		"Darwin arm64": {"darwin", "arm64"}, "Linux armv7l": {"linux", "arm"},
	} {
		if got, err := parsePlatform(text); got != want || err != nil {
			t.Errorf("%q is %v (%v), expected %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "Linux", "Windows_NT x86_64", "Linux z80 x", "a b"} {
		if got, err := parsePlatform(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// FuzzAddress: whatever is given is an address that is read again from its name, or refused.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"ssh://a@b:22", "ssh://a@[::1]", "exec:x", "ssh://%00@b", "ssh:a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		h, err := parseSSH(address)
		if err != nil {
			if bad := (*AddressError)(nil); !errors.As(err, &bad) {
				t.Errorf("%v", err)
			}
			return
		}
		if h.user == "" || h.address == "" {
			t.Errorf("%q is %+v", address, h)
		}
	})
}

// FuzzPlatform: whatever a device says of itself is a platform or an error.
func FuzzPlatform(f *testing.F) {
	f.Add("Linux aarch64")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parsePlatform(text); err == nil && (p.os == "" || p.arch == "") {
			t.Errorf("%q is %+v", text, p)
		}
	})
}
