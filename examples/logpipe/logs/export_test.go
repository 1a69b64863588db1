package logs

import (
	"bytes"
	"context"
	"os"
)

// Tailer is one tailer of an agent, to be stepped by tests.
type Tailer struct{ t *tailer }

// Tailer returns the agent's tailer of its first file.
func (a *Agent) Tailer() Tailer { return Tailer{a.tailer(a.files[0])} }

// Opening has f called with the name of each file of a path before the agent opens it.
func (a *Agent) Opening(f func(name string)) {
	a.open = func(name string) (*os.File, error) {
		f(name)
		return os.Open(name)
	}
}

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

// ReadSegment returns the records of each block of a segment's file, as of the first day, and
// how many of their words the filters deny.
func ReadSegment(file []byte) (blocks [][]Line, denied int, err error) {
	f := bytes.NewReader(file)
	for at := int64(0); at < f.Size(); {
		m, err := readMeta(f, at)
		if err != nil {
			return nil, 0, err
		}
		at += m.size()
		filter, err := m.readFilter(f)
		if err != nil {
			return nil, 0, err
		}
		data, err := m.readData(f)
		if err != nil {
			return nil, 0, err
		}
		var lines []Line
		everything := Query{levels: 1<<levels - 1}
		everything.each(data, &part{}, 0, uint64(day.Microseconds()), func(l Line, e error) bool {
			lines, err = append(lines, l), e
			return e == nil
		})
		if err != nil {
			return nil, 0, err
		}
		for i := range lines {
			words(lines[i].Text, func(h uint64) {
				if !filter.may(h) {
					denied++
				}
			})
		}
		blocks = append(blocks, lines)
	}
	return blocks, denied, nil
}
