package server

import (
	"fmt"
	"maps"
	"net"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"time"
)

// redisVersion is the version whose replies this server gives.
const redisVersion = "7.0.15"

// A report collects the lines of INFO.
type report struct {
	strings.Builder
	s    *session
	sums counts
}

func (r *report) line(name string, value any) { fmt.Fprintf(r, "%s:%v\r\n", name, value) }

// bytes writes a number of bytes, and the same for people.
func (r *report) bytes(name string, n int64) {
	r.line(name, n)
	r.line(name+"_human", human(n))
}

// human is a number of bytes as Redis writes it for people.
func human(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%dB", n)
	}
	x := float64(n)
	for _, unit := range "KMGTP" {
		if x /= 1 << 10; x < 1<<10 || unit == 'P' {
			return fmt.Sprintf("%.2f%c", x, unit)
		}
	}
	return ""
}

// A section of INFO.
type section struct {
	name  string
	write func(r *report)
}

var sections = []section{
	{"Server", infoServer},
	{"Clients", infoClients},
	{"Memory", infoMemory},
	{"Persistence", infoPersistence},
	{"Stats", infoStats},
	{"Replication", infoReplication},
	{"CPU", infoCPU},
	{"Commandstats", infoCommandStats},
	{"Errorstats", infoErrors},
	{"Latencystats", infoLatencyStats},
	{"Cluster", func(r *report) { r.line("cluster_enabled", map[string]int{"cluster": 1}[r.s.srv.mode()]) }},
	{"Keyspace", infoKeyspace},
}

func info(s *session, args [][]byte) {
	r := report{s: s, sums: s.counts()}
	for _, sec := range sections {
		common := sec.name != "Commandstats" && sec.name != "Latencystats"
		wanted := len(args) == 1 && common
		for _, a := range args[1:] {
			wanted = wanted || is(a, "ALL") || is(a, "EVERYTHING") || common && is(a, "DEFAULT") || is(a, strings.ToUpper(sec.name))
		}
		if !wanted {
			continue
		}
		if r.Len() > 0 {
			r.WriteString("\r\n")
		}
		r.WriteString("# " + sec.name + "\r\n")
		sec.write(&r)
	}
	s.verbatim(r.String())
}

func infoServer(r *report) {
	srv := r.s.srv
	up := int64(time.Since(srv.began).Seconds())
	exe, _ := os.Executable()
	r.line("redis_version", redisVersion)
	r.line("redis_git_sha1", "00000000") // as a Redis that was not built from a repository
	r.line("redis_mode", srv.mode())
	r.line("server_name", "respcache")
	r.line("os", runtime.GOOS+" "+runtime.GOARCH)
	r.line("arch_bits", 32<<(^uint(0)>>63))
	r.line("go_version", runtime.Version())
	r.line("process_id", os.Getpid())
	r.line("run_id", srv.runID)
	r.line("tcp_port", srv.Addr().Port)
	r.line("server_time_usec", time.Now().UnixMicro())
	r.line("shards", len(srv.shards))
	r.line("uptime_in_seconds", up)
	r.line("uptime_in_days", up/86400)
	r.line("hz", int(time.Second/tick))
	r.line("executable", exe)
	r.line("config_file", "")
}

func infoClients(r *report) {
	srv := r.s.srv
	blocked, monitors := 0, srv.monitors.n.Load()
	for _, c := range srv.clients.All() {
		if c.waiting.Load() {
			blocked++
		}
	}
	r.line("connected_clients", srv.stats.clients.Load())
	r.line("connected_clients_peak_1m", srv.stats.peak(peakClients))
	r.line("maxclients", srv.config.maxClients.Load())
	r.line("blocked_clients", blocked)
	r.line("monitor_clients", monitors)
	r.line("tracking_clients", 0)
}

// infoMemory shows what maxmemory counts as used_memory; what the process takes is
// used_memory_rss.
func infoMemory(r *report) {
	srv, used := r.s.srv, r.sums.used
	t := &srv.stats
	t.mu.Lock()
	t.most = max(t.most, used)
	most := t.most
	t.mu.Unlock()
	m := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(m)
	total := int64(m[0].Value.Uint64())
	rss := residentBytes(total)
	r.bytes("used_memory", used)
	r.bytes("used_memory_rss", rss)
	r.bytes("used_memory_peak", most)
	r.line("used_memory_peak_perc", fmt.Sprintf("%.2f%%", 100*float64(used)/float64(max(most, 1))))
	r.line("used_memory_peak_1m", max(t.peak(peakMemory), used))
	r.line("used_memory_overhead", int64(r.sums.keys)*keyCost+int64(r.sums.timed)*timedCost)
	r.line("used_memory_dataset", used-int64(r.sums.keys)*keyCost-int64(r.sums.timed)*timedCost)
	r.bytes("maxmemory", srv.bytes(srv.config.get("maxmemory")))
	r.line("maxmemory_policy", srv.config.get("maxmemory-policy"))
	r.line("mem_fragmentation_ratio", fmt.Sprintf("%.2f", float64(rss)/float64(max(used, 1))))
	r.line("mem_replication_backlog", srv.feed.look().backlog)
	r.line("mem_allocator", "go")
	r.line("lazyfree_pending_objects", 0) // memory is the collector's as soon as no key has it
	r.line("lazyfreed_objects", 0)
	r.line("go_memory_total", total)
	r.line("go_heap_objects", m[1].Value.Uint64())
	r.line("go_gc_cycles", m[2].Value.Uint64())
}

