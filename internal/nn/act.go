package nn

// Act is an activation function.
type Act uint8

// The activation functions.
const (
	Identity Act = iota
	ReLU
	ReLU6
	HSwish
)
