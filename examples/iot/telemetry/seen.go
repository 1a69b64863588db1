package telemetry

import (
	"cmp"
	"slices"
)

// span is the sequence numbers from Lo to Hi.
type span struct{ Lo, Hi uint64 }

// maxSpans bounds the gaps that are remembered of a device.
const maxSpans = 64

// seen is the set of sequence numbers that a device has used: spans in ascending order,
// with gaps between. A device that counts takes one span. Beyond maxSpans the lowest is
// forgotten; a repetition of a message of that span is still known by its time.
type seen []span

// find returns the first span that ends at seq or later.
func (s seen) find(seq uint64) int {
	i, _ := slices.BinarySearchFunc(s, seq, func(x span, seq uint64) int { return cmp.Compare(x.Hi, seq) })
	return i
}

// has reports whether seq was added. O(log spans).
func (s seen) has(seq uint64) bool {
	i := s.find(seq)
	return i < len(s) && s[i].Lo <= seq
}

// add adds a number that is not there. O(1) for the next one of a device that counts.
func (s seen) add(seq uint64) seen {
	i := s.find(seq)
	before := i > 0 && s[i-1].Hi == seq-1
	after := i < len(s) && s[i].Lo == seq+1
	switch {
	case before && after:
		s[i-1].Hi = s[i].Hi
		return slices.Delete(s, i, i+1)
	case before:
		s[i-1].Hi = seq
	case after:
		s[i].Lo = seq
	default:
		if s = slices.Insert(s, i, span{seq, seq}); len(s) > maxSpans {
			s = slices.Delete(s, 0, 1)
		}
	}
	return s
}
