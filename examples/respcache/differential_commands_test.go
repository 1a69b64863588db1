package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/respcache/server"
)

// ours are the commands that Redis 7.0 does not have.
var ours = []string{"client|setinfo", "cluster|bus", "cluster|import", "cluster|imported", "cluster|moveslots"}

// TestCommandInfo asks both servers what COMMAND INFO says of each command, in both
// protocols. Of a command with subcommands, Redis has more of those.
func TestCommandInfo(t *testing.T) {
	want, got := redisServer(t).dial(t), respcache(t).dial(t)
	for _, version := range []string{"2", "3"} {
		want.must(t, "HELLO", version)
		got.must(t, "HELLO", version)
		for _, name := range append(server.Commands(), "nosuch", "get|set", "config|get|x") {
			if slices.Contains(ours, name) {
				continue
			}
			w, g := want.must(t, "COMMAND", "INFO", name), got.must(t, "COMMAND", "INFO", name)
			if subs := name + "|"; strings.Contains(g, subs) {
				w, g = head(w, subs), head(g, subs)
			}
			require.Equal(t, w, g, name)
		}
	}
}

// head returns a reply up to the number of subcommands.
func head(reply, sub string) string {
	before, _, _ := strings.Cut(reply, sub)
	for range 3 { // the subcommand's length and head, and the number
		before = before[:strings.LastIndex(strings.TrimSuffix(before, "\r\n"), "\r\n")+2]
	}
	return before
}

// TestKeysAndFlags compares the keys that both find in whole commands.
func TestKeysAndFlags(t *testing.T) {
	want, got := redisServer(t).dial(t), respcache(t).dial(t)
	for _, c := range []string{
		"SET a b", "SET a get", "SET a b GET", "SET a b XX get EX 5", "BITFIELD a", "BITFIELD a GET u8 0", "BITFIELD a OVERFLOW SAT GET u8 0", "BITFIELD a GET u8 0 SET u8 0 1",
		"BITFIELD a INCRBY u8 0 1", "BITFIELD a what", "MSET a 1 b 2", "MSETNX a 1", "RENAME a b", "COPY a b REPLACE", "BITOP AND a b c", "DEL a b", "OBJECT FREQ a", "MEMORY USAGE a",
		"LCS a b", "GETEX a", "GETDEL a", "PING", "GET", "NOSUCH", "OBJECT", "OBJECT NOSUCH a", "WATCH a b", "EXISTS a", "RESTORE a 0 b", "APPEND a b",
	} {
		for _, sub := range []string{"GETKEYS", "GETKEYSANDFLAGS"} {
			words := append([]string{"COMMAND", sub}, strings.Fields(c)...)
			require.Equal(t, want.must(t, words...), got.must(t, words...), "%q", words)
		}
	}
}
