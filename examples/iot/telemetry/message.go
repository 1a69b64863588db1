package telemetry

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// What a store holds at most, and for how long. They are constants, since a replay of the
// log must decide as the first run did.
const (
	Lateness = 30 * time.Second    // how much older than its device's newest point one may be
	Width    = 10 * time.Second    // of a window
	Idle     = time.Minute         // a device without a message for so long gets its windows closed
	Ahead    = 10 * time.Minute    // how far a device's clock may be ahead of the server's
	Raw      = 7 * 24 * time.Hour  // points are kept
	Rolled   = 90 * 24 * time.Hour // down-sampled ones are kept
	RollStep = 5 * time.Minute     // of down-sampled ones

	MaxDevices = 1 << 17
	MaxSeries  = 256 // of a device
	MaxFields  = 64  // of a message
	MaxName    = 128 // bytes
	maxValue   = 1e300
)

// A Field is one number of a message.
type Field struct {
	Metric string  `json:"m"`
	Value  float64 `json:"v"`
}

// A Message is what a device reports at a time.
type Message struct {
	Device  string  `json:"d"`
	Seq     uint64  `json:"s,omitempty"` // counts a device's messages; 0 is none
	At      int64   `json:"t"`           // nanoseconds since 1970
	Stamped bool    `json:"x,omitempty"` // by the server: the device gave no time
	Fields  []Field `json:"f"`
}

// Errors of a store.
var (
	ErrBad      = errors.New("not accepted")
	ErrNotFound = errors.New("there is no such series")
)

// A Result is what becomes of a message.
type Result string

// The results. Of a message that was received exactly one holds (I5).
const (
	Stored    Result = "stored"
	Late      Result = "late"      // stored, but its window is closed
	Duplicate Result = "duplicate" // it is stored already
	Refused   Result = "refused"
)

// A Reason is why a message was refused.
type Reason string

// The reasons.
const (
	BadLine   Reason = "line"     // it is no message
	BadName   Reason = "name"     // of a device or metric
	BadValue  Reason = "value"    // NaN, infinite, or beyond 1e300
	BadClock  Reason = "clock"    // its time is in the future, or before what is kept
	BadSeq    Reason = "sequence" // the number was used for a message of another time
	Conflict  Reason = "conflict" // the series has another value at this time
	TooMany   Reason = "series"   // the device has too many series, or there are too many devices
	RateLimit Reason = "rate"     // the device sends too often
)

// An Answer says what became of a message; Text explains a refusal.
type Answer struct {
	Result Result `json:"result"`
	Reason Reason `json:"reason,omitempty"`
	Text   string `json:"text,omitempty"`
}

func refuse(why Reason, format string, args ...any) Answer {
	return Answer{Refused, why, fmt.Sprintf(format, args...)}
}

// check refuses what no state could accept; ok is true if there is nothing of it.
func (m Message) check() (a Answer, ok bool) {
	if err := checkName("device", m.Device); err != nil {
		return Answer{Refused, BadName, err.Error()}, false
	}
	if len(m.Fields) == 0 || len(m.Fields) > MaxFields {
		return refuse(BadLine, "a message must have from 1 to %d fields, got %d", MaxFields, len(m.Fields)), false
	}
	for i, f := range m.Fields {
		if err := checkName("metric", f.Metric); err != nil {
			return Answer{Refused, BadName, err.Error()}, false
		}
		if !(math.Abs(f.Value) <= maxValue) {
			return refuse(BadValue, "%s must be a number of at most 1e300, got %v", f.Metric, f.Value), false
		}
		for _, g := range m.Fields[:i] {
			if f.Metric == g.Metric {
				return refuse(BadLine, "%s is there twice", f.Metric), false
			}
		}
	}
	return a, true
}

// checkName refuses names that could not be shown, and MQTT's wildcards.
func checkName(what, name string) error {
	switch {
	case name == "" || len(name) > MaxName:
		return fmt.Errorf("the name of a %s must have from 1 to %d bytes, got %d", what, MaxName, len(name))
	case !utf8.ValidString(name):
		return fmt.Errorf("the name of a %s must be UTF-8, got %q", what, name)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '+' || r == '#' }):
		return fmt.Errorf("the name of a %s must have no control character, + or #, got %q", what, name)
	}
	return nil
}
