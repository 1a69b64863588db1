package logs

import "strings"

// wordByte has the bytes of which words are made: letters, digits, '_', and all of UTF-8
// that is not ASCII.
var wordByte = func() (is [256]bool) {
	for b := range is {
		is[b] = b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b >= 0x80
	}
	return is
}()

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// mix makes every bit of a hash depend on all of them.
func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// words calls visit with the hash of each word of a text.
func words[T string | []byte](text T, visit func(hash uint64)) {
	for i := 0; i < len(text); {
		if !wordByte[text[i]] {
			i++
			continue
		}
		h := uint64(fnvOffset)
		for i < len(text) && wordByte[text[i]] {
			h = (h ^ uint64(text[i])) * fnvPrime
			i++
		}
		visit(mix(h))
	}
}

// contains reports whether a phrase is in a text between borders of words: "time out" is in
// "a time out" and not in "a time outside". O(n).
func contains(text, phrase string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], phrase)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(phrase)
		if !(from > 0 && wordByte[text[from]] && wordByte[text[from-1]]) && !(to < len(text) && wordByte[text[to-1]] && wordByte[text[to]]) {
			return true
		}
		at = from + 1
	}
}

// template returns the hash of a message in which each word with a digit is the same: of
// what the program wrote, without what it filled in.
func template(msg string) uint64 {
	h := uint64(fnvOffset)
	for i := 0; i < len(msg); {
		from, digit := i, false
		for i < len(msg) && wordByte[msg[i]] {
			digit = digit || msg[i] >= '0' && msg[i] <= '9'
			i++
		}
		if digit {
			h = (h ^ '#') * fnvPrime
		} else {
			for ; from < i; from++ {
				h = (h ^ uint64(msg[from])) * fnvPrime
			}
		}
		if i < len(msg) {
			h = (h ^ uint64(msg[i])) * fnvPrime
			i++
		}
	}
	return mix(h)
}

// templateText returns the first bytes of a message with '#' for each word with a digit.
func templateText(msg string) string {
	msg, _, _ = strings.Cut(msg[:min(len(msg), 200)], "\n")
	var b strings.Builder
	for len(msg) > 0 {
		n := 0
		for n < len(msg) && wordByte[msg[n]] {
			n++
		}
		if word := msg[:n]; strings.ContainsAny(word, "0123456789") {
			b.WriteByte('#')
		} else {
			b.WriteString(word)
		}
		if n < len(msg) {
			b.WriteByte(msg[n])
			n++
		}
		msg = msg[n:]
	}
	return strings.ToValidUTF8(b.String(), "")
}
