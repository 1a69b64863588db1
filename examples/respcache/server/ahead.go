package server

import "encoding/binary"

// ahead is the maximum number of commands of a pipeline that are cut, and whose keys are
// looked up, before the first of them is executed: as many as lru.Cache.PeekAll looks up
// at once.
const ahead = 16

// A cutCommand is a command that was cut before its turn.
type cutCommand struct {
	args [][]byte
	end  int // where the next command begins in the buffer
}

// cutAhead cuts the next commands in one pass, as long as they are complete and have the
// usual form: at most nine words, the first of them shorter than ten bytes. They are what
// command returns next. It returns none where another command is next: command cuts that.
func (p *reader) cutAhead() []cutCommand {
	p.uncut()
	if p.want > 0 || p.shy {
		return nil
	}
	// A command's begin, without the two digits: "*2\r\n$3\r\n".
	const (
		form = '*' | '\r'<<16 | '\n'<<24 | '$'<<32 | '\r'<<48 | '\n'<<56
		mask = 0xffff00ffffff00ff
	)
	b, words, at := p.buf, p.words[:0], p.next
	for len(p.cut) < ahead && len(b)-at > 8 && binary.LittleEndian.Uint64(b[at:])&mask == form {
		first, left, size := len(words), int(b[at+1]-'0'), int(b[at+5]-'0')
		if left < 1 || left > 9 || size > 9 {
			break
		}
		for at += 8; ; {
			end := at + size + 2
			if end > len(b) {
				return p.cut
			}
			words = append(words, b[at:at+size:at+size])
			if left--; left == 0 {
				at = end
				break
			}
			if size, at = sizeAt(b, end); at == 0 {
				return p.cut
			}
		}
		p.cut, p.words = append(p.cut, cutCommand{words[first:], at}), words
	}
	return p.cut
}

// sizeAt reads the line "$N" at i and returns N and where the argument begins, or 0 if the
// line is not complete, or is one that only length understands.
func sizeAt(b []byte, i int) (size, at int) {
	if i >= len(b) || b[i] != '$' {
		return 0, 0
	}
	for at = i + 1; at < len(b) && at < i+9 && b[at]-'0' <= 9; at++ {
		size = 10*size + int(b[at]-'0')
	}
	if at+1 >= len(b) || b[at] != '\r' || at == i+1 || b[i+1] == '0' && at > i+2 {
		return 0, 0
	}
	return size, at + 2
}

// uncut makes command cut again what it has not returned yet.
func (p *reader) uncut() { p.cut, p.turn = p.cut[:0], 0 }

// lookAhead looks up the keys of the next commands all at once. With many keys, nearly all
// of a GET is waiting for memory: for the key's bucket, its entry, its item, one after the
// other. Here the processor waits for the memory of 16 commands at a time; when they are
// executed, each finds its own in the processor's cache.
//
// It is a hint and nothing else: no command relies on it, so that a command may do to the
// key of a later one what it likes. It is no use of a key. Which words of a command are
// keys is not looked up: nearly always it is the second.
func (s *session) lookAhead(next []cutCommand) {
	sh := s.srv.only
	if len(next) < 2 || sh == nil || s.stranger {
		return
	}
	var keys [ahead]string
	n := 0
	for _, c := range next {
		if len(c.args) > 1 {
			keys[n] = view(c.args[1])
			n++
		}
	}
	if n == 0 {
		return
	}
	s.need(1)
	var items [ahead]*item
	var found [ahead]bool
	sh.dict.peekAll(keys[:n], items[:n], found[:n])
	for _, it := range items[:n] {
		if it != nil && it.size > 0 {
			// The item's head, and the begin and the end of its value. The sum has no meaning,
			// but without it the compiler would remove the reads.
			s.touched += it.at + int64(*it.data) + int64(it.space()[it.size-1])
		}
	}
}
