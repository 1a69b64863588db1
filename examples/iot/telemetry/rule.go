package telemetry

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Kinds of Rule.
const (
	Threshold = "threshold" // a window's mean, min, max, last, sum or count
	Rate      = "rate"      // the change per second from the first to the last point of a window
	ZScore    = "zscore"    // how far a window's mean is from the median of those before it
	Absence   = "absence"   // nothing was received from the device
)

// A Rule says when there is an alert. A rule fires for a device once per episode: from when
// its value reaches Fire until it is on the other side of Clear. Between the two nothing
// changes (hysteresis), so a value that trembles around a limit fires once.
type Rule struct {
	Name   string   `json:"name"`
	Do     string   `json:"do"`
	Metric string   `json:"metric,omitempty"` // of all devices; none for absence
	Of     string   `json:"of,omitempty"`     // of a threshold; default mean
	Over   Duration `json:"over,omitempty"`   // the window, in steps of Width; for absence the silence
	Fire   float64  `json:"fire,omitempty"`
	Clear  float64  `json:"clear,omitempty"`
	Below  bool     `json:"below,omitempty"`  // it fires at Fire and below, in place of above
	Spread float64  `json:"spread,omitempty"` // of a zscore: the smallest deviation that counts
}

// maxWindows is how many windows a rule looks at; minHistory is how many a ZScore needs,
// since the median of a few says little.
const (
	maxRules   = 256
	maxWindows = 360
	minHistory = 8
)

// check returns an error that wraps ErrBad for a rule that means nothing.
func (r Rule) check() error {
	windows := time.Duration(r.Over) / Width
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: the rule %q: "+format, append([]any{ErrBad, r.Name}, args...)...)
	}
	if err := checkName("rule", r.Name); err != nil {
		return fmt.Errorf("%w: %w", ErrBad, err)
	}
	if r.Do == Absence {
		if r.Metric != "" || time.Duration(r.Over) < Width || time.Duration(r.Over) > Raw {
			return bad("absence has no metric, and over from %v to %v", Width, Raw)
		}
		return nil
	}
	if err := checkName("metric", r.Metric); err != nil {
		return bad("%v", err)
	}
	switch {
	case !slices.Contains([]string{Threshold, Rate, ZScore}, r.Do):
		return bad("do must be %s, %s, %s or %s, got %q", Threshold, Rate, ZScore, Absence, r.Do)
	case windows < 1 || windows > maxWindows || windows*Width != time.Duration(r.Over):
		return bad("over must be a multiple of %v, at most %v, got %v", Width, maxWindows*Width, time.Duration(r.Over))
	case !(math.Abs(r.Fire) <= maxValue && math.Abs(r.Clear) <= maxValue):
		return bad("fire and clear must be numbers of at most 1e300")
	case r.Below && r.Clear < r.Fire || !r.Below && r.Clear > r.Fire:
		return bad("clear must not be beyond fire: fire %v, clear %v", r.Fire, r.Clear)
	case r.Do == Threshold && !slices.Contains([]string{"", "mean", "min", "max", "last", "sum", "count"}, r.Of):
		return bad("of must be mean, min, max, last, sum or count, got %q", r.Of)
	case r.Do == ZScore && (windows <= minHistory || !(r.Spread >= 1e-6 && r.Spread <= maxValue) || r.Below):
		return bad("a zscore needs more than %d windows, and spread: the smallest that counts, in the metric's unit, at least 1e-6", minHistory)
	}
	return nil
}

// checkRules checks a set of rules, whose names must differ.
func checkRules(rules []Rule) error {
	if len(rules) > maxRules {
		return fmt.Errorf("%w: there may be %d rules, got %d", ErrBad, maxRules, len(rules))
	}
	names := map[string]bool{}
	for _, r := range rules {
		if err := r.check(); err != nil {
			return err
		}
		if names[r.Name] {
			return fmt.Errorf("%w: the rule %q is there twice", ErrBad, r.Name)
		}
		names[r.Name] = true
	}
	return nil
}

// fires reports whether the rule fires at a value, given whether it did before.
func (r Rule) fires(before bool, v float64) bool {
	limit := r.Fire
	if before {
		limit = r.Clear
	}
	if r.Below {
		return v <= limit
	}
	return v >= limit
}

// of returns the value of a window, or false if the window has none.
func (r Rule) of(f Fold) (float64, bool) {
	if r.Do == Rate {
		seconds := float64(f.Last.T-f.First.T) / 1e9
		v := (f.Last.V - f.First.V) / seconds
		return min(max(v, -math.MaxFloat64), math.MaxFloat64), seconds > 0
	}
	switch r.Of {
	case "min":
		return f.Min, true
	case "max":
		return f.Max, true
	case "last":
		return f.Last.V, true
	case "sum":
		return f.Sum.value(), true
	case "count":
		return float64(f.Count), true
	}
	return f.Mean(), true
}

// RobustZ returns how many standard deviations x is from the median of a history, in which
// the deviation is estimated by the median of the distances from the median (MAD): a few
// outliers in the history move neither, as they would move a mean. spread is the smallest
// deviation that counts. O(n log n).
func RobustZ(history []float64, x, spread float64) float64 {
	m := median(history)
	distances := make([]float64, len(history))
	for i, h := range history {
		distances[i] = math.Abs(h - m)
	}
	const normal = 1.4826 // the deviation of a normal distribution, divided by its MAD
	return math.Abs(x-m) / max(normal*median(distances), spread)
}

// median returns the median of a set that is not empty.
func median(all []float64) float64 {
	s := slices.Sorted(slices.Values(all))
	n := len(s) / 2
	if len(s)%2 == 1 {
		return s[n]
	}
	return s[n-1]/2 + s[n]/2
}

// An Alert says that a rule began or ceased to hold for a device.
type Alert struct {
	N      uint64  `json:"n"`
	Rule   string  `json:"rule"`
	Device string  `json:"device"`
	Metric string  `json:"metric,omitempty"`
	State  string  `json:"state"` // firing or resolved
	At     int64   `json:"at"`    // the end of the window, or when the silence was long enough
	Value  float64 `json:"value"`
	Note   string  `json:"note,omitempty"`
}

// States of an Alert.
const (
	Firing   = "firing"
	Resolved = "resolved"
)

// A Duration is a time.Duration that is text in JSON: "30s".
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler: "10m" rather than "10m0s".
func (d Duration) MarshalText() ([]byte, error) {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return []byte(s), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// compareAlerts is the order of alerts that happen at the same time.
func compareAlerts(a, b Alert) int {
	return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.Device, b.Device), strings.Compare(a.Metric, b.Metric), strings.Compare(a.Rule, b.Rule))
}
