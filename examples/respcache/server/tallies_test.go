package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBuckets: they are in order, without gaps, and no wider than a sixteenth.
func TestBuckets(t *testing.T) {
	for i := range len(histogram{}) {
		end := bucketEnd(i)
		require.Equal(t, i, bucketOf(time.Duration(end)), "bucket %d", i)
		if i > 0 {
			begin := bucketEnd(i-1) + 1
			require.Equal(t, i, bucketOf(time.Duration(begin)), "bucket %d", i)
			require.LessOrEqual(t, end-begin, begin/16, "bucket %d", i)
		}
	}
	last := len(histogram{}) - 1
	require.Equal(t, last, bucketOf(1<<62))
	require.Equal(t, 0, bucketOf(-5))
	counts := make([]int64, last+1)
	counts[bucketOf(1000)], counts[bucketOf(5000)] = 9, 1
	for percent, want := range map[float64]int64{0: 1000, 50: 1000, 90: 1000, 91: 5000, 100: 5000} {
		require.InEpsilon(t, want, percentile(counts, 10, percent), 0.07, "%v", percent)
	}
}

// TestCommandStats counts each command, in and out of transactions, with what was refused
// and what failed.
func TestCommandStats(t *testing.T) {
	s := start(t, Options{Config: map[string]string{"latency-tracking": "yes"}})
	c := dial(t, s)
	c.do("CONFIG RESETSTAT")
	c.send("SET a 1\r\nSET b 1\r\nGET a\r\nSET c 1\r\nSET c\r\nMULTI\r\nSET d 1\r\nINCR e\r\nEXEC\r\nSET f x\r\nINCR f\r\n")
	for range 11 {
		c.reply()
	}
	got := c.do("INFO commandstats latencystats")
	for _, want := range []string{
		"cmdstat_set:calls=5,usec=\\d+,usec_per_call=\\d+\\.\\d\\d,rejected_calls=1,failed_calls=0\r\n",
		"cmdstat_incr:calls=2,.*,rejected_calls=0,failed_calls=1\r\n",
		"cmdstat_exec:calls=1,.*,failed_calls=0\r\n",
		"cmdstat_config\\|resetstat:calls=1,",
		"latency_percentiles_usec_set:p50=\\d+\\.\\d{3},p99=\\d+\\.\\d{3},p99\\.9=\\d+\\.\\d{3}\r\n",
	} {
		assert.Regexp(t, want, got)
	}
	assert.NotContains(t, got, "cmdstat_del:")
	assert.NotContains(t, c.do("INFO"), "cmdstat_")
	assert.Regexp(t, `^\[set \[calls 5 histogram_usec \[(\d+ \d+ )*\d+ 5\]\]\]$`, c.do("LATENCY HISTOGRAM set nosuch del"))
	assert.Contains(t, c.do("LATENCY HISTOGRAM config"), "config|resetstat [calls 1 ")
	c.do("CONFIG SET latency-tracking no")
	assert.NotContains(t, c.do("INFO latencystats"), "percentiles")
	c.do("CONFIG RESETSTAT")
	assert.Equal(t, "[]", c.do("LATENCY HISTOGRAM set"))
}

// TestFailedExec: an error of EXEC itself counts for EXEC, one of a command that it executes
// for that command.
func TestFailedExec(t *testing.T) {
	s := stopped(t, Options{}).internalSession(fromClient)
	failed := func(name string, n int) {
		assert.Regexp(t, fmt.Sprintf("cmdstat_%s:calls=.*,failed_calls=%d\r\n", name, n), words(s, "INFO commandstats"))
	}
	for _, line := range []string{"MULTI", "SET k v", "INCR k", "EXEC"} {
		words(s, line)
	}
	failed("exec", 0)
	failed("incr", 1)
	require.Contains(t, words(s, "EXEC"), "-ERR EXEC without MULTI")
	failed("exec", 1)
	for _, line := range []string{"MULTI", "SET k"} {
		words(s, line)
	}
	require.Contains(t, words(s, "EXEC"), "-EXECABORT")
	failed("exec", 2)
	failed("set", 0)
}

// TestFlagsAgree: what COMMAND INFO says of a command is what the server does with it.
func TestFlagsAgree(t *testing.T) {
	for _, c := range everyCommand() {
		if c.name == "client|setinfo" { // Redis 7.0 does not have it
			continue
		}
		require.NotEmpty(t, c.categories, c.name)
		for flag, name := range map[int]string{writes: "write", grows: "denyoom", noAuth: "no_auth"} {
			require.Equal(t, c.has(name), c.flags&flag != 0, "%s: %s", c.name, name)
		}
		if c.name != "flushall" && c.name != "flushdb" {
			require.Equal(t, len(c.specs) > 0, c.first > 0, c.name)
		}
	}
	require.Len(t, traits, tableLen-1, "traits of no command")
}

// TestSavePoints: a save begins once enough has changed for long enough, not before.
func TestSavePoints(t *testing.T) {
	s := stopped(t, Options{Dir: t.TempDir(), Config: map[string]string{"save": "3600 1 60 3"}})
	own := s.internalSession(fromClient)
	saved := func() bool {
		eventually(t, func() bool { return !s.saves.running.Load() }, "a save ends")
		return s.lastSave() != s.began
	}
	at := func(d time.Duration) { s.sampleStats(time.Now()); s.saveDue(own, s.began.Add(d)) }
	words(own, "SET a 1")
	own.release()
	at(3599 * time.Second)
	require.False(t, saved())
	words(own, "MSET b 1 c 1")
	own.release()
	at(59 * time.Second)
	require.False(t, saved())
	at(60 * time.Second)
	require.True(t, saved())
	before := s.lastSave()
	at(100 * time.Hour)
	require.True(t, saved())
	require.Equal(t, before, s.lastSave(), "nothing has changed since")
	words(own, "CONFIG SET save 1")
	require.Equal(t, "$11\r\n3600 1 60 3\r\n", strings.SplitN(words(own, "CONFIG GET save"), "\r\n", 4)[3])
}

