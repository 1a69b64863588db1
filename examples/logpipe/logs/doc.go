// Package logs is a log pipeline: an agent tails files and sends them to a server, which
// parses, samples, stores and searches lines. See the README of logpipe.
//
// # Terms
//
// A record is one entry of a log: a line and the lines that continue it, such as a stack
// trace. A stream is the records of one service. A segment is the stored records of one
// stream and one UTC day, or a part of them. A block is about 256 KiB of records of a
// segment, compressed, with a Bloom filter of its words. Hot records are in memory and in
// the write-ahead log; warm ones are in the blocks of a segment's file. The position of a
// file is the offset up to which the server has accepted it.
//
// # Invariants
//
//	L1  Every record that is accepted is stored or in exactly one counter of those that are
//	    not, at every stage (Memory.Check, TestConservation, TestSim).
//	L2  A record of a file that was followed is stored at least once on disk, and once in
//	    the index: what is sent again is recognised by its offset (TestSim, TestKill,
//	    TestResend).
//	L3  A query returns exactly what a search of all stored records returns: a filter never
//	    hides a match (TestMemory, TestDisk, TestFilter).
//	L4  No sampling drops a record of level error or above (TestErrorsAreKept).
//	L5  The sum of the weights of what sampling keeps is an unbiased estimate of the number
//	    of records (TestUnbiased).
//	L6  Memory is bounded, and so are streams, positions, templates and label values,
//	    whatever is sent (TestBounds, TestMillionServices).
package logs
