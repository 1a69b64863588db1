package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/iot/telemetry"
)

// TestParseMessage: the forms of a topic and a payload, and what is no message.
func TestParseMessage(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	one := func(v float64) []telemetry.Field { return []telemetry.Field{{Metric: "temp", Value: v}} }
	for _, c := range []struct {
		topic, body string
		want        telemetry.Message
	}{
		{"d/a/temp", "21.5", telemetry.Message{Device: "a", At: now.UnixNano(), Stamped: true, Fields: one(21.5)}},
		{"d/a/temp", " -3 \n", telemetry.Message{Device: "a", At: now.UnixNano(), Stamped: true, Fields: one(-3)}},
		{"d/a/temp", `{"v": 1, "seq": 7, "t": 5}`, telemetry.Message{Device: "a", Seq: 7, At: 5, Fields: one(1)}},
		{"d/a", `{"fields": {"temp": 2}, "t": 5}`, telemetry.Message{Device: "a", At: 5, Fields: one(2)}},
	} {
		got, err := parseMessage(c.topic, []byte(c.body), now)
		require.NoError(t, err, c)
		assert.Equal(t, c.want, got)
	}
	for _, c := range [][2]string{
		{"d", "1"},
		{"e/a/temp", "1"},
		{"d/a/temp/x", "1"},
		{"", "1"},
		{"d/a", "1"},
		{"d/a", `{"v": 1}`},
		{"d/a/temp", `{"fields": {"x": 1}}`},
		{"d/a/temp", ""},
		{"d/a/temp", "x"},
		{"d/a/temp", `{"v": "1"}`},
		{"d/a/temp", `{"v": 1}x`},
		{"d/a/temp", `{"V2": 1}`},
		{"d/a/temp", `{"v": 1, "seq": -1}`},
		{"d/a/temp", "\xff"},
		{"d/a/temp", strings.Repeat(`{"fields":`, 20_000)},
		{"d/a/temp", `[1]`},
		{"d/a/temp", "null"},
	} {
		m, err := parseMessage(c[0], []byte(c[1]), now)
		assert.Error(t, err, "%q %.40q: %+v", c[0], c[1], m)
	}
}
