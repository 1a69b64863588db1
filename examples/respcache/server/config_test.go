package server

import (
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/loopback"
)

// parameter asks for the value of one.
func configOf(s *session, name string) string {
	lines := strings.Split(ask(s, "CONFIG", "GET", name), "\r\n")
	if len(lines) < 5 {
		return "none"
	}
	return lines[4]
}

// TestConfigIsInForce: CONFIG GET says of each parameter what the server was started with,
// and what it does.
func TestConfigIsInForce(t *testing.T) {
	cert, key := certificates(t)
	given := map[string]string{
		"cluster-acks": "1", "cluster-announce": "cache:1", "cluster-node-timeout": "3000", "cluster-nodes": "", "cluster-replicas": "2",
		"appendfsync": "no", "appendonly": "yes", "auto-aof-rewrite-min-size": "1mb", "auto-aof-rewrite-percentage": "50", "dir": t.TempDir(),
		"latency-monitor-threshold": "7", "masterauth": "m", "maxclients": "77", "maxmemory": "1gb", "maxmemory-policy": "Allkeys-LRU",
		"notify-keyspace-events": "KEA", "protected-mode": "no", "repl-backlog-size": "1m", "requirepass": "p", "shards": "4",
		"client-query-buffer-limit": "2mb", "enable-debug-command": "local", "latency-tracking": "yes", "latency-tracking-info-percentiles": "50.0 99.9",
		"min-replicas-max-lag": "4", "min-replicas-to-write": "2", "repl-ping-replica-period": "3", "replica-serve-stale-data": "no", "save": " 900  1 ",
		"slowlog-log-slower-than": "5", "slowlog-max-len": "6", "timeout": "300",
		"tls-auth-clients": "no", "tls-ca-cert-file": cert, "tls-cert-file": cert, "tls-key-file": key, "tls-replication": "yes",
	}
	want := maps.Clone(given)
	maps.Copy(want, map[string]string{
		"auto-aof-rewrite-min-size": "1048576", "maxmemory": "1073741824", "maxmemory-policy": "allkeys-lru", "notify-keyspace-events": "AKE", "repl-backlog-size": "1000000",
		"cluster-enabled": "no",
		"appenddirname":   logDir, "appendfilename": "appendonly.aof", "bind": "127.0.0.1", "databases": "1", "dbfilename": dumpName, "hz": "10",
		"proto-max-bulk-len": "536870912", "rdbchecksum": "yes", "rdbcompression": "no", "replica-read-only": "yes", "replicaof": "", "slaveof": "", "save": "900 1",
		"acllog-max-len": "128", "aof-use-rdb-preamble": "yes", "client-query-buffer-limit": "2097152", "daemonize": "no", "key-load-delay": "0",
		"latency-tracking-info-percentiles": "50 99.9", "maxmemory-clients": "0", "maxmemory-samples": "0", "repl-timeout": "60",
	})
	s := start(t, Options{Config: given})
	want["port"] = itoa(int64(s.Addr().Port))
	own := s.internalSession(fromClient)
	for _, p := range parameters {
		require.Contains(t, want, p.name, "a parameter that this test does not know")
		assert.Equal(t, want[p.name], configOf(own, p.name), p.name)
	}
	assert.Len(t, parameters, len(want))
	for _, p := range Parameters() {
		assert.Contains(t, given, p.Name, "a flag that this test does not give")
	}
	assert.Equal(t, int64(1<<28), s.limit.Load(), "of each of four shards")
	assert.Equal(t, int64(77), s.config.maxClients.Load())
	assert.Equal(t, policy{byAge, false}, s.shards[3].policy)
	assert.Len(t, s.shards, 4)
	assert.Equal(t, int64(300), s.timeout.Load())
	assert.False(t, s.protected.Load())
	assert.True(t, s.guarded.Load())
	assert.True(t, s.observed.Load())
	assert.True(t, s.tracking.Load())
	assert.True(t, s.savesItself())
	assert.True(t, s.honest.Load())
	assert.EqualValues(t, 2<<20, s.queryLimit.Load())
	assert.EqualValues(t, fsyncNo, s.feed.file.mode.Load())
}

