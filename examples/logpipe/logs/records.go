package logs

import (
	"bytes"
	"iter"
)

const (
	// MaxRecord is the maximum length of a record; the rest of a longer one is cut off.
	MaxRecord = 64 << 10
	// MaxBatch is the maximum size of what an agent sends at once. A line that is longer
	// becomes several records.
	MaxBatch = 1 << 20
)

var causedBy = []byte("Caused by: ")

// continues reports whether a line continues the record before it, as those of a stack
// trace do.
func continues(line []byte) bool {
	return len(line) > 0 && (line[0] == ' ' || line[0] == '\t' || bytes.HasPrefix(line, causedBy))
}

// end returns how many bytes the first record of b has with its newlines: it ends before
// the first line that does not continue it, and before one that would make it longer than
// MaxRecord. If b has no whole line it is 0. sure is false if bytes after b could belong
// to the record.
func end(b []byte) (n int, sure bool) {
	for n < len(b) {
		line := b[n:]
		i := bytes.IndexByte(line, '\n')
		if n > 0 && !continues(line) {
			return n, i >= 0 || !bytes.HasPrefix(causedBy, line)
		}
		if i < 0 {
			return n, false
		}
		if n > 0 && n+i > MaxRecord {
			return n, true
		}
		n += i + 1
	}
	return n, false
}

// Cut returns how many bytes of b, which was read from a file where a record begins, are to
// be sent now: whole records, MaxBatch at most. A last record that may go on is left out,
// unless settled is set: nothing was written for a while. A last line without its newline is
// left out, unless final is set: nothing will be written. O(n).
func Cut(b []byte, settled, final bool) (n int) {
	if len(b) > MaxBatch {
		b, settled, final = b[:MaxBatch], false, false
	}
	for n < len(b) {
		k, sure := end(b[n:])
		switch {
		case k > 0 && (sure || settled || final):
			n += k
		case final:
			return len(b)
		case n == 0 && len(b) == MaxBatch: // one record, or a part of one line, fills all of it
			if k > 0 {
				return k
			}
			return len(b)
		default:
			return n
		}
	}
	return n
}

// Records yields where each record of b begins, and its text without the newline at its
// end. Empty lines are no records. O(n).
func Records(b []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for at := 0; at < len(b); {
			n, _ := end(b[at:])
			if last := b[at+n:]; n == 0 || continues(last) && bytes.IndexByte(last, '\n') < 0 && n+len(last) <= MaxRecord {
				n = len(b) - at // nothing comes after b
			}
			if text := bytes.TrimRight(b[at:at+n], "\r\n"); len(text) > 0 && !yield(at, text) {
				return
			}
			at += n
		}
	}
}
