package device

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// identityVersion enters every hash; raise it when Identity changes, so that
// old and new identifiers cannot collide by accident.
const identityVersion = "tailor-device/1"

// Identity is what makes two machines the same device: identities that are equal (==) stand for
// one. Its JSON is what [Device.ID] is the hash of, so the order and names of the fields stay.
type Identity struct {
	Version  string `json:"version"`
	Arch     string `json:"arch"`
	OS       string `json:"os"`
	Emulated bool   `json:"emulated"`
	Brand    string `json:"brand"`
	Family   int    `json:"family"`
	Model    int    `json:"model"`
	Stepping int    `json:"stepping"`
	ISA      list   `json:"isa"`
	Cores    int    `json:"cores"` // that are usable
	Caches   list   `json:"caches"`
}

// list is the JSON text of a list, which can be compared where a slice cannot.
type list string

// listOf must be given what JSON can hold: strings, numbers and structs of them.
func listOf[T any](items []T) list {
	text, _ := json.Marshal(items)
	return list(text)
}

// MarshalJSON gives the list.
func (l list) MarshalJSON() ([]byte, error) { return []byte(l), nil }

// Identity is what of the device must stay the same for latencies to stay the same. Host name,
// kernel version, governor and memory do not enter.
func (d Device) Identity() Identity {
	return Identity{
		Version: identityVersion, Arch: d.Arch, OS: d.OS, Emulated: d.Emulated,
		Brand: d.CPU.Brand, Family: d.CPU.Family, Model: d.CPU.Model, Stepping: d.CPU.Stepping,
		ISA: listOf(d.CPU.ISA), Cores: d.CPU.UsableCores, Caches: listOf(d.CPU.Caches),
	}
}

// Hash gives 32 hexadecimal digits.
func (i Identity) Hash() (string, error) {
	text, err := json.Marshal(i)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}