// TestConfigSet sets each parameter that can be set, and refuses the others and what would
// have no effect.
func TestConfigSet(t *testing.T) {
	s := start(t, aofOptions(t.TempDir()))
	own := s.internalSession(fromClient)
	addr, err := loopback.Addr()
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	values := map[string]string{
		"appendfsync": "everysec", "auto-aof-rewrite-min-size": "1000", "auto-aof-rewrite-percentage": "0", "latency-monitor-threshold": "100",
		"masterauth": "x", "maxclients": "9", "maxmemory": "123", "maxmemory-policy": "volatile-ttl", "notify-keyspace-events": "xK", "protected-mode": "no",
		"repl-backlog-size": "20000", "save": "60 100 3600 1",
		"client-query-buffer-limit": "1048576", "latency-tracking": "yes", "latency-tracking-info-percentiles": "0 100", "maxmemory-clients": "0",
		"min-replicas-max-lag": "1", "min-replicas-to-write": "0", "repl-ping-replica-period": "1", "replica-serve-stale-data": "no", "slowlog-log-slower-than": "-1", "slowlog-max-len": "0", "timeout": "5", "requirepass": "x", "port": port,
	}
	for _, p := range parameters {
		v, ok := values[p.name]
		if !ok {
			assert.Equal(t, "-ERR CONFIG SET failed (possibly related to argument '"+p.name+"') - can't set immutable config\r\n", ask(own, "CONFIG", "SET", p.name, "nosuch"))
			assert.Equal(t, "+OK\r\n", ask(own, "CONFIG", "SET", p.name, s.shown(&p)), "what is in force: %s", p.name)
			continue
		}
		require.Equal(t, "+OK\r\n", ask(own, "CONFIG", "SET", strings.ToUpper(p.name), v), p.name)
		assert.Equal(t, v, configOf(own, p.name), p.name)
		delete(values, p.name)
	}
	assert.Empty(t, slices.Collect(maps.Keys(values)))
	for _, bad := range [][2]string{
		{"maxmemory", "-5"},
		{"maxmemory", "1tb"},
		{"maxmemory", ""},
		{"maxmemory", "9223372036854775808"},
		{"maxmemory", "9007199254740992kb"},
		{"repl-backlog-size", "100gb"},
		{"repl-backlog-size", "9223372036854775807"},
		{"repl-backlog-size", "0"},
		{"save", "900"},
		{"save", "0 1"},
		{"save", "1 x"},
		{"save", strings.Repeat("1 1 ", maxSavePoints+1)},
		{"client-query-buffer-limit", "10"},
		{"client-query-buffer-limit", "2gb"},
		{"latency-tracking-info-percentiles", "101"},
		{"latency-tracking-info-percentiles", "nan"},
		{"maxmemory-clients", "1%"},
		{"maxmemory-samples", "5"},
		{"min-replicas-to-write", "-1"},
		{"repl-ping-replica-period", "0"},
		{"timeout", "-1"},
		{"protected-mode", "maybe"},
		{"maxclients", "0"},
		{"notify-keyspace-events", "KQ"},
		{"slowlog-max-len", "-1"},
		{"maxmemory-policy", "lru"},
	} {
		before := configOf(own, bad[0])
		assert.Contains(t, ask(own, "CONFIG", "SET", "hz", "10", bad[0], bad[1]), "-ERR CONFIG SET failed", "%q", bad)
		assert.Contains(t, ask(own, "CONFIG", "SET", bad[0], bad[1]), "'"+bad[0]+"'", "%q", bad)
		assert.Equal(t, before, configOf(own, bad[0]))
		_, err := New(Options{Config: map[string]string{bad[0]: bad[1]}})
		assert.ErrorContains(t, err, bad[0], "the flag takes what CONFIG SET takes")
	}
	for _, o := range []Options{{MaxMemory: -5}, {Shards: 3}, {Shards: -1}, {Shards: 128}, {AppendFsync: "never"}, {Policy: "lru"}, {Config: map[string]string{"port": "1"}}, {Config: map[string]string{"nosuch": ""}}} {
		_, err := New(o)
		assert.ErrorContains(t, err, "server: ", "%+v", o)
	}
	none := stopped(t, Options{}).internalSession(fromClient)
	for _, name := range []string{"appendfsync always", "auto-aof-rewrite-min-size 1", "auto-aof-rewrite-percentage 1"} {
		assert.Contains(t, words(none, "CONFIG SET "+name), "appendonly is no, so it has no effect", name)
	}
}

