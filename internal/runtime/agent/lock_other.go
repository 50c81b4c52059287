//go:build !linux

package agent

// lockAddress is a port that can be reached from this device alone.
func lockAddress(string) (network, address string) { return "tcp", "127.0.0.1:47915" }
