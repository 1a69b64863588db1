package server

import (
	"bytes"
	"unsafe"
)

// Limits of what a client may send. None of them reserves memory: a buffer grows as data
// arrives, whatever length was announced.
const (
	maxInline = 64 << 10  // bytes of a line
	maxBulk   = 512 << 20 // bytes of one argument
	maxArgs   = 1<<31 - 1 // arguments of one command
	maxQuery  = 1 << 30   // bytes of one command, and of what is noted of its arguments
	bufSize   = 16 << 10  // of a buffer that is not in need of more
)

// A protoError is the error that a client gets before its connection is closed.
type protoError string

func (e protoError) Error() string { return string(e) }

type span struct{ at, n int } // of an argument, counted from the command's begin

// A reader cuts commands out of a buffer, in place: the arguments that it returns are
// parts of the buffer, good until room is called. The received part of an incomplete
// command is never parsed twice, so the server's work is proportional to what a client
// sends.
type reader struct {
	buf   []byte
	begin int // of the command
	next  int // where reading goes on
	want  int // arguments still to come; 0 between two commands
	size  int // of the argument that is to come; -1 before its length was read
	spans []span
	args  [][]byte

	cut   []cutCommand // commands that cutAhead has cut
	turn  int          // how many of them command has returned
	words [][]byte     // their arguments

	limit  int  // bytes of one command; 0 is maxQuery
	last   int  // bytes that were in the buffer when it was empty again
	strict bool // no inline commands
	shy    bool // the client has still to give the password: only short commands
}

// room returns where the next bytes are to be written, at least one; came says how
// many were.
func (p *reader) room() []byte {
	p.uncut() // what was cut may move
	used := len(p.buf) - p.begin
	last := p.last
	if used == 0 {
		p.last = len(p.buf)
	}
	switch {
	case used == 0 && cap(p.buf) > 4*bufSize && max(last, p.last) < cap(p.buf)/4 || p.buf == nil:
		p.buf = make([]byte, 0, bufSize) // what large commands took, when they come no more
		p.cut, p.words = nil, nil
	case p.begin > 0 && (used == 0 || cap(p.buf)-len(p.buf) < bufSize/2):
		copy(p.buf[:used], p.buf[p.begin:])
		p.buf = p.buf[:used]
	case len(p.buf) == cap(p.buf):
		p.buf = append(make([]byte, 0, 2*cap(p.buf)), p.buf[p.begin:]...)
		p.cut, p.words = nil, nil
	default:
		return p.buf[len(p.buf):cap(p.buf)]
	}
	p.next -= p.begin
	p.begin = 0
	if len(p.buf) == cap(p.buf) {
		return p.room()
	}
	return p.buf[len(p.buf):cap(p.buf)]
}

func (p *reader) came(n int) { p.buf = p.buf[:len(p.buf)+n] }

// command returns the next complete command; nil and no error if more has to come.
func (p *reader) command() ([][]byte, error) {
	if p.turn < len(p.cut) {
		if !p.shy {
			c := &p.cut[p.turn]
			p.turn++
			p.begin, p.next, p.args = p.next, c.end, c.args
			return c.args, nil
		}
		p.uncut()
	}
	for {
		if p.want == 0 {
			p.begin = p.next
			if p.next == len(p.buf) {
				return nil, nil
			}
			if p.buf[p.next] != '*' {
				if p.strict {
					return nil, protoError("expected '*'")
				}
				args, err := p.inline()
				if args != nil || err != nil || p.begin == p.next {
					return args, err
				}
				continue // an empty line
			}
			n, ok, err := p.length("too big mbulk count string", "invalid multibulk length", maxArgs)
			if !ok {
				return nil, err
			}
			if n <= 0 {
				continue
			}
			if p.shy && n > strangerArgs {
				return nil, protoError("unauthenticated multibulk length")
			}
			p.want, p.size, p.spans = n, -1, p.spans[:0]
		}
		ok, err := p.bulks()
		if !ok {
			return nil, err
		}
		return p.finish(), nil
	}
}

// bulks reads arguments until the command is complete.
func (p *reader) bulks() (ok bool, err error) {
	for p.want > 0 {
		if p.size < 0 {
			if p.next == len(p.buf) {
				return false, p.tooMuch()
			}
			if c := p.buf[p.next]; c != '$' {
				switch end := lineEnd(p.buf[p.next:], '\r'); {
				case end < 0 && len(p.buf)-p.next > maxInline:
					return false, protoError("too big bulk count string")
				case end < 0 || p.next+end+2 > len(p.buf):
					return false, nil
				}
				return false, protoError("expected '$', got '" + string([]byte{c}) + "'")
			}
			n, ok, err := p.length("too big bulk count string", "invalid bulk length", maxBulk)
			if !ok {
				return false, err
			}
			if n < 0 {
				return false, protoError("invalid bulk length")
			}
			if p.shy && n > strangerBulk {
				return false, protoError("unauthenticated bulk length")
			}
			p.size = n
		}
		if len(p.buf)-p.next < p.size+2 {
			return false, p.tooMuch()
		}
		p.spans = append(p.spans, span{p.next - p.begin, p.size})
		p.next += p.size + 2
		p.size = -1
		p.want--
	}
	return true, nil
}

func (p *reader) tooMuch() error {
	limit := maxQuery
	if p.limit > 0 {
		limit = p.limit
	}
	if len(p.buf)-p.begin+40*len(p.spans) > limit {
		return protoError("too big query")
	}
	return nil
}

// finish makes slices of the spans, which nothing can move any more.
func (p *reader) finish() [][]byte {
	p.args = p.args[:0]
	for _, s := range p.spans {
		at := p.begin + s.at
		p.args = append(p.args, p.buf[at:at+s.n:at+s.n])
	}
	if len(p.spans) > 1024 {
		p.spans = nil
	}
	return p.args
}

// length reads the line "*N" or "$N". ok is false, without an error, if the line is
// not complete.
func (p *reader) length(tooLong, invalid string, most int64) (n int, ok bool, err error) {
	b := p.buf[p.next:]
	i := 1
	for i < len(b) && i < 10 && b[i]-'0' <= 9 {
		n = 10*n + int(b[i]-'0')
		i++
	}
	if i+1 < len(b) && b[i] == '\r' && (b[1] != '0' && i > 1 || i == 2) && int64(n) <= most {
		p.next += i + 2
		return n, true, nil
	}
	end := lineEnd(b, '\r')
	if end < 0 && len(b) > maxInline || end > maxInline {
		return 0, false, protoError(tooLong)
	}
	if end < 0 || end+2 > len(b) {
		return 0, false, nil
	}
	v, good := parseInt(b[1:end])
	if !good || v > most {
		return 0, false, protoError(invalid)
	}
	p.next += end + 2
	return int(max(v, -1)), true, nil
}

// lineEnd returns where c stands, or -1. A zero byte ends what Redis looks at, and a
// line that has one never ends.
func lineEnd(b []byte, c byte) int {
	end := bytes.IndexByte(b, c)
	if end >= 0 && bytes.IndexByte(b[:end], 0) >= 0 {
		return -1
	}
	return end
}

// view is b as a string without a copy, for look-ups that do not keep it: it is the
// one place where the compiler does not see that a string may change. A string that
// a map or a cache keeps is made by string(b), or from memory that never changes.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// parseInt reads a number as Redis does: no sign but -, no spaces, no leading zeros.
func parseInt(b []byte) (n int64, ok bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 19 || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	var u uint64
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		u = 10*u + uint64(c)
	}
	if len(digits) != len(b) {
		return int64(-u), u <= 1<<63
	}
	return int64(u), u < 1<<63
}
