// Package timemap answers: design a key-value store that keeps every value with its
// time, and returns the one that a key had at a given time.
//
// # Idea
//
// The value at time t is that of the last version at or before t. So each key has
// its versions in the order of time, in two columns, and a Get searches the times
// alone:
//
//	key    times    10   15   20   35          Get(key, 17)
//	       values    a    b    c    d           → the last time ≤ 17 is 15 → b
//
// Versions mostly come in the order of time, and then a write is an append. Those of
// a long history lie in chunks of 256, so that a late write moves 128 versions on
// average and not half of all; a short list of the chunks' first times says which
// chunk to search.
//
//	firsts   10 ──────────── 900 ─────────── 1700 ──────────
//	          │               │               │
//	chunk    10 15 20 35 …   900 910 911 …   1700 1705 …
//
// Both searches begin with a guess: times that come at a steady pace lie on a line,
// so the place of t on the line from the first to the last is close to where it
// belongs. Steady times need that guess and its neighbour; any others are halved from
// there, a few steps more than halving alone would need.
//
// # Invariants
//
//	I1  the times of a key never fall from one version to the next; a key has at
//	    least one version, and the counts are right
//	I2  a chunk holds 1 to 256 versions, and its columns are equally long
//	I3  firsts holds the first time of each chunk but the newest
//	I4  a tombstone and a free place hold the zero value
//
// # Complexity
//
//	operation                  time          moves   allocations
//	Map.Set, Map.Delete        O(1) ~*       ≤2*     0 *
//	Get, Floor                 O(log v) ~    0       0
//	Latest                     O(1) ~        0       0
//	Ceiling                    O(log v) ~    0       0
//	AsOf, Len                  O(1)          0       0
//	Range, History, Backward   O(n)          0       0
//	Drop                       O(1) ~        0       0
//	CompactBefore, KeepLast    O(n)          n       3 a key
//	Clear                      O(1)          0       0
//
// v is the number of versions of the key, n of all that the operation is about. Set
// and Delete have these costs if the time is not before the key's newest; a late
// write is O(log v), moves at most 256 versions in its chunk, and one in 128 of them
// splits a chunk and moves the rest of the list of chunks, 8 bytes for each 256
// versions. Range and its kin find their beginning in O(log v), and take O(1) a step.
// Those of Sync copy what they yield.
//
// An int64 takes 16.3 bytes a version in a long history (evidence/RESULTS.md): 8 of
// time, 8 of value, and its share of a chunk's 80. A key of few versions takes
// several times what they do.
//
// # Concurrency
//
// Sync is safe for concurrent use: Set, Delete, Get, Latest, Floor, Ceiling, Range,
// History, Backward and Drop of a key take effect at one moment while they hold its
// stripe's mutex. What is about all keys goes stripe by stripe. A Set happens before
// the Get that returns its value. A Map is for one goroutine at a time; its reading
// methods may run at the same time as each other.
//
// # Trade-offs
//
// The main disadvantage: nothing is forgotten until CompactBefore, KeepLast or Drop
// says so, and nothing is kept when the process ends. For histories that must
// survive, etcd (by revision) and Prometheus (by time) are made for it; load a map
// from theirs by Set in the order of time.
//
// A map alone cannot answer: it finds a key's value, not its neighbour in time. The
// usual answer is a TreeMap for each key. It takes O(log v) for a write that an
// append does in O(1), and a node for each version: twice the memory, and a miss of
// the processor's cache for each level where a search in a column stays in a few
// lines. It is better where most writes come late by more than a chunk. The textbook
// here is one sorted slice for each key (textbook_test.go): as quick to read, but a
// late write moves half of all.
//
// Times are compared, never added, so that both ends of int64 are times like others;
// where the guess needs a difference it is taken as a uint64.
//
// CompactBefore keeps the version that holds at its time, even a tombstone. Without
// it a late write before that time would come to light after it.
//
// # References
//
// W. W. Peterson, "Addressing for random-access storage" (1957), for the guess; Perl,
// Itai and Avni, "Interpolation search: a log log N search" (1978), for its cost on
// even times. Snodgrass and Ahn, "A taxonomy of time in databases" (1985),
// for what "as of" can mean: here a version has one time, chosen by its writer.
package timemap