// TestAliases: the older name of a parameter is the same parameter, for CONFIG GET, which shows
// both, for CONFIG SET and for its errors.
func TestAliases(t *testing.T) {
	own := stopped(t, Options{}).internalSession(fromClient)
	require.Equal(t, "+OK\r\n", words(own, "CONFIG SET min-slaves-to-write 3"))
	for older, newer := range aliases {
		require.Equal(t, configOf(own, newer), configOf(own, older), older)
		require.NotEmpty(t, configOf(own, older), older)
	}
	require.Equal(t, "3", configOf(own, "min-replicas-to-write"))
	require.Equal(t, "*4\r\n$21\r\nmin-replicas-to-write\r\n$1\r\n3\r\n$19\r\nmin-slaves-to-write\r\n$1\r\n3\r\n", words(own, "CONFIG GET min-*-write"))
	require.Equal(t, "-ERR CONFIG SET failed (possibly related to argument 'min-slaves-to-write') - argument couldn't be parsed into an integer\r\n", words(own, "CONFIG SET min-slaves-to-write x"))
	require.Equal(t, "+OK\r\n", words(own, "CONFIG SET min-replicas-to-write 1 min-slaves-to-write 2"), "as in Redis, the last one counts")
	require.Equal(t, "2", configOf(own, "min-replicas-to-write"))
}

// TestBacklogIsResized: a change of repl-backlog-size is in force for the backlog that there is.
func TestBacklogIsResized(t *testing.T) {
	master := start(t, Options{})
	replica := stopped(t, Options{ReplicaOf: master.Addr().String()})
	own := master.internalSession(fromClient)
	ask(own, "SET", "k", strings.Repeat("x", 100_000))
	same(t, master, replica)
	for _, size := range []string{"1000000", "50000", "3000000"} {
		require.Equal(t, "+OK\r\n", words(own, "CONFIG SET repl-backlog-size "+size))
		require.Contains(t, words(own, "INFO replication"), "repl_backlog_size:"+size+"\r\n")
		ask(own, "SET", "k"+size, strings.Repeat("y", 10_000))
		same(t, master, replica)
	}
}

// TestHelp: an error that points to HELP points to something, and it names every subcommand.
func TestHelp(t *testing.T) {
	s := stopped(t, Options{}).internalSession(fromClient)
	require.Len(t, helpTexts, len(containers)+1, "and DEBUG, which has no table of subcommands")
	for name, subs := range containers {
		upper := strings.ToUpper(name)
		wrong := ask(s, name, "nosuch")
		require.Contains(t, wrong, "Try "+upper+" HELP.", name)
		got := ask(s, name, "help")
		require.True(t, strings.HasPrefix(got, "*"), "%s: %q", name, got)
		var named []string
		for _, line := range strings.Split(got, "\r\n") {
			if first, _, _ := strings.Cut(strings.TrimPrefix(line, "+"), " "); first != "" && first == strings.ToUpper(first) && subs[strings.ToLower(first)] != nil {
				named = append(named, strings.ToLower(first))
			}
		}
		require.ElementsMatch(t, slices.Collect(maps.Keys(subs)), slices.Compact(named), name)
		require.Contains(t, ask(s, name, "help", "me"), "-ERR wrong number of arguments for '"+name+"|help' command")
	}
}
