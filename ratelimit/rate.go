package ratelimit

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ErrRate is wrapped by the errors of ParseRate and UnmarshalText.
var ErrRate = errors.New("ratelimit: not a rate")

// A Rate is a number of events per time, as an exact fraction in lowest terms: no rate is
// rounded, and equal rates are ==. The zero value admits nothing beyond the burst.
type Rate struct {
	n, d int64 // n events in d nanoseconds; Inf is 1 in 0, zero is 0 in 0
}

// Inf is the rate without a limit: a limiter with it admits everything, whatever
// its burst is.
var Inf = Rate{n: 1}

// Per returns the rate of n events in d. It panics if n is negative or d is not
// positive. Per(0, d) is the zero Rate. O(1).
func Per(n int64, d time.Duration) Rate {
	if n < 0 || d <= 0 {
		panic(fmt.Sprintf("ratelimit.Per: want n of at least 0 and a positive duration, got %d in %v", n, d))
	}
	if n == 0 {
		return Rate{}
	}
	g := gcd(n, int64(d))
	return Rate{n / g, int64(d) / g}
}

// Every returns the rate of one event in d. It panics if d is not positive. O(1).
func Every(d time.Duration) Rate {
	if d <= 0 {
		panic(fmt.Sprintf("ratelimit.Every: want a positive duration, got %v", d))
	}
	return Rate{1, int64(d)}
}

// Fraction returns the rate as n events in d, in lowest terms: 0 in 1ns for the
// zero Rate, 1 in 0 for Inf. O(1).
func (r Rate) Fraction() (n int64, d time.Duration) {
	if r == (Rate{}) {
		return 0, 1
	}
	return r.n, time.Duration(r.d)
}

// Time returns how long k events take at this rate, rounded up to the nanosecond: 0 for
// Inf and for k of 0 or less, Never if a Duration cannot hold it. O(1).
func (r Rate) Time(k int64) time.Duration {
	if k <= 0 || r == Inf {
		return 0
	}
	n, d := r.Fraction()
	return mul128(k, int64(d)).ceilDiv(n)
}

// ParseRate reads "100/s", "15/15m", "3/250ms" or "inf": a count, a slash and a duration
// as time.ParseDuration reads it; the duration's number may be omitted if it is 1.
// Anything else is an error that wraps [ErrRate] and says what is expected. This includes
// a count that is negative, not a whole number or too large, and a duration that is not
// positive. O(len(s)).
func ParseRate(s string) (Rate, error) {
	if s == "inf" {
		return Inf, nil
	}
	count, per, ok := strings.Cut(s, "/")
	n, err := strconv.ParseInt(count, 10, 64)
	if !ok || err != nil || n < 0 {
		return Rate{}, notARate(s)
	}
	if per != "" && per[0] >= 'a' { // only a unit, µs among them
		per = "1" + per
	}
	d, err := time.ParseDuration(per)
	if err != nil || d <= 0 {
		return Rate{}, notARate(s)
	}
	return Per(n, d), nil
}

// units maps other spellings to the units of time.ParseDuration.
var units = map[string]string{
	"second": "s", "seconds": "s", "sec": "s", "secs": "s",
	"minute": "m", "minutes": "m", "min": "m", "mins": "m",
	"hour": "h", "hours": "h", "hr": "h", "hrs": "h",
	"day": "24h", "days": "24h", "d": "24h",
}

// notARate returns an error that says what was probably meant, if that is clear, and
// otherwise gives an example of a rate.
func notARate(s string) error {
	want := "100/s"
	count, per, _ := strings.Cut(s, "/")
	if unit, ok := units[strings.ToLower(per)]; ok {
		if _, err := ParseRate(count + "/" + unit); err == nil {
			want = count + "/" + unit
		}
	}
	return fmt.Errorf("%w: %q, want %q", ErrRate, s, want)
}

// String returns the rate in the form that ParseRate reads, over a second, a
// minute or an hour if it is a whole number of events in one of them: "100/s",
// "1/m" for 15 in 15 minutes, "5/7s", "inf".
func (r Rate) String() string {
	switch r {
	case Inf:
		return "inf"
	case Rate{}:
		return "0/s"
	}
	for _, u := range []struct {
		name string
		ns   int64
	}{{"s", int64(time.Second)}, {"m", int64(time.Minute)}, {"h", int64(time.Hour)}} {
		if u.ns%r.d == 0 && r.n <= math.MaxInt64/(u.ns/r.d) {
			return strconv.FormatInt(r.n*(u.ns/r.d), 10) + "/" + u.name
		}
	}
	per := time.Duration(r.d).String()
	if strings.HasSuffix(per, "m0s") {
		per = per[:len(per)-2]
	}
	if strings.HasSuffix(per, "h0m") {
		per = per[:len(per)-2]
	}
	return strconv.FormatInt(r.n, 10) + "/" + per
}

// MarshalText returns the bytes of String, for JSON, flag.TextVar and the like.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what ParseRate reads; an error leaves the rate as it was.
func (r *Rate) UnmarshalText(text []byte) error {
	v, err := ParseRate(string(text))
	if err == nil {
		*r = v
	}
	return err
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
