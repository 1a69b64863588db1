package logs_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/quick"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/logpipe/logs"
	"example.com/flatline/examples/logpipe/logs/logtest"
)

// TestParse: what is made of texts.
func TestParse(t *testing.T) {
	at := time.Date(2026, 1, 31, 11, 59, 58, 123456000, time.UTC)
	for _, x := range []struct {
		text    string
		level   logs.Level
		service string
		at      time.Time
		flags   string
	}{
		{`{"time":"2026-01-31T11:59:58.123456Z","level":"error","service":"api","msg":"x"}`, logs.Error, "api", at, ""},
		{`{"ts":1769860798.123456,"severity":"WARNING","app":"a\u0070i"}`, logs.Warn, "api", at, ""},
		{`{"ts":1769860798123,"level":30}`, logs.Info, "svc", at.Truncate(time.Millisecond), ""},
		{`{"ts":1769860798123456,"nested":{"level":"fatal","a":[1,{"b":"]}"}]},"level":"debug"}`, logs.Debug, "svc", at, ""},
		{`{"ts":1769860798123456000}`, logs.Info, "svc", at, ""},
		{`{"level":"error"`, logs.Error, "svc", now, "broken JSON"},
		{`{"level":"error"} and more`, logs.Error, "svc", now, "broken JSON"},
		{`{}`, logs.Info, "svc", now, ""},
		{`time=2026-01-31T11:59:58.123456Z level=error service=api msg="a level=info in it"`, logs.Error, "api", at, ""},
		{`level=warn msg="not closed`, logs.Warn, "svc", now, ""},
		{`2026-01-31 11:59:58 [ERROR] disk full`, logs.Error, "svc", at.Truncate(time.Second), ""},
		{`2026-01-31T12:59:58.123456+01:00 warning: low`, logs.Warn, "svc", at, ""},
		{`[2026-01-31T11:59:58.123456Z] notice`, logs.Info, "svc", at, ""},
		{`nothing known, and no error is a word here`, logs.Error, "svc", now, ""},
		{`nothing known`, logs.Info, "svc", now, ""},
		{"Traceback (most recent call last):\n  File", logs.Error, "svc", now, ""},
		{"a\xffb", logs.Info, "svc", now, "bytes that are not UTF-8 were replaced"},
		{"a\x00b", logs.Info, "svc", now, ""},
		{`{"time":"2036-01-31T11:59:58Z"}`, logs.Info, "svc", now, "a time out of range was replaced by that of arrival"},
		{`{"time":"1936-01-31T11:59:58Z"}`, logs.Info, "svc", now, "a time out of range was replaced by that of arrival"},
		{`service="../../etc/x y"` + ` level=info`, logs.Info, ".._.._etc_x_y", now, ""},
	} {
		l := logs.Parse([]byte(x.text), "svc", now)
		assert.Equal(t, []any{x.level, x.service, x.at, x.flags}, []any{l.Level, l.Service, l.Time, l.Flags.String()}, x.text)
		assert.Equal(t, strings.ToValidUTF8(x.text, "\uFFFD"), l.Text)
	}
	long := logs.Parse(bytes.Repeat([]byte("é"), logs.MaxRecord), "svc", now)
	assert.Equal(t, "the end was cut off", long.Flags.String())
	assert.Len(t, long.Text, logs.MaxRecord)
	assert.Equal(t, strings.Repeat("s", 64), logs.Parse([]byte("level=info service="+strings.Repeat("s", 1000)), "", now).Service)
	assert.Equal(t, "unknown", logs.Parse([]byte("x"), "", now).Service)
}

// TestParseJSON: the parser takes for an object of JSON what encoding/json takes for one.
func TestParseJSON(t *testing.T) {
	require.NoError(t, quick.Check(func(m map[string]string) bool {
		b, err := json.Marshal(m)
		return err == nil && logs.Parse(b, "", now).Flags == 0
	}, nil))
}

