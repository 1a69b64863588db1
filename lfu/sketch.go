package lfu

// A sketch estimates how often keys without an entry were used lately, in 8.25 bytes for
// each entry that the cache may hold; the uses of an entry are kept with it. It is a
// count-min sketch (Cormode and Muthukrishnan, 2005): a key has a counter in each of four
// rows, which it shares with other keys. Its estimate is the lowest of the four, so it is
// never too low. Only the lowest are incremented (Estan and Varghese, 2002).
//
// All four counters of a key lie in one block of 64 bytes, a line of the processor's
// cache. After each sample, of 10 uses for each entry, all counters are halved, so that
// old uses lose their weight. No single use does that work: a new epoch begins, and a
// block or the uses of an entry are halved when they are looked at next, once for each
// epoch that they have missed.
type sketch struct {
	blocks []block
	epochs []uint16 // of each block: the last one whose halving it has seen
	epoch  uint16   // a block would have to miss 65,536 before an old one looked current
	added  int      // uses in the sample so far
	sample int      // after which the next epoch begins
}

// A block is four rows of 32 counters, of 4 bits each: two in the halves of the first
// four words, and two in the halves of the last four. The counters of a key are in two
// words: with four words it had as many hits, with one 47.3 percent on the real traces. If
// blocks were halved in turn, one each few uses, they would need no epochs, and 0.2 to 0.4
// points be lost: estimates are compared, so all must be halved equally often.
type block [8]uint64

// perBlock entries have one block, and so 16 counters each. The hits in percent, in the
// earlier form that tinylfu.go names, by entries in a block; with 8 an entry takes 8.25
// bytes:
//
//	             4      5      6      8     12     16
//	generated  57.2   57.0   56.8   56.6   56.1   55.9
//	real       47.9   47.8   47.7   47.6   47.3   47.0
const perBlock = 8

// sampleOf is the number of uses in a sample for each entry. A loop of more keys than a
// sample is not recognised. With longer samples, a key that was hot once is remembered
// longer. The hits in the earlier form:
//
//	             5      7     10     14     20
//	generated  56.7   56.9   56.6   56.5   56.6
//	real       47.0   47.5   47.6   47.6   47.7
const sampleOf = 10

// leastBlocks is the size of the smallest sketch.
const leastBlocks = 3

// grow makes the sketch that of a cache with that many slots. If that is another size,
// the keys without an entry are forgotten.
func (k *sketch) grow(slots int) {
	n := max((slots+perBlock-1)/perBlock, leastBlocks)
	if n == len(k.blocks) {
		return
	}
	k.blocks, k.epochs = make([]block, n), make([]uint16, n)
	k.sample = n * perBlock * sampleOf
	k.added = min(k.added, k.sample-1)
}

// golden is 2^64 divided by the golden ratio, as in package hash.
const golden = 0x9E3779B97F4A7C15

// places returns the block of a hash of 31 bits among n, and the bits that choose its
// counters: two for each pair of rows, and three for each row.
func places(h uint32, n int) (b int, rows uint64) {
	x := uint64(h<<1) * golden
	return int(x >> 32 * uint64(n) >> 32), (x ^ x>>32) * golden >> 48
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

// cells returns the two words in which the counters of a key lie, and their places there.
func (b *block) cells(rows uint64) (v, w *uint64, s0, s1, s2, s3 uint64) {
	return &b[rows&3], &b[4+rows>>2&3], rows >> 2 & 28, rows>>5&28 | 32, rows >> 8 & 28, rows>>11&28 | 32
}

// lowest returns the lowest of the four counters.
func (b *block) lowest(rows uint64) uint64 {
	v, w, s0, s1, s2, s3 := b.cells(rows)
	return min(*v>>s0&most, *v>>s1&most, *w>>s2&most, *w>>s3&most)
}

// raise brings each of the four counters to at least to. It takes no branch.
func (b *block) raise(rows, to uint64) {
	pv, pw, s0, s1, s2, s3 := b.cells(rows)
	v, w := *pv, *pw
	c0, c1, c2, c3 := v>>s0&most, v>>s1&most, w>>s2&most, w>>s3&most
	*pv = v + (max(c0, to)-c0)<<s0 + (max(c1, to)-c1)<<s1
	*pw = w + (max(c2, to)-c2)<<s2 + (max(c3, to)-c3)<<s3
}

// raise notes that the key with that hash was used as often as u says.
func (k *sketch) raise(h uint32, u uses) {
	b, rows := k.at(h)
	b.raise(rows, k.of(u))
}

// add counts a use of the key with that hash, which had no entry, and returns its uses.
func (k *sketch) add(h uint32) uses {
	b, rows := k.at(h)
	u, low := uses(k.epoch<<4), b.lowest(rows)
	if low < most {
		low++
		k.tick()
	}
	b.raise(rows, low)
	return u | uses(low)
}

// tick counts a use in the sample.
func (k *sketch) tick() {
	if k.added++; k.added >= k.sample {
		k.added = k.sample / 2 // what is left of them
		k.epoch++
	}
}

// A uses is how often the key of an entry was used lately, at most 15, and the epoch at
// the end of whose halvings that was so: epoch<<4 | uses. The epoch is known by its last
// 12 bits: 4,096 are needed to take it for another.
type uses uint16

// of returns how often a key was used, halved for each epoch that u has missed.
func (k *sketch) of(u uses) uint64 {
	return uint64(u&most) >> ((k.epoch - uint16(u>>4)) & (1<<12 - 1))
}

// more counts a use of a key with an entry.
func (k *sketch) more(u uses) uses {
	if u>>4 != uses(k.epoch)&(1<<12-1) {
		u = uses(k.epoch<<4) | uses(k.of(u))
	}
	if u&most < most {
		u++
		k.tick()
	}
	return u
}
