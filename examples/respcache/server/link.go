package server

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A link is the replica's side: it follows a master until REPLICAOF changes that.
type link struct {
	on atomic.Bool // the server is a replica

	turn   sync.Mutex // held while a link is started or stopped
	cancel context.CancelFunc
	ended  chan struct{}

	mu         sync.Mutex
	host, port string
	state      string // connect, sync or connected
	id         string // of the stream that the data come from, "?" before the first
	offset     int64  // what was executed of it
	chain      string // the run ids of the master, its master and so on
}

// follow makes the server a replica of host:port; with host "" it stops being one.
func (l *link) follow(s *Server, host, port string) {
	l.turn.Lock()
	defer l.turn.Unlock()
	if l.cancel != nil {
		l.cancel()
		<-l.ended
		l.cancel = nil
	}
	l.mu.Lock()
	l.host, l.port, l.state, l.id, l.offset, l.chain = host, port, "connect", "?", -1, ""
	l.mu.Unlock()
	s.loading.Store(false)
	l.on.Store(host != "")
	s.feed.disconnect() // the replicas are to hear where their data come from now
	if host == "" || s.ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan struct{})
	l.cancel, l.ended = cancel, ended
	s.group.Go(func() {
		defer close(ended)
		l.run(ctx, s)
	})
}

// stop is for Close: the context has ended already.
func (l *link) stop() {
	l.turn.Lock()
	defer l.turn.Unlock()
	if l.cancel != nil {
		l.cancel()
		<-l.ended
	}
}

func (l *link) describe() (host, port, state string, offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.host, l.port, l.state, l.offset
}

// How long to wait before the next connection to the master: twice as long after each
// connection that received nothing.
const (
	minPause = 20 * time.Millisecond
	maxPause = 2 * time.Second
)

// run connects again and again. It logs a repeated failure only once.
func (l *link) run(ctx context.Context, s *Server) {
	pause, said, had := minPause, "", int64(-1)
	for {
		err := l.connect(ctx, s)
		s.loading.Store(false)
		l.mu.Lock()
		if l.offset != had {
			pause, had = minPause, l.offset
		}
		l.state = "connect"
		l.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		if text := err.Error(); text != said {
			s.log("master %s: %s", net.JoinHostPort(l.host, l.port), text)
			said = text
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, maxPause)
		case <-ctx.Done():
			return
		}
	}
}

// masterTimeout is how long a master may be silent: six of its signs of life.
const masterTimeout = time.Minute

// connect follows the master over one connection, and returns why that ended.
func (l *link) connect(ctx context.Context, s *Server) (err error) {
	nc, err := s.dialMaster(ctx, l.host, l.port)
	if err != nil {
		return err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	return (&follower{l: l, s: s, nc: nc}).follow(ctx)
}

func (l *link) setState(state string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = state
}

func (l *link) connected() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state == "connected"
}

// chain returns the run ids of the server and of all servers that its data come from.
func (s *Server) chain() string {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	if s.link.chain == "" {
		return s.runID
	}
	return s.runID + "," + s.link.chain
}

// setChain takes the master's chain, and reports whether the server, or its stream, is not in
// it: if it is, it would copy its own data. If the chain has changed, its replicas are notified.
func (l *link) setChain(s *Server, chain string) bool {
	if all := strings.Split(chain, ","); slices.Contains(all, s.runID) || slices.Contains(all, s.feed.stream()) {
		return false
	}
	l.mu.Lock()
	was := l.chain
	l.chain = chain
	l.mu.Unlock()
	if was != chain {
		s.feed.disconnect()
	}
	return true
}

func replicaOf(s *session, args [][]byte) {
	host, port := string(args[1]), string(args[2])
	if is(args[1], "NO") && is(args[2], "ONE") {
		host, port = "", ""
	} else if n, ok := parseInt(args[2]); !ok || n < 0 || n > 65535 {
		s.err("ERR Invalid master port")
		return
	}
	if s.srv.cluster != nil {
		s.err("ERR REPLICAOF not allowed in cluster mode.")
		return
	}
	l := &s.srv.link
	if h, p, _, _ := l.describe(); host != "" && h == host && p == port {
		s.simple("OK Already connected to specified master")
		return
	}
	follow := func() {
		s.release() // the link may need the shards to end
		l.follow(s.srv, host, port)
	}
	if s.ok(); s.tx.running {
		s.tx.after = append(s.tx.after, follow)
	} else {
		follow()
	}
}
