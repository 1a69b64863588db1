package lfu

// A sketch estimates how often each key was used lately, whether it is in the cache or
// not, in 8.25 bytes for each entry that the cache has room for. It is a count-min sketch
// (Cormode and Muthukrishnan, 2005): a key has a counter in each of four rows, which it
// shares with other keys. Its estimate is the lowest of the four, so it is never too low.
// Only the lowest are incremented (Estan and Varghese, 2002).
//
// All four counters of a key lie in one block of 64 bytes, a line of the processor's
// cache. After each sample, of 10 uses for each entry, all counters are halved, so that
// old uses lose their weight. No single use does that work: a new epoch begins, and a
// block is halved when it is looked at next, once for each epoch that it has missed.
type sketch struct {
	blocks []block
	epochs []uint16 // of each block: the last one whose halving it has seen
	epoch  uint16   // a block would have to miss 65,536 before an old one looked current
	added  int      // uses in the sample so far
	sample int      // after which the next epoch begins
}

// A block is four rows of 32 counters, of 4 bits each.
type block [8]uint64

// perBlock entries have one block, and so 16 counters each. The hits in percent, as in
// tinylfu.go, by entries in a block; with 8 an entry takes 8.25 bytes:
//
//	             4      5      6      8     12     16
//	generated  57.2   57.0   56.8   56.6   56.1   55.9
//	real       47.9   47.8   47.7   47.6   47.3   47.0
const perBlock = 8

// sampleOf is the number of uses in a sample for each entry. A loop of more keys than a
// sample is not recognised. With longer samples, a key that was hot once is remembered
// longer.
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
	return sketch{blocks: make([]block, n), epochs: make([]uint16, n), sample: n * perBlock * sampleOf}
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
		k.renew(i)
	}
	return b, rows
}

// renew halves block i for each epoch that it has missed. It is apart from at so that
// the compiler inlines that.
//
//go:noinline
func (k *sketch) renew(i int) {
	k.blocks[i].halve(k.epoch - k.epochs[i])
	k.epochs[i] = k.epoch
}

// halve halves all counters that many times.
func (b *block) halve(times uint16) {
	for range min(times, 4) { // then all are 0
		for i, w := range b {
			b[i] = w >> 1 & 0x7777777777777777
		}
	}
}

// cells returns, for each row, the word that holds its counter and the counter's place in
// that word. Of a row's five bits the highest chooses one of its two words.
func (b *block) cells(rows uint64) (w0, w1, w2, w3 *uint64, s0, s1, s2, s3 uint64) {
	return &b[rows>>4&1], &b[2+rows>>9&1], &b[4+rows>>14&1], &b[6+rows>>19&1],
		rows << 2 & 60, rows >> 3 & 60, rows >> 8 & 60, rows >> 13 & 60
}

// lowest returns the lowest of the four counters.
func (b *block) lowest(rows uint64) uint64 {
	w0, w1, w2, w3, s0, s1, s2, s3 := b.cells(rows)
	return min(*w0>>s0&most, *w1>>s1&most, *w2>>s2&most, *w3>>s3&most)
}

// raise brings each of the four counters to at least to.
func (b *block) raise(rows, to uint64) {
	for low := b.lowest(rows); low < to; low++ {
		b.increment(rows)
	}
}

// increment adds one to the lowest of the four counters. It reports false if they are all
// at their maximum.
func (b *block) increment(rows uint64) bool {
	w0, w1, w2, w3, s0, s1, s2, s3 := b.cells(rows)
	c0, c1, c2, c3 := *w0>>s0&most, *w1>>s1&most, *w2>>s2&most, *w3>>s3&most
	low := min(c0, c1, c2, c3)
	if low == most {
		return false
	}
	*w0 += one(c0 == low) << s0
	*w1 += one(c1 == low) << s1
	*w2 += one(c2 == low) << s2
	*w3 += one(c3 == low) << s3
	return true
}

// one is 1 if ok, else 0. It takes no branch.
func one(ok bool) (n uint64) {
	if ok {
		n = 1
	}
	return n
}

// estimate returns how often the key with that hash was used lately, at most 15.
func (k *sketch) estimate(h uint32) uint64 {
	b, rows := k.at(h)
	return b.lowest(rows)
}

// add counts a use of the key with that hash.
func (k *sketch) add(h uint32) {
	b, rows := k.at(h)
	if !b.increment(rows) {
		return
	}
	if k.added++; k.added >= k.sample {
		k.added = k.sample / 2 // what is left of them
		k.epoch++
	}
}
