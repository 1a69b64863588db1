package server

import (
	"strconv"
	"strings"
)

// The methods here append one reply, or the head of one, to the session's output in
// the protocol that its client chose.

func (s *session) raw(text string) { s.out = append(s.out, text...) }

func (s *session) ok() { s.raw("+OK\r\n") }

func (s *session) simple(text string) { s.line('+', text) }

// err replies with an error; without a code in front it gets ERR. A text that holds
// what the client sent must stay one line.
func (s *session) err(text string) {
	s.errors++
	s.srv.stats.countError(text)
	if strings.ContainsAny(text, "\r\n") {
		text = spaced.Replace(strings.Trim(text, "\r\n"))
	}
	s.line('-', text)
}

// spaced replaces the ends of lines: an error is one line.
var spaced = strings.NewReplacer("\r", " ", "\n", " ")

func (s *session) line(kind byte, text string) {
	s.out = append(s.out, kind)
	s.out = append(s.out, text...)
	s.out = append(s.out, '\r', '\n')
}

func (s *session) head(kind byte, n int64) { s.out = appendHead(s.out, kind, n) }

func appendHead(b []byte, kind byte, n int64) []byte {
	switch {
	case 0 <= n && n < 10:
		return append(b, kind, byte('0'+n), '\r', '\n')
	case 10 <= n && n < 100:
		return append(b, kind, byte('0'+n/10), byte('0'+n%10), '\r', '\n')
	}
	b = strconv.AppendInt(append(b, kind), n, 10)
	return append(b, '\r', '\n')
}

func (s *session) integer(n int64) { s.head(':', n) }

func (s *session) flag(b bool) {
	if b {
		s.raw(":1\r\n")
	} else {
		s.raw(":0\r\n")
	}
}

func (s *session) bulk(b []byte) { s.out = appendBulk(s.out, b) }

func (s *session) text(t string) { s.out = appendBulk(s.out, t) }

func appendBulk[T string | []byte](out []byte, b T) []byte {
	out = appendHead(out, '$', int64(len(b)))
	out = append(out, b...)
	return append(out, '\r', '\n')
}

func (s *session) null() {
	if s.resp3 {
		s.raw("_\r\n")
	} else {
		s.raw("$-1\r\n")
	}
}

func (s *session) nullArray() {
	if s.resp3 {
		s.raw("_\r\n")
	} else {
		s.raw("*-1\r\n")
	}
}

func (s *session) array(n int) { s.head('*', int64(n)) }

// pairs begins a map of n pairs, which in RESP2 is an array.
func (s *session) pairs(n int) {
	if s.resp3 {
		s.head('%', int64(n))
	} else {
		s.array(2 * n)
	}
}

// set begins a set of n values, which in RESP2 is an array.
func (s *session) set(n int) {
	if s.resp3 {
		s.head('~', int64(n))
	} else {
		s.array(n)
	}
}

// pushHead begins a push message, which in RESP2 is an array.
func pushHead(out []byte, resp3 bool, n int) []byte {
	if resp3 {
		return appendHead(out, '>', int64(n))
	}
	return appendHead(out, '*', int64(n))
}

// appendCommand appends a command as a client sends it: the form of the log.
func appendCommand(out []byte, words ...string) []byte {
	out = appendHead(out, '*', int64(len(words)))
	for _, w := range words {
		out = appendBulk(out, w)
	}
	return out
}

const (
	errSyntax     = "ERR syntax error"
	errInteger    = "ERR value is not an integer or out of range"
	errFloat      = "ERR value is not a valid float"
	errOverflow   = "ERR increment or decrement would overflow"
	errNoKey      = "ERR no such key"
	errRange      = "ERR offset is out of range"
	errTooLong    = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	errOOM        = "OOM command not allowed when used memory > 'maxmemory'."
	errReadOnly   = "READONLY You can't write against a read only replica."
	errNoReplicas = "NOREPLICAS Not enough good replicas to write."
	errMasterDown = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
	errLoading    = "LOADING Redis is loading the dataset in memory"
)

func errArity(name string) string {
	return "ERR wrong number of arguments for '" + name + "' command"
}

func errExpire(name string) string { return "ERR invalid expire time in '" + name + "' command" }
