// Chat is examples/chat with its messages in NATS JetStream, so that its nodes can be
// processes on different machines, and with WebSocket next to server-sent events.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"example.com/flatline/examples/chat/room"
)

func main() {
	c := room.Config{Out: os.Stdout}
	c.Flags(flag.CommandLine)
	url := flag.String("nats", "", "URL of the NATS servers; if left out, one runs in this process")
	dir := flag.String("dir", "", "the directory of that one; if left out, messages end with the program")
	flag.Parse()
	if err := run(c, *url, *dir); err != nil {
		log.Fatal(err)
	}
}

func run(c room.Config, url, dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	options := []nats.Option{nats.MaxReconnects(-1)}
	where := url
	if url == "" {
		if dir == "" {
			temp, err := os.MkdirTemp("", "flatline-nats-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(temp)
			dir = temp
		}
		s, err := startServer(server.Options{StoreDir: dir, DontListen: true})
		if err != nil {
			return err
		}
		defer stopServer(s)
		options, where = append(options, nats.InProcessServer(s)), "a NATS server in this process, in "+dir
	}
	conn, err := nats.Connect(url, options...)
	if err != nil {
		return err
	}
	defer conn.Close()
	c.Open = func() (room.Store, string, error) {
		s, err := OpenNats(ctx, conn, "chat")
		return s, where, err
	}
	c.Mount = mount
	return room.Run(ctx, c)
}

// mount adds the WebSocket to the pages.
func mount(h *room.Hub, pages http.Handler, guard func(http.Handler) http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle("GET /socket", guard(socket(h)))
	return mux
}

// startServer starts a NATS server in this process. What it acknowledges is synced to disk.
func startServer(o server.Options) (*server.Server, error) {
	o.JetStream, o.SyncAlways, o.NoLog, o.NoSigs = true, true, true, true
	s, err := server.NewServer(&o)
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		stopServer(s)
		return nil, errors.New("the NATS server does not answer")
	}
	return s, nil
}

func stopServer(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}
