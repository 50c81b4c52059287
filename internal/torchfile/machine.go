package torchfile

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Values of the machine are nil, bool, int64, magic, string, tuple, *list, *dict, global, *storage
// and *view. None takes more memory than some words for each byte of the pickle.
type (
	tuple []any
	list  struct{ items []any }
	// dict is a Python dict or OrderedDict; whole numbers as keys are strings, too.
	dict struct {
		keys   []string
		values map[string]any
	}
	global struct{ module, name string }
	// magic is a whole number beyond int64, by its bytes: the file's first value is one.
	magic string
	// mark is what MARK leaves on the stack.
	mark struct{}
)

func newDict() *dict { return &dict{values: map[string]any{}} }

func (d *dict) set(key string, v any) {
	if _, ok := d.values[key]; !ok {
		d.keys = append(d.keys, key)
	}
	d.values[key] = v
}

// machine runs pickles of one file, one after the other. Errors are kept: after the first, reads
// give zeros, and the loop ends.
type machine struct {
	ctx      context.Context // that reading the tensors ends with
	data     []byte
	at       int // next byte
	begin    int // of the instruction that runs
	end      int // of what this pickle may read
	stack    []any
	memo     map[uint32]any
	storages map[string]*storage
	archive  *archive // that the storages are in; nil before PyTorch 1.6
	values   int      // pushed so far, by all pickles
	err      error
}

func (m *machine) fail(format string, args ...any) {
	if m.err == nil {
		m.err = &FormatError{m.begin, fmt.Sprintf(format, args...)}
	}
}

// load runs one pickle and gives its value.
func (m *machine) load() (any, error) {
	m.stack, m.memo = m.stack[:0], map[uint32]any{}
	m.end = min(len(m.data), m.at+maxPickle)
	for m.err == nil {
		m.begin = m.at
		op := m.byte()
		if m.err != nil {
			break
		}
		if op == opStop {
			v := m.pop()
			if len(m.stack) > 0 {
				m.fail("the pickle ends with %d values left over", len(m.stack))
			}
			return v, m.err
		}
		m.step(op)
		if len(m.stack) > maxStack {
			m.fail("the pickle needs a stack of more than %d values", maxStack)
		}
	}
	return nil, m.err
}

// The instructions of a state dict, as Python's pickletools names them.
const (
	opProto        = 0x80
	opStop         = '.'
	opMark         = '('
	opNone         = 'N'
	opTrue         = 0x88
	opFalse        = 0x89
	opBinInt       = 'J'
	opBinInt1      = 'K'
	opBinInt2      = 'M'
	opLong1        = 0x8a
	opBinUnicode   = 'X'
	opBinString    = 'T' // of Python 2
	opShortString  = 'U'
	opBinFloat     = 'G'
	opEmptyTuple   = ')'
	opTuple        = 't'
	opTuple1       = 0x85
	opTuple3       = 0x87
	opEmptyList    = ']'
	opAppend       = 'a'
	opAppends      = 'e'
	opEmptyDict    = '}'
	opSetItem      = 's'
	opSetItems     = 'u'
	opBinPut       = 'q'
	opLongBinPut   = 'r'
	opBinGet       = 'h'
	opLongBinGet   = 'j'
	opGlobal       = 'c'
	opNewObject    = 0x81
	opReduce       = 'R'
	opBuild        = 'b'
	opPersistentID = 'Q'
)

const protocol = 2 // of pickles

// step runs one instruction.
func (m *machine) step(op byte) {
	switch op {
	case opProto:
		if v := m.byte(); v != protocol {
			m.fail("the pickle has protocol %d, expected %d", v, protocol)
		}
	case opMark:
		m.push(mark{})
	case opEmptyList:
		m.push(&list{})
	case opAppend:
		m.append([]any{m.pop()})
	case opAppends:
		m.append(m.popMark())
	case opEmptyDict:
		m.push(newDict())
	case opSetItem:
		value, key := m.pop(), m.pop()
		m.setItems([]any{key, value})
	case opSetItems:
		m.setItems(m.popMark())
	case opGlobal:
		m.global()
	case opReduce:
		m.reduce()
	case opNewObject:
		m.newObject()
	case opBuild:
		m.build()
	case opPersistentID:
		m.persistentID()
	case opBinPut:
		m.put(uint32(m.byte()))
	case opLongBinPut:
		m.put(m.uint32())
	case opBinGet:
		m.get(uint32(m.byte()))
	case opLongBinGet:
		m.get(m.uint32())
	default:
		m.value(op)
	}
}

// value runs the instructions that put a plain value on the stack.
func (m *machine) value(op byte) {
	switch op {
	case opNone:
		m.push(nil)
	case opTrue, opFalse:
		m.push(op == opTrue)
	case opBinInt:
		m.push(int64(int32(m.uint32())))
	case opBinInt1:
		m.push(int64(m.byte()))
	case opBinInt2:
		if b := m.bytes(2); b != nil {
			m.push(int64(binary.LittleEndian.Uint16(b)))
		}
	case opLong1:
		m.push(whole(m.bytes(int(m.byte()))))
	case opBinUnicode, opBinString:
		m.push(m.text(m.uint32()))
	case opShortString:
		m.push(m.text(uint32(m.byte())))
	case opBinFloat:
		m.bytes(8)
		m.push(aside{}) // a figure of a training
	case opEmptyTuple:
		m.push(tuple{})
	case opTuple:
		m.push(tuple(m.popMark()))
	case opTuple1, opTuple1 + 1, opTuple3:
		m.push(tuple(m.popN(int(op) - opTuple1 + 1)))
	default:
		m.err = &OpcodeError{op, m.begin}
	}
}

