package room

// NewMachine returns a machine to which no command was applied.
func NewMachine() *Memory { return newMachine() }
