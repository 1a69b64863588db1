package server

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readAll gives a reader what pieces bring, and returns the commands and the error.
func readAll(pieces ...string) (commands [][]string, err error) {
	return readWith(func(*reader) {}, pieces...)
}

// readWith calls before ahead of each command.
func readWith(before func(p *reader), pieces ...string) (commands [][]string, err error) {
	var p reader
	for _, piece := range pieces {
		for len(piece) > 0 {
			n := copy(p.room(), piece)
			p.came(n)
			piece = piece[n:]
			for {
				before(&p)
				args, err := p.command()
				if err != nil {
					return commands, err
				}
				if args == nil {
					break
				}
				var words []string
				for _, a := range args {
					words = append(words, string(a))
				}
				commands = append(commands, words)
			}
		}
	}
	return commands, nil
}

func TestReader(t *testing.T) {
	long := strings.Repeat("x", 3*bufSize)
	for in, want := range map[string]string{
		"*1\r\n$4\r\nPING\r\n":                              `[["PING"]]`,
		"*2\r\n$3\r\nGET\r\n$0\r\n\r\n":                     `[["GET" ""]]`,
		"*0\r\n*-1\r\n\r\n\nPING\n":                         `[["PING"]]`,
		"PING\r\nset k  v\r\n":                              `[["PING"] ["set" "k" "v"]]`,
		`set "a\x41\n\"" 'it\'s \n'` + "\r\n":               `[["set" "aA\n\"" "it's \\n"]]`,
		"*1\r\n$5\r\na\r\nbc\r\n":                           `[["a\r\nbc"]]`,
		"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET":               `[["PING"]]`,
		fmt.Sprintf("*1\r\n$%d\r\n%s\r\n", len(long), long): fmt.Sprintf("[[%q]]", long),
	} {
		for _, size := range []int{1, 2, 3, 7, 1000, len(in)} {
			var pieces []string
			for rest := in; rest != ""; {
				n := min(size, len(rest))
				pieces, rest = append(pieces, rest[:n]), rest[n:]
			}
			got, err := readAll(pieces...)
			require.NoError(t, err)
			require.Equal(t, want, fmt.Sprintf("%q", got), "in pieces of %d", size)
		}
	}
}

func TestReaderBadInput(t *testing.T) {
	for in, want := range map[string]string{
		"*a\r\n":                               "invalid multibulk length",
		"*01\r\n":                              "invalid multibulk length",
		"*+1\r\n":                              "invalid multibulk length",
		"*2147483648\r\n":                      "invalid multibulk length",
		"*99999999999999999999\r\n":            "invalid multibulk length",
		"*1\r\nPING\r\n":                       "expected '$', got 'P'",
		"*1\r\n$-1\r\n":                        "invalid bulk length",
		"*1\r\n$536870913\r\n":                 "invalid bulk length",
		"*1\r\n$ 4\r\n":                        "invalid bulk length",
		"*" + strings.Repeat("1", maxInline+1): "too big mbulk count string",
		"*1\r\n$" + strings.Repeat("1", 1<<17): "too big bulk count string",
		strings.Repeat("a", maxInline+1):       "too big inline request",
		"get 'a\r\n":                           "unbalanced quotes in request",
		"get \"a\"b\r\n":                       "unbalanced quotes in request",
	} {
		_, err := readAll(in)
		assert.EqualError(t, err, want, "%.40q", in)
	}
}

// TestAnnouncedLengthIsNoMemory: what was announced, and does not come, costs nothing.
func TestAnnouncedLengthIsNoMemory(t *testing.T) {
	var p reader
	for _, in := range []string{"*2147483647\r\n", "$536870912\r\n", "abc"} {
		p.came(copy(p.room(), in))
		args, err := p.command()
		require.NoError(t, err)
		require.Nil(t, args)
	}
	assert.LessOrEqual(t, cap(p.buf), bufSize)
	assert.LessOrEqual(t, cap(p.spans), 1)
}

// TestLargeBufferIsGivenBack once a command comes that does not need it, or none for a while.
func TestLargeBufferIsGivenBack(t *testing.T) {
	var p reader
	in := "*1\r\n$1000000\r\n" + strings.Repeat("x", 1_000_000) + "\r\n"
	for rest := in; rest != ""; {
		n := copy(p.room(), rest)
		p.came(n)
		rest = rest[n:]
		if args, _ := p.command(); args != nil {
			require.Len(t, args[0], 1_000_000)
		}
	}
	assert.LessOrEqual(t, cap(p.buf), 2<<20, "grown by doubling")
	p.command()
	idle := p
	p.room()
	assert.Greater(t, cap(p.buf), 1_000_000, "for the next one, which may be as large")
	for range 2 {
		p.came(copy(p.room(), "PING\r\n"))
		args, err := p.command()
		require.NoError(t, err)
		require.Len(t, args, 1)
		p.command()
		p.room()
	}
	assert.LessOrEqual(t, cap(p.buf), bufSize)
	require.True(t, idle.releaseBuffer())
	assert.Zero(t, cap(idle.buf))
}

