package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A link is the replica's side: it follows a master until it is told otherwise.
type link struct {
	on atomic.Bool // the server is a replica

	turn   sync.Mutex // of who starts or stops a link
	cancel context.CancelFunc
	ended  chan struct{}

	mu         sync.Mutex
	host, port string
	state      string // connect, sync or connected
	id         string // of the master's stream, "?" before the first
	offset     int64  // what was executed of it
	until      int64  // where a full copy is whole

	next       string // the id and offset that a full copy will have when all items came;
	nextOffset int64  // this paragraph is the link's goroutine's
	pending    int64  // bytes of a transaction that is not complete
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
	l.host, l.port, l.state, l.id, l.offset = host, port, "connect", "?", -1
	l.mu.Unlock()
	s.loading.Store(false)
	if l.on.Store(host != ""); host == "" || s.ctx.Err() != nil {
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

// How long to wait before the master is called again: the longer the more calls
// failed.
const (
	minPause = 20 * time.Millisecond
	maxPause = 2 * time.Second
)

// run connects again and again.
func (l *link) run(ctx context.Context, s *Server) {
	pause := minPause
	for ctx.Err() == nil {
		err := l.connect(ctx, s)
		l.mu.Lock()
		if l.state != "connect" { // the master was there
			pause = minPause
		}
		l.state = "connect"
		l.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		s.log("master %s: %v", net.JoinHostPort(l.host, l.port), err)
		select {
		case <-time.After(pause):
			pause = min(2*pause, maxPause)
		case <-ctx.Done():
		}
	}
}

// masterTimeout is how long a master may be silent: six of its signs of life.
const masterTimeout = time.Minute

// connect follows the master over one connection, and returns why that ended.
func (l *link) connect(ctx context.Context, s *Server) error {
	nc, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(l.host, l.port))
	if err != nil {
		return err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()

	hello := appendCommand(nil, "REPLCONF", "listening-port", itoa(int64(s.Addr().Port)))
	hello = appendCommand(hello, "PSYNC", l.id, itoa(l.offset))
	if _, err := nc.Write(hello); err != nil {
		return err
	}
	var in reader
	if err := l.accepted(s, nc, &in); err != nil {
		return err
	}
	l.pending = 0
	own := s.internalSession(fromMaster)
	defer own.release()
	defer own.discard()
	for {
		if err := l.apply(s, own, &in); err != nil {
			return err
		}
		own.release()
		l.mu.Lock()
		ack := appendCommand(nil, "REPLCONF", "ACK", itoa(l.offset))
		l.mu.Unlock()
		if _, err := nc.Write(ack); err != nil {
			return err
		}
		if err := fill(nc, &in); err != nil {
			return err
		}
	}
}

func fill(nc net.Conn, in *reader) error {
	if err := nc.SetReadDeadline(time.Now().Add(masterTimeout)); err != nil {
		return err
	}
	n, err := nc.Read(in.room())
	in.came(n)
	return err
}

// accepted reads the master's answers to REPLCONF and PSYNC.
func (l *link) accepted(s *Server, nc net.Conn, in *reader) error {
	var lines [2]string
	for i := range lines {
		for {
			end := bytes.IndexByte(in.buf[in.next:], '\n')
			if end >= 0 {
				lines[i] = strings.TrimRight(string(in.buf[in.next:in.next+end]), "\r")
				in.next += end + 1
				in.begin = in.next
				break
			}
			if len(in.buf) > maxInline {
				return errors.New("too long an answer to PSYNC")
			}
			if err := fill(nc, in); err != nil {
				return err
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var id string
	var offset int64
	if _, err := fmt.Sscanf(lines[1], "+FULLRESYNC %s %d", &id, &offset); err == nil {
		s.loading.Store(true)
		l.state, l.id, l.offset, l.until = "sync", "?", -1, -1
		l.next, l.nextOffset = id, offset
		return nil
	}
	if lines[1] == "+CONTINUE "+l.id {
		l.state = "connected"
		return nil
	}
	return fmt.Errorf("unexpected answer to PSYNC: %q", lines[1])
}

// apply executes the commands that are complete, and counts how far in the stream
// that is. Inside a transaction the count stands: a link that is cut there begins
// again with all of it.
func (l *link) apply(s *Server, own *session, in *reader) error {
	for {
		args, err := in.command()
		if err != nil || args == nil {
			return err
		}
		if is(args[0], "REPLSYNCED") && len(args) == 2 {
			until, _ := parseInt(args[1])
			l.mu.Lock()
			l.id, l.offset, l.until = l.next, l.nextOffset, until
			l.caughtUp(s)
			l.mu.Unlock()
			continue
		}
		if own.do(args); own.errors > 0 {
			return fmt.Errorf("a command of the stream failed: %s", own.out)
		}
		own.out, own.done = own.out[:0], 0
		if l.pending += int64(in.next - in.begin); own.tx.open {
			continue
		}
		l.mu.Lock()
		if l.id != "?" {
			l.offset += l.pending
			l.caughtUp(s)
		}
		l.mu.Unlock()
		l.pending = 0
	}
}

// caughtUp ends the time in which a full copy is not whole. l is locked.
func (l *link) caughtUp(s *Server) {
	if l.state == "sync" && l.offset >= l.until {
		l.state = "connected"
		s.loading.Store(false)
	}
}

func replicaOf(s *session, args [][]byte) {
	host, port := string(args[1]), string(args[2])
	if is(args[1], "NO") && is(args[2], "ONE") {
		host, port = "", ""
	} else if n, ok := parseInt(args[2]); !ok || n < 0 || n > 65535 {
		s.err("ERR Invalid master port")
		return
	}
	l := &s.srv.link
	if h, p, _, _ := l.describe(); host != "" && h == host && p == port {
		s.simple("OK Already connected to specified master")
		return
	}
	s.release() // the link may need the shards to end
	l.follow(s.srv, host, port)
	s.ok()
}
