package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"example.com/flatline/examples/iot/telemetry"
)

// serveMochi serves MQTT at addr, by mochi in this process, and returns the address. stop
// closes the connections.
func serveMochi(addr string, g *telemetry.Gate) (at string, stop func(), err error) {
	caps := mqtt.NewDefaultServerCapabilities()
	caps.MaximumPacketSize = maxPacket
	caps.RetainAvailable = 0 // a store has the last values
	s := mqtt.New(&mqtt.Options{Capabilities: caps, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	ctx, cancel := context.WithCancel(context.Background())
	if err := s.AddHook(&storeHook{g: g, ctx: ctx}, nil); err != nil {
		cancel()
		return "", nil, err
	}
	if err := s.AddHook(new(auth.AllowHook), nil); err != nil {
		cancel()
		return "", nil, err
	}
	l, err := net.Listen("tcp", addr)
	if err == nil {
		if err = s.AddListener(listeners.NewNet("mqtt", l)); err == nil {
			err = s.Serve()
		}
	}
	if err != nil {
		cancel()
		return "", nil, err
	}
	return l.Addr().String(), func() { cancel(); _ = s.Close() }, nil
}

// storeHook stores what is published. mochi sends the PUBACK after OnPublish has returned,
// and reads nothing from the connection meanwhile: so it is on disk, and a device that
// sends more than the store takes is slowed down by TCP.
type storeHook struct {
	mqtt.HookBase
	g   *telemetry.Gate
	ctx context.Context
}

// ID implements mqtt.Hook.
func (h *storeHook) ID() string { return "store" }

// Provides implements mqtt.Hook.
func (h *storeHook) Provides(b byte) bool { return b == mqtt.OnPublish }

// OnPublish implements mqtt.Hook. If the store fails there must be no PUBACK, and mochi
// sends one after any error but ErrRejectPacket; the connection is closed too, since a
// client sends a message again when it has connected again. A message that is refused is
// acknowledged, or the client would repeat it without end: MQTT 5 has a code for it, 3.1.1 has none.
func (h *storeHook) OnPublish(cl *mqtt.Client, pk packets.Packet) (packets.Packet, error) {
	m, err := parseMessage(pk.TopicName, pk.Payload, time.Now())
	if err != nil {
		h.g.Refuse(telemetry.BadLine)
		return pk, code(cl, packets.ErrPayloadFormatInvalid)
	}
	a, err := h.g.WriteSlowly(h.ctx, m)
	if err != nil {
		cl.Stop(packets.ErrServerUnavailable)
		return pk, packets.ErrRejectPacket
	}
	if a.Result == telemetry.Refused {
		return pk, code(cl, packets.ErrImplementationSpecificError)
	}
	return pk, nil
}

// code returns an error for a client that understands codes; for others the message is
// acknowledged, and goes to no subscriber.
func code(cl *mqtt.Client, c packets.Code) error {
	if cl.Properties.ProtocolVersion == 5 {
		return c
	}
	return packets.CodeSuccessIgnore
}
