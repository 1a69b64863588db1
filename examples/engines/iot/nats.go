package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/nats-io/nats-server/v2/server"

	"example.com/flatline/examples/iot/telemetry"
)

// serveNATS serves MQTT at addr, by a NATS server in this process, and returns the address.
// The store is a client with a persistent session: NATS releases a PUBACK when its stream in
// dir has the message, keeps it for the session, and delivers it until the store has it.
// stop ends the server.
func serveNATS(addr, dir string, g *telemetry.Gate) (at string, stop func(), err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "iot-stream-"); err != nil {
			return "", nil, err
		}
		clean := dir
		defer func() {
			if err != nil {
				_ = os.RemoveAll(clean)
				return
			}
			end := stop
			stop = func() { end(); _ = os.RemoveAll(clean) }
		}()
	}
	if err := prepare(dir); err != nil {
		return "", nil, err
	}
	at, end, err := startNATS(addr, dir)
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	leave, err := follow(at, func(_ paho.Client, m paho.Message) { storeOne(ctx, g, m) })
	if err != nil {
		cancel()
		end()
		return "", nil, err
	}
	return at, func() { cancel(); leave(); end() }, nil
}

// prepare makes the store's session before any device can connect: what is published
// without a session is acknowledged, and kept for no client.
func prepare(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "jetstream")); err == nil {
		return nil
	}
	at, stop, err := startNATS("127.0.0.1:0", dir)
	if err != nil {
		return err
	}
	defer stop()
	leave, err := follow(at, nil)
	if err == nil {
		leave()
	}
	return err
}

// startNATS starts a server that syncs what it stores in dir.
func startNATS(addr, dir string) (at string, stop func(), err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", nil, err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return "", nil, err
	}
	if n == 0 {
		n = server.RANDOM_PORT
	}
	o := &server.Options{
		ServerName: "iot", DontListen: true, JetStream: true, StoreDir: dir, SyncAlways: true, NoSigs: true, NoLog: true,
		MaxPayload: maxPacket, MQTT: server.MQTTOpts{Host: host, Port: n, MaxAckPending: 8192},
	}
	s, err := server.NewServer(o)
	if err != nil {
		return "", nil, err
	}
	s.Start()
	stop = func() {
		s.Shutdown()
		s.WaitForShutdown()
	}
	if !s.ReadyForConnections(10 * time.Second) {
		stop()
		return "", nil, errors.New("iot: the NATS server does not start")
	}
	return net.JoinHostPort(host, strconv.Itoa(o.MQTT.Port)), stop, nil
}

// follow connects the session, and has handle called for each message, in a goroutine of its
// own. leave disconnects it; the session stays.
func follow(addr string, handle paho.MessageHandler) (leave func(), err error) {
	o := paho.NewClientOptions().AddBroker("tcp://" + addr).SetClientID("store").SetCleanSession(false).
		SetAutoAckDisabled(true).SetOrderMatters(false).SetAutoReconnect(true).SetResumeSubs(true)
	if handle != nil {
		o.SetDefaultPublishHandler(handle) // what was kept arrives before the subscription is confirmed
	}
	c := paho.NewClient(o)
	for _, ask := range []func() paho.Token{c.Connect, func() paho.Token { return c.Subscribe("d/#", 1, nil) }} {
		token := ask()
		if !token.WaitTimeout(10 * time.Second) {
			return nil, errors.New("iot: the NATS server does not answer")
		}
		if err := token.Error(); err != nil {
			return nil, err
		}
	}
	return func() { c.Disconnect(250) }, nil
}

// storeOne stores a message, and acknowledges it to NATS when the store has it. If the store
// fails, NATS delivers it again later; what was delivered twice the store knows.
func storeOne(ctx context.Context, g *telemetry.Gate, m paho.Message) {
	x, err := parseMessage(m.Topic(), m.Payload(), time.Now())
	if err != nil {
		g.Refuse(telemetry.BadLine)
		m.Ack() // it will never be accepted
		return
	}
	if _, err := g.WriteSlowly(ctx, x); err == nil {
		m.Ack()
	}
}
