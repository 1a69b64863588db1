package texts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestForms: the strings are different, as long as their name says, and the same each
// time.
func TestForms(t *testing.T) {
	lengths := map[string][2]int{
		"8 bytes": {8, 8}, "16 bytes": {16, 16}, "20 bytes": {20, 20}, "e-mail addresses": {16, 35},
		"UUIDs of 36 bytes": {36, 36}, "URLs of 64 bytes": {64, 64}, "URLs of 200 bytes": {200, 200},
	}
	for _, f := range Forms {
		all := f.Strings(1000)
		seen := map[string]bool{}
		for _, s := range all {
			seen[s] = true
			assert.GreaterOrEqual(t, len(s), lengths[f.Name][0], s)
			assert.LessOrEqual(t, len(s), lengths[f.Name][1], s)
		}
		assert.Len(t, seen, 1000, f.Name)
		assert.Equal(t, all, f.Strings(1000), f.Name)
	}
	assert.Len(t, lengths, len(Forms))
}

// TestSide: each run continues where the last one ended, whatever its length.
func TestSide(t *testing.T) {
	all := Forms[0].Strings(10)
	var one, two []string
	a := Side(all, func(part []string) { one = append(one, part...) })
	b := Side(all, func(part []string) { two = append(two, part...) })
	a.Run(200_000)
	for range 200 {
		b.Run(1000)
	}
	assert.Len(t, one, 200_000)
	assert.Equal(t, strings.Join(one, " "), strings.Join(two, " "))
}
