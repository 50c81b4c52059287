package findings

import (
	"fmt"
	"sort"
	"strings"

	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/profiles"
)

// devices are the machines of the profiles, and how quiet each was.
func (l *library) devices() (all []page.Device) {
	for _, p := range l.profiles {
		all = append(all, device(p))
	}
	return all
}

func device(a at[profiles.Profile]) page.Device {
	p, c := a.doc, a.doc.Device.CPU
	d := page.Device{Title: strings.TrimSuffix(base(a.path), ".json"), Quiet: p.Unstable() == ""}
	add := func(name, format string, args ...any) {
		d.Facts = append(d.Facts, page.Fact{Name: name, Value: fmt.Sprintf(format, args...)})
	}
	add("processor", "%s, %s", orUnnamed(c.Brand), p.Device.Arch)
	add("cores", "%d usable of %d", c.UsableCores, c.LogicalCores)
	if c.MaxMHz > 0 {
		add("clock", "up to %d MHz", c.MaxMHz)
	}
	if p.Device.MemoryBytes > 0 {
		add("memory", "%s", page.Bytes(int64(min(p.Device.MemoryBytes, 1<<62))))
	}
	add("system", "%s %s, %s", p.Device.OS, p.Device.Kernel, p.Device.Virtualization)
	if p.Device.Governor != "" {
		add("governor", "%s", p.Device.Governor)
	}
	add("runtime", "%s", p.Runtime.ID())
	add("options", "%s", options(p.Runtime.Options))
	add("device id", "%.12s", p.Device.ID)
	d.Verdict, d.Session = session(p)
	return d
}

func options(all map[string]string) string {
	var words []string
	for k, v := range all {
		words = append(words, k+" "+v)
	}
	sort.Strings(words)
	if words == nil {
		return "none"
	}
	return strings.Join(words, ", ")
}

// session says how quiet a machine was while it was measured.
func session(p *profiles.Profile) (verdict string, facts []page.Fact) {
	s := p.Session
	add := func(name, format string, args ...any) {
		facts = append(facts, page.Fact{Name: name, Value: fmt.Sprintf(format, args...)})
	}
	noisy := 0
	for _, b := range p.Blocks {
		if b.Unstable {
			noisy++
		}
	}
	for _, n := range p.Networks {
		if n.Unstable {
			noisy++
		}
	}
	verdict = "steady: the times can be trusted"
	switch {
	case p.Unstable() != "":
		verdict = "not steady: " + p.Unstable()
	case noisy > 0:
		verdict = fmt.Sprintf("steady, but %d of %d times are not known well", noisy,
			len(p.Blocks)+len(p.Networks))
	}
	add("measured", "%d blocks, %d networks in %s", len(p.Blocks), len(p.Networks),
		seconds(p.Seconds()))
	add("begun", "%s", s.Started.UTC().Format("2006-01-02 15:04 MST"))
	n := p.NetworkSession
	add("reference of blocks", "%s, %d times", page.Milliseconds(s.ReferenceMS), s.ReferenceSamples)
	add("reference of networks", "%s, %d times", page.Milliseconds(n.ReferenceMS),
		n.ReferenceSamples)
	add("drift of them", "%.1f %% and %.1f %%", 100*(s.DriftRatio-1), 100*(n.DriftRatio-1))
	if s.Sentinels > 0 {
		add("timed again at the end", "%d, %+.1f %%", s.Sentinels, 100*(s.SentinelRatio-1))
	}
	share := func(name string, v *float64) {
		if v != nil {
			add(name, "%.1f %% of the time", 100**v)
		}
	}
	share("stolen by the hypervisor", s.Conditions.StealShare)
	share("others waited for a processor", s.Conditions.PSISomeShare)
	if v := s.Conditions.LoadAverage; v != nil {
		add("load at the end", "%.1f", *v)
	}
	return verdict, facts
}
