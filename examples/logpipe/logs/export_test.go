package logs

import "context"

// Tailer is one tailer of an agent, to be stepped by tests.
type Tailer struct{ t *tailer }

// Tailer returns the agent's tailer of its first file.
func (a *Agent) Tailer() Tailer { return Tailer{a.tailer(a.files[0])} }

// Step is tailer.step.
func (t Tailer) Step(ctx context.Context) (bool, error) { return t.t.step(ctx) }

// Close closes its file, as a crash does.
func (t Tailer) Close() {
	if t.t.f != nil {
		_ = t.t.f.Close()
	}
}

// EncodeBlock returns records as a block.
func EncodeBlock(all ...Line) []byte {
	var g group
	for i := range all {
		_, micro := dayOf(all[i].Time)
		g.add(micro, &all[i])
	}
	return encodeBlock(nil, &g)
}
