package room

// NewMachine returns a machine to which no command was applied.
func NewMachine() *Memory { return newMachine() }

// Kill ends the hub as a crash would: it says no more.
func (h *Hub) Kill() {
	h.notes.Close()
	h.Close()
}
