package ratelimit

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]Rate{
		"100/s": Per(100, time.Second), "15/15m": Every(time.Minute), "3/250ms": Per(12, time.Second), "inf": Inf,
		"0/s": {}, "1/1h30m": Every(90 * time.Minute), "9223372036854775807/ns": Per(math.MaxInt64, 1), "1/1.5s": Per(2, 3*time.Second), "1/.5s": Per(2, time.Second), "1/µs": Every(time.Microsecond),
	} {
		got, err := ParseRate(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{
		"", "/", "100", "100/", "/s", "-1/s", "NaN/s", "nan", "Inf/s", "1e3/s", "0.5/s", "9223372036854775808/s", "1/0s", "1/-1s", "1/x",
		"1/s/s", " 1/s", "1/ s", "1/9999999h", "-inf", "1/+", "1/.s",
	} {
		_, err := ParseRate(text)
		assert.ErrorIs(t, err, ErrRate, text)
	}
}

// TestParseRateSaysWhatItWants: the error suggests what was meant, where only the unit is
// spelled differently.
func TestParseRateSaysWhatItWants(t *testing.T) {
	for text, want := range map[string]string{
		"100/sec": "100/s", "7/Minute": "7/m", "2/d": "2/24h", "5/hours": "5/h",
		"x/sec": "100/s", "-1/sec": "100/s", "3/fortnight": "100/s", "": "100/s", "9/": "100/s",
	} {
		_, err := ParseRate(text)
		assert.EqualError(t, err, fmt.Sprintf("ratelimit: not a rate: %q, want %q", text, want))
		_, err = ParseRate(want)
		assert.NoError(t, err)
	}
}

func TestRateString(t *testing.T) {
	for want, r := range map[string]Rate{
		"100/s": Per(100, time.Second), "1/m": Per(15, 15*time.Minute), "1/1.4s": Per(5, 7*time.Second), "inf": Inf, "0/s": {},
		"7/24h": Per(7, 24*time.Hour), "100/h": Per(100, time.Hour), "1/1h1m": Every(61 * time.Minute), "1000000000/s": Every(1),
		"9223372036854775807/1ns": Per(math.MaxInt64, 1),
	} {
		assert.Equal(t, want, r.String())
	}
}

func TestRateRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rates.Draw(t, "rate")
		text, err := json.Marshal(map[string]Rate{"r": r})
		require.NoError(t, err)
		var back map[string]Rate
		require.NoError(t, json.Unmarshal(text, &back), "%s", text)
		require.Equal(t, r, back["r"], "%s", text)
	})
	r := Every(1)
	assert.ErrorIs(t, r.UnmarshalText([]byte("no")), ErrRate)
	assert.Equal(t, Every(1), r)
}

func TestRatePanics(t *testing.T) {
	for want, f := range map[string]func(){
		"ratelimit.Per: want n of at least 0 and a positive duration, got -1 in 1s": func() { Per(-1, time.Second) },
		"ratelimit.Per: want n of at least 0 and a positive duration, got 1 in 0s":  func() { Per(1, 0) },
		"ratelimit.Every: want a positive duration, got -1s":                        func() { Every(-time.Second) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
	assert.Equal(t, Rate{}, Per(0, time.Second))
}

func TestRateTime(t *testing.T) {
	assert.Equal(t, time.Duration(333_333_334), Per(3, time.Second).Time(1))
	assert.Equal(t, Never, Rate{}.Time(1))
	assert.Equal(t, Never, Every(math.MaxInt64).Time(2))
	assert.Zero(t, Inf.Time(math.MaxInt64))
	assert.Zero(t, Rate{}.Time(0))
	assert.Zero(t, Per(3, time.Second).Time(-1))
	assert.Equal(t, time.Duration(math.MaxInt64), Every(1).Time(math.MaxInt64))
}

func FuzzParseRate(f *testing.F) {
	for _, s := range []string{"100/s", "15/15m", "inf", "0/s", "-1/s", "1/1.5s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRate(s)
		if err != nil {
			return
		}
		n, d := r.Fraction()
		if n < 0 || d < 0 || d == 0 && r != Inf {
			t.Fatalf("%q is %d in %d", s, n, d)
		}
		if back, err := ParseRate(r.String()); err != nil || back != r {
			t.Fatalf("%q is %v, and that is %v, %v", s, r, back, err)
		}
	})
}
