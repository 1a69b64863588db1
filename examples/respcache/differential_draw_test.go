package main

import (
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// life is the time to live of keys that get one, in seconds, plus or minus a spread: so
// long that nothing expires while the test runs. The other deadlines drawn lie in 1970.
const (
	life   = 100_000
	spread = 10_000
)

// A clock makes sure that no two deadlines of one sequence are nearer than ten seconds, so
// that which one is later does not depend on when the commands came.
type clock struct {
	start time.Time
	n     int64
}

// next returns a life that was not used before.
func (c *clock) next(t *rapid.T, absolute bool) int64 {
	c.n++
	d := 20 * (c.n % (spread / 20))
	if absolute {
		d -= 10
	}
	if rapid.Bool().Draw(t, "shorter") {
		d = -d
	}
	return life + d
}

// Words that mean something to a command, put where they do not belong.
var misplaced = []string{"NX", "XX", "GET", "KEEPTTL", "PERSIST", "GT", "LT", "ASYNC", "REPLACE", "", "0", "-1", "a", "abc", "\r\n", "\x00"}

var (
	keys   = []string{"a", "a", "b", "b", "c", "k:1", "", "\x00\r\n"}
	values = []string{
		"", "0", "1", "-1", "10", "abc", "3.0", "5.25", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
		" 1", "1 ", "+1", "01", "-0", "0x1", "1e3", "-1.5e-3", "inf", "nan", "\x00\r\n\xff", strings.Repeat("long ", 40), strings.Repeat("0123456789", 3000),
	}
	positions  = []string{"0", "1", "-1", "2", "5", "-5", "20", "-100", "100", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "536870912", "4294967296", "abc", "", "1.5", " 1", "+1", "01"}
	increments = []string{"1", "1", "-1", "7", "-7", "100", "0", "9223372036854775807", "-9223372036854775807", "-9223372036854775808", "9223372036854775808", "abc", "", "1.5", "1 ", "+1", "01", "-0"}
	floats     = []string{"0.1", "0.2", "1", "-1", "1.5", "3.14159", "-2.75", "100.001", "1e3", "1e-3", "5e17", "123456789.123456789", "0", "-0", "inf", "-inf", "nan", "abc", "", " 1", "1 ", "+1", "0x10", "1e400", ".5", "5."}
	channels   = []string{"news", "news", "nuts"}
	offsets    = []string{"0", "1", "7", "8", "9", "15", "23", "100", "1000", "-1", "4294967296", "9223372036854775807", "abc", "", "#1", " 1", "1.5"}
	classes    = []string{"KEA", "KEA", "", "Kx", "E$g", "KEn", "AK", "g$lshzxetd", "Q", "KE A"}
	bitTypes   = []string{"u8", "u8", "i8", "u1", "i1", "u4", "i5", "u63", "i64", "i33", "u64", "i65", "u0", "x8", "u", "", "u+8"}
	patterns   = []string{"n*", "n*", "n?ws", "[m-o]*"}
)

// drawCommand draws a command: in four of five cases of the right form, with arguments
// that may be bad; else with an argument too many, one too few, a wrong one or a longer one.
func drawCommand(t *rapid.T, at *clock) []string {
	args := fill(t, rapid.SampledFrom(forms).Draw(t, "form"), at)
	if strings.HasSuffix(args[0], "SUBSCRIBE") && len(args) > 1 {
		return args // the order in which UNSUBSCRIBE names two channels is unspecified
	}
	switch i := rapid.IntRange(0, 20).Draw(t, "spoiled"); {
	case i == 17 && len(args) > 1 && args[0] != "PUBSUB" && !administrative.MatchString(args[0]):
		// Redis reads some words as C strings. Its subcommands are in tables whose hash has a
		// seed and covers all bytes: there two redis-servers differ.
		args[rapid.IntRange(1, len(args)-1).Draw(t, "which")] += "\x00x"
	case i == 18:
		args = append(args, rapid.SampledFrom(misplaced).Draw(t, "more"))
	case i == 19 && len(args) > 1:
		args = args[:len(args)-1]
	case i == 20 && len(args) > 1:
		at, word := rapid.IntRange(1, len(args)-1).Draw(t, "which"), rapid.SampledFrom(misplaced).Draw(t, "instead")
		if args[0] == "CONFIG" && word == "\x00" {
			word = "" // chosen: a value of a parameter that holds a zero byte is refused
		}
		args[at] = word
	}
	if rapid.IntRange(0, 4).Draw(t, "lower") == 0 {
		args[0] = strings.ToLower(args[0])
	}
	return args
}

// fill draws the arguments of a form.
func fill(t *rapid.T, form string, at *clock) []string {
	var args []string
	for _, w := range strings.Fields(form) {
		if w[0] >= 'a' && len(w) == 2 && w[1] == '+' {
			for range rapid.IntRange(1, 3).Draw(t, "times") {
				args = append(args, drawArg(t, w[0], at)...)
			}
		} else if len(w) == 1 && (w[0] < '0' || w[0] > '9') {
			args = append(args, drawArg(t, w[0], at)...)
		} else {
			args = append(args, w)
		}
	}
	return args
}

func drawArg(t *rapid.T, kind byte, at *clock) []string {
	one := func(from []string) []string { return []string{rapid.SampledFrom(from).Draw(t, string(kind))} }
	switch kind {
	case 'k':
		return one(keys)
	case 'v':
		return one(values)
	case 'i':
		return one(positions)
	case 'n':
		return one(increments)
	case 'f':
		return one(floats)
	case 'c':
		return one(channels)
	case 'p':
		return one(patterns)
	case 'b':
		return one(offsets)
	case 'z':
		return one([]string{"0", "1", "0", "1", "2", "-1", "abc"})
	case 'u':
		return one([]string{"BYTE", "BIT", "bit", "BITS"})
	case 'o':
		return one([]string{"AND", "OR", "XOR", "NOT", "not", "NAND"})
	case 'B':
		return drawBitOps(t)
	case 'l':
		return drawWords(t, map[string][]string{"LEN": nil, "IDX": nil, "WITHMATCHLEN": nil, "MINMATCHLEN": {"0", "2", "-1", "abc"}})
	case 'r':
		return drawWords(t, map[string][]string{"REPLACE": nil, "replace": nil, "DB": {"0", "0", "abc"}})
	case 'd':
		return one(payloads)
	case 'R':
		return drawWords(t, map[string][]string{"REPLACE": nil, "replace": nil, "ABSTTL": nil, "IDLETIME": {"0", "-1", "x"}, "FREQ": {"0", "255", "256"}})
	case 'T':
		return one([]string{"0", "0", "0", "-1", "abc", strconv.FormatInt(at.next(t, false)*1000, 10)})
	case 'q':
		return one(classes)
	case 'w':
		return one([]string{"ON", "OFF", "SKIP", "on", "x"})
	case 'y':
		return one([]string{"WRITE", "ALL", "all", "x"})
	case 't':
		return one([]string{"string", "integer", "double", "bignum", "null", "array", "set", "map", "attrib", "push", "verbatim", "true", "false", "TRUE", "x"})
	case 's', 'm', 'S', 'M':
		return []string{drawTime(t, kind, at)}
	case 'x':
		return drawOptions(t, at, "NX", "XX", "GET", "KEEPTTL", "EX", "PX", "EXAT", "PXAT", "get", "what")
	case 'g':
		return drawOptions(t, at, "PERSIST", "EX", "PX", "EXAT", "PXAT", "NX")
	case 'e':
		return drawOptions(t, at, "NX", "XX", "GT", "LT", "gt", "what")
	}
	panic("no such argument: " + string(kind))
}

// drawOptions draws none to three of the words, mostly one, with what belongs to them.
func drawOptions(t *rapid.T, at *clock, words ...string) []string {
	var out []string
	for range rapid.SampledFrom([]int{0, 1, 1, 1, 2, 2, 3}).Draw(t, "options") {
		w := rapid.SampledFrom(words).Draw(t, "option")
		out = append(out, w)
		if kind, ok := map[string]byte{"EX": 's', "PX": 'm', "EXAT": 'S', "PXAT": 'M'}[w]; ok {
			out = append(out, drawTime(t, kind, at))
		}
	}
	return out
}

// drawTime draws a deadline far ahead, one that has passed, or a bad one.
func drawTime(t *rapid.T, kind byte, at *clock) string {
	bad := []string{"0", "-1", "-100000", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "abc", "", "1.5"}
	if kind == 's' || kind == 'S' {
		bad = append(bad, "9223372036854776") // too many only when they become milliseconds
	}
	if i := rapid.IntRange(0, 3*len(bad)).Draw(t, "time"); i < len(bad) {
		return bad[i]
	}
	n := at.next(t, kind == 'S' || kind == 'M')
	switch kind {
	case 'm':
		n *= 1000
	case 'S':
		n += at.start.Unix()
	case 'M':
		n = n*1000 + at.start.UnixMilli()
	}
	return strconv.FormatInt(n, 10)
}
