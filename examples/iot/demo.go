package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"example.com/flatline/examples/iot/telemetry"
)

// demoRules are those of the demonstration. Their windows are short, to see something soon.
var demoRules = []telemetry.Rule{
	{Name: "hot", Do: telemetry.Threshold, Metric: "temp", Over: telemetry.Duration(20 * time.Second), Fire: 26, Clear: 24},
	{Name: "heats up", Do: telemetry.Rate, Metric: "temp", Over: telemetry.Duration(20 * time.Second), Fire: 0.3, Clear: 0.1},
	{Name: "unusual", Do: telemetry.ZScore, Metric: "power", Over: telemetry.Duration(5 * time.Minute), Fire: 6, Clear: 3, Spread: 0.5},
	{Name: "silent", Do: telemetry.Absence, Over: telemetry.Duration(20 * time.Second)},
}

// simulate sends what six devices report, until ctx ends.
func simulate(ctx context.Context, g *telemetry.Gate, url string) error {
	if err := g.SetRules(ctx, demoRules); err != nil {
		return err
	}
	seq := time.Now().UnixMicro() // ascends over restarts
	for n := 0; ; n++ {
		seq++
		var lines []string
		for d := range 6 {
			if d == 4 && n%60 > 30 { // falls silent
				continue
			}
			at := time.Now()
			if d == 5 { // has a wrong clock
				at = time.Date(2106, 2, 7, 6, 28, 15, 0, time.UTC)
			}
			temp := math.Round(10*(22+5*math.Sin(float64(n)/30+float64(d)))) / 10
			power := math.Round(40 + rand.NormFloat64())
			if d == 1 && n%150 > 140 {
				power *= 2
			}
			line := fmt.Sprintf("temp,device=sensor-%d value=%v,seq=%di %d\npower,device=sensor-%d value=%v %d", d+1, temp, seq, at.UnixNano(), d+1, power, at.UnixNano())
			lines = append(lines, line)
			if d == 2 { // sends everything twice
				lines = append(lines, line)
			}
		}
		r, err := http.Post(url+"/write", "text/plain", strings.NewReader(strings.Join(lines, "\n")))
		if err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
			err = r.Body.Close()
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}
