package main

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"example.com/flatline/examples/iot/telemetry"
)

// serveNATS serves MQTT at addr, by a NATS server in this process, and returns the address.
// Messages of the topics d/… are in a stream in dir until the store has them. stop ends the
// server.
func serveNATS(addr, dir string, g *telemetry.Gate) (at string, stop func(), err error) {
	s, at, end, err := startNATS(addr, dir)
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done, err := follow(ctx, s, g)
	if err != nil {
		cancel()
		end()
		return "", nil, err
	}
	return at, func() { cancel(); <-done; end() }, nil
}

// startNATS starts a server that syncs what it stores in dir; "" is a temporary one.
func startNATS(addr, dir string) (s *server.Server, at string, stop func(), err error) {
	temporary := ""
	if dir == "" {
		if dir, err = os.MkdirTemp("", "iot-stream-"); err != nil {
			return nil, "", nil, err
		}
		temporary = dir
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, "", nil, err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, "", nil, err
	}
	if n == 0 {
		n = server.RANDOM_PORT
	}
	o := &server.Options{
		ServerName: "iot", DontListen: true, JetStream: true, StoreDir: dir, SyncAlways: true, NoSigs: true, NoLog: true,
		MaxPayload: maxPacket, MQTT: server.MQTTOpts{Host: host, Port: n},
	}
	if s, err = server.NewServer(o); err != nil {
		return nil, "", nil, err
	}
	s.Start()
	stop = func() {
		s.Shutdown()
		s.WaitForShutdown()
		if temporary != "" {
			_ = os.RemoveAll(temporary)
		}
	}
	if !s.ReadyForConnections(10 * time.Second) {
		stop()
		return nil, "", nil, errors.New("iot: the NATS server does not start")
	}
	return s, net.JoinHostPort(host, strconv.Itoa(o.MQTT.Port)), stop, nil
}

// openStream connects to a server, and makes the stream of the devices' messages.
func openStream(ctx context.Context, s *server.Server) (nc *nats.Conn, stream jetstream.Stream, err error) {
	if nc, err = nats.Connect("", nats.InProcessServer(s)); err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(nc)
	if err == nil {
		stream, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: "devices", Subjects: []string{"d.>"}, Retention: jetstream.WorkQueuePolicy})
	}
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return nc, stream, nil
}

// follow stores what arrives in the stream, and acknowledges it to the stream when the
// store has it. What was delivered twice the store knows. done is closed when ctx has ended.
func follow(ctx context.Context, s *server.Server, g *telemetry.Gate) (done chan struct{}, err error) {
	nc, stream, err := openStream(ctx, s)
	if err != nil {
		return nil, err
	}
	consumer, err := stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{Durable: "store", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 4096})
	if err != nil {
		nc.Close()
		return nil, err
	}
	done = make(chan struct{})
	go func() {
		defer close(done)
		defer nc.Close()
		for ctx.Err() == nil {
			batch, err := consumer.Fetch(1024, jetstream.FetchMaxWait(time.Second))
			if err != nil {
				continue
			}
			storeBatch(ctx, g, batch)
		}
	}()
	return done, nil
}

// storeBatch stores the messages of a batch in one write.
func storeBatch(ctx context.Context, g *telemetry.Gate, batch jetstream.MessageBatch) {
	var all []telemetry.Message
	var from []jetstream.Msg
	for m := range batch.Messages() {
		x, err := parseMessage(strings.ReplaceAll(m.Subject(), ".", "/"), m.Data(), time.Now())
		if err != nil {
			g.Refuse(telemetry.BadLine)
			_ = m.Term() // it will never be accepted
			continue
		}
		all, from = append(all, x), append(from, m)
	}
	if _, err := g.Store.Write(ctx, all); err != nil {
		return // not acknowledged: they are delivered again
	}
	for _, m := range from {
		_ = m.Ack() // one that is lost is delivered again, and is a repetition
	}
}
