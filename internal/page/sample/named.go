package sample

import "github.com/tailor-nas/tailor/internal/page"

// Named gives what has a name in a view this one.
func Named(v *page.View, name string) *page.View {
	v.Title, v.Notes = name, []string{name}
	for i := range v.Tradeoffs {
		t := &v.Tradeoffs[i]
		t.Title, t.About = name, name
		for j := range t.Series {
			nameSeries(&t.Series[j], name)
		}
	}
	for i := range v.Trainings {
		v.Trainings[i].Title, v.Trainings[i].Facts = name, facts(name, name)
	}
	for i := range v.Devices {
		v.Devices[i].Title, v.Devices[i].Verdict = name, name
	}
	for i := range v.Sources {
		v.Sources[i].Path, v.Sources[i].Href = name, name
	}
	v.Commands = []page.Command{{What: name, Line: name}}
	return v
}

func nameSeries(s *page.Series, name string) {
	s.Name, s.FrontOf = name, name
	for k := range s.Networks {
		n := &s.Networks[k]
		n.Name, n.Facts, n.Files = name, facts(name, name), []page.File{{Name: name, Href: name}}
		for b := range n.Blocks {
			n.Blocks[b].Name = name
		}
	}
}
