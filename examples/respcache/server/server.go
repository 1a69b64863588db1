package server

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/concmap"
)

// Options are what New can be told. The zero value is a cache in memory alone,
// without a bound.
type Options struct {
	MaxMemory   int64  // bytes, as the items' costs count them; 0 is no bound
	Policy      string // of Redis's maxmemory-policy; "" is noeviction
	AppendOnly  bool   // keep a log of all changes in Dir
	Dir         string // "" is the working directory
	AppendFsync string // always, everysec (also "") or no
	ReplicaOf   string // host:port of a master; "" is none
	Shards      int    // a power of two up to 64; 0 is 1

	Log func(format string, args ...any) // gets one line for what a person should know; nil is nobody

	now func() int64 // Unix milliseconds; tests have their own
}

// A Server is a cache that speaks the protocol of Redis. It is made by New. All
// methods are safe for concurrent use.
type Server struct {
	shards  []*shard
	all     uint64 // a bit for each shard
	seed    maphash.Seed
	limit   atomic.Int64 // bytes of one shard; 0 is none
	loading atomic.Bool
	now     func() int64
	ticks   atomic.Int64 // of cron, so far
	log     func(format string, args ...any)
	runID   string
	began   time.Time

	config  config
	feed    feed
	link    link
	hub     hub
	clients concmap.Map[uint64, *conn]
	stats   stats

	ids    atomic.Uint64
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	group  sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
}

// New returns a server, with what its log on disk holds. It does not listen yet:
// see Serve. Close it in any case.
func New(o Options) (*Server, error) {
	if o.Shards == 0 {
		o.Shards = 1
	}
	if o.Shards < 1 || o.Shards > 64 || o.Shards&(o.Shards-1) != 0 {
		return nil, fmt.Errorf("server: shards must be a power of two up to 64, got %d", o.Shards)
	}
	s := &Server{
		seed: maphash.MakeSeed(), now: o.now, log: o.Log, runID: newID(), began: time.Now(),
		all: 1<<(o.Shards-1)<<1 - 1,
	}
	if s.now == nil {
		s.now = func() int64 { return time.Now().UnixMilli() }
	}
	if s.log == nil {
		s.log = func(string, ...any) {}
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for range o.Shards {
		s.shards = append(s.shards, newShard())
	}
	s.stats.init()
	s.feed.init()
	s.hub.init()
	if err := s.configure(o); err != nil {
		s.cancel()
		return nil, err
	}
	if o.AppendOnly {
		if err := s.openLog(o.Dir); err != nil {
			s.cancel()
			return nil, err
		}
		s.setFsync(s.config.get("appendfsync"))
	}
	s.group.Go(s.cron)
	if o.ReplicaOf != "" {
		host, port, err := net.SplitHostPort(o.ReplicaOf)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("server: replicaof: %w", err), s.Close())
		}
		s.link.follow(s, host, port)
	}
	return s, nil
}

// Listen opens the address, which Addr then returns.
func (s *Server) Listen(addr string) error {
	l, err := new(net.ListenConfig).Listen(s.ctx, "tcp", addr)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener = l
	if s.ctx.Err() != nil {
		l.Close()
	}
	return nil
}

// Addr returns the address that the server listens on.
func (s *Server) Addr() *net.TCPAddr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return &net.TCPAddr{}
	}
	return s.listener.Addr().(*net.TCPAddr)
}

// Serve accepts clients until Close, and then returns nil.
func (s *Server) Serve() error {
	for pause := time.Millisecond; ; {
		nc, err := s.listener.Accept()
		switch {
		case s.ctx.Err() != nil:
			if nc != nil {
				nc.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // no file descriptor is left, say: clients leave, and it works again
			s.log("accept: %v", err)
			select {
			case <-time.After(pause):
				pause = min(2*pause, time.Second)
			case <-s.ctx.Done():
			}
			continue
		}
		pause = time.Millisecond
		s.accept(nc)
	}
}

// Shutdown makes Serve return. Close is still to be called.
func (s *Server) Shutdown() {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		s.listener.Close()
	}
}

// Close stops listening, closes all connections, writes what is left of the log,
// waits for all that it has started, and returns the log's error, if it had one.
func (s *Server) Close() error {
	s.cancel()
	s.mu.Lock()
	if s.listener != nil {
		s.listener.Close()
	}
	s.mu.Unlock()
	for _, c := range s.clients.All() {
		c.nc.Close()
	}
	s.link.stop()
	s.group.Wait()
	return s.feed.close()
}

// internalSession is a session of the server's own.
func (s *Server) internalSession(o origin) *session { return &session{srv: s, origin: o} }

// tick is how often the server looks after itself.
const tick = 100 * time.Millisecond

// cron takes out what is over and notes the peaks, until Close.
func (s *Server) cron() {
	t := time.NewTicker(tick)
	defer t.Stop()
	own := s.internalSession(fromClient)
	for {
		select {
		case <-s.ctx.Done():
			return
		case now := <-t.C:
			s.ticks.Add(1)
			for i := range s.shards {
				own.expireSome(1<<i, i)
			}
			s.sampleStats(now)
		}
	}
}

func (s *Server) random(n int) int { return rand.IntN(n) }

func (s *Server) isReplica() bool { return s.link.on.Load() }

func newID() string {
	const digits = "0123456789abcdef"
	id := make([]byte, 40)
	for i := range id {
		id[i] = digits[rand.IntN(16)]
	}
	return string(id)
}
