package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
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
