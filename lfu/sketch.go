package lfu

// A sketch estimates how often keys without an entry were used lately, in 8.25 bytes for
// each entry that the cache may hold; the uses of an entry are kept with it.
//
// Most keys are used once. For such a key the sketch sets three bits. They are a Bloom
// filter (Bloom, 1970), here called the doorkeeper: only a key whose bits are all set has
// been used before, and is counted (Einziger, Friedman and Manes, 2017). The counters are a
// count-min sketch (Cormode and Muthukrishnan, 2005): a key has two, which it shares with
// other keys. Its estimate is the lower of them, or 1 if that is 0 and its bits are set.
// Only a counter below the new estimate is raised (Estan and Varghese, 2002). So an estimate
// can be too high, but is never too low.
//
// All bits and counters of a key lie in one block of 64 bytes, a line of the processor's
// cache. After each sample, of 10 uses for each entry, all estimates are halved, so that
// old uses lose their weight: the bits are cleared, and the counters halved. No single use
// does that work: a new epoch begins, and a block or the uses of an entry are halved when
// they are looked at next, once for each epoch that they have missed.
type sketch struct {
	blocks []block
	epochs []uint16 // of each block: the last one whose halving it has seen
	epoch  uint16   // a block would have to miss 65,536 before an old one looked current
	added  int      // uses in the sample so far
	sample int      // after which the next epoch begins
	read   uint64   // by prefetch: a result that is not stored would not be read
}

// A block is four words of the doorkeeper's bits, and four words of 16 counters of 4 bits.
// The bits of a key are in one word. One of its counters is in the first two words of
// counters, one in the last two. With four counters for a key TinyLFU has as many hits,
// with one 0.2 points fewer on the generated traces and 0.4 on the real ones; with two
// bits it has 0.1 fewer on the generated ones. If blocks were halved in turn, one each few
// uses, they would need no epochs, and 0.2 to 0.4 points be lost: estimates are compared,
// so all must be halved equally often.
type block [8]uint64

// perBlock entries have one block. The hits in percent, as in tinylfu.go, by entries in a
// block; with 8 an entry takes 8.25 bytes:
//
//	             4      5      6      8     12     16
//	generated  57.1   57.1   57.0   56.9   56.7   56.4
//	real       47.8   47.8   47.7   47.6   47.5   47.2
const perBlock = 8

// sampleOf is the number of uses in a sample for each entry. A loop of more keys than a
// sample is not recognised. With longer samples, a key that was hot once is remembered
// longer. The hits:
//
//	             5      7     10     14     20
//	generated  56.8   57.0   56.9   56.8   56.7
//	real       47.1   47.6   47.6   47.7   47.6
const sampleOf = 10

// minBlocks is the size of the smallest sketch, in blocks.
const minBlocks = 3

// grow makes the sketch that of a cache with that many slots. If that is another size,
// the keys without an entry are forgotten.
func (k *sketch) grow(slots int) {
	n := max((slots+perBlock-1)/perBlock, minBlocks)
	if n == len(k.blocks) {
		return
	}
	k.blocks, k.epochs = make([]block, n), make([]uint16, n)
	k.sample = n * perBlock * sampleOf
	k.added = min(k.added, k.sample-1)
}

// golden is 2^64 divided by the golden ratio, as in package hash.
const golden = 0x9E3779B97F4A7C15

// locate returns the block of a hash of 31 bits among n, and the 30 bits that choose its
// places there: 2 for the word of its bits, 6 for each bit, and 5 for each counter.
func locate(h uint32, n int) (block int, bits uint64) {
	x := uint64(h<<1) * golden
	return int(x >> 32 * uint64(n) >> 32), (x ^ x>>32) * golden >> 34
}

// renew halves block i for each epoch that it has missed. Its callers compare the epochs
// first.
func (k *sketch) renew(i int) {
	k.blocks[i].halve(k.epoch - k.epochs[i])
	k.epochs[i] = k.epoch
}

// halve clears all bits, and halves all counters that many times.
func (b *block) halve(times uint16) {
	clear(b[:4])
	for range min(times, 4) { // then all are 0
		for i, w := range b[4:] {
			b[4+i] = w >> 1 & 0x7777777777777777
		}
	}
}

// door returns the word in which the three bits of a key lie, and the bits.
func (b *block) door(bits uint64) (word *uint64, mask uint64) {
	return &b[bits&3], 1<<(bits>>2&63) | 1<<(bits>>8&63) | 1<<(bits>>14&63)
}

// cells returns the two words in which the counters of a key lie, and their places there.
func (b *block) cells(bits uint64) (v, w *uint64, i, j uint64) {
	return &b[4+bits>>20&1], &b[6+bits>>21&1], bits >> 20 & 60, bits >> 24 & 60
}

// lowest returns the lower of the two counters of a key.
func (b *block) lowest(bits uint64) uint64 {
	v, w, i, j := b.cells(bits)
	return min(*v>>i&maxCount, *w>>j&maxCount)
}

// raise brings each of the two counters to at least to. It takes no branch.
func (b *block) raise(bits, to uint64) {
	v, w, i, j := b.cells(bits)
	*v += (max(*v>>i&maxCount, to) - *v>>i&maxCount) << i
	*w += (max(*w>>j&maxCount, to) - *w>>j&maxCount) << j
}

// prefetch reads the block of a key that may be added.
func (k *sketch) prefetch(h uint32) {
	i, _ := locate(h, len(k.blocks))
	k.read = k.blocks[i][0]
}

// raise notes that the key with that hash was used as often as u says.
func (k *sketch) raise(h uint32, u uses) {
	i, bits := locate(h, len(k.blocks))
	if k.epochs[i] != k.epoch {
		k.renew(i)
	}
	b := &k.blocks[i]
	switch n := k.of(u); n {
	case 0:
	case 1:
		word, mask := b.door(bits)
		*word |= mask
	default:
		b.raise(bits, n)
	}
}

// add counts a use of the key with that hash, which had no entry, and returns its uses.
func (k *sketch) add(h uint32) uses {
	i, bits := locate(h, len(k.blocks))
	epoch := uses(k.epoch << 4)
	if k.epochs[i] != k.epoch {
		k.renew(i)
	}
	b := &k.blocks[i]
	n := b.lowest(bits)
	if n == 0 {
		word, mask := b.door(bits)
		if had := *word; had&mask != mask {
			*word = had | mask
			k.countUse()
			return epoch | 1
		}
		n = 1
	}
	if n < maxCount {
		n++
		k.countUse()
	}
	b.raise(bits, n)
	return epoch | uses(n)
}

// countUse counts a use in the sample.
func (k *sketch) countUse() {
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
	return uint64(u&maxCount) >> ((k.epoch - uint16(u>>4)) & (1<<12 - 1))
}

// more counts a use of a key with an entry.
func (k *sketch) more(u uses) uses {
	if u>>4 != uses(k.epoch)&(1<<12-1) {
		u = uses(k.epoch<<4) | uses(k.of(u))
	}
	if u&maxCount < maxCount {
		u++
		k.countUse()
	}
	return u
}
