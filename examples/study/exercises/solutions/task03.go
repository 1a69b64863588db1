package task

// Task 3. A hash table whose hash function mixes the bits of the key (the finalizer of
// SplitMix64), so that a chain has about one entry.
type Table struct{ chains [][]tableEntry }

type tableEntry struct{ key, value int }

// NewTable returns a table for about n entries.
func NewTable(n int) *Table { return &Table{make([][]tableEntry, n)} }

func hash(k int) uint64 {
	x := uint64(k) + 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

func (t *Table) chain(k int) *[]tableEntry { return &t.chains[hash(k)%uint64(len(t.chains))] }

// Put stores v under k, which is absent.
func (t *Table) Put(k, v int) {
	c := t.chain(k)
	*c = append(*c, tableEntry{k, v})
}

// Get returns the value of k.
func (t *Table) Get(k int) (int, bool) {
	for _, e := range *t.chain(k) {
		if e.key == k {
			return e.value, true
		}
	}
	return 0, false
}
