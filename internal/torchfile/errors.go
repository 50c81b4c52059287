package torchfile

import "fmt"

// OpcodeError is returned for an instruction that no state dict needs.
type OpcodeError struct {
	Opcode byte
	Offset int // in the file
}

func (e *OpcodeError) Error() string {
	return fmt.Sprintf("byte %d: pickle instruction 0x%02x (%q) is not one of a state dict: save model.state_dict(), nothing else",
		e.Offset, e.Opcode, rune(e.Opcode))
}

// GlobalError is returned for a class or function that no state dict of float32 tensors needs.
type GlobalError struct {
	Module, Name string
	Offset       int // in the file
}

func (e *GlobalError) Error() string {
	return fmt.Sprintf("byte %d: asks for %q, which is not read: save model.state_dict(), nothing else", e.Offset, e.Module+"."+e.Name)
}

// FormatError is returned for bytes that are no file of this format, or break its rules.
type FormatError struct {
	Offset int // in the file
	Msg    string
}

func (e *FormatError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.Msg) }
