package lfu

// A sketch estimates how often each key was used lately, of keys in the cache and of
// others, in 8.5 bytes for each entry that the cache has room for. It is a count-min
// sketch (Cormode and Muthukrishnan, 2005): a key has a counter in each of four rows,
// which it shares with others, and its estimate is the lowest of the four, so it is
// never too low. Only the lowest are incremented (Estan and Varghese, 2002).
//
// All four counters of a key lie in one block of 64 bytes, a line of the processor's
// cache. After each sample, of 10 uses for each entry, all counters are halved, so that
// old uses lose their weight. No single use does that work: a new epoch begins, and a
// block is halved when it is looked at next, once for each epoch that it has missed.
type sketch struct {
	blocks []block
	epochs []uint32 // of each block: the last one whose halving it has seen
	epoch  uint32
	added  int // uses in the sample so far
	sample int // after which the next epoch begins
}

// A block is four rows of 32 counters, of 4 bits each.
type block [8]uint64

// perBlock entries have one block, and so 16 counters each. The hits in percent, as in
// tinylfu.go, by entries in a block; 8.5 bytes an entry with 8:
//
//	             4      5      6      8     12     16
//	generated  57.2   57.0   56.8   56.6   56.1   55.9
//	real       47.9   47.8   47.7   47.6   47.3   47.0
const perBlock = 8

// sampleOf is the uses in a sample for each entry. A loop of more keys than a sample is
// not recognised, and with longer ones, what was hot once is remembered longer.
//
//	             5      7     10     14     20
//	generated  56.7   56.9   56.6   56.5   56.6
//	real       47.0   47.5   47.6   47.6   47.7
const sampleOf = 10

// leastBlocks is the size of the smallest sketch.
const leastBlocks = 3

// newSketch returns a sketch for a cache with that many slots.
func newSketch(slots int) sketch {
	n := max((slots+perBlock-1)/perBlock, leastBlocks)
	return sketch{blocks: make([]block, n), epochs: make([]uint32, n), sample: n * perBlock * sampleOf}
}

// golden is 2^64 divided by the golden ratio, as in package hash.
const golden = 0x9E3779B97F4A7C15

// places returns the block of a hash among n, and the bits that choose its counters:
// five for each row.
func places(h uint32, n int) (b int, rows uint64) {
	x := uint64(h) * golden
	return int(x >> 32 * uint64(n) >> 32), (x ^ x>>32) * golden >> 44
}

// at returns the block of a hash, halved as often as it must be, and the bits that
// choose its counters.
func (k *sketch) at(h uint32) (b *block, rows uint64) {
	i, rows := places(h, len(k.blocks))
	b = &k.blocks[i]
	if k.epochs[i] != k.epoch {
		b.halve(k.epoch - k.epochs[i])
		k.epochs[i] = k.epoch
	}
	return b, rows
}

// halve halves all counters, times over.
func (b *block) halve(times uint32) {
	for range min(times, 4) { // then all are 0
		for i, w := range b {
			b[i] = w >> 1 & 0x7777777777777777
		}
	}
}

// counter returns the word of a row's counter, its place there, and its value.
func (b *block) counter(row int, rows uint64) (word *uint64, shift, count uint64) {
	i := rows >> (5 * row) & 31
	word, shift = &b[2*row+int(i>>4)], i&15*4
	return word, shift, *word >> shift & most
}

// lowest returns the lowest of the four counters.
func (b *block) lowest(rows uint64) (low uint64) {
	low = most
	for row := range 4 {
		_, _, count := b.counter(row, rows)
		low = min(low, count)
	}
	return low
}

// raise brings each of the four counters to at least count.
func (b *block) raise(rows, to uint64) {
	for row := range 4 {
		if word, shift, count := b.counter(row, rows); count < to {
			*word += (to - count) << shift
		}
	}
}

// estimate returns how often the key with that hash was used lately, at most 15.
func (k *sketch) estimate(h uint32) uint64 {
	b, rows := k.at(h)
	return b.lowest(rows)
}

// add counts a use of the key with that hash.
func (k *sketch) add(h uint32) {
	b, rows := k.at(h)
	low := b.lowest(rows)
	if low == most {
		return
	}
	b.raise(rows, low+1)
	if k.added++; k.added >= k.sample {
		k.added = k.sample / 2 // what is left of them
		k.epoch++
	}
}
