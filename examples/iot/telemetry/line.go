package telemetry

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseLine reads a line of InfluxDB's line protocol:
//
//	measurement,device=d1[,tag=value…] field=number[,field=number…] [time]
//
// The device is the tag device or, as telegraf has it, host. A field seq with an integer is
// the number of the message. The metric of a field is measurement.field, or the measurement
// alone for a field value; other tags are appended to it in the order of their names. The
// time counts units since 1970; without one it is now. An error says what is wrong.
func ParseLine(line string, unit time.Duration, now time.Time) (m Message, err error) {
	head, rest := split(line, ' ')
	fields, stamp := split(rest, ' ')
	parts := splitAll(head, ',')
	tags := parts[1:]
	slices.Sort(tags)
	suffix := ""
	for _, tag := range tags {
		k, v := split(tag, '=')
		switch k, v = unescape(k), unescape(v); {
		case v == "":
			return m, fmt.Errorf("the tag %q has no value", k)
		case k == "device" || k == "host" && m.Device == "":
			m.Device = v
		default:
			suffix += "," + k + "=" + v
		}
	}
	if m.Device == "" {
		return m, errors.New("there is no tag device or host")
	}
	measurement := unescape(parts[0])
	if measurement == "" {
		return m, errors.New("there is no measurement")
	}
	for _, field := range splitAll(fields, ',') {
		k, v := split(field, '=')
		if k = unescape(k); k == "seq" {
			if m.Seq, err = strconv.ParseUint(strings.TrimRight(v, "iu"), 10, 64); err != nil || m.Seq == 0 {
				return m, fmt.Errorf("seq must be an integer from 1, got %q", v)
			}
			continue
		}
		f := Field{Metric: measurement + "." + k + suffix}
		if k == "value" {
			f.Metric = measurement + suffix
		}
		if f.Value, err = number(v); err != nil {
			return m, fmt.Errorf("the field %s must be a number or a boolean, got %q", k, v)
		}
		m.Fields = append(m.Fields, f)
	}
	m.At, m.Stamped = now.UnixNano(), stamp == ""
	if !m.Stamped {
		if m.At, err = timeIn(stamp, unit); err != nil {
			return m, err
		}
	}
	return m, nil
}

// timeIn reads a time that counts units.
func timeIn(s string, unit time.Duration) (int64, error) {
	t, err := strconv.ParseInt(s, 10, 64)
	if err != nil || t*int64(unit)/int64(unit) != t {
		return 0, fmt.Errorf("the time must be an integer, got %q", s)
	}
	return t * int64(unit), nil
}

// number reads a float, an integer (5i, 5u) or a boolean.
func number(v string) (float64, error) {
	switch v {
	case "t", "T", "true", "True", "TRUE":
		return 1, nil
	case "f", "F", "false", "False", "FALSE":
		return 0, nil
	}
	if digits := strings.TrimRight(v, "iu"); len(digits) == len(v)-1 {
		n, err := strconv.ParseInt(digits, 10, 64)
		if int64(float64(n)) != n || n == math.MaxInt64 {
			return 0, strconv.ErrRange // a float64 would round it
		}
		return float64(n), err
	}
	if strings.ContainsAny(v, "xXpP_") { // Go's own forms
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(v, 64)
}

// split cuts s at the first sep that no backslash escapes and that is not in quotes.
func split(s string, sep byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func splitAll(s string, sep byte) (all []string) {
	for {
		before, after := split(s, sep)
		all = append(all, before)
		if len(before) == len(s) {
			return all
		}
		s = after
	}
}

// unescape removes the backslashes before commas, spaces and equal signs.
var unescaper = strings.NewReplacer(`\,`, ",", `\ `, " ", `\=`, "=")

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return unescaper.Replace(s)
}
