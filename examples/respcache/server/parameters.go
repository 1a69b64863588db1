package server

import (
	"math"
	"net"
	"strconv"
	"time"
)

// A parameter is a name that CONFIG knows. Without a check it cannot be set; with one it
// can, at the start or, unless it is fixed, by CONFIG SET. Its value is in effect at once:
// apply, which is called with all shards locked, sees to that, or whoever needs the value
// reads it. show is for what is in force without having been set.
type parameter struct {
	name, initial string
	usage         string // of the flag; "" is no flag
	fixed         bool
	hidden        bool // is shown only to those who ask for it by name
	boolean       bool // yes or no
	ofLog         bool // has an effect only with a log
	check         check
	apply         func(s *Server, value string)
	try           func(s *Server, value string) error // as apply, where that may fail
	show          func(s *Server) string
}

var parameters = []parameter{
	{name: "acllog-max-len", initial: strconv.Itoa(aclLogLen)},
	{name: "aof-use-rdb-preamble", initial: "yes"},
	{name: "appenddirname", initial: logDir},
	{name: "appendfilename", initial: "appendonly.aof"},
	{name: "appendfsync", initial: "everysec", ofLog: true, check: oneOf("everysec", "always", "no"), apply: (*Server).setFsync, usage: "when the log is forced to disk: always, everysec or no"},
	{name: "appendonly", initial: "no", fixed: true, boolean: true, check: yesNo, usage: "keep a log of all changes in dir"},
	{name: "auto-aof-rewrite-min-size", initial: "67108864", ofLog: true, check: memory(0, math.MaxInt64), usage: "`bytes` from which the log is rewritten by itself"},
	{name: "auto-aof-rewrite-percentage", initial: "100", ofLog: true, check: number(0, math.MaxInt32), usage: "by how much the log grows until then; 0 is never"},
	{name: "bind", show: func(s *Server) string { return s.listensOn(0) }},
	{name: "client-query-buffer-limit", initial: strconv.Itoa(maxQuery), check: memory(1<<20, maxQuery), apply: func(s *Server, v string) { s.queryLimit.Store(s.bytes(v)) }, usage: "`bytes` that a client may send as one command"},
	{name: "cluster-acks", initial: "0", fixed: true, check: number(0, 16), usage: "replicas that must have a write before a node of a cluster acknowledges it"},
	{name: "cluster-announce", fixed: true, check: anyText, usage: "host:port by which the other nodes of a cluster know this one, if it is not the address that it listens on"},
	{name: "cluster-enabled", show: func(s *Server) string { return map[string]string{"cluster": "yes", "standalone": "no"}[s.mode()] }},
	{name: "cluster-node-timeout", initial: "2000", fixed: true, check: number(50, math.MaxInt32), usage: "`milliseconds` after which a node of a cluster that is not heard is replaced"},
	{name: "cluster-nodes", fixed: true, check: anyText, usage: "host:port of all nodes of a cluster, separated by commas; first those that begin as masters"},
	{name: "cluster-replicas", initial: "1", fixed: true, check: number(0, 16), usage: "replicas of each master of a cluster"},
	{name: "daemonize", initial: "no"},
	{name: "databases", initial: "1"},
	{name: "dbfilename", initial: dumpName},
	{name: "dir", initial: ".", fixed: true, check: anyText, usage: "where the log and dump.rdb lie"},
	{name: "enable-debug-command", initial: "no", fixed: true, check: oneOf("no", "yes", "local"), apply: (*Server).setDebug, usage: "who may use DEBUG: no, yes or local"},
	{name: "hz", initial: strconv.Itoa(int(time.Second / tick))},
	{name: "key-load-delay", initial: "0", hidden: true},
	{name: "latency-monitor-threshold", initial: "0", check: number(0, math.MaxInt32), apply: func(s *Server, v string) {
		s.latency.than.Store(s.bytes(v))
		s.setObserved()
	}, usage: "milliseconds from which LATENCY notes a command; 0 is never"},
	{name: "latency-tracking", initial: "no", boolean: true, check: yesNo, apply: func(s *Server, v string) {
		s.tracking.Store(v == "yes")
		s.setObserved()
	}, usage: "time every command, for INFO latencystats and LATENCY HISTOGRAM"},
	{name: "latency-tracking-info-percentiles", initial: "50 99 99.9", check: percentiles, usage: "percentiles that INFO latencystats shows"},
	{name: "masterauth", check: anyText, usage: "the password of the master"},
	{name: "maxclients", initial: "10000", check: number(1, math.MaxUint32), apply: func(s *Server, v string) { s.config.maxClients.Store(s.bytes(v)) }, usage: "connections that are accepted"},
	{name: "maxmemory", initial: "0", check: memory(0, math.MaxInt64), apply: (*Server).setMaxMemory, usage: "`bytes` that keys and values may take, as 100mb; 0 is no bound"},
	{name: "maxmemory-clients", initial: "0", check: noClientLimit},
	{name: "maxmemory-policy", initial: "noeviction", check: oneOf(policyNames()...), apply: (*Server).setPolicy, usage: "which keys are evicted when memory is full"},
	{name: "maxmemory-samples", initial: "0"}, // no key is drawn: the victim is the first of all
	{name: "min-replicas-max-lag", initial: "10", check: number(0, math.MaxInt32), apply: func(s *Server, v string) { s.feed.maxLag.Store(s.bytes(v)) }, usage: "seconds since a replica was heard after which it is not near; 0 is that min-replicas-to-write is off"},
	{name: "min-replicas-to-write", initial: "0", check: number(0, math.MaxInt32), apply: func(s *Server, v string) { s.minReplicas.Store(s.bytes(v)) }, usage: "replicas that have to be near for writes to be accepted"},
	{name: "notify-keyspace-events", check: notifyClasses, apply: (*Server).setNotify, usage: "classes of events that are published, as KEA"},
	{name: "port", check: number(1, math.MaxUint16), try: (*Server).setPort, show: func(s *Server) string { return s.listensOn(1) }},
	{name: "proto-max-bulk-len", initial: strconv.Itoa(maxBulk)},
	{name: "protected-mode", initial: "yes", boolean: true, check: yesNo, apply: func(s *Server, v string) { s.protected.Store(v == "yes") }, usage: "without a password, accept connections from this machine only"},
	{name: "rdbchecksum", initial: "yes"},
	{name: "rdbcompression", initial: "no"},
	{name: "repl-backlog-size", initial: "1048576", check: backlog, apply: (*Server).setBacklog, usage: "`bytes` of changes that replicas may lag behind without a full copy"},
	{name: "repl-ping-replica-period", initial: "10", check: number(1, math.MaxInt32), usage: "seconds between two signs of life to replicas"},
	{name: "repl-timeout", initial: strconv.Itoa(int(masterTimeout / time.Second))},
	{name: "replica-read-only", initial: "yes"},
	{name: "replica-serve-stale-data", initial: "yes", boolean: true, check: yesNo, apply: func(s *Server, v string) { s.honest.Store(v == "no") }, usage: "a replica without its master goes on to serve reads"},
	{name: "replicaof", show: (*Server).follows},
	{name: "requirepass", check: anyText, apply: (*Server).setPassword, usage: "the password that clients have to give"},
	{name: "save", check: savePoints, apply: (*Server).setSave, usage: "when dump.rdb is written by itself: pairs of seconds and changes, as \"3600 1 60 1000\""},
	{name: "shards", initial: "1", fixed: true, check: powerOfTwo(64), usage: "parts of the keys with a lock and an order each: a power of two up to 64"},
	{name: "slaveof", show: (*Server).follows},
	{name: "slowlog-log-slower-than", initial: "10000", check: number(-1, math.MaxInt64), apply: func(s *Server, v string) {
		s.slow.than.Store(s.bytes(v))
		s.setObserved()
	}, usage: "microseconds from which SLOWLOG notes a command; -1 is never"},
	{name: "slowlog-max-len", initial: "128", check: number(0, math.MaxInt64), apply: func(s *Server, v string) { s.slow.setLen(s.bytes(v)) }, usage: "commands that SLOWLOG keeps"},
	{name: "timeout", initial: "0", check: number(0, math.MaxInt32), apply: func(s *Server, v string) { s.timeout.Store(s.bytes(v)) }, usage: "seconds after which an idle client is disconnected; 0 is never"},
	{name: "tls-auth-clients", initial: "yes", fixed: true, check: oneOf("yes", "no", "optional"), usage: "whether clients need a certificate, if there is tls-ca-cert-file: yes, no or optional"},
	{name: "tls-ca-cert-file", fixed: true, check: anyText, usage: "certificates of the authority that signs those of clients and masters"},
	{name: "tls-cert-file", fixed: true, check: anyText, usage: "the server's certificate: with it all connections are encrypted"},
	{name: "tls-key-file", fixed: true, check: anyText, usage: "the key of the certificate"},
	{name: "tls-replication", initial: "no", fixed: true, boolean: true, check: yesNo, usage: "encrypt the connection to the master"},
}

