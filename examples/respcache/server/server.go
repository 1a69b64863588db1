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

// Options are the settings of New. The zero value is a cache only in memory, without a
// bound.
type Options struct {
	MaxMemory   int64  // bytes, as the items' costs count them; 0 is no bound
	Policy      string // of Redis's maxmemory-policy; "" is noeviction
	AppendOnly  bool   // keep a log of all changes in Dir
	Dir         string // "" is the working directory
	AppendFsync string // always, everysec (also "") or no
	ReplicaOf   string // host:port of a master; "" is none
	Shards      int    // a power of two up to 64; 0 is 1

	// Config has values of parameters by their names, as CONFIG SET takes them and before
	// those above. See Parameters.
	Config map[string]string

	Log func(format string, args ...any) // gets a line for each event that an operator should know; may be nil

	now  func() int64 // Unix milliseconds; tests have their own
	disk disk         // where the log lies; nil is the system's
}

// A Server is a cache that speaks the protocol of Redis. It is made by New. All
// methods are safe for concurrent use.
type Server struct {
	shards   []*shard
	only     *shard // the shard, if there is one
	all      uint64 // a bit for each shard
	seed     maphash.Seed
	limit    atomic.Int64 // bytes of one shard; 0 is none
	timeout  atomic.Int64 // seconds that a client may be idle; 0 is for any time
	maxReply int          // bytes; tests have smaller bounds
	maxPush  int
	loading  atomic.Bool // the first full copy is on its way, and there is nothing to show
	now      func() int64
	ticks    atomic.Int64 // of cron, so far
	log      func(format string, args ...any)
	runID    string
	began    time.Time

	config  config
	feed    feed
	link    link
	hub     hub
	clients concmap.Map[uint64, *conn]
	cluster *member // nil if there is none

	password  atomic.Pointer[string]
	guarded   atomic.Bool // there is a password
	protected atomic.Bool // without one, only clients of this machine are accepted
	tls       secure

	minReplicas atomic.Int64 // that have to be near for writes; 0 is none
	honest      atomic.Bool  // a replica without its master refuses to serve old data
	pause       pause
	lazy        atomic.Bool // keys expire only when they are asked for: DEBUG SET-ACTIVE-EXPIRE
	debugging   debugAccess // who may use DEBUG
	queryLimit  atomic.Int64
	cutting     chan struct{} // full while a snapshot is made: see cut
	pinged      time.Time     // when the replicas were last sent a PING; of cron
	denied      aclLog

	events    atomic.Uint32 // the classes of notify-keyspace-events
	observed  atomic.Bool   // every command is observed: see setObserved
	observing sync.Mutex
	slow      slowLog
	latency   latencyMonitor
	monitors  monitors
	saves     saves
	tracking  atomic.Bool // of the time that every command takes
	tallies   []tally     // by command.index
	stats     stats

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
	values, err := o.check()
	if err != nil {
		return nil, err
	}
	s, err := newState(o, values)
	if err != nil {
		return nil, err
	}
	if values["appendonly"] == "yes" {
		if err = s.openLog(values["dir"], o.disk); err == nil {
			s.setFsync(values["appendfsync"])
		}
	} else {
		err = s.loadDump(values["dir"])
	}
	if err != nil {
		s.cancel()
		return nil, err
	}
	s.group.Go(s.cron)
	if o.ReplicaOf != "" {
		if s.cluster != nil {
			return nil, errors.Join(errors.New("server: a node of a cluster has its master from the cluster, not from replicaof"), s.Close())
		}
		host, port, err := net.SplitHostPort(o.ReplicaOf)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("server: replicaof: %w", err), s.Close())
		}
		s.link.follow(s, host, port)
	}
	return s, nil
}

// newState returns a server with the values of its parameters and no data, without a
// goroutine.
func newState(o Options, values map[string]string) (*Server, error) {
	s := &Server{
		seed: maphash.MakeSeed(), now: o.now, log: o.Log, runID: newID(), began: time.Now(), maxReply: maxReply, maxPush: pushLimit,
		cutting: make(chan struct{}, 1),
	}
	if s.now == nil {
		s.now = func() int64 { return time.Now().UnixMilli() }
	}
	if s.log == nil {
		s.log = func(string, ...any) {}
	}
	if values["cluster-nodes"] != "" {
		s.cluster = &member{srv: s} // Listen makes it a node: it has to know its address
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for range s.bytes(values["shards"]) {
		s.shards = append(s.shards, newShard())
	}
	if len(s.shards) == 1 {
		s.only = s.shards[0]
	}
	s.all = 1<<(len(s.shards)-1)<<1 - 1
	s.tallies = make([]tally, tableLen)
	s.stats.init()
	s.feed.init()
	s.hub.init()
	if err := s.configure(values); err != nil {
		s.cancel()
		return nil, err
	}
	return s, nil
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

// tick is the period of the server's own work.
const tick = 100 * time.Millisecond

// cron removes expired keys and records the peaks, until Close.
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
			if late := s.latency.than.Load(); late > 0 && time.Since(now).Milliseconds() >= late {
				s.latency.add("expire-cycle", now, time.Since(now))
			}
			s.sampleStats(now)
			s.closeIdle()
			s.saveDue(own, now)
			if s.ticks.Load()%int64(time.Second/tick) == 0 {
				s.trimBuffers()
				s.pingReplicas(now)
			}
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