// checkParsed fails if a record is not fit to be stored.
func checkParsed(t require.TestingT, l logs.Line) {
	require.True(t, utf8.ValidString(l.Text))
	require.LessOrEqual(t, len(l.Text), logs.MaxRecord)
	require.LessOrEqual(t, l.Level, logs.Fatal)
	require.NotEmpty(t, l.Service)
	require.LessOrEqual(t, len(l.Service), 64)
	require.False(t, l.Time.After(now.Add(logs.Ahead)) || l.Time.Before(time.Unix(0, 0)), l.Time)
	printed := l.String()
	require.NotContains(t, printed, "\n")
	require.NotContains(t, printed, "\x1b")
	b, err := json.Marshal(l)
	require.NoError(t, err)
	require.NotContains(t, string(b), "\n")
}

// FuzzParse: no text is refused or breaks the parser, and all of it is kept, but for the end
// of a long one.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"time":1,"level":"error","a":[{}]}`, `level=error msg="a\"b" x`, "2026-01-31 11:59:58 ERROR x\n\tat y", "\x1b[31m\x00\xff", `{"a":"\ud800"}`, "{\"a\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l := logs.Parse(b, "svc", now)
		checkParsed(t, l)
		if len(b) < logs.MaxRecord {
			require.Equal(t, strings.ToValidUTF8(string(b), "\uFFFD"), l.Text)
		}
	})
}

// TestRecords: a line that continues another one is a part of its record.
func TestRecords(t *testing.T) {
	text := "one\n\ntwo\r\n\tat a\n  at b\nCaused by: c\nCaused\nlast\n\tat d"
	var got []string
	for at, b := range logs.Records([]byte(text)) {
		assert.True(t, strings.HasPrefix(text[at:], string(b)))
		got = append(got, string(b))
	}
	assert.Equal(t, []string{"one", "two\r\n\tat a\n  at b\nCaused by: c", "Caused", "last\n\tat d"}, got)
}

// TestCut: wherever a file is cut, the records are those of the whole, if each piece begins
// where the last one ended (L2).
func TestCut(t *testing.T) {
	g := logtest.NewGenerator(3, now)
	file := g.Bytes(64 << 10)
	file = append(file, "\n a continuation of nothing\nno newline at the end"...)
	want := pieces(file)
	rapid.Check(t, func(t *rapid.T) {
		var got []string
		for at := 0; at < len(file); {
			seen := min(len(file), at+rapid.IntRange(1, 1<<14).Draw(t, "seen"))
			n := logs.Cut(file[at:seen], false, seen == len(file))
			got = append(got, pieces(file[at:at+n])...)
			at += n
		}
		require.Equal(t, want, got)
	})
	assert.Zero(t, logs.Cut([]byte("one\n"), false, false), "it may go on")
	assert.Equal(t, 4, logs.Cut([]byte("one\n"), true, false))
	assert.Equal(t, 4, logs.Cut([]byte("one\ntwo"), true, false), "no newline yet")
	assert.Equal(t, 4, logs.Cut([]byte("one\ntwo"), false, false))
	assert.Equal(t, 7, logs.Cut([]byte("one\ntwo"), true, true))
	assert.Zero(t, logs.Cut([]byte("one\nCaused b"), false, false), "it may become Caused by")
	huge := bytes.Repeat([]byte("x"), 3*logs.MaxBatch)
	assert.Equal(t, logs.MaxBatch, logs.Cut(huge, false, false))
	for _, r := range pieces(bytes.Repeat([]byte(" x\n"), logs.MaxRecord)) {
		assert.LessOrEqual(t, len(r), logs.MaxRecord)
	}
}

func pieces(b []byte) (all []string) {
	for _, r := range logs.Records(b) {
		all = append(all, string(r))
	}
	return all
}

// FuzzCut: a cut makes progress or waits for more, and loses and repeats nothing.
func FuzzCut(f *testing.F) {
	f.Add([]byte("a\n b\nCaused by: x\nCaused"), true, false)
	f.Fuzz(func(t *testing.T, b []byte, settled, final bool) {
		n := logs.Cut(b, settled, final)
		require.True(t, n >= 0 && n <= len(b))
		if final && len(b) <= logs.MaxBatch {
			require.Equal(t, len(b), n)
		}
		if n > 0 && n < len(b) {
			require.True(t, b[n-1] == '\n' || n == logs.MaxBatch)
		}
	})
}
