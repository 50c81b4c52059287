package main

import "github.com/tailor-nas/tailor/internal/kernel/_generate/neon"

// mapping is a function that computes y[r,c] from x[r,c], perhaps another input r[r,c], and
// coefficients by channel. All have one signature.
type mapping struct {
	p      *neon.Func
	inputs []string // of rows
	coefs  []string
}

func newMapping(f *neon.File, name, doc string, inputs, coefs []string) mapping {
	return mapping{f.Func(name,
		"y, x, r, scale, shift, other *float32, rows, rowBytes, channels int", doc), inputs, coefs}
}

// generate makes the loops around the code of a row. It is given the inputs, the coefficients, and
// result, which holds the shift.
func (m mapping) generate(widths []int, code func(in, coef map[string]neon.Vec, result neon.Vec)) {
	p := m.p
	rows, rowBytes, channels := p.Param("rows"), p.Param("rowBytes"), p.Param("channels")
	y, left := p.Param("y"), p.Reg()
	from, at := []neon.Reg{y}, []neon.Reg{p.Reg()}
	for _, name := range m.inputs {
		from, at = append(from, p.Param(name)), append(at, p.Reg())
	}
	pointers := append([]neon.Reg{}, from...)
	for _, name := range m.coefs {
		pointers = append(pointers, p.Param(name))
	}
	p.EachChannels(channels, widths, pointers, func(vectors, lanes int, suffix string) {
		values := map[string][]neon.Vec{}
		take := func(name string) []neon.Vec {
			values[name] = p.Vecs(vectors, name+"%d")
			return values[name]
		}
		for i, name := range m.coefs {
			loadAll(p, take(name), pointers[len(from)+i], lanes)
		}
		result := take("y")
		for _, name := range m.inputs {
			take(name)
		}
		rowLoop(p, rows, left, from, at, suffix, func() {
			for i, name := range m.inputs {
				p.LoadRow(values[name], at[1+i], rowBytes, lanes)
			}
			for i := range result {
				p.Copy(result[i], values["shift"][i])
				code(pick(values, m.inputs, i), pick(values, m.coefs, i), result[i])
			}
			p.StoreRow(result, at[0], rowBytes, lanes)
		})
		for _, vs := range values {
			p.FreeVecs(vs...)
		}
	})
}

// pick takes vector i of those that have names.
func pick(values map[string][]neon.Vec, names []string, i int) map[string]neon.Vec {
	one := map[string]neon.Vec{}
	for _, name := range names {
		one[name] = values[name][i]
	}
	return one
}

// activated generates y = act(x*scale + shift).
func activated(f *neon.File, act string) {
	m := newMapping(f, "scaleShift"+act, "is y = act(x*scale + shift).", []string{"x"},
		[]string{"scale", "shift"})
	a := activation{p: m.p, constants: map[string]neon.Vec{}}
	value, t := a.value(act), m.p.Vec("t")
	m.generate(widthsOf(act), func(in, coef map[string]neon.Vec, y neon.Vec) {
		m.p.MulAdd(y, in["x"], coef["scale"])
		value(y, t)
	})
}

// added generates y = x*scale + shift + r.
func added(f *neon.File) {
	m := newMapping(f, "scaleShiftAdd", "is y = x*scale + shift + r.", []string{"x", "r"},
		[]string{"scale", "shift"})
	m.generate(wide, func(in, coef map[string]neon.Vec, y neon.Vec) {
		m.p.MulAdd(y, in["x"], coef["scale"])
		m.p.Add4(y, y, in["r"])
	})
}

// combined generates y = x*scale + r*other + shift.
func combined(f *neon.File) {
	m := newMapping(f, "combine", "is y = x*scale + r*other + shift.", []string{"x", "r"},
		[]string{"scale", "shift", "other"})
	m.generate(wide, func(in, coef map[string]neon.Vec, y neon.Vec) {
		m.p.MulAdd(y, in["x"], coef["scale"])
		m.p.MulAdd(y, in["r"], coef["other"])
	})
}
