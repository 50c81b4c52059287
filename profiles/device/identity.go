package profiles

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// identityVersion enters every hash; raise it when identity changes, so that
// old and new identifiers cannot collide by accident.
const identityVersion = "tailor-device/1"

// identity is what makes two machines the same device. The order and names of
// its fields are part of the hash.
type identity struct {
	Version  string   `json:"version"`
	Arch     string   `json:"arch"`
	OS       string   `json:"os"`
	Emulated bool     `json:"emulated"`
	Brand    string   `json:"brand"`
	Family   int      `json:"family"`
	Model    int      `json:"model"`
	Stepping int      `json:"stepping"`
	ISA      []string `json:"isa"`
	Cores    int      `json:"cores"`
	Caches   []Cache  `json:"caches"`
}

// deviceID returns 32 hexadecimal digits.
func deviceID(d Device) (string, error) {
	text, err := json.Marshal(identity{
		Version: identityVersion, Arch: d.Arch, OS: d.OS, Emulated: d.Emulated,
		Brand: d.CPU.Brand, Family: d.CPU.Family, Model: d.CPU.Model, Stepping: d.CPU.Stepping,
		ISA: d.CPU.ISA, Cores: d.CPU.UsableCores, Caches: d.CPU.Caches,
	})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}
