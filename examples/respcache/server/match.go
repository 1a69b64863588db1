package server

import "strconv"

// maxStars is how many stars of a pattern may match at most; a star at its end is not
// counted. Redis has this bound for its recursion, and so this has it for its answers.
const maxStars = 1000

// match reports whether text fits a pattern of *, ?, [set], [^set], [a-z] and \c. It
// backtracks only to the last star: whatever an earlier star could match instead, the
// last one can match as well. So it is O(len(pattern)·len(text)) at worst, for any
// pattern.
func match(pattern []byte, text string) bool {
	if text == "" {
		return len(pattern) == 0 // as in Redis, even for *
	}
	star, again, stars := -1, 0, 0
	p, t := 0, 0
	for t < len(text) {
		if p < len(pattern) && pattern[p] == '*' {
			for p < len(pattern) && pattern[p] == '*' {
				p++
			}
			if p == len(pattern) {
				return true
			}
			if stars++; stars > maxStars {
				return false
			}
			star, again = p-1, t
			continue
		}
		if n, ok := matchOne(pattern[p:], text[t]); ok {
			p += n
			t++
			continue
		}
		if star < 0 {
			return false
		}
		again++
		p, t = star+1, again
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne matches c with the first element of a pattern, n bytes long. A set that is
// not closed ends with the pattern.
func matchOne(p []byte, c byte) (n int, ok bool) {
	switch {
	case len(p) == 0:
		return 0, false
	case p[0] == '?':
		return 1, true
	case p[0] == '\\' && len(p) > 1:
		return 2, p[1] == c
	case p[0] != '[':
		return 1, p[0] == c
	}
	i := 1
	not := i < len(p) && p[i] == '^'
	if not {
		i++
	}
	found := false
	for ; i < len(p) && p[i] != ']'; i++ {
		switch {
		case p[i] == '\\' && i+1 < len(p):
			i++
			found = found || p[i] == c
		case i+2 < len(p) && p[i+1] == '-':
			found = found || min(p[i], p[i+2]) <= c && c <= max(p[i], p[i+2])
			i += 2
		default:
			found = found || p[i] == c
		}
	}
	return min(i+1, len(p)), found != not
}

func parseUint(b []byte) (uint64, bool) {
	n, err := strconv.ParseUint(string(b), 10, 64)
	return n, err == nil
}

func utoa(n uint64) string { return strconv.FormatUint(n, 10) }
