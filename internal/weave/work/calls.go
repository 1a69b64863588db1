package work

import (
	"fmt"
	"os"
	"strconv"
)

// keep is the number of calls of each probed function that are kept one by one, from the
// first call after the last benchmark: FLATLINE_CALLS in the environment, or 0.
var keep, _ = strconv.Atoi(os.Getenv("FLATLINE_CALLS"))

// pieces is the number of pieces into which the kept calls are divided.
const pieces = 128

// reportCalls reports on the kept calls: their number; how many of them took nearly as
// much as the worst (more than three quarters); and for each piece, numbered from 0, the
// worst of its calls and the mean of all calls up to its end.
func (p *Probe) reportCalls(b reporter) {
	n := len(p.each)
	if n == 0 {
		return
	}
	var total, worst, rare uint64
	for _, cost := range p.each {
		worst = max(worst, cost)
	}
	for _, cost := range p.each {
		if 4*cost > 3*worst {
			rare++
		}
	}
	b.ReportMetric(float64(n), "calls:"+p.name)
	b.ReportMetric(float64(rare), "calls-rare:"+p.name)
	count := min(n, pieces)
	for i := range count {
		from, to := i*n/count, (i+1)*n/count
		worst = 0
		for _, cost := range p.each[from:to] {
			worst = max(worst, cost)
			total += cost
		}
		b.ReportMetric(float64(worst), fmt.Sprintf("calls-worst:%s:%d", p.name, i))
		b.ReportMetric(float64(total)/float64(to), fmt.Sprintf("calls-mean:%s:%d", p.name, i))
	}
}
