package server

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/slidingmax"
)

// redisVersion is the version whose replies this server gives.
const redisVersion = "7.0.15"

// peakWindow is how far back INFO's peaks look.
const peakWindow = time.Minute

// stats is what a server counts, beside what its shards count.
type stats struct {
	clients                         atomic.Int64
	connections, rejected           atomic.Int64
	commands, errors                atomic.Int64
	syncFull, syncPartial, syncMiss atomic.Int64

	mu        sync.Mutex
	last      time.Time // when the rate was sampled
	lastCount int64
	rate      int64 // commands a second since the sample before
	peaks     [3]*slidingmax.TimeWindow[int64]
}

// What has a peak.
const (
	peakRate = iota
	peakClients
	peakMemory
)

func (t *stats) init() {
	for i := range t.peaks {
		t.peaks[i] = slidingmax.NewTimeWindow[int64](peakWindow)
	}
	t.last = time.Now()
}

func (t *stats) reset() {
	for _, c := range []*atomic.Int64{&t.connections, &t.rejected, &t.errors, &t.syncFull, &t.syncPartial, &t.syncMiss} {
		c.Store(0)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.commands.Store(0)
	t.lastCount = 0
}

func (s *Server) sampleStats(now time.Time) {
	used, _ := s.memory()
	t := &s.stats
	t.mu.Lock()
	defer t.mu.Unlock()
	count := t.commands.Load()
	if d := now.Sub(t.last); d > 0 {
		t.rate = max(count-t.lastCount, 0) * int64(time.Second) / int64(d)
	}
	t.last, t.lastCount = now, count
	t.peaks[peakRate].Push(now, t.rate)
	t.peaks[peakClients].Push(now, t.clients.Load())
	t.peaks[peakMemory].Push(now, used)
}

// memory returns the sum of the items' costs and the number of keys.
func (s *Server) memory() (used int64, keys int) {
	for _, sh := range s.shards {
		sh.mu.Lock()
		used += sh.used
		keys += sh.keys.Len()
		sh.mu.Unlock()
	}
	return used, keys
}

// A section of INFO.
type section struct {
	name  string
	write func(s *session, line func(name string, value any))
}

var sections = []section{
	{"Server", infoServer},
	{"Clients", infoClients},
	{"Memory", infoMemory},
	{"Persistence", infoPersistence},
	{"Stats", infoStats},
	{"Replication", infoReplication},
	{"Keyspace", infoKeyspace},
}

func info(s *session, args [][]byte) {
	var b strings.Builder
	for _, sec := range sections {
		wanted := len(args) == 1
		for _, a := range args[1:] {
			wanted = wanted || is(a, "ALL") || is(a, "DEFAULT") || is(a, "EVERYTHING") || is(a, strings.ToUpper(sec.name))
		}
		if !wanted {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("# " + sec.name + "\r\n")
		sec.write(s, func(name string, value any) { fmt.Fprintf(&b, "%s:%v\r\n", name, value) })
	}
	s.verbatim(b.String())
}

func infoServer(s *session, line func(string, any)) {
	up := int64(time.Since(s.srv.began).Seconds())
	line("redis_version", redisVersion)
	line("redis_mode", "standalone")
	line("server_name", "respcache")
	line("os", runtime.GOOS+" "+runtime.GOARCH)
	line("go_version", runtime.Version())
	line("process_id", os.Getpid())
	line("run_id", s.srv.runID)
	line("tcp_port", s.srv.Addr().Port)
	line("shards", len(s.srv.shards))
	line("uptime_in_seconds", up)
	line("uptime_in_days", up/86400)
}

// peak returns the largest sample of the last minute.
func (t *stats) peak(which int) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, _ := t.peaks[which].Max(time.Now())
	return v
}

func infoClients(s *session, line func(string, any)) {
	line("connected_clients", s.srv.stats.clients.Load())
	line("connected_clients_peak_1m", s.srv.stats.peak(peakClients))
	line("maxclients", s.srv.config.maxClients.Load())
}

func infoMemory(s *session, line func(string, any)) {
	var used int64
	for _, sh := range s.srv.shards {
		used += sh.used
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	line("used_memory", used)
	line("used_memory_peak_1m", max(s.srv.stats.peak(peakMemory), used))
	line("go_heap_alloc", m.HeapAlloc)
	line("go_heap_sys", m.HeapSys)
	line("go_gc_cycles", m.NumGC)
	line("maxmemory", s.srv.config.get("maxmemory"))
	line("maxmemory_policy", s.srv.config.get("maxmemory-policy"))
}

func infoStats(s *session, line func(string, any)) {
	t := &s.srv.stats
	var hits, misses, expired, evicted uint64
	for _, sh := range s.srv.shards {
		hits, misses, expired, evicted = hits+sh.hits, misses+sh.misses, expired+sh.expired, evicted+sh.evicted
	}
	t.mu.Lock()
	rate := t.rate
	t.mu.Unlock()
	line("total_connections_received", t.connections.Load())
	line("total_commands_processed", t.commands.Load())
	line("instantaneous_ops_per_sec", rate)
	line("instantaneous_ops_per_sec_peak_1m", t.peak(peakRate))
	line("rejected_connections", t.rejected.Load())
	line("sync_full", t.syncFull.Load())
	line("sync_partial_ok", t.syncPartial.Load())
	line("sync_partial_err", t.syncMiss.Load())
	line("expired_keys", expired)
	line("evicted_keys", evicted)
	line("keyspace_hits", hits)
	line("keyspace_misses", misses)
	channels, patterns := s.srv.hub.count()
	line("pubsub_channels", channels)
	line("pubsub_patterns", patterns)
	line("total_error_replies", t.errors.Load())
}

func infoKeyspace(s *session, line func(string, any)) {
	n, timed := 0, 0
	for _, sh := range s.srv.shards {
		n += sh.keys.Len()
		timed += sh.timed.Len()
	}
	if n > 0 {
		line("db0", fmt.Sprintf("keys=%d,expires=%d,avg_ttl=0", n, timed))
	}
}

func infoPersistence(s *session, line func(string, any)) {
	flag := map[bool]int{true: 1}
	a := s.srv.feed.file
	line("loading", flag[s.srv.loading.Load()])
	line("aof_enabled", flag[a != nil])
	if a == nil {
		return
	}
	line("aof_rewrite_in_progress", flag[a.rewriting.Load()])
	status := "ok"
	if a.failed.Load() {
		status = "err"
	}
	line("aof_last_write_status", status)
	line("aof_current_size", a.size.Load())
	line("aof_base_size", a.baseSize.Load())
	line("aof_pending_chunks", a.queue.Len())
}

func infoReplication(s *session, line func(string, any)) {
	f := &s.srv.feed
	if l := &s.srv.link; l.on.Load() {
		host, port, state, offset := l.describe()
		status := "down"
		if state == "connected" {
			status = "up"
		}
		line("role", "slave")
		line("master_host", host)
		line("master_port", port)
		line("master_link_status", status)
		line("slave_repl_offset", offset)
	} else {
		line("role", "master")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	line("connected_slaves", len(f.replicas))
	n := 0
	for r := range f.replicas {
		host, _, _ := net.SplitHostPort(r.c.nc.RemoteAddr().String())
		line(fmt.Sprintf("slave%d", n), fmt.Sprintf("ip=%s,port=%s,state=online,offset=%d,lag=%d", host, r.port, r.acked, f.offset-r.acked))
		n++
	}
	line("master_replid", f.id)
	line("master_repl_offset", f.offset)
	if f.ring != nil {
		line("repl_backlog_size", f.ring.Cap())
		line("repl_backlog_histlen", f.ring.Len())
	}
}