// whole reads little-endian two's complement.
func whole(b []byte) any {
	if len(b) > 8 {
		return magic(b)
	}
	var v int64
	for i, x := range b {
		v |= int64(x) << (8 * i)
	}
	if n := len(b); n > 0 && n < 8 && b[n-1] >= 0x80 {
		v -= 1 << (8 * n)
	}
	return v
}

// bytes takes n bytes, or gives nil and an error.
func (m *machine) bytes(n int) []byte {
	if m.err != nil {
		return nil
	}
	if n > m.end-m.at {
		m.fail("the pickle ends in the middle of an instruction, or is longer than %d bytes",
			maxPickle)
		return nil
	}
	m.at += n
	return m.data[m.at-n : m.at]
}

func (m *machine) byte() byte {
	if b := m.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (m *machine) uint32() uint32 {
	if b := m.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (m *machine) text(n uint32) string {
	if n > maxPickle {
		m.fail("a text has %d bytes, at most %d are read", n, maxPickle)
		return ""
	}
	b := m.bytes(int(n))
	if !utf8.Valid(b) {
		m.fail("a text is not UTF-8")
	}
	return string(b)
}

func (m *machine) push(v any) {
	if m.values++; m.values > maxValues {
		m.fail("the file makes more than %d values", maxValues)
		return
	}
	m.stack = append(m.stack, v)
}

// kind names what a value is. Values themselves are no part of errors: some bytes make one that is
// nested a million times, or has more parts than there is memory.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a truth value"
	case int64:
		return fmt.Sprint(v)
	case string:
		return fmt.Sprintf("%.40q", v)
	case magic:
		return "a large number"
	case tuple:
		return "a tuple"
	case *list:
		return "a list"
	case *dict:
		return "a dict"
	case global:
		return "a class or function"
	case aside:
		return "a setting or figure of a training"
	}
	return "a tensor or its storage"
}

// pop takes the top of the stack; a mark there, or nothing, is an error.
func (m *machine) pop() any {
	if v := m.popN(1); v != nil {
		return v[0]
	}
	return nil
}

// popN copies the n topmost values and takes them off.
func (m *machine) popN(n int) []any {
	from := len(m.stack) - n
	if m.err != nil || from < 0 {
		m.fail("an instruction takes more values than there are")
		return nil
	}
	top := append([]any(nil), m.stack[from:]...)
	for _, v := range top {
		if v == (mark{}) {
			m.fail("an instruction takes values beyond a mark")
			return nil
		}
	}
	m.stack = m.stack[:from]
	return top
}

// popMark takes all values down to the last mark, and the mark.
func (m *machine) popMark() []any {
	for from := len(m.stack) - 1; from >= 0; from-- {
		if m.stack[from] == (mark{}) {
			top := m.popN(len(m.stack) - from - 1)
			if m.err == nil {
				m.stack = m.stack[:from]
			}
			return top
		}
	}
	m.fail("an instruction takes values down to a mark, but there is none")
	return nil
}

// top is the value that an instruction changes in place.
func (m *machine) top() any {
	if len(m.stack) == 0 {
		m.fail("an instruction takes more values than there are")
		return nil
	}
	return m.stack[len(m.stack)-1]
}

func (m *machine) append(items []any) {
	l, ok := m.top().(*list)
	if !ok {
		m.fail("appends to something that is no list")
		return
	}
	l.items = append(l.items, items...)
}

func (m *machine) setItems(items []any) {
	d, ok := m.top().(*dict)
	if !ok || len(items)%2 != 0 {
		m.fail("sets items of something that is no dict, or a key without its value")
		return
	}
	for i := 0; i < len(items); i += 2 {
		switch key := items[i].(type) {
		case string:
			d.set(key, items[i+1])
		case int64: // of the state of an optimiser
			d.set(strconv.FormatInt(key, 10), items[i+1])
		default:
			m.fail("a key of a dict is neither text nor a number")
			return
		}
	}
}

func (m *machine) put(at uint32) {
	if len(m.memo) >= maxMemo {
		m.fail("the pickle remembers more than %d values", maxMemo)
		return
	}
	m.memo[at] = m.top()
}

func (m *machine) get(at uint32) {
	v, ok := m.memo[at]
	if !ok || v == (mark{}) {
		m.fail("takes value %d from memory, but nothing was put there", at)
		return
	}
	m.push(v)
}

// line takes the bytes up to a newline.
func (m *machine) line() string {
	window := m.data[m.at:min(m.end, m.at+maxGlobalLength)]
	n := bytes.IndexByte(window, '\n')
	if n < 0 || !utf8.Valid(window[:n]) {
		m.fail("the name of a class or function does not end")
		return ""
	}
	m.at += n + 1
	return string(window[:n])
}