// aliases are the older names of parameters, which CONFIG GET shows too.
var aliases = map[string]string{
	"min-slaves-max-lag":     "min-replicas-max-lag",
	"min-slaves-to-write":    "min-replicas-to-write",
	"repl-ping-slave-period": "repl-ping-replica-period",
	"slave-read-only":        "replica-read-only",
	"slave-serve-stale-data": "replica-serve-stale-data",
}

// parameterOf returns the parameter with a name, nil if there is none.
func parameterOf(name string) *parameter {
	if newer, ok := aliases[name]; ok {
		name = newer
	}
	for i := range parameters {
		if parameters[i].name == name {
			return &parameters[i]
		}
	}
	return nil
}

func policyNames() (names []string) {
	for _, p := range policies {
		names = append(names, p.name)
	}
	return names
}

func (s *Server) setPolicy(name string) {
	for _, p := range policies {
		if p.name == name {
			for _, sh := range s.shards {
				sh.setPolicy(p.policy)
			}
		}
	}
}

// setMaxMemory gives each shard its part, rounded up.
func (s *Server) setMaxMemory(v string) {
	n := int64(len(s.shards))
	s.limit.Store((s.bytes(v)-1)/n + min(s.bytes(v), 1))
}

// listensOn returns the host or the port that the server listens on.
func (s *Server) listensOn(part int) string {
	addr := s.Addr()
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil || addr.Port == 0 {
		return []string{"", "0"}[part]
	}
	return []string{host, port}[part]
}

func (s *Server) follows() string {
	if !s.isReplica() {
		return ""
	}
	host, port, _, _ := s.link.describe()
	return host + " " + port
}

// backlog checks repl-backlog-size; a size that is too small is made the smallest.
func backlog(v string) (string, error) {
	v, err := memory(1, maxBacklog)(v)
	if n, _ := parseInt([]byte(v)); err == nil && n < minBacklog {
		v = itoa(minBacklog)
	}
	return v, err
}
