package agent

// lockAddress is a name that no file stands for.
func lockAddress(more string) (network, address string) {
	return "unix", "@tailor-agent" + more
}
