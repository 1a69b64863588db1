package task

// Task 3. A hash table whose hash function returns 1. Its chains are as long as the
// table.
type Table struct{ chains [][]tableEntry }

type tableEntry struct{ key, value int }

// NewTable returns a table for about n entries.
func NewTable(n int) *Table { return &Table{make([][]tableEntry, n)} }

// hash is meant to spread keys over 64 bits.
func hash(k int) uint64 { return 1 }

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
