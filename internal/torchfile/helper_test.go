package torchfile

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The pickles before the state dict, as PyTorch writes them.
const opening = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." +
	"\x80\x02M\xe9\x03." +
	"\x80\x02}q\x00(X\x10\x00\x00\x00protocol_versionq\x01M\xe9\x03X\x0d\x00\x00\x00little_endianq\x02\x88u."

// text is a BINUNICODE instruction.
func text(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

// integer is a BININT instruction, or a LONG1 where that is too small.
func integer(v int64) string {
	if int64(int32(v)) == v {
		return "J" + string(binary.LittleEndian.AppendUint32(nil, uint32(v)))
	}
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(v)))
}

func integers(v []int64) string {
	s := "("
	for _, x := range v {
		s += integer(x)
	}
	return s + "t"
}

// storageOf pickles the name of a storage.
func storageOf(key string, elements int64) string {
	return "(" + text("storage") + "ctorch\nFloatStorage\n" + text(key) + text("cpu") +
		integer(elements) + "NtQ"
}

// tensorOf pickles a tensor, by the pickle of its storage.
func tensorOf(storage string, offset int64, shape, strides []int64) string {
	return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + integer(offset) + integers(shape) +
		integers(strides) + "\x89ccollections\nOrderedDict\n)RtR"
}

// stateOf pickles a state dict of names and pickled values.
func stateOf(items ...string) string {
	s := "\x80\x02ccollections\nOrderedDict\n)R("
	for i := 0; i < len(items); i += 2 {
		s += text(items[i]) + items[i+1]
	}
	return s + "u."
}

// file puts a pickled state dict and its storages together: keys with their elements, in turn.
func file(state string, storages ...any) []byte {
	keys, data := "\x80\x02](", []byte(nil)
	for i := 0; i < len(storages); i += 2 {
		keys += text(fmt.Sprint(storages[i]))
		elements := storages[i+1].([]float32)
		data = binary.LittleEndian.AppendUint64(data, uint64(len(elements)))
		for _, v := range elements {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
	}
	return append([]byte(opening+state+keys+"e."), data...)
}

// counting is 0, 1, 2, ...
func counting(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i)
	}
	return v
}
