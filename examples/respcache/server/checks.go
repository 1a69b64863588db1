package server

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A check converts a value to the form that is shown, or says what is wrong with it.
type check func(value string) (string, error)

func oneOf(names ...string) check {
	return func(v string) (string, error) {
		if v = strings.ToLower(v); slices.Contains(names, v) {
			return v, nil
		}
		return "", fmt.Errorf("argument(s) must be one of the following: %s", strings.Join(names, ", "))
	}
}

func yesNo(v string) (string, error) {
	if v = strings.ToLower(v); v == "yes" || v == "no" {
		return v, nil
	}
	return "", errors.New("argument must be 'yes' or 'no'")
}

func number(least, most int64) check {
	return func(v string) (string, error) {
		n, ok := parseInt([]byte(v))
		if !ok {
			return "", errors.New("argument couldn't be parsed into an integer")
		}
		if n < least || n > most {
			return "", fmt.Errorf("argument must be between %d and %d inclusive", least, most)
		}
		return v, nil
	}
}

// memory takes a number of bytes, perhaps with a unit: 1k is 1000, 1kb is 1024.
func memory(least, most int64) check {
	return func(v string) (string, error) {
		digits := strings.TrimRight(v, "bBkKmMgG")
		unit, ok := map[string]uint64{
			"": 1, "b": 1, "k": 1e3, "kb": 1 << 10, "m": 1e6, "mb": 1 << 20, "g": 1e9, "gb": 1 << 30,
		}[strings.ToLower(v[len(digits):])]
		n, err := strconv.ParseUint(digits, 10, 64)
		if !ok || err != nil || n > math.MaxInt64/unit {
			return "", errors.New("argument must be a memory value")
		}
		if n *= unit; int64(n) < least || int64(n) > most {
			return "", fmt.Errorf("argument must be between %d and %d inclusive", least, most)
		}
		return utoa(n), nil
	}
}

func powerOfTwo(most int64) check {
	return func(v string) (string, error) {
		n, ok := parseInt([]byte(v))
		if !ok || n < 1 || n > most || n&(n-1) != 0 {
			return "", fmt.Errorf("argument must be a power of two up to %d", most)
		}
		return v, nil
	}
}

func anyText(v string) (string, error) { return v, nil }

// noClientLimit takes what is in force: no client is disconnected for the memory of all.
func noClientLimit(v string) (string, error) {
	if digits, ok := strings.CutSuffix(v, "%"); ok {
		if n, isNumber := parseInt([]byte(digits)); isNumber && n > 100 {
			return "", errors.New("percentage argument must be less or equal to 100")
		}
	}
	return "", errors.New("clients are not evicted: it is always 0")
}
