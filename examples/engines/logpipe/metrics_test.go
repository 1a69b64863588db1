package logpipe

import (
	"net/http/httptest"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/logpipe/logs"
)

// TestMetrics: the parser of Prometheus reads /metrics, and the figures are right.
func TestMetrics(t *testing.T) {
	r, err := logs.ParseRule("any: level>=error > 0 in 1m")
	require.NoError(t, err)
	p := logs.NewPipe(logs.Options{Store: logs.NewMemory(logs.Limits{}), Alerts: []logs.Rule{r}})
	_, err = p.Accept(t.Context(), logs.Batch{Body: []byte("level=error a\nlevel=info b\nlevel=info time=2001-01-01T00:00:00Z c\n")})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	logs.Handler(p).ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1/metrics", nil))
	assert.Equal(t, expfmt.FmtText, expfmt.ResponseFormat(w.Header()))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(w.Body)
	require.NoError(t, err)
	require.Len(t, families, 15)
	for name, f := range families {
		assert.NotEmpty(t, f.GetHelp(), name)
		assert.Contains(t, []dto.MetricType{dto.MetricType_COUNTER, dto.MetricType_GAUGE}, f.GetType(), name)
	}
	got := map[string]float64{}
	for _, m := range families["logpipe_records_total"].Metric {
		if v := m.Counter.GetValue(); v > 0 {
			got[m.Label[0].GetValue()+" "+m.Label[1].GetValue()] = v
		}
	}
	assert.Equal(t, map[string]float64{"error kept": 1, "info kept": 1, "info expired": 1}, got)
	assert.EqualValues(t, 1, families["logpipe_alert_firing"].Metric[0].Gauge.GetValue())
}
