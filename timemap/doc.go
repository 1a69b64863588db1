// Package timemap answers: design a key-value store that keeps every value with its
// time, and returns the one that a key had at a given time. The answer at the whiteboard
// is in textbook_test.go: a map from each key to a sorted slice.
//
// To watch this code at work, step by step: go run ./examples/visual, page timemap.
//
// # Reading order
//
// textbook_test.go, then series.go (all versions of a key) with chunk.go and search.go,
// which are the idea; map.go; iterate.go (loops that may change the map); compact.go;
// view.go; sync.go.
//
// # Terms
//
//	version     a value of a key and the time from which it holds
//	tombstone   a version that says that the key is absent from its time on
//	late write  a write whose time is before that of the key's newest version
//	chunk       up to 256 versions of a key, in the order of time
//	part        64 of the versions of a chunk
//	column      the times of a chunk, or its values, as one array
//	steady      said of times that are at nearly equal distances
//	stripe      one of the maps of a Sync, with its own mutex
//
// # Idea
//
// The value at time t is that of the last version at or before t. So each key has its
// versions in the order of time, in two columns, and a Get searches only the times:
//
//	key    times    10   15   20   35          Get(key, 17)
//	       values    a    b    c    d           → the last time ≤ 17 is 15 → b
//
// Versions are mostly written in the order of time; then a write is an append. A long
// history is stored in chunks of 256, so that a late write moves about half a chunk, not
// half of all versions; a short list of the chunks' first times says which chunk to
// search. A chunk that is no longer the newest also has a copy of the first time of each
// of its parts, so that a search reads only one part of the column.
//
//	firsts   10 ──────────── 900 ─────────── 1700 ──────────
//	          │               │               │
//	chunk    10 15 20 35 …   900 910 911 …   1700 1705 …
//
// A late write to a full chunk moves the versions after it, at most half of the chunk, to
// the next chunk or to a new one. So when an older history is filled in, in the order of
// time or against it, its chunks become about as full as those of appends.
//
// A deletion is also a write: of a tombstone.
//
// Times at a steady pace lie on a line. So Get guesses the position of t on the line from
// the first time to the last, and the neighbour confirms the guess. When a chunk grows, it
// records whether its times are steady: it tries eight of them. If they are not, a search
// finds t without branches, since each branch would be mispredicted half of the time. It
// compares t with the first times of all parts at once, then with those of all cache lines
// of one part, then with the eight times of one line.
//
// # Invariants
//
//	I1  the times of a key never decrease from one version to the next; a key has at
//	    least one version, and the counts are right
//	I2  a chunk holds 1 to 256 versions, its columns are equally long, and if it is
//	    not the newest it is at least half full
//	I3  firsts holds the first time of each chunk but the newest, and such a chunk's
//	    samples are the first times of its parts
//	I4  the value of a tombstone is zero, and so is a free element of a column of values
//
// # Complexity
//
//	operation                  time          moves   allocations
//	Map.Set, Map.Delete        O(1) ~*       ≤3*     0 *
//	Append, AppendDelete       O(1) ~*       ≤3*     0 *
//	Get, Floor                 O(log v) ~    0       0
//	Latest, Count              O(1) ~        0       0
//	Ceiling                    O(log v) ~    0       0
//	AsOf, Len                  O(1)          0       0
//	Range, History, Backward   O(n)          0       0
//	Changes                    O(n)          0       0
//	Keys                       O(n) ~        0       0
//	View.All                   O(n) ~        0       O(1)
//	Drop                       O(1) ~        0       0
//	CompactBefore, KeepLast    O(n)          n       3 per key
//	Clear                      O(1)          0       0
//
// v is the number of versions of the key, n that of all versions or keys that the
// operation visits. Set and Delete have these costs if the time is not before the key's
// newest. Their moves include the growth of the first chunk; the list of chunks grows by
// 120 bytes for each 256 versions. A late write is O(log v) and moves up to 512 versions.
// If its chunk is full it may add a chunk, which moves the rest of the list, 120 bytes for
// each chunk in it: 112 of the chunk and 8 of its first time. Range and the other loops
// find their beginning in O(log v), and take O(1) per step. Keys and a view's All of a
// Sync copy one stripe after the other.
//
// In a long history, a version with an int64 takes less than 17 bytes: 8 of time, 8 of
// value, and its share of a chunk's 120. This holds for versions written in the order of
// time or against it. It also holds for those filled in before newer ones, in either
// order, but there a chunk may have only 240 of 256 versions (18 bytes). In random order
// it is less than 24; where late writes are spread over full chunks, which then split in
// halves, less than 32. For a key of few versions the overhead is several times the size
// of the versions.
//
// # What happens if
//
//   - two writes have the same time: the second replaces the first, is ignored, or both
//     stay, as Options.SameTime says (TestSameTime)
//   - the clock is stepped back: a Set with its time is a late write, which Latest does
//     not show; an Append is the newest version all the same (TestAppendAfterAClockStep)
//   - a key has only a tombstone left: CompactBefore drops it, and a late write with a
//     time before the tombstone brings it back (TestCompactionKeepsWhatHolds)
//   - a key is compacted and written at the same time: one of them is first, and nothing
//     written is lost (TestCompactionDuringWrites)
//   - a write comes late: it takes its place in the order of time, and Latest does not
//     change (TestViewIsLive)
//   - the key is absent, or the time is before its first version: (zero, false)
//     (TestEmpty)
//   - the time is the smallest or the largest int64: it is a valid time (TestEndsOfTime)
//   - a time.Time does not fit an int64: Time gives the nearest that does (TestTime)
//   - the map is compacted while a late write is on its way: the version that holds stays
//     and is not hidden (TestCompactionKeepsWhatHolds)
//   - the loop changes the key that it walks: what was there is yielded once, and the
//     loop ends (TestLoopsMayChangeTheMap)
//   - another goroutine changes it: a loop over a Sync shows the moment when it began
//     (TestWritesDuringALoop)
//   - the key is NaN: writing it panics, for it could not be found again (TestBadInput)
//   - all keys have one hash: the answers are right, and the table is a list (TestHash)
//
// # Concurrency
//
// [Sync] is safe for concurrent use: Set, Append, Delete, AppendDelete, Get, Latest,
// Floor, Ceiling, Count, Range, History, Backward, Changes and Drop of a key take effect
// at one moment while they hold its stripe's mutex; a loop holds no mutex, and shows its
// key's versions of the moment when it began. Even so, Range, History, Backward and
// Changes copy nothing: they read the chunks, and the next write that would change a chunk
// copies it first; an append changes none. Operations on all keys go stripe by stripe. A
// Set happens before the Get that returns its value. A [Map] is for one goroutine at a
// time; its reading methods may run at the same time as each other.
//
// # Trade-offs
//
// The main disadvantage: nothing is forgotten until CompactBefore, KeepLast or Drop says
// so, and nothing is kept when the process ends. For histories that must survive, use
// etcd (by revision) or Prometheus (by time), and load a map from them by Set in the
// order of time.
//
// A map alone is not enough: it finds a key's value, not its neighbour in time. The
// usual answer is a TreeMap for each key. A write takes O(log v) there, where an append
// takes O(1), and each version takes a node: twice the memory, and a cache miss for each
// level, where a search in a column stays in a few cache lines. A TreeMap is better
// where most writes are late by more than a chunk. The textbook here is one sorted slice
// for each key (textbook_test.go): a late write moves half of all versions there, and
// its reads are slower, except where a history of ten million versions or more has
// bursts: there each read misses the cache, in a list of chunks once more than in a
// slice.
//
// Times are compared, never added, so both ends of int64 are valid times; where the guess
// needs a difference, it is computed as a uint64.
//
// CompactBefore keeps the version that holds at its time, so that a late write before
// that time does not become visible after it. A key of which only a tombstone is left is
// still dropped, since otherwise keys that were ever deleted would pile up.
//
// # References
//
// W. W. Peterson, "Addressing for random-access storage" (1957), for the guess; Perl,
// Itai and Avni, "Interpolation search: a log log N search" (1978), for its cost on
// even times. Khuong and Morin, "Array layouts for comparison-based searching" (2017), for
// searches without branches. Snodgrass and Ahn, "A taxonomy of time in databases" (1985),
// for what "as of" can mean: here a version has one time, chosen by its writer.
package timemap
