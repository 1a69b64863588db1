package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/respcache/server"
)

// undrawn are the commands that rapid does not draw, and why. Most replies depend on the
// server; the named tests check those.
var undrawn = map[string]string{
	"acl|genpass":     "chance: TestACL",
	"acl|help":        "as CLIENT HELP",
	"acl|log":         "times and addresses: TestACL",
	"acl|setuser":     "refused: there is one user (chosen)",
	"bgrewriteaof":    "respcache has no log in this test: TestRewriteUnderLoad, TestCrash",
	"bgsave":          "its reply depends on whether the one before has ended: TestSave",
	"client|help":     "the words are respcache's own: TestHelp",
	"client|id":       "a number of each server's own",
	"client|info":     "addresses, ages, and fewer fields than Redis has: TestClientList",
	"client|list":     "as CLIENT INFO",
	"client|reply":    "without a reply Redis does not close at QUIT: TestClientReply",
	"client|setinfo":  "Redis 7.0 does not have it",
	"command":         "each server's own commands",
	"command|count":   "as COMMAND",
	"command|docs":    "empty",
	"command|help":    "as CLIENT HELP",
	"config|help":     "as CLIENT HELP",
	"info":            "numbers of each server's own: TestInfoFields",
	"keys":            "in any order: sorted, what differ ends with",
	"lastsave":        "a time: TestSave",
	"latency|doctor":  "the words are respcache's own",
	"latency|help":    "as CLIENT HELP",
	"memory|help":     "as CLIENT HELP",
	"memory|usage":    "what a key takes here: TestObject",
	"monitor":         "what it shows has times and addresses: TestMonitor",
	"object|encoding": "Redis remembers how a value was made: TestObject",
	"object|freq":     "a count where Redis has a logarithm: TestObject",
	"object|help":     "as CLIENT HELP",
	"object|idletime": "a time: TestObject",
	"object|refcount": "Redis shares small numbers",
	"psync":           "replication: TestFullCopyUnderLoad",
	"pubsub|help":     "as CLIENT HELP",
	"quit":            "ends every sequence",
	"randomkey":       "chance: TestExpiry, TestDifferentialArity",
	"replconf":        "replication",
	"replicaof":       "replication",
	"role":            "an offset of each server's own",
	"save":            "a file each time: TestSave",
	"scan":            "cursors of each server's own: the whole of it is what differ ends with",
	"shutdown":        "ends the server: TestShutdown; TestDifferentialArity has its errors",
	"slaveof":         "replication",
	"sync":            "a file, and then the stream: TestSync",
	"slowlog|get":     "times and addresses: TestSlowlog",
	"slowlog|help":    "as CLIENT HELP",
	"slowlog|len":     "a busy machine makes any command slow: TestSlowlog",
	"time":            "a time",
	"wait":            "replication; Redis queues it, respcache does not",
}

// undrawnDebug are the subcommands of DEBUG, which has no table of them, that are not drawn.
var undrawnDebug = map[string]string{
	"digest":          "keys that have expired and are not removed yet count: TestDigest",
	"help":            "as CLIENT HELP",
	"loadaof":         "respcache has no log in this test: TestDebugReload",
	"object":          "addresses, and fewer fields than Redis has: TestDebugBounds",
	"reload":          "a file each time: TestDebugReload",
	"stringmatch-len": "the matcher of KEYS and SCAN; in Redis its time has no bound: TestDebugBounds",
}

// TestEveryDebugIsDrawn does the same for DEBUG, whose HELP names its subcommands.
func TestEveryDebugIsDrawn(t *testing.T) {
	all := map[string]bool{}
	for _, f := range forms {
		if words := strings.Fields(strings.ToLower(f)); words[0] == "debug" && words[1] != "nosuch" {
			all[words[1]] = true
		}
	}
	named := 0
	for line := range strings.SplitSeq(respcache(t).dial(t).must(t, "DEBUG", "HELP"), "\r\n") {
		name, ok := strings.CutPrefix(line, "+")
		name, _, _ = strings.Cut(strings.ToLower(name), " ")
		if !ok || name == "" || name == "debug" {
			continue
		}
		named++
		require.NotEqual(t, all[name], undrawnDebug[name] != "", "%s is either drawn or listed", name)
	}
	require.Equal(t, len(all)+len(undrawnDebug), named)
}

// drawn returns the names of all commands that are drawn, as the table of commands has them.
func drawn(table []string) map[string]bool {
	all := map[string]bool{}
	for _, f := range slices.Concat(forms, writerForms, readerForms) {
		words := strings.Fields(strings.ToLower(f))
		name := words[0]
		if len(words) > 1 && slices.Contains(table, name+"|"+words[1]) {
			name += "|" + words[1]
		}
		all[name] = true
	}
	return all
}

// TestEveryCommandIsDrawn compares the table of commands with what rapid draws. A command
// that only has subcommands is drawn with them; what it says without one is in
// TestDifferentialArity.
func TestEveryCommandIsDrawn(t *testing.T) {
	table := server.Commands()
	all := drawn(table)
	for _, name := range table {
		container := slices.ContainsFunc(table, func(n string) bool { return strings.HasPrefix(n, name+"|") })
		why, listed := undrawn[name]
		switch {
		case listed:
			require.NotEmpty(t, why, name)
			require.False(t, all[name], "%s is drawn, and listed as if it were not", name)
		case !all[name]:
			require.True(t, container, "%s is in the table, but the differential test does not draw it, and no reason is listed", name)
		}
		delete(all, name)
	}
	for name := range undrawn {
		require.Contains(t, table, name, "listed, but no command")
	}
	delete(all, "nosuch") // it must not be a command
	require.Empty(t, all, "drawn, but no commands")
}
