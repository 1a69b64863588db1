// Package wal is a write-ahead log: what it has acknowledged survives kill -9 and a loss of
// power.
//
// # Terms
//
// A record is a slice of bytes that the caller appends. Records are numbered from 1. A
// frame is the unit that one commit writes: all records that waited for it, with one
// checksum. A segment is a file of frames, named by the number of its first record. A
// snapshot is the caller's state after a record, so that the segments up to it are no
// longer needed.
//
// # Idea
//
//	Append ─┐                  ┌ frame ┬ frame ┬ frame ┐
//	Append ─┼─▶ bqueue ─▶ one writer: │ write, then one fsync │─▶ Applied ─▶ answers
//	Append ─┘                  └───────┴───────┴───────┘
//
// An fsync takes the same time for one record as for a thousand. So one goroutine takes
// all waiting requests, writes them as one frame, syncs, and answers all of them (group
// commit). While it syncs, the next frame collects in the queue.
//
// # Layout
//
//	segment  = frame…
//	frame    = length u32 │ CRC32C u32 │ number of the first record u64 │ payload
//	payload  = (length u32 │ record)…
//	snapshot = the caller's bytes │ CRC32C u32
//
// Numbers are little endian. The checksum covers the length, the number and the payload.
// A frame is written only after the one before it was synced. So the only frame that a
// crash can leave damaged is the last one, and nothing in it was acknowledged: Open
// truncates it. A damaged frame with an intact frame after it was once synced, so
// truncating there would lose acknowledged records: Open returns ErrCorrupt.
//
// # A state machine
//
// A Machine is a Log in front of a state: a command is appended with its time, the log's
// goroutine applies it, and its caller gets the effects. The state is recovered by applying the
// commands again, each at its own time, so it is changed by nothing else.
//
// # Invariants
//
//	W1  An Append that returned nil is found by Replay after any crash (TestKill).
//	W2  The records of one Append are all there or none is, and they are consecutive
//	    (TestDamage, TestConcurrent).
//	W3  Replay yields each record once, in the order of the numbers, without a gap
//	    (TestModel).
//	W4  Applied sees the records in the order in which Replay will, each after it is durable
//	    (TestConcurrent, TestFailedDisk).
//	W5  After a write or sync that failed, no Append succeeds: the kernel may have dropped
//	    the pages, and a second fsync would report success without them (TestFailedDisk).
//	W6  The name of a file is durable before anything depends on it: a loss of power leaves no
//	    record in a file that is not found (TestNamesAreDurable).
//	W7  A Machine that is opened again has the state that all its answered commands gave, at
//	    the times at which they were given (TestMachine).
//
// # Trade-offs
//
// A single writer that waits for each commit has the latency of an fsync. Damage to the
// very last frame, after it was synced, cannot be distinguished from a torn write: it is
// truncated. A record that contains an intact frame with the right number would look like
// one, so Open refuses if exactly this record is torn; text records cannot contain one. A
// snapshot is written between two commits, so appends wait for it.
package wal