func infoStats(r *report) {
	t := &r.s.srv.stats
	t.mu.Lock()
	rates := t.rates
	t.mu.Unlock()
	r.line("total_connections_received", t.connections.Load())
	r.line("total_commands_processed", t.commands.Load())
	r.line("instantaneous_ops_per_sec", rates.commands)
	r.line("instantaneous_ops_per_sec_peak_1m", t.peak(peakRate))
	r.line("total_net_input_bytes", t.netIn.Load())
	r.line("total_net_output_bytes", t.netOut.Load())
	r.line("instantaneous_input_kbps", fmt.Sprintf("%.2f", float64(rates.in)/1024))
	r.line("instantaneous_output_kbps", fmt.Sprintf("%.2f", float64(rates.outgo)/1024))
	r.line("rejected_connections", t.rejected.Load())
	r.line("sync_full", t.syncFull.Load())
	r.line("sync_partial_ok", t.syncPartial.Load())
	r.line("sync_partial_err", t.syncMiss.Load())
	r.line("expired_keys", r.sums.expired)
	r.line("evicted_keys", r.sums.evicted)
	r.line("keyspace_hits", r.sums.hits)
	r.line("keyspace_misses", r.sums.misses)
	channels, patterns := r.s.srv.hub.count()
	r.line("pubsub_channels", channels)
	r.line("pubsub_patterns", patterns)
	r.line("latest_fork_usec", 0)
	r.line("total_error_replies", t.errors.Load()+int64(r.s.errors))
	r.line("connection_panics", t.panics.Load())
}

func infoErrors(r *report) {
	found := map[string]int64{}
	for code, n := range r.s.srv.stats.codes.All() {
		found[code] = n.Load()
	}
	for _, code := range slices.Sorted(maps.Keys(found)) {
		r.line("errorstat_"+code, fmt.Sprintf("count=%d", found[code]))
	}
}

func infoCPU(r *report) {
	system, user := cpuSeconds()
	r.line("used_cpu_sys", fmt.Sprintf("%.6f", system))
	r.line("used_cpu_user", fmt.Sprintf("%.6f", user))
	r.line("used_cpu_sys_children", "0.000000")
	r.line("used_cpu_user_children", "0.000000")
}

func infoKeyspace(r *report) {
	if r.sums.keys > 0 {
		r.line("db0", fmt.Sprintf("keys=%d,expires=%d,avg_ttl=0", r.sums.keys, r.sums.timed))
	}
}

func infoPersistence(r *report) {
	flag := map[bool]int{true: 1}
	status := func(failed bool) string {
		if failed {
			return "err"
		}
		return "ok"
	}
	srv := r.s.srv
	v := &srv.saves
	v.mu.Lock()
	changes, failed, took, count, handed := v.changes, v.failed, v.took, v.count, v.handed
	v.mu.Unlock()
	r.line("loading", flag[srv.loading.Load()])
	r.line("rdb_changes_since_last_save", r.sums.changes-min(changes, r.sums.changes))
	r.line("rdb_bgsave_in_progress", flag[v.running.Load()])
	r.line("rdb_last_save_time", srv.lastSave().Unix())
	r.line("rdb_last_bgsave_status", status(failed))
	r.line("rdb_last_bgsave_time_sec", int64(took.Seconds()))
	r.line("rdb_saves", count)
	r.line("rdb_last_cow_size", handed)
	a := srv.feed.file
	r.line("aof_enabled", flag[a != nil])
	if a == nil {
		return
	}
	r.line("aof_rewrite_in_progress", flag[a.isRewriting()])
	r.line("aof_last_write_status", status(a.failed.Load()))
	r.line("aof_current_size", a.size.Load())
	r.line("aof_base_size", a.baseSize.Load())
	r.line("aof_pending_chunks", a.queue.Len())
	r.line("aof_orphan_files", a.orphans.Load())
}

func infoReplication(r *report) {
	f := r.s.srv.feed.look()
	if l := &r.s.srv.link; l.on.Load() {
		host, port, state, offset := l.describe()
		status := "down"
		if state == "connected" {
			status = "up"
		}
		r.line("role", "slave")
		r.line("master_host", host)
		r.line("master_port", port)
		r.line("master_link_status", status)
		r.line("master_sync_in_progress", map[bool]int{true: 1}[state == "sync"])
		r.line("slave_repl_offset", offset)
		r.line("slave_read_only", 1)
	} else {
		r.line("role", "master")
	}
	r.line("connected_slaves", len(f.replicas))
	for i, x := range f.replicas {
		r.line(fmt.Sprintf("slave%d", i), fmt.Sprintf("ip=%s,port=%s,state=online,offset=%d,lag=%d", x.host, x.port, x.acked, int64(time.Since(x.heard).Seconds())))
	}
	r.line("master_replid", f.id)
	r.line("master_repl_offset", f.offset)
	r.line("repl_backlog_active", map[bool]int{true: 1}[f.backlog > 0])
	size, first := r.s.srv.config.get("repl-backlog-size"), int64(0) // until the first replica makes it
	if f.backlog > 0 {
		first = f.offset - int64(f.histlen) + 1
	}
	r.line("repl_backlog_size", size)
	r.line("repl_backlog_first_byte_offset", first)
	r.line("repl_backlog_histlen", f.histlen)
}

// hostOf is the host of an address.
func hostOf(addr string) string {
	host, _, _ := net.SplitHostPort(addr)
	return host
}
