package growth

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// pushes are the costs of calls that push onto an array, which grows as larger says.
func pushes(calls int, larger func(n int) int) (costs []float64) {
	space := 0
	for n := range calls {
		cost := 2.0
		if n == space {
			cost += float64(n)
			space = larger(n)
		}
		costs = append(costs, cost)
	}
	return costs
}

// inRuns divides calls into 128 runs, as the study does.
func inRuns(costs []float64) (running []Running) {
	total, worst := 0.0, 0.0
	for i, c := range costs {
		total, worst = total+c, max(worst, c)
		if n := i + 1; n%(len(costs)/128) == 0 {
			running = append(running, Running{N: n, Mean: total / float64(n), Worst: worst})
			worst = 0
		}
	}
	return running
}

// means are the means of the calls up to each size.
func means(costs []float64) (mean, worst []Point) {
	total, most := 0.0, 0.0
	for i, c := range costs {
		total, most = total+c, max(most, c)
		if n := i + 1; n == 1000 || n == 4000 || n == 16000 || n == 64000 {
			mean, worst = append(mean, Point{n, total / float64(n)}), append(worst, Point{n, most})
		}
	}
	return mean, worst
}

// TestWavering: growth by any factor is amortised, whatever the phase in which it is
// measured; growth by a constant, or a cost that hides a logarithm, is not.
func TestWavering(t *testing.T) {
	const calls = 64000
	stated := Bound{Class: Constant, Amortised: true}
	for _, factor := range []float64{1.1, 1.25, 1.5, 1.618, 1.75, 2, 3, 4} {
		for _, least := range []int{1, 8, 16, 100} {
			costs := pushes(calls, func(n int) int { return max(least, n+1, int(factor*float64(n))) })
			mean, worst := means(costs)
			j := JudgeWork(Work{Mean: mean, Worst: worst, LifeMean: mean, LifeWorst: worst, Running: inRuns(costs)}, stated)
			assert.Equal(t, Confirmed, j.Verdict, "×%g from %d: %s", factor, least, j.Why)
			assert.Equal(t, Constant, j.Class)
		}
	}
	for name, costs := range map[string][]float64{
		"by 1,000": pushes(calls, func(n int) int { return n + 1000 }),
		"by 8,000": pushes(calls, func(n int) int { return n + 8000 }),
		"by √n":    pushes(calls, func(n int) int { return n + 1 + isqrt(n) }),
		"a logarithm": func() (costs []float64) {
			for n := range calls {
				costs = append(costs, 40+float64(bits(n+1)))
			}
			return costs
		}(),
		"peaks that grow": func() (costs []float64) {
			for n := range calls {
				costs = append(costs, 2)
				for at, height := 20, 1.0; at <= n; at, height = 4*at, 1.5*height {
					if at == n {
						costs[n] += height * float64(n)
					}
				}
			}
			return costs
		}(),
		"a logarithm and a doubling": func() []float64 {
			costs := pushes(calls, func(n int) int { return max(8, 2*n) })
			for n := range costs {
				costs[n] += 2 * float64(bits(n+1))
			}
			return costs
		}(),
	} {
		_, _, ok := wavers(inRuns(costs))
		assert.False(t, ok, name)
		mean, worst := means(costs)
		j := JudgeWork(Work{Mean: mean, Worst: worst, LifeMean: mean, LifeWorst: worst, Running: inRuns(costs)}, stated)
		assert.NotEqual(t, Confirmed, j.Verdict, "%s: %s", name, j.Why)
	}
	_, _, ok := wavers(nil)
	assert.False(t, ok)

	// What is repeated is flat; what filled the structure before grew by 1.5.
	flat := []Point{{1000, 5}, {4000, 5}, {16000, 5}, {64000, 5}}
	costs := pushes(calls, func(n int) int { return max(8, n+n/2) })
	life, worst := means(costs)
	j := JudgeWork(Work{Mean: flat, Worst: worst, LifeMean: life, LifeWorst: worst}, stated)
	assert.Equal(t, Inconclusive, j.Verdict, j.Why)
	j = JudgeWork(Work{Mean: flat, Worst: worst, LifeMean: life, LifeWorst: worst, Running: inRuns(costs)}, stated)
	assert.Equal(t, Confirmed, j.Verdict, j.Why)
}

func isqrt(n int) (r int) {
	for r*r <= n {
		r++
	}
	return r - 1
}

func bits(n int) (b int) {
	for ; n > 0; n >>= 1 {
		b++
	}
	return b
}
