package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/iot/telemetry"
)

// ackFirst connects to a broker that acknowledges what note was only called with.
func ackFirst(t testing.TB, note func(string)) client {
	s := mqtt.New(&mqtt.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	require.NoError(t, s.AddHook(&noteHook{note: note}, nil))
	require.NoError(t, s.AddHook(new(auth.AllowHook), nil))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, s.AddListener(listeners.NewNet("mqtt", l)))
	require.NoError(t, s.Serve())
	t.Cleanup(func() { _ = s.Close() })
	return connect(t, l.Addr().String(), "naive")
}

type noteHook struct {
	mqtt.HookBase
	note func(string)
}

func (h *noteHook) ID() string { return "note" }

func (h *noteHook) Provides(b byte) bool { return b == mqtt.OnPublished }

func (h *noteHook) OnPublished(_ *mqtt.Client, pk packets.Packet) { h.note(string(pk.Payload)) }

// stored asks a server how many messages it has stored; -1 if it does not answer.
func stored(base string) int64 {
	r, err := http.Get(base + "/status")
	if err != nil {
		return -1
	}
	defer r.Body.Close()
	var st struct {
		Counts struct {
			Stored int64 `json:"stored"`
		} `json:"counts"`
	}
	if json.NewDecoder(r.Body).Decode(&st) != nil {
		return -1
	}
	return st.Counts.Stored
}

// TestBadPackets: a packet that says that 256 MB follow, and a topic with a wildcard, end
// with nothing stored and no memory allocated for them; the next client is served.
func TestBadPackets(t *testing.T) {
	g := telemetry.NewGate(telemetry.GateOptions{Store: telemetry.NewMemory()})
	defer g.Close()
	addr, stop, err := serveMochi("127.0.0.1:0", g)
	require.NoError(t, err)
	defer stop()
	for _, packet := range []string{
		"\x32\xff\xff\xff\x7f\x00\x05d/a/m\x00\x01", // PUBLISH, and its remaining length
		"\x32\x0a\x00\x05d/+/m\x00\x011\xe0\x00",    // DISCONNECT follows
		"\x32\x0a\x00\x05d/\xff/m\x00\x011\xe0\x00", // no UTF-8
		"\x32\x02\x00\x05",                          // it ends in its topic
	} {
		c, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		require.NoError(t, c.SetDeadline(time.Now().Add(crash.Patience)))
		_, err = c.Write([]byte("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x"))
		require.NoError(t, err)
		connack := make([]byte, 4)
		_, err = io.ReadFull(c, connack)
		require.NoError(t, err)
		_, err = c.Write([]byte(packet))
		require.NoError(t, err)
		rest, _ := io.ReadAll(c) // until the server closes
		assert.Empty(t, rest, "%q has a PUBACK", packet)
		require.NoError(t, c.Close())
	}
	assert.Zero(t, g.Status().Counts.Stored)
	require.True(t, publish(connect(t, addr, "next"), "d/a/m", "1"))
}
