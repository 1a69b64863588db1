package report

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/internal/house"
)

// TestNamesDoNotMeet: curves that leave a chart are named at its top, and controls that
// end just below are named under that, none over another.
func TestNamesDoNotMeet(t *testing.T) {
	rises := func(name string, to float64) curve {
		return curve{control, name, []growth.Point{{N: 128, V: 1}, {N: 8192, V: to}}}
	}
	for _, ends := range [][]float64{{58, 2.14, 1.77, 1.66}, {58, 40, 2.19, 2.18, 2.17}, {2.19, 2.18, 1}} {
		c := chart{id: "x", w: 320, h: 240, relative: true, top: 2.2, right: 120}
		for i, end := range ends {
			c.curves = append(c.curves, rises("c"+strconv.Itoa(i), end))
		}
		var at []float64
		for _, m := range regexp.MustCompile(`class="escape [^"]*" x="[^"]*" y="([^"]*)"`).FindAllStringSubmatch(c.svg(), -1) {
			y, err := strconv.ParseFloat(m[1], 64)
			require.NoError(t, err)
			at = append(at, y)
		}
		require.Len(t, at, len(ends))
		for i := 1; i < len(at); i++ {
			assert.GreaterOrEqual(t, at[i]-at[i-1], 12.9, "%v: names %d and %d", ends, i-1, i)
		}
	}
}

func TestSoft(t *testing.T) {
	assert.EqualValues(t, "Cache.<wbr>Pop<wbr>Oldest<wbr>Put", soft("Cache.PopOldestPut"))
	assert.EqualValues(t, "Cache.<wbr>Put/&lt;odd&gt;", soft("Cache.Put/<odd>"))
	assert.EqualValues(t, "lru Cache.<wbr>Get + loop", soft("lru Cache.Get + loop"))
}

// TestQuestions: the page says in a line what each package is.
func TestQuestions(t *testing.T) {
	for _, pkg := range house.Packages {
		assert.NotEmpty(t, questions[pkg], "%s has no line in questions, html.go", pkg)
	}
	assert.Len(t, questions, len(house.Packages))
}
