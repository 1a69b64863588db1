package logs

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"time"
)

// A record of a stream and a day is stored as
//
//	time of day in µs, uvarint │ level and flags │ weight, uvarint │ length, uvarint │ text
//
// and depends on no other one, so records are appended to each other, and a reader
// stops anywhere.

const day = 24 * time.Hour

// dayOf returns the day since 1970 of a time from 1970 on, and the microsecond of the day.
func dayOf(t time.Time) (d int32, micro uint64) {
	us := t.UnixMicro()
	return int32(us / day.Microseconds()), uint64(us % day.Microseconds())
}

// timeOf is the inverse of dayOf.
func timeOf(d int32, micro uint64) time.Time {
	return time.UnixMicro(int64(d)*day.Microseconds() + int64(micro)).UTC()
}

// A group is records of one stream and day, and what is known of all of them.
type group struct {
	Day      int32
	Stream   string
	Lines    int
	Min, Max uint64 // microseconds of the day
	Levels   uint8  // a bit for each that there is
	Data     []byte
}

// add appends a record.
func (g *group) add(micro uint64, l *Line) {
	if g.Lines == 0 {
		g.Min, g.Max = micro, micro
	}
	g.Lines++
	g.Min, g.Max = min(g.Min, micro), max(g.Max, micro)
	g.Levels |= 1 << l.Level
	b := binary.AppendUvarint(g.Data, micro)
	b = append(b, byte(l.Level)|byte(l.Flags))
	b = binary.AppendUvarint(b, uint64(l.Weight))
	b = binary.AppendUvarint(b, uint64(len(l.Text)))
	g.Data = append(b, l.Text...)
}

// join appends another group of the same stream and day.
func (g *group) join(x *group) {
	if g.Lines == 0 {
		g.Min, g.Max = x.Min, x.Max
	}
	g.Lines += x.Lines
	g.Min, g.Max = min(g.Min, x.Min), max(g.Max, x.Max)
	g.Levels |= x.Levels
	g.Data = append(g.Data, x.Data...)
}

// raw is a record of a group, whose text is a part of the group's bytes.
type raw struct {
	micro  uint64
	level  Level
	flags  Flag
	weight uint64
	text   string
}

// ErrCorrupt is wrapped by the errors for stored bytes that are damaged.
var ErrCorrupt = errors.New("logs: corrupt")

// next reads the first record of s. It returns how many bytes that were, or 0 if there is
// no whole record of a known form.
func next(s string) (r raw, size int) {
	at := 0
	number := func() (x uint64, ok bool) {
		for shift := 0; at < len(s) && shift < 63; shift += 7 {
			b := s[at]
			at++
			x |= uint64(b&0x7f) << shift
			if b < 0x80 {
				return x, true
			}
		}
		return 0, false
	}
	micro, ok := number()
	if !ok || micro >= uint64(day.Microseconds()) || at == len(s) {
		return r, 0
	}
	mark := s[at]
	at++
	weight, ok := number()
	if !ok || weight == 0 || bits.Len64(weight) > 32 || int(mark&7) >= levels {
		return r, 0
	}
	n, ok := number()
	if !ok || n > uint64(len(s)-at) {
		return r, 0
	}
	return raw{micro, Level(mark & 7), Flag(mark &^ 7), weight, s[at : at+int(n)]}, at + int(n)
}

// line returns a record as it is found.
func (r raw) line(d int32, stream string) Line {
	return Line{Time: timeOf(d, r.micro), Level: r.level, Flags: r.flags, Service: stream, Text: r.text, Weight: uint32(r.weight)}
}
