package torchfile

import (
	"strings"

	"github.com/tailor-nas/tailor/internal/elements"
)

// The classes and functions that a state dict names.
var (
	orderedDict      = global{"collections", "OrderedDict"}
	rebuildTensor    = global{"torch._utils", "_rebuild_tensor_v2"}
	rebuildParameter = global{"torch._utils", "_rebuild_parameter"}
)

// storageTypes are the classes of storages, all of package torch.
var storageTypes = map[string]elements.Type{
	"FloatStorage": elements.F32, "HalfStorage": elements.F16, "BFloat16Storage": elements.BF16,
	"DoubleStorage": elements.F64, "ByteStorage": elements.Byte, "CharStorage": elements.Byte,
	"BoolStorage": elements.Byte, "ShortStorage": elements.Whole16,
	"IntStorage": elements.Whole32, "LongStorage": elements.Whole64,
}

// asides are what checkpoints hold beside their state dict: settings and figures of a training.
// They become values that nothing looks into. The names of element types, such as torch.float16,
// are among them.
var asides = map[global]bool{
	{"argparse", "Namespace"}: true, {"_codecs", "encode"}: true,
	{"torch", "Size"}: true, {"torch", "device"}: true,
	{"numpy", "dtype"}: true, {"numpy", "ndarray"}: true,
	{"numpy.core.multiarray", "scalar"}: true, {"numpy._core.multiarray", "scalar"}: true,
	{"numpy.core.multiarray", "_reconstruct"}:  true,
	{"numpy._core.multiarray", "_reconstruct"}: true,
}

// aside is such a value.
type aside struct{}

func (g global) isAside() bool {
	number := strings.TrimPrefix(strings.TrimPrefix(g.name, "u"), "b") // uint8, bfloat16
	return asides[g] || g.module == "torch" && (g.name == "bool" ||
		strings.HasPrefix(number, "int") || strings.HasPrefix(number, "float"))
}

func (g global) isStorage() bool {
	_, ok := storageTypes[g.name]
	return ok && g.module == "torch"
}

func (m *machine) global() {
	module := m.line()
	g := global{module, m.line()}
	if m.err != nil {
		return
	}
	if g != orderedDict && g != rebuildTensor && g != rebuildParameter && !g.isStorage() &&
		!g.isAside() {
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
	case isGlobal && isTuple && f.isAside():
		m.push(aside{})
	case isGlobal && isTuple && f == rebuildTensor && (len(args) == 6 || len(args) == 7):
		m.tensor(args)
	case isGlobal && isTuple && f == rebuildParameter && len(args) == 3:
		t, ok := args[0].(*view)
		if !ok {
			m.fail("a parameter is no tensor")
			return
		}
		m.push(t)
	default:
		m.fail("calls %s.%s with %d arguments, which no state dict does", f.module, f.name,
			len(args))
	}
}

// newObject makes an object of a class, which only asides have.
func (m *machine) newObject() {
	_, isTuple := m.pop().(tuple)
	class, isGlobal := m.pop().(global)
	if m.err == nil && !(isTuple && isGlobal && class.isAside()) {
		m.err = &OpcodeError{opNewObject, m.begin}
		return
	}
	m.push(aside{})
}

// build sets attributes: those of a state dict are the versions of its modules, which do not matter
// to its tensors.
func (m *machine) build() {
	_, isState := m.pop().(*dict)
	if _, isAside := m.top().(aside); isAside {
		return
	}
	if _, isDict := m.top().(*dict); !isState || !isDict {
		m.fail("sets attributes of something that is no dict")
	}
}

// persistentID names a storage: ("storage", class, key, device, elements); files before PyTorch 1.6
// have one more, which is None where the storage is no part of another.
func (m *machine) persistentID() {
	id, ok := m.pop().(tuple)
	if !ok || len(id) < 5 || len(id) > 6 || id[0] != any("storage") ||
		len(id) == 6 && id[5] != nil {
		m.fail("names something that is no storage")
		return
	}
	class, isClass := id[1].(global)
	if !isClass || !class.isStorage() {
		m.fail("names a storage of elements of no known type")
		return
	}
	key, isKey := id[2].(string)
	_, isDevice := id[3].(string)
	count, isCount := id[4].(int64)
	if !isKey || !isDevice || !isCount || count < 0 {
		m.fail("names a storage without key, device or number of elements")
		return
	}
	s, known := m.storages[key]
	if !known {
		s = &storage{key: key, elements: count, typ: storageTypes[class.name]}
		m.storages[key] = s
	}
	if s.elements != count || s.typ != storageTypes[class.name] {
		m.fail("storage %.40q has %d elements as %s, and elsewhere %d, perhaps of another type",
			key, count, class.name, s.elements)
	}
	m.push(s)
}

// tensor is _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks), since PyTorch
// 2.0 perhaps with one more, which says nothing of the elements.
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
