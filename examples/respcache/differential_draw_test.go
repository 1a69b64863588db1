package main

import (
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// life is the time to live of whatever is given one, in seconds, give or take a spread: so
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

// next returns a life that was not had before.
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

// The forms of the commands that are drawn. A letter stands for one drawn argument, a +
// behind it for one to three of them, a capital word for itself:
//
//	k key      v value       i position   n increment   f float   c channel
//	s seconds  m ms          S time in seconds   M time in ms      any of them may be bad
//	x options of SET, up to four   g options of GETEX   e conditions of EXPIRE
var forms = strings.Split(strings.TrimSpace(`
GET k
GET k
SET k v
SET k v
SET k v x
SET k v x
SET k v x
SETNX k v
SETEX k s v
PSETEX k m v
GETSET k v
GETDEL k
GETEX k g
MGET k+
MSET k v
MSET k v k v
MSETNX k v
MSETNX k v k v
APPEND k v
STRLEN k
GETRANGE k i i
SUBSTR k i i
SETRANGE k i v
INCR k
DECR k
INCRBY k n
DECRBY k n
INCRBYFLOAT k f
DEL k+
UNLINK k+
EXISTS k+
TOUCH k+
TYPE k
RENAME k k
RENAMENX k k
EXPIRE k s e
PEXPIRE k m e
EXPIREAT k S e
PEXPIREAT k M e
TTL k
PTTL k
EXPIRETIME k
PEXPIRETIME k
PERSIST k
DBSIZE
FLUSHDB
FLUSHALL
FLUSHALL ASYNC
FLUSHDB SYNC
PING
PING v
ECHO v
SELECT 0
MULTI
MULTI
EXEC
EXEC
DISCARD
WATCH k+
UNWATCH
SUBSCRIBE news
PSUBSCRIBE n*
UNSUBSCRIBE
UNSUBSCRIBE c
PUNSUBSCRIBE
PUNSUBSCRIBE p
PUBLISH c v
PUBSUB CHANNELS
PUBSUB CHANNELS p
PUBSUB NUMSUB c
PUBSUB NUMPAT
HELLO
HELLO 2
HELLO 3
HELLO i
CLIENT SETNAME c
CLIENT GETNAME
RESET
NOSUCH
NOSUCH v k
`), "\n")

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
	patterns   = []string{"n*", "n*", "n?ws", "[m-o]*"}
)

// drawCommand draws a command: in six of seven cases of the right form, with arguments
// that may be bad; else with an argument too many, one too few or a wrong one.
func drawCommand(t *rapid.T, at *clock) []string {
	args := fill(t, rapid.SampledFrom(forms).Draw(t, "form"), at)
	if strings.HasSuffix(args[0], "SUBSCRIBE") && len(args) > 1 {
		return args // of two channels nobody knows which UNSUBSCRIBE names first
	}
	switch i := rapid.IntRange(0, 20).Draw(t, "spoiled"); {
	case i == 18:
		args = append(args, rapid.SampledFrom(misplaced).Draw(t, "more"))
	case i == 19 && len(args) > 1:
		args = args[:len(args)-1]
	case i == 20 && len(args) > 1:
		args[rapid.IntRange(1, len(args)-1).Draw(t, "which")] = rapid.SampledFrom(misplaced).Draw(t, "instead")
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

// drawTime draws a deadline far ahead, one that is over, or a bad one.
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
