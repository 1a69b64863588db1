package server

import "bytes"

// inline reads a command that a person typed: words in a line, perhaps quoted. If
// the line is empty it moves next and returns nil.
func (p *reader) inline() ([][]byte, error) {
	end := lineEnd(p.buf[p.next:], '\n')
	if end < 0 && len(p.buf)-p.next > maxInline || end > maxInline {
		return nil, protoError("too big inline request")
	}
	if end < 0 {
		return nil, nil
	}
	words, ok := splitWords(bytes.TrimSuffix(p.buf[p.next:p.next+end], []byte("\r")))
	if !ok {
		return nil, protoError("unbalanced quotes in request")
	}
	p.next += end + 1
	if len(words) == 0 {
		return nil, nil
	}
	return words, nil
}

// splitWords divides a line into words; "…" may hold \n, \r, \t, \b, \a, \xHH and \c
// for any other c, '…' only \'. It reports false if a quote is not closed, or closed
// in the middle of a word.
func splitWords(line []byte) (words [][]byte, ok bool) {
	for {
		line = bytes.TrimLeft(line, " \t\n\v\f\r\x00")
		if len(line) == 0 {
			return words, true
		}
		word := []byte{}
		quote := byte(0)
	scan:
		for {
			if len(line) == 0 {
				if quote != 0 {
					return nil, false
				}
				break
			}
			c := line[0]
			line = line[1:]
			switch {
			case quote == 0 && bytes.IndexByte([]byte(" \t\n\r\x00"), c) >= 0:
				break scan
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case c == quote && c != 0:
				if len(line) > 0 && bytes.IndexByte([]byte(" \t\n\v\f\r"), line[0]) < 0 {
					return nil, false
				}
				break scan
			case quote == '"' && c == '\\' && len(line) > 0:
				c, line = unescape(line)
				word = append(word, c)
			case quote == '\'' && c == '\\' && len(line) > 0 && line[0] == '\'':
				word, line = append(word, '\''), line[1:]
			default:
				word = append(word, c)
			}
		}
		words = append(words, word)
	}
}

func unescape(line []byte) (c byte, rest []byte) {
	hex := func(c byte) int { return bytes.IndexByte([]byte("0123456789abcdef"), c|0x20) }
	if line[0] == 'x' && len(line) > 2 && hex(line[1]) >= 0 && hex(line[2]) >= 0 {
		return byte(hex(line[1])<<4 | hex(line[2])), line[3:]
	}
	c = line[0]
	if i := bytes.IndexByte([]byte("nrtba"), c); i >= 0 {
		c = "\n\r\t\b\a"[i]
	}
	return c, line[1:]
}
