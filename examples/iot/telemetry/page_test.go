package telemetry_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/browse"
	"example.com/flatline/examples/iot/telemetry"
	"example.com/flatline/examples/iot/telemetry/telemetrytest"
)

// fill makes a store with something of everything.
func fill(t testing.TB) (*telemetry.Gate, http.Handler) {
	g, h := newServer(t, telemetry.GateOptions{})
	require.NoError(t, g.SetRules(t.Context(), []telemetry.Rule{
		{Name: "hot", Do: telemetry.Threshold, Metric: "temp", Over: telemetry.Duration(telemetry.Width), Fire: 26, Clear: 24},
		{Name: "<b>load</b>", Do: telemetry.Threshold, Metric: "power", Over: telemetry.Duration(telemetry.Width), Fire: 100, Clear: 90},
	}))
	b := time.Now().Add(-10 * time.Minute)
	write := func(x telemetry.Message) {
		_, err := g.Write(t.Context(), []telemetry.Message{x})
		require.NoError(t, err)
	}
	for i := range 300 {
		at := b.Add(time.Duration(i) * 2 * time.Second)
		for d := range 3 {
			v := math.Round(10*(22+5*math.Sin(float64(i)/40+float64(d)))) / 10
			write(telemetrytest.Message(fmt.Sprint("sensor-", d+1), uint64(i+1), at, "temp", v))
		}
		write(telemetrytest.Message("a-meter-with-a-name-that-is-quite-long", uint64(i+1), at, "power", 60+float64(i%60)))
	}
	write(telemetrytest.Message("sensor-1", 1, time.Unix(0, 0), "temp", 1))
	return g, h
}

// TestPage: the page shows lines, alerts and counts as text, and it fits a phone. With
// IOT_SHOTS=DIR it writes pictures to look at.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	_, h := fill(t)
	seen := browse.Live(t, h, "/", 390, `
		const text = id => doc.getElementById(id).innerText
		if (doc.querySelectorAll("#lines svg").length < 4 || doc.querySelectorAll("#alerts tr").length < 3) return null
		return doc.querySelectorAll("#lines polyline").length + " lines, refused " + text("refused") + " " + text("why") + ", " + text("received") +
			", as text " + text("alerts").includes("<b>load</b>") + " " + doc.querySelectorAll("#alerts b").length + ", wider " + (doc.documentElement.scrollWidth > 390)`)
	assert.Equal(t, "4 lines, refused 1 clock 1, 1,201, as text true 0, wider false", seen)
	dir := os.Getenv("IOT_SHOTS")
	if dir == "" {
		return
	}
	s := httptest.NewServer(h)
	defer s.Close()
	defer s.CloseClientConnections()
	for width, height := range map[int]int{1280: 1000, 390: 1900} {
		for _, dark := range []bool{false, true} {
			tab := browse.Open(t)
			tab.Window(width, height, dark)
			tab.Go(s.URL + "/").Await(`document.querySelectorAll("#lines svg").length == 4 && document.querySelectorAll("#alerts tr").length > 2`)
			tab.Picture(filepath.Join(dir, fmt.Sprintf("%d-dark-%v.png", width, dark)))
		}
	}
}
