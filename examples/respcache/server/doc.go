// Package server is a cache server that the clients of Redis use: respcache without its
// command line. The README of respcache has its design and its invariants.
//
// A connection (conn.go) reads a batch of commands, which the reader (resp.go) cuts in
// place. A session (session.go) executes them on a shard (shard.go), and the feed
// (feed.go) takes their effects to the log (aof.go) and to the replicas (replica.go).
package server
