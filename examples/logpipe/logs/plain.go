package logs

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// plain looks for a time at the beginning of a text, and for a level in its first words. A
// text without a level that tells of a crash is an error.
func (p *parser) plain(s string) {
	head := s[:min(len(s), 128)]
	if p.time.IsZero() {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006/01/02 15:04:05"} {
			word := head[:min(len(head), len("2006-01-02 15:04:05"))]
			if layout == time.RFC3339Nano {
				word, _, _ = strings.Cut(strings.TrimPrefix(head, "["), " ")
				word = strings.TrimSuffix(word, "]")
			}
			if len(word) < len("2006-01-02T15:04:05") || word[0] < '0' || word[0] > '9' {
				continue
			}
			if t, err := time.Parse(layout, word); err == nil {
				p.time = t
				break
			}
		}
	}
	if p.level {
		return
	}
	for word := range strings.FieldsFuncSeq(head, func(r rune) bool { return r < 0x80 && !wordByte[byte(r)] }) {
		if level, ok := ParseLevel(word); ok {
			p.l.Level = level
			return
		}
	}
	for _, sign := range []string{"Traceback (most recent call last)", "Exception", "goroutine 1 ["} {
		if strings.Contains(s, sign) {
			p.l.Level = Error
			return
		}
	}
}

// parseTime reads a time in RFC 3339, or as a number since 1970: in seconds, milliseconds,
// microseconds or nanoseconds, which differ by their size.
func parseTime(s string) (time.Time, bool) {
	if len(s) >= len("2006-01-02T15:04:05") && s[4] == '-' {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return t, true
		}
		t, err := time.Parse("2006-01-02 15:04:05", s[:len("2006-01-02 15:04:05")])
		return t, err == nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
		switch {
		case n < 1e11:
			return time.Unix(n, 0), true
		case n < 1e14:
			return time.UnixMilli(n), true
		case n < 1e17:
			return time.UnixMicro(n), true
		}
		return time.Unix(0, n), true
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || !(x > 0 && x < 1e11) {
		return time.Time{}, false
	}
	return time.UnixMicro(int64(math.Round(x * 1e6))), true
}

// label makes what a record calls its service a name that is fit for a label: at most 64
// bytes of letters, digits and "._-".
func label(s string) string {
	if s == "" {
		return "unknown"
	}
	fit := func(r rune) rune {
		if r < 0x80 && wordByte[byte(r)] || r == '.' || r == '-' {
			return r
		}
		return '_'
	}
	for i := 0; i < len(s); i++ {
		if b := s[i]; i >= 64 || b >= 0x80 || !wordByte[b] && b != '.' && b != '-' {
			return strings.Map(fit, s[:min(len(s), 64)])
		}
	}
	return s
}
