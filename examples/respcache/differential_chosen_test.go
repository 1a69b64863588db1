package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// chosen are the differences between respcache and redis-server, with the reasons. Each
// is tried, so that the list stays true; rapid does not draw them.
var chosen = []struct {
	input       string // inline commands
	redis, ours string // the replies, "" for none
	why         string
}{
	{
		"SORT a\r\n", "*0\r\n", "-ERR unknown command 'SORT', with args beginning with: 'a' \r\n",
		"only what a cache is used for: no SORT, MOVE, scripts, functions, users, clusters, and no type but strings",
	},
	{"LPUSH a 1\r\n", ":1\r\n", "-ERR unknown command 'LPUSH', with args beginning with: 'a' '1' \r\n", "as above"},
	{"SELECT 1\r\n", "+OK\r\n", "-ERR DB index is out of range\r\n", "one keyspace, as in a cluster"},
	{"ACL SETUSER a\r\n", "+OK\r\n", "-ERR there are no users but 'default', who may do everything: CONFIG SET requirepass sets its password\r\n", "one user"},
	{"CONFIG SET appendfsync always\r\n", "+OK\r\n", "-ERR CONFIG SET failed (possibly related to argument 'appendfsync') - appendonly is no, so it has no effect\r\n", "CONFIG SET refuses what would have no effect"},
	{"CONFIG SET appendonly yes\r\n", "+OK\r\n", "-ERR CONFIG SET failed (possibly related to argument 'appendonly') - can't set immutable config\r\n", "the log is opened at the start"},
	{"CONFIG SET notify-keyspace-events An\r\nCONFIG GET notify-keyspace-events\r\n", "+OK\r\n*2\r\n$22\r\nnotify-keyspace-events\r\n$1\r\nA\r\n", "+OK\r\n*2\r\n$22\r\nnotify-keyspace-events\r\n$2\r\nAn\r\n", "CONFIG GET says what is in force: Redis hides n behind A"},
	{"CONFIG SET notify-keyspace-events \"K\\x00\"\r\n", "+OK\r\n", "-ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'.\r\n", "a value of a parameter that holds a zero byte is refused: Redis reads it up to there"},
	{"SCAN -1\r\n", "*2\r\n$1\r\n0\r\n*0\r\n", "-ERR invalid cursor\r\n", "no SCAN has ever given a negative cursor"},
}

func TestChosen(t *testing.T) {
	want, got := redisServer(t), respcache(t)
	for _, c := range chosen {
		require.NotEmpty(t, c.why)
		for n, says := range map[*node]string{want: c.redis, got: c.ours} {
			replies, err := exchange(n, []byte("FLUSHALL\r\n"+c.input), nil, true)
			require.NoError(t, err)
			require.Equal(t, says, strings.Join(replies, "")[len("+OK\r\n"):], "%s to %q", n, c.input)
		}
	}
}

// TestControl makes sure that a difference is seen: in what a reply says, in how many there
// are, in a number out of the ranges of settle, and in the keys.
func TestControl(t *testing.T) {
	start := time.Now()
	same := []string{"+OK\r\n", ":1\r\n"}
	require.Equal(t, -1, firstDifference(start, same, []string{"+OK\r\n", ":1\r\n"}))
	require.Equal(t, 1, firstDifference(start, same, []string{"+OK\r\n", ":2\r\n"}))
	require.Equal(t, 1, firstDifference(start, same, []string{"+OK\r\n", "+1\r\n"}))
	require.Equal(t, 1, firstDifference(start, same, same[:1]))
	require.Equal(t, 2, firstDifference(start, same, []string{"+OK\r\n", ":1\r\n", ""}))
	for _, pair := range [][2]string{{":99999\r\n", ":100000\r\n"}, {":99999950\r\n", ":99999999\r\n"}} {
		require.Equal(t, -1, firstDifference(start, pair[:1], pair[1:]), "what is left of a life")
	}
	for _, pair := range [][2]string{{":99999\r\n", ":80000\r\n"}, {":99999\r\n", ":99999950\r\n"}, {":-1\r\n", ":99999\r\n"}, {":4999\r\n", ":5000\r\n"}, {":9223372036854775807\r\n", ":9223372036854775806\r\n"}, {":200000\r\n", ":200001\r\n"}} {
		require.Equal(t, 0, firstDifference(start, pair[:1], pair[1:]), "%q", pair)
	}
}