// TestFlushAllIsSaved: with save points what FLUSHALL has removed does not come back at the
// next start, not even from a BGSAVE that ends later; and FLUSHDB is a change that they count.
func TestFlushAllIsSaved(t *testing.T) {
	o := Options{Dir: t.TempDir(), Config: map[string]string{"save": "3600 1"}}
	s := stopped(t, o)
	own := s.internalSession(fromClient)
	onDisk := func() int { return len(stopped(t, o).state()) }
	ask(own, "MSET", "a", "1", "b", "2")
	require.Equal(t, "+OK\r\n", words(own, "SAVE"))
	require.Equal(t, 2, onDisk())
	require.Contains(t, words(own, "INFO persistence"), "rdb_changes_since_last_save:0\r\n")
	require.Equal(t, "+OK\r\n", words(own, "FLUSHDB"))
	require.Contains(t, words(own, "INFO persistence"), "rdb_changes_since_last_save:2\r\n")
	require.Equal(t, 2, onDisk(), "FLUSHDB waits for a save point, as in Redis")

	ask(own, "SET", "a", "1")
	own.need(s.all)
	require.True(t, s.tryTurn())
	sn := s.cut()
	own.release()
	require.Equal(t, "+OK\r\n", words(own, "FLUSHALL"))
	require.Zero(t, onDisk())
	require.Contains(t, words(own, "INFO persistence"), "rdb_changes_since_last_save:0\r\n")
	require.NoError(t, s.saveSnapshot(sn))
	require.Zero(t, onDisk(), "an older snapshot")

	ask(own, "SET", "a", "1")
	words(own, "SAVE")
	require.Equal(t, "+OK\r\n", ask(own, "CONFIG", "SET", "save", ""))
	require.Equal(t, "+OK\r\n", words(own, "FLUSHALL"))
	require.Equal(t, 1, onDisk(), "without save points only SAVE writes")
}

// TestMinReplicas: writes are refused while too few replicas are near, also in EXEC.
func TestMinReplicas(t *testing.T) {
	master := start(t, Options{})
	own := master.internalSession(fromClient)
	words(own, "MULTI")
	words(own, "SET a 1")
	other := master.internalSession(fromClient)
	words(other, "CONFIG SET min-replicas-to-write 1 min-replicas-max-lag 1000")
	other.release()
	require.Equal(t, "-EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.\r\n", words(own, "EXEC"))
	own.release()
	require.Equal(t, "-"+errNoReplicas+"\r\n", words(other, "SET a 1"))
	other.release()
	start(t, Options{ReplicaOf: master.Addr().String()})
	eventually(t, func() bool { return words(other, "SET a 1") == "+OK\r\n" }, "a replica is near")
	master.feed.mu.Lock()
	for r := range master.feed.replicas {
		r.heard = r.heard.Add(-time.Hour)
	}
	master.feed.mu.Unlock()
	words(other, "CONFIG SET min-replicas-max-lag 5")
	require.Equal(t, "-"+errNoReplicas+"\r\n", words(other, "SET a 1"))
	words(other, "CONFIG SET min-replicas-max-lag 0")
	require.Equal(t, "+OK\r\n", words(other, "SET a 1"))
}

// TestStaleData: a replica that has lost its master serves no old data, if it was asked not
// to; what became stale after it was queued is not served either.
func TestStaleData(t *testing.T) {
	s := stopped(t, Options{Config: map[string]string{"replica-serve-stale-data": "no"}})
	own := s.internalSession(fromClient)
	words(own, "SET a 1")
	words(own, "MULTI")
	words(own, "GET a")
	other := s.internalSession(fromClient)
	own.release()
	require.Equal(t, "+OK\r\n", words(other, "REPLICAOF 127.0.0.1 1"))
	require.Contains(t, words(own, "EXEC"), "-EXECABORT Transaction discarded because of: MASTERDOWN")
	require.Equal(t, "-"+errMasterDown+"\r\n", words(own, "GET a"))
	require.Equal(t, "+OK\r\n", words(own, "MULTI"))
	words(own, "REPLICAOF NO ONE")
	own.release()
	words(other, "REPLICAOF NO ONE")
	words(own, "GET a")
	require.Equal(t, "*2\r\n+OK\r\n$1\r\n1\r\n", words(own, "EXEC"))
}

// TestSlowlogShrinks: slowlog-max-len bounds a log that has been longer, also once it is empty.
func TestSlowlogShrinks(t *testing.T) {
	s := stopped(t, Options{}).internalSession(fromClient)
	words(s, "CONFIG SET slowlog-log-slower-than 0")
	for range 100 {
		words(s, "PING")
	}
	words(s, "SLOWLOG RESET")
	words(s, "CONFIG SET slowlog-max-len 10")
	for range 100 {
		words(s, "PING")
	}
	require.Equal(t, ":10\r\n", words(s, "SLOWLOG LEN"))
	words(s, "CONFIG SET slowlog-max-len 1")
	require.Equal(t, ":1\r\n", words(s, "SLOWLOG LEN"))
}
