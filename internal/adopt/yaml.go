package adopt

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/supernet"
)

// YAML is the space as a file, to be edited and read again.
func YAML(s *supernet.Space) []byte {
	var w strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&w, format+"\n", args...) }
	line("tailor: space/1\nname: %s\ntitle: %s", strconv.Quote(s.Name), strconv.Quote(s.Title))
	line("classes: %d\nchannels: %d\nresolutions: %s", s.Classes, s.Channels,
		list(s.Resolutions))
	if s.WidthMultiplier != 1 {
		line("width_multiplier: %v", s.WidthMultiplier)
	}
	if s.ChannelDivisor != 0 {
		line("channel_divisor: %d", s.ChannelDivisor)
	}
	if s.KernelTransform {
		line("kernel_transform: true")
	}
	line("bn_eps: %v", s.BNEps)
	if s.Padding != "" {
		line("padding: %s", s.Padding)
	}
	stem := ""
	if s.Stem.Kernel != 0 {
		stem = fmt.Sprintf("kernel: %d, ", s.Stem.Kernel)
	}
	line("stem: {%swidth: %d, stride: %d, act: %s}\nstages:", stem, s.Stem.Width, s.Stem.Stride,
		s.Stem.Act)
	for _, st := range s.Stages {
		line("  - {width: %d, stride: %d, act: %s, %sdepth: %s, kernel: %s, %s}", st.Width,
			st.Stride, st.Act, excitationText(st.SE), list(st.Depth), list(st.Kernel),
			expandText(st))
	}
	line("head: {%s}", headText(s.Head))
	return []byte(w.String())
}

// expandText is the expand ratios, by depth or not.
func expandText(st supernet.Stage) string {
	if st.ExpandByDepth == nil {
		return "expand: " + list(st.Expand)
	}
	var by []string
	for _, d := range st.Depth {
		by = append(by, fmt.Sprintf("%d: %v", d, st.ExpandByDepth[d]))
	}
	return "expand_by_depth: {" + strings.Join(by, ", ") + "}"
}

func headText(h supernet.Head) string {
	var parts []string
	if h.Expand > 0 {
		parts = append(parts, fmt.Sprintf("expand: %d", h.Expand))
	}
	if h.Features > 0 {
		parts = append(parts, fmt.Sprintf("features: %d", h.Features))
	}
	if h.FeaturesBias {
		parts = append(parts, "features_bias: true")
	}
	if h.Act != "" {
		parts = append(parts, fmt.Sprintf("act: %s", h.Act))
	}
	return strings.Join(append(parts, fmt.Sprintf("dropout: %v", h.Dropout)), ", ")
}

// list writes choices as YAML does on one line.
func list[T int | float64](v []T) string {
	return strings.ReplaceAll(fmt.Sprint(v), " ", ", ")
}
