package logs

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// saved is what a snapshot begins with. As many segments and positions follow.
type saved struct {
	Now       time.Time
	Number    uint64
	Count     Counts
	Segments  int
	Positions int
}

type savedSegment struct {
	Number uint64
	Day    int32
	Stream string
	Lines  uint64
	Raw    int64
	Closed bool
	Size   int64
	Memory []group // what is not in the file
}

type savedPosition struct {
	source
	At int64
}

// encode returns a command as a record of the log. O(its bytes).
func (c *Command) encode() []byte {
	size := 200
	for i := range c.groups {
		size += 100 + len(c.groups[i].Stream) + len(c.groups[i].Data)
	}
	w := writer{make([]byte, 0, size)}
	w.number(uint64(c.Now.UnixNano()))
	w.text(c.Agent)
	w.text(c.File)
	for _, n := range []int{int(c.First), int(c.Next), c.In, c.Sampled, c.Expired, len(c.groups)} {
		w.number(uint64(n))
	}
	for i := range c.groups {
		g := &c.groups[i]
		w.text(g.Stream)
		for _, n := range []uint64{uint64(g.Day), uint64(g.Lines), g.Min, g.Max, uint64(g.Levels)} {
			w.number(n)
		}
		w.text(string(g.Data))
	}
	w.number(uint64(len(c.drops)))
	for _, d := range c.drops {
		w.number(d.number)
		w.number(d.lines)
	}
	if c.overfull {
		w.number(1)
	}
	return w.b
}

type writer struct{ b []byte }

func (w *writer) number(n uint64) { w.b = binary.AppendUvarint(w.b, n) }
func (w *writer) text(s string) {
	w.number(uint64(len(s)))
	w.b = append(w.b, s...)
}

// reader reads what writer wrote. After an error everything is 0.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) bytes() []byte {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// decodeCommand is the inverse of encode. The command refers to rec.
func decodeCommand(rec []byte) (*Command, error) {
	r := reader{b: rec}
	c := &Command{Now: time.Unix(0, int64(r.number())).UTC()}
	c.source = source{string(r.bytes()), string(r.bytes())}
	c.First, c.Next = int64(r.number()), int64(r.number())
	c.In, c.Sampled, c.Expired = int(r.number()), int(r.number()), int(r.number())
	for n := r.number(); n > 0 && !r.bad; n-- {
		g := group{Stream: string(r.bytes())}
		g.Day, g.Lines, g.Min, g.Max, g.Levels = int32(r.number()), int(r.number()), r.number(), r.number(), uint8(r.number())
		g.Data = r.bytes()
		c.groups = append(c.groups, g)
	}
	for n := r.number(); n > 0 && !r.bad; n-- {
		c.drops = append(c.drops, drop{r.number(), r.number()})
	}
	c.overfull = len(r.b) > 0
	if r.bad {
		return nil, fmt.Errorf("%w: a record of the log is no command", ErrCorrupt)
	}
	return c, nil
}

// dump writes the state, but for what is in the files.
func (m *Memory) dump(w io.Writer) error {
	b := bufio.NewWriter(w)
	return errors.Join(m.encode(json.NewEncoder(b)), b.Flush())
}

func (m *Memory) encode(out *json.Encoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := out.Encode(saved{m.now, m.number, m.count, len(m.segments), m.positions.Len()}); err != nil {
		return err
	}
	for _, s := range m.segments {
		x := savedSegment{s.number, s.day, s.stream, s.lines, s.raw, s.closed, s.size, s.full}
		if s.hot.Lines > 0 {
			x.Memory = append(x.Memory[:len(x.Memory):len(x.Memory)], s.hot)
		}
		if err := out.Encode(x); err != nil {
			return err
		}
	}
	for from, at := range m.positions.Backward() { // from the one that is forgotten first
		if err := out.Encode(savedPosition{from, at}); err != nil {
			return err
		}
	}
	return nil
}

// load reads what dump wrote, into an empty state.
func (m *Memory) load(in *json.Decoder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var head saved
	if err := in.Decode(&head); err != nil {
		return err
	}
	m.now, m.number, m.count = head.Now, head.Number, head.Count
	for range head.Segments {
		var x savedSegment
		if err := in.Decode(&x); err != nil {
			return err
		}
		s := &segment{number: x.Number, place: place{x.Day, x.Stream}, lines: x.Lines, raw: x.Raw, closed: x.Closed, size: x.Size}
		for _, g := range x.Memory {
			m.hot += len(g.Data)
			s.close()
			s.hot = g
		}
		if len(s.hot.Data) >= blockSize {
			s.close()
		}
		m.segments[s.number] = s
		m.streams[s.stream]++
		if !s.closed {
			m.open[s.place] = s
		}
	}
	for range head.Positions {
		var x savedPosition
		if err := in.Decode(&x); err != nil {
			return err
		}
		m.positions.Put(x.source, x.At)
	}
	return nil
}
