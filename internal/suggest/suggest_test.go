package suggest

import "testing"

func TestNearest(t *testing.T) {
	spaces := []string{"compofa", "compofa-elastic", "mbv3-cifar", "mbv3-tiny", "ofa-mbv3",
		"ofa-mbv3-w1.2", "ofa-proxyless"}
	for written, want := range map[string]string{
		"mbv3-tinny": "mbv3-tiny", "mbv3_cifar": "mbv3-cifar", "mvb3-tiny": "mbv3-tiny",
		"ofa-mbv3-w12": "ofa-mbv3-w1.2", "Ofa-mbv3": "ofa-mbv3",
		"proxyless": "ofa-proxyless", "compof": "compofa", "": "", "resnet50": "",
		"ofa-mbv3": "ofa-mbv3",
	} {
		if got := Nearest(written, spaces); got != want {
			t.Errorf("%q: suggests %q, want %q", written, got, want)
		}
	}
	if got := Nearest("dpes", []string{"deps", "bignas", "full"}); got != "deps" {
		t.Errorf("dpes: suggests %q, want deps", got)
	}
}

// TestDistance against examples counted by hand.
func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"abcd", "acbd", 1},
		{"ca", "abc", 3}, {"größe", "grösse", 2}} {
		if got := distance([]rune(c.a), []rune(c.b)); got != c.want || got != distance([]rune(c.b),
			[]rune(c.a)) {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
