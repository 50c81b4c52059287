package torchfile

import "slices"

// The classes and functions that a state dict of float32 tensors names.
var (
	orderedDict      = global{"collections", "OrderedDict"}
	rebuildTensor    = global{"torch._utils", "_rebuild_tensor_v2"}
	rebuildParameter = global{"torch._utils", "_rebuild_parameter"}
	floatStorage     = global{"torch", "FloatStorage"}
)

func (m *machine) global() {
	module := m.line()
	g := global{module, m.line()}
	if m.err != nil {
		return
	}
	if !slices.Contains([]global{orderedDict, rebuildTensor, rebuildParameter, floatStorage}, g) {
		m.err = &GlobalError{g.module, g.name, m.begin}
		return
	}
	m.push(g)
}

// reduce calls a function, in Python's words; here it makes the value that the call would give.
func (m *machine) reduce() {
	args, isTuple := m.pop().(tuple)
	f, isGlobal := m.pop().(global)
	switch {
	case m.err != nil:
	case isGlobal && isTuple && f == orderedDict && len(args) == 0:
		m.push(newDict())
	case isGlobal && isTuple && f == rebuildTensor && len(args) == 6:
		m.tensor(args)
	case isGlobal && isTuple && f == rebuildParameter && len(args) == 3:
		t, ok := args[0].(*view)
		if !ok {
			m.fail("a parameter is no tensor")
		}
		m.push(t)
	default:
		m.fail("calls %s.%s with %d arguments, which no state dict does", f.module, f.name,
			len(args))
	}
}

// build sets attributes: those of a state dict are the versions of its modules, which do not matter
// to its tensors.
func (m *machine) build() {
	_, isState := m.pop().(*dict)
	if _, isDict := m.top().(*dict); !isState || !isDict {
		m.fail("sets attributes of something that is no dict")
	}
}

// persistentID names a storage: ("storage", class, key, device, elements, no view).
func (m *machine) persistentID() {
	id, ok := m.pop().(tuple)
	if !ok || len(id) != 6 || id[0] != any("storage") || id[1] != any(floatStorage) ||
		id[5] != nil {
		m.fail("names something that is no storage of float32 elements")
		return
	}
	key, isKey := id[2].(string)
	_, isDevice := id[3].(string)
	elements, isCount := id[4].(int64)
	if !isKey || !isDevice || !isCount || elements < 0 {
		m.fail("names a storage without key, device or number of elements")
		return
	}
	s, known := m.storages[key]
	if !known {
		s = &storage{elements: elements}
		m.storages[key] = s
	}
	if s.elements != elements {
		m.fail("storage %.40q has %d elements, and elsewhere %d", key, elements, s.elements)
	}
	m.push(s)
}

// tensor is _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks).
func (m *machine) tensor(args tuple) {
	s, isStorage := args[0].(*storage)
	offset, isOffset := args[1].(int64)
	shape, isShape := whole64(args[2])
	strides, isStrides := whole64(args[3])
	if !isStorage || !isOffset || !isShape || !isStrides {
		m.fail("a tensor has no storage, offset, shape or strides")
		return
	}
	v := &view{storage: s, offset: offset, shape: shape, strides: strides}
	if err := v.check(); err != "" {
		m.fail("%s", err)
	}
	m.push(v)
}

// whole64 reads a tuple of whole numbers.
func whole64(v any) ([]int64, bool) {
	t, ok := v.(tuple)
	numbers := make([]int64, 0, min(len(t), maxDims+1))
	for _, x := range t {
		n, isWhole := x.(int64)
		if ok = ok && isWhole; !ok || len(numbers) > maxDims {
			return numbers, ok
		}
		numbers = append(numbers, n)
	}
	return numbers, ok
}
