package logs

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Ahead is how far a record's own time may be after its arrival: a wrong clock must not
// pin retention, which goes by time.
const Ahead = 10 * time.Minute

// Parse returns the record that a text is, of a service unless it names one itself. It
// refuses nothing: what it does not understand is kept as text, with a flag. Its time is
// that in the text, or now. O(n).
func Parse(text []byte, service string, now time.Time) Line {
	l := Line{Level: Info, Service: service, Weight: 1, Time: now}
	if len(text) > MaxRecord {
		text = text[:MaxRecord]
		for i := 0; i < utf8.UTFMax && len(text) > 0; i++ { // not in the middle of a character
			if r, size := utf8.DecodeLastRune(text); r != utf8.RuneError || size > 1 {
				break
			}
			text = text[:len(text)-1]
		}
		l.Flags |= Truncated
	}
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
		l.Flags |= BadText
	}
	l.Text = string(text)
	l.msg = l.Text
	p := parser{l: &l}
	switch {
	case strings.HasPrefix(l.Text, "{"):
		if !p.json(l.Text) {
			l.Flags |= BadJSON
			p.plain(l.Text)
		}
	case !p.logfmt(l.Text):
		p.plain(l.Text)
	}
	if p.time.IsZero() {
		p.time = now
	}
	if p.time.After(now.Add(Ahead)) || p.time.Before(time.Unix(0, 0)) {
		p.time = now
		l.Flags |= BadTime
	}
	l.Time = p.time.UTC().Truncate(time.Microsecond)
	l.Service = label(l.Service)
	return l
}

// parser collects what a text says.
type parser struct {
	l     *Line
	time  time.Time
	level bool // it is known
}

// field takes what is known of a field.
func (p *parser) field(name, value string) {
	switch name {
	case "time", "ts", "timestamp", "@timestamp", "t":
		if t, ok := parseTime(value); ok {
			p.time = t
		}
	case "level", "lvl", "severity", "log.level":
		if level, ok := ParseLevel(value); ok {
			p.l.Level, p.level = level, true
		}
	case "service", "app", "service.name":
		if value != "" {
			p.l.Service = value
		}
	case "msg", "message":
		p.l.msg = value
	}
}

// logfmt reads fields "name=value", and reports whether there is a level among them.
func (p *parser) logfmt(s string) bool {
	if i := strings.IndexByte(s, '='); i < 1 || i > 64 || strings.ContainsAny(s[:i], " \t\"") {
		return false
	}
	for len(s) > 0 {
		s = strings.TrimLeft(s, " ")
		i := strings.IndexAny(s, "= \n")
		if i < 0 {
			break
		}
		if s[i] != '=' {
			s = s[i+1:]
			continue
		}
		name, rest := s[:i], s[i+1:]
		value := rest
		if strings.HasPrefix(rest, `"`) {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				break
			}
			value, _ = strconv.Unquote(quoted)
			s = rest[len(quoted):]
		} else {
			value, s, _ = strings.Cut(rest, " ")
		}
		p.field(name, value)
	}
	return p.level
}

// json reads the fields of an object, and reports whether it is one.
func (p *parser) json(s string) bool {
	sc := scanner{s: s, at: 1}
	for sc.space(); !sc.take('}'); sc.space() {
		name, ok := sc.text()
		sc.space()
		if !ok || !sc.take(':') {
			return false
		}
		sc.space()
		value, ok := sc.value()
		if !ok {
			return false
		}
		p.field(name, value)
		sc.space()
		if !sc.take(',') && !sc.peek('}') {
			return false
		}
	}
	sc.space()
	return sc.at == len(s)
}

// scanner reads the outermost object of JSON. What is in the values of its fields is
// skipped: only brackets and quotes are looked at.
type scanner struct {
	s  string
	at int
}

func (c *scanner) peek(b byte) bool { return c.at < len(c.s) && c.s[c.at] == b }

func (c *scanner) take(b byte) bool {
	if !c.peek(b) {
		return false
	}
	c.at++
	return true
}

func (c *scanner) space() {
	for c.at < len(c.s) && (c.s[c.at] == ' ' || c.s[c.at] == '\t' || c.s[c.at] == '\n' || c.s[c.at] == '\r') {
		c.at++
	}
}

// text reads a string.
func (c *scanner) text() (string, bool) {
	if !c.peek('"') {
		return "", false
	}
	for i, escaped := c.at+1, false; i < len(c.s); i++ {
		switch c.s[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			raw := c.s[c.at : i+1]
			c.at = i + 1
			if !escaped {
				return raw[1 : len(raw)-1], true
			}
			var text string
			err := json.Unmarshal([]byte(raw), &text)
			return text, err == nil
		}
	}
	return "", false
}

// value reads a value: a string as what it says, any other as it stands.
func (c *scanner) value() (string, bool) {
	if c.peek('"') {
		return c.text()
	}
	from, depth := c.at, 0
	for c.at < len(c.s) {
		switch b := c.s[c.at]; b {
		case '"':
			if _, ok := c.text(); !ok {
				return "", false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']', ',':
			if depth == 0 {
				return strings.TrimRight(c.s[from:c.at], " \t"), c.at > from
			}
			if b != ',' {
				depth--
			}
		}
		c.at++
	}
	return "", false
}