// TestBufferWithAPartIsKept: what has come of a command is not lost when the client pauses.
func TestBufferWithAPartIsKept(t *testing.T) {
	for _, in := range []string{"*1\r\n", "*1\r\n$4\r\nPI", "PIN", "*"} {
		var p reader
		p.came(copy(p.room(), "PING\r\n"+in))
		args, _ := p.command()
		require.Len(t, args, 1)
		args, _ = p.command()
		require.Nil(t, args)
		assert.False(t, p.releaseBuffer(), "%q", in)
	}
}

func TestParseInt(t *testing.T) {
	for _, text := range []string{
		"0", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809",
		"", "-", "01", "-0", "+1", " 1", "1 ", "1a", "99999999999999999999", "18446744073709551617",
	} {
		want, err := strconv.ParseInt(text, 10, 64)
		plain := strconv.FormatInt(want, 10) == text
		got, ok := parseInt([]byte(text))
		assert.Equal(t, err == nil && plain, ok, text)
		if ok {
			assert.Equal(t, want, got)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "a", true},
		{"*", "", false},
		{"", "", true},
		{"a*c", "abbc", true},
		{"a*c", "abbd", false},
		{"h?llo", "hello", true},
		{"h?llo", "hllo", false},
		{"[a-c]x", "bx", true},
		{"[^a-c]x", "bx", false},
		{"[c-a]x", "bx", true},
		{`\*`, "*", true},
		{`\*`, "a", false},
		{"[abc", "b", true},
		{"[]", "a", false},
		{`[\]]`, "]", true},
		{"**a**", "xax", true},
		{"*a*b*", "xxaxxbxx", true},
		{"*a*b*", "xxbxxaxx", false},
	} {
		assert.Equal(t, c.want, match([]byte(c.pattern), c.text), "%q %q", c.pattern, c.text)
	}
	// As in Redis, more stars than a thousand match nothing; those at the end are not counted.
	for stars, want := range map[int]bool{maxStars: true, maxStars + 1: false} {
		assert.Equal(t, want, match([]byte(strings.Repeat("**?", stars)), strings.Repeat("a", 2*maxStars)), stars)
		assert.Equal(t, want, match([]byte(strings.Repeat("*?", stars)+"**"), strings.Repeat("a", 2*maxStars)), stars)
	}
	// A pattern that was made to take exponential time takes a moment.
	assert.False(t, match([]byte(strings.Repeat("a*", 50)+"b"), strings.Repeat("a", 10_000)))
}

// FuzzReader: however the input is cut, also ahead, the reader finds the same commands and
// the same error, and never holds more than twice what came.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"*1\r\n$4\r\nPING\r\n", "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*0\r\n", "PING\r\n\r\n", "set 'a b' \"\\x00\"\n",
		"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\n0123", "*-1\r\n$1\r\n", "*1\r\n\x00\r\n", "*1\r\n$1\rxy\r\n*1\r\n", "*1000000\r\n$0\r\n\r\n$",
		"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*3\r\n$3\r\nSET\r\n$2\r\nkk\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n*2\r\n$1\r\na\r\n$01\r\n",
	} {
		f.Add([]byte(seed), uint16(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, cut uint16) {
		if bytes.IndexByte(in, 0) >= 0 {
			return // whether a line with a zero byte ends depends on what comes with it
		}
		at := int(cut) % (len(in) + 1)
		whole, err1 := readAll(string(in))
		parts, err2 := readAll(string(in[:at]), string(in[at:]))
		require.Equal(t, whole, parts)
		require.Equal(t, err1, err2)
		parts, err2 = readWith(func(p *reader) {
			if p.turn == len(p.cut) {
				p.cutAhead()
			}
		}, string(in[:at]), string(in[at:]))
		require.Equal(t, whole, parts)
		require.Equal(t, err1, err2)
		total := 0
		for _, words := range whole {
			for _, w := range words {
				total += len(w)
			}
		}
		require.LessOrEqual(t, total, len(in))
	})
}
