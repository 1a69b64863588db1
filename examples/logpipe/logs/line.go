package logs

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A Level is how serious a record is.
type Level uint8

// The levels, from the least serious.
const (
	Trace Level = iota
	Debug
	Info
	Warn
	Error
	Fatal
	levels int = iota
)

var levelNames = [levels]string{"trace", "debug", "info", "warn", "error", "fatal"}

func (l Level) String() string {
	if int(l) < levels {
		return levelNames[l]
	}
	return fmt.Sprintf("Level(%d)", uint8(l))
}

// MarshalText implements encoding.TextMarshaler.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Level) UnmarshalText(b []byte) error {
	got, ok := ParseLevel(string(b))
	if !ok {
		return fmt.Errorf("there is no level %.20q", b)
	}
	*l = got
	return nil
}

// ParseLevel returns the level that a word names in any case, among them the usual
// abbreviations and the names of syslog.
func ParseLevel(word string) (Level, bool) {
	if len(word) < 3 || len(word) > 11 {
		return 0, false
	}
	switch strings.ToLower(word) {
	case "trace", "trc":
		return Trace, true
	case "debug", "dbg":
		return Debug, true
	case "info", "inf", "notice", "information":
		return Info, true
	case "warn", "warning", "wrn":
		return Warn, true
	case "error", "err", "erro":
		return Error, true
	case "fatal", "panic", "critical", "crit", "emerg", "emergency", "alert", "ftl":
		return Fatal, true
	}
	return 0, false
}

// A Flag is something that was wrong with a record. A record is never refused for it.
type Flag uint8

// The flags. They share a byte with the level.
const (
	BadJSON   Flag = 1 << (iota + 3) // it begins as an object of JSON and is none
	BadText                          // bytes that are not UTF-8 were replaced
	BadTime                          // its time was out of range: the time of arrival replaces it
	Truncated                        // it was longer than MaxRecord
)

var flagTexts = []struct {
	f    Flag
	text string
}{
	{BadJSON, "broken JSON"},
	{BadText, "bytes that are not UTF-8 were replaced"},
	{BadTime, "a time out of range was replaced by that of arrival"},
	{Truncated, "the end was cut off"},
}

// String returns what was wrong, or "".
func (f Flag) String() string {
	var all []string
	for _, x := range flagTexts {
		if f&x.f != 0 {
			all = append(all, x.text)
		}
	}
	return strings.Join(all, "; ")
}

// A Line is a record as it is stored and found.
type Line struct {
	Time    time.Time // to the microsecond, UTC
	Level   Level
	Flags   Flag
	Service string // the stream
	Text    string // as it was in the file, but for bytes that are not UTF-8
	Weight  uint32 // how many records it stands for

	msg string // the part that its template is made of; only while it is accepted
}

type wireLine struct {
	Time       time.Time `json:"time"`
	Level      Level     `json:"level"`
	Service    string    `json:"service"`
	Text       string    `json:"text"`
	Weight     uint32    `json:"weight,omitempty"` // if it is not 1
	ParseError string    `json:"parse_error,omitempty"`
}

// MarshalJSON implements json.Marshaler. JSON escapes what would begin another line or
// control a terminal.
func (l Line) MarshalJSON() ([]byte, error) {
	w := wireLine{l.Time, l.Level, l.Service, l.Text, l.Weight, l.Flags.String()}
	if w.Weight == 1 {
		w.Weight = 0
	}
	return json.Marshal(w)
}

// String returns the record as one line of text that is safe to print: a control character
// is shown as an escape.
func (l Line) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-5v %s ", l.Time.Format("2006-01-02T15:04:05.000Z"), l.Level, l.Service)
	if l.Weight != 1 {
		fmt.Fprintf(&b, "×%d ", l.Weight)
	}
	for _, r := range l.Text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069: // turn the direction of text
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
